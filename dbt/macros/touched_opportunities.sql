{#-
    The opportunities that an incremental model has to build anew, whole: those whose fingerprint differs from the one
    stored with their rows. It compares what is there, not when it came, so late, replayed and vanished rows count too.
-#}
{% macro touched_opportunities() -%}
    select
        fingerprints.opportunity_id,
        fingerprints.source_fingerprint
    from {{ ref('int_opportunity_fingerprints') }} as fingerprints
    {% if is_incremental() -%}
        left join (
            select distinct
                opportunity_id,
                source_fingerprint
            from {{ this }}
        ) as stored
            on
                fingerprints.opportunity_id = stored.opportunity_id
                and fingerprints.source_fingerprint = stored.source_fingerprint
        where stored.opportunity_id is null
    {%- endif %}
{%- endmacro %}

{#- Post-hook of the same models: rows of opportunities that yield none any more go too. -#}
{% macro delete_stale_versions() -%}
    delete from {{ this }}
    where not exists (
        select 1
        from {{ ref('int_opportunity_fingerprints') }} as fingerprints
        where
            fingerprints.opportunity_id = {{ this }}.opportunity_id
            and fingerprints.source_fingerprint = {{ this }}.source_fingerprint
    )
{%- endmacro %}
