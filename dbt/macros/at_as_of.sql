{#- Whether a version from source_versions is the one that held at as_of. -#}
{% macro holds_at_as_of(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    ({{ prefix }}valid_from is null or {{ prefix }}valid_from <= {{ as_of() }})
    and ({{ prefix }}valid_to is null or {{ prefix }}valid_to > {{ as_of() }})
{%- endmacro %}

{#- Whether a record of staging was gone at as_of; one without a time of deletion has been gone since ever. -#}
{% macro is_gone_at_as_of(relation='') -%}
    {%- set prefix = relation ~ '.' if relation else '' -%}
    ({{ prefix }}is_deleted and ({{ prefix }}deleted_at is null or {{ prefix }}deleted_at <= {{ as_of() }}))
{%- endmacro %}

{#-
    Whether a link between two records held at as_of. It has no time of its own but that of the sync that first showed it
    (null for those of the first sync of all, since when nobody knows), or that missed it.
-#}
{% macro link_holds_at_as_of() -%}
    case
        when is_deleted then deleted_at > {{ as_of() }}
        else source_modified_at is null or source_modified_at <= {{ as_of() }}
    end
{%- endmacro %}
