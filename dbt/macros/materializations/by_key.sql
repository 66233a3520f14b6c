{#-
    A table of which a run builds only the keys (opportunities, unless the config `key` names another column) whose
    fingerprint differs from the one that they were last built with, all their rows anew. It compares what is there, not
    when it came, so late, replayed and vanished rows count too.

    The config `fingerprint` says which, as [model, column]; that model has a row per key under the key's own name, and
    whatever can change in the table's rows has to be in it. The model's inputs end in touched_only().
    intermediate.built_<model> holds the fingerprints of what is in the table. Where it was built by other SQL than the
    model's of today, before any model or macro of the project was changed, or not at all, everything is built.
-#}
{% materialization by_key, adapter='duckdb' %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set key = config.get('key', 'opportunity_id') -%}
    {%- set fingerprints = ref(config.require('fingerprint')[0]) -%}
    {%- set built = fingerprints.incorporate(path={'identifier': 'built_' ~ this.identifier}) -%}
    {#- neither a night's as_of, which the fingerprint covers, nor the name of the warehouse file makes other SQL -#}
    {%- set file_name = this.include(schema=false, identifier=false) ~ '.' -%}
    {%- set own_sql = compiled_code | replace(as_of(), '') | replace(file_name, '') -%}
    {%- set contract = get_table_columns_and_constraints() if config.get('contract').enforced else '' -%}
    {%- set signature = local_md5(own_sql ~ contract ~ project_checksum()) -%}
    {%- set source -%}
        select
            {{ key }} as touched_key,
            {{ config.require('fingerprint')[1] }} as fingerprint,
            '{{ signature }}' as signature
        from {{ fingerprints }}
    {%- endset -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if existing is not none and existing.is_table and not should_full_refresh() and is_built_by(built, signature) %}
        {% do build_touched(target, key, built, source) %}
    {% else %}
        {% do build_all(existing, target, built, source) %}
    {% endif %}
    {% do forget_what_rests_on_older_rows(key, built) %}
    {% do tell_row_count(run_query('select count(*) from ' ~ target).columns[0].values()[0]) %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro is_built_by(built, signature) -%}
    {%- if adapter.get_relation(database=built.database, schema=built.schema, identifier=built.identifier) is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set signatures = run_query('select distinct signature from ' ~ built).columns[0].values() -%}
    {{ return(signatures | length == 1 and signatures[0] == signature) }}
{%- endmacro %}

{% macro build_all(existing, target, built, source) -%}
    {% if existing is not none and not existing.is_table %}
        {{ adapter.drop_relation(existing) }}
    {% endif %}
    {% call statement('main') -%}
        {{ create_or_replace_table_as(target, compiled_code | replace(is_touched(), ' is not null or true')) }}
    {%- endcall %}
    {% do run_query('create or replace table ' ~ built ~ ' as ' ~ source) %}
{%- endmacro %}

{% macro build_touched(target, key, built, source) -%}
    {%- set columns = adapter.get_columns_in_relation(target) | map(attribute='quoted') | join(', ') -%}
    {% do run_query('drop table if exists touched_keys') %}
    {% do run_query('create temporary table touched_keys as ' ~ touched_since_built(built, source)) %}
    {% call statement('main') -%}
        create temporary table rebuilt_rows as (
            {{ compiled_code }}
        );
        delete from {{ target }} where {{ key }} {{ is_touched() }};
        insert into {{ target }} ({{ columns }}) select {{ columns }} from rebuilt_rows;
        drop table rebuilt_rows;
        delete from {{ built }} where touched_key {{ is_touched() }};
        insert into {{ built }} select * from ({{ source }}) as source where touched_key {{ is_touched() }};
        drop table touched_keys;
    {%- endcall %}
{%- endmacro %}

{% macro touched_since_built(built, source) -%}
    select coalesce(source.touched_key, built.touched_key) as touched_key
    from ({{ source }}) as source
    full outer join {{ built }} as built
        on source.touched_key = built.touched_key
    where source.fingerprint is distinct from built.fingerprint
{%- endmacro %}

{#-
    Who builds some models alone can build this one before a table that it reads: what that table has yet to build anew
    counts as not built here, so that it is built when both are.
-#}
{% macro forget_what_rests_on_older_rows(key, built) -%}
    {%- for unique_id in model.depends_on.nodes if unique_id in graph.nodes -%}
        {%- set parent = graph.nodes[unique_id] -%}
        {%- if parent.config.materialized == 'by_key' and parent.config.get('key', 'opportunity_id') == key -%}
            {%- set node = graph.nodes['model.' ~ project_name ~ '.' ~ parent.config.fingerprint[0]] -%}
            {%- set fingerprints = api.Relation.create(node.database, node.schema, node.alias) -%}
            {%- set built_parent = fingerprints.incorporate(path={'identifier': 'built_' ~ parent.alias}) -%}
            {%- set source -%}
                select {{ key }} as touched_key, {{ parent.config.fingerprint[1] }} as fingerprint from {{ fingerprints }}
            {%- endset -%}
            {%- set states = run_query(
                'select ' ~ row_set_fingerprint(['touched_key', 'fingerprint']) ~ ' from (' ~ source ~ ') as source '
                ~ 'union all select ' ~ row_set_fingerprint(['touched_key', 'fingerprint']) ~ ' from ' ~ built_parent
            ).columns[0].values() -%}
            {%- if states[0] != states[1] -%}
                {%- do run_query(
                    'delete from ' ~ built ~ ' where touched_key in ('
                    ~ touched_since_built(built_parent, source) ~ ')'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#- One text for the SQL of all models and macros: the rows of one depend on the formulas of those before it. -#}
{% macro project_checksum() -%}
    {%- set checksums = [] -%}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' -%}
        {%- do checksums.append(node.checksum.checksum) -%}
    {%- endfor -%}
    {%- for value in context.values() if value.macro is defined and value.macro.package_name == project_name -%}
        {%- do checksums.append(local_md5(value.macro.macro_sql)) -%}
    {%- endfor -%}
    {{ return(local_md5(checksums | sort | join)) }}
{%- endmacro %}
