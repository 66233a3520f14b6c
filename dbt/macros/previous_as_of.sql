{#-
    The instant that rpt_pipeline_digest compares a night with, UTC: the var previous_as_of or else the environment variable
    CRM_PREVIOUS_AS_OF, such as the as_of of the last publication; where neither is set, a day before as_of.
-#}
{% macro previous_as_of() -%}
    {%- set instant = (var('previous_as_of') or env_var('CRM_PREVIOUS_AS_OF', '')) if execute else '' -%}
    {%- if instant -%}
        cast('{{ instant }}' as timestamp)
    {%- else -%}
        cast({{ dbt.dateadd('day', -1, as_of()) | trim }} as timestamp)
    {%- endif -%}
{%- endmacro %}
