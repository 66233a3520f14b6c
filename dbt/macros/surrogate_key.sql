{#- Hash of the given columns in order; null parts are told apart from empty ones. -#}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- do parts.append("coalesce(cast(" ~ column ~ " as " ~ dbt.type_string() ~ "), '~null~')") -%}
        {%- if not loop.last %}{% do parts.append("'|'") %}{% endif -%}
    {%- endfor -%}
    {{ dbt.hash(dbt.concat(parts)) }}
{%- endmacro %}

{#- Key of a stage: the same hash wherever a stage is named, with or without metadata for it. -#}
{% macro stage_key(crm='crm', pipeline_id='pipeline_id', source_stage_id='source_stage_id') -%}
    case
        when {{ source_stage_id }} is not null
            then {{ surrogate_key([crm, pipeline_id, source_stage_id]) }}
    end
{%- endmacro %}
