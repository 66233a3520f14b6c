{#-
    As source_rows, with a row per version of each record and `_valid_from` and `_valid_to` as half-open bounds. Columns
    of which raw keeps versions have the value of their time, all others the record's present one. What was before the
    first version is not known: it holds from the beginning (`_valid_from` null), so that every instant has exactly one
    version. A table without versions has one per record.
-#}
{% macro source_versions(source_name, table_name) -%}
    {%- set relation = source(source_name, table_name) -%}
    {%- set versions = none -%}
    {%- set watched = [] -%}
    {%- if execute and 'sources' in graph -%}
        {%- set key = 'source.' ~ project_name ~ '.' ~ source_name ~ '.' ~ table_name -%}
        {%- set declared = graph.sources[key] -%}
        {%- set versions = adapter.get_relation(
            database=declared.database, schema=declared.schema ~ '_versions', identifier=declared.identifier
        ) -%}
        {%- if versions -%}
            {%- for column in adapter.get_columns_in_relation(versions) -%}
                {%- if not column.name.startswith('_') -%} {%- do watched.append(column.name | lower) -%} {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
    {%- if not versions %}
        select
            records.*,
            cast(null as timestamp) as _valid_from,
            cast(null as timestamp) as _valid_to
        from ({{ source_rows(source_name, table_name) }}) as records
    {%- else %}
        select
        {%- for column in declared.columns.values() %}
            {% if column.name | lower in watched -%}
                case
                    when versions._record_id is null then records.{{ column.name }}
                    else cast(versions.{{ column.name }} as {{ column.data_type }})
                end
            {%- else -%}
                records.{{ column.name }}
            {%- endif %} as {{ column.name | lower }},
        {%- endfor %}
            case when versions.version_no > 1 then versions._valid_from end as _valid_from,
            versions.next_valid_from as _valid_to
        from ({{ source_rows(source_name, table_name) }}) as records
        left join (
            select
                *,
                row_number() over versions_of_record as version_no,
                lead(_valid_from) over versions_of_record as next_valid_from
            from {{ versions }}
            window
                versions_of_record as (
                    partition by _record_id
                    order by _valid_from
                )
        ) as versions
            on records._record_id = versions._record_id
    {%- endif %}
{%- endmacro %}
