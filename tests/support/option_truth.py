"""What `option_labels` of both CRMs must hold: the choices that a world's definitions, stages and records come to."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import duckdb

from connectors.hubspot.objects import OBJECT_TYPES
from connectors.sandbox.catalogue import HUBSPOT, SALESFORCE, hubspot_properties, salesforce_fields
from connectors.schema import literal, raw_table

HUBSPOT_KINDS = tuple(kind for kind in HUBSPOT if kind in OBJECT_TYPES)

_NOTHING = (
    "select '' as object, '' as field, '' as value, '' as label, true as is_active, cast(0 as bigint) as sort_order "
    "where false"
)
_FORECAST = {
    "OMIT": "Not forecasted",
    "PIPELINE": "Pipeline",
    "BEST_CASE": "Best case",
    "COMMIT": "Commit",
    "CLOSED": "Closed won",
}
_BOOLEANS = {"true": "True", "false": "False"}
_LISTED_ELSEWHERE = ("hubspot_owner_id", "hs_merged_object_ids")
# as the sandbox words a value in use: LEFT_MESSAGE is Left message, ids are IDs, HubSpot's own prefix goes
_WORDS = (
    "array_to_string(list_filter(list_transform(string_split(lower(value), '_'), "
    "word -> case word when 'hs' then '' when 'id' then 'ID' else word end), word -> word <> ''), ' ')"
)


def hubspot_options(connection: duckdb.DuckDBPyConnection, raw: str) -> str:
    """SQL of HubSpot's choices, for the world in schema `truth` of `connection` and properties that `raw` has columns
    for (a schema, such as `warehouse.raw_hubspot`)."""
    found = [_NOTHING]
    for kind in HUBSPOT_KINDS:
        columns = _columns(connection, raw, kind)
        properties = {prop.name: (prop.type, "") for prop in hubspot_properties(kind)}
        properties |= {
            name: ("" if archived else kind_of, options or "")
            for name, kind_of, options, archived in connection.execute(
                "select name, type, cast(options as varchar), cast(archived as boolean) from truth._properties "
                "where object_type = ?",
                [kind],
            ).fetchall()
        }
        found += [
            _select(kind, name, _hubspot_choices(kind, name, type_, options))
            for name, (type_, options) in properties.items()
            if type_ in ("enumeration", "bool") and name not in _LISTED_ELSEWHERE and _is_read(name, columns)
        ]
    return " union all ".join(found)


def _hubspot_choices(kind: str, name: str, type_: str, options: str) -> str:
    if options:
        return _listed(_given(json.loads(options), hidden="hidden"))
    if type_ == "bool":
        return _listed(_named(_BOOLEANS))
    if name == "hs_manual_forecast_category":
        return _listed(_named(_FORECAST))
    if name == "pipeline":
        return _ordered("id", "label", "true", "truth._pipelines", "cast(display_order as bigint), id")
    if name == "dealstage":
        stages = "truth._stages stage inner join truth._pipelines pipeline on pipeline.id = stage.pipeline_id"
        order = "cast(pipeline.display_order as bigint), cast(stage.display_order as bigint), stage.id"
        return _ordered("stage.id", "stage.label", "true", stages, order)
    in_use = _in_use(name, f"truth.{kind}", several=True)
    return _ordered("value", f"upper(left({_WORDS}, 1)) || {_WORDS}[2:]", "true", in_use, "value")


def salesforce_options(cursor: duckdb.DuckDBPyConnection, objects: Iterable[str]) -> str:
    """SQL of Salesforce's choices, for the world that is `cursor`'s database and fields that `warehouse` has columns
    for."""
    found = [_NOTHING]
    for name in objects:
        columns = _columns(cursor, "warehouse.raw_salesforce", raw_table(name))
        found += [
            _select(name, field, _salesforce_choices(name, field, choice))
            for field, choice in _salesforce_fields(cursor, name).items()
            if choice.type in ("picklist", "multipicklist", "combobox") and _is_read(field, columns)
        ]
    return " union all ".join(found)


@dataclass(frozen=True)
class _Choice:
    """A field's type, and its values where an administrator named them."""

    type: str
    given: tuple[tuple[str, str, bool], ...] | None = None


def _salesforce_fields(cursor: duckdb.DuckDBPyConnection, name: str) -> dict[str, _Choice]:
    standard = salesforce_fields(name) if name in SALESFORCE else ()
    fields = {
        field.name: _Choice(
            field.type,
            None
            if field.picklist is None
            else tuple((value.value, value.label, value.is_active) for value in field.picklist),
        )
        for field in standard
    }
    for field_name, definition in _edited(cursor, name):
        if definition.get("dropped"):
            fields.pop(field_name, None)
            continue
        values = definition.get("picklist")
        given = tuple(_given(values, inactive="active")) if isinstance(values, list) else None
        fields[field_name] = _Choice(str(definition.get("type")), given)
    return fields


def _edited(cursor: duckdb.DuckDBPyConnection, name: str) -> list[tuple[str, Mapping[str, object]]]:
    table = "select 1 from duckdb_tables() where database_name = current_database() and table_name = '_schema'"
    if cursor.execute(table).fetchone() is None:
        return []
    rows = cursor.execute(
        "select field, cast(definition as varchar) from salesforce._schema where object = ? and field <> ''", [name]
    ).fetchall()
    return [(field, json.loads(definition)) for field, definition in rows]


def _salesforce_choices(name: str, field: str, choice: _Choice) -> str:
    if choice.given is not None:
        return _listed(choice.given)
    if choice.type == "combobox":
        return _listed(())
    if field == "StageName":
        return _ordered('"MasterLabel"', '"MasterLabel"', '"IsActive"', 'salesforce."OpportunityStage"', '"SortOrder"')
    in_use = _in_use(field, f'salesforce."{name}"', several=choice.type == "multipicklist")
    return _ordered("value", "value", "true", in_use, "value")


def _columns(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str] | None:
    """Names in lower case; None if there is no such table, which says nothing about what is read."""
    database, _, name = schema.partition(".")
    rows = connection.execute(
        "select lower(column_name) from duckdb_columns() where database_name = ? and schema_name = ? "
        "and table_name = ?",
        [database, name, table],
    ).fetchall()
    return {str(column) for (column,) in rows} or None


def _is_read(name: str, columns: set[str] | None) -> bool:
    return columns is None or name.lower() in columns


def _in_use(column: str, table: str, *, several: bool) -> str:
    value = f"unnest(string_split(\"{column}\", ';'))" if several else f'"{column}"'
    return f'(select distinct {value} as value from {table} where "{column}" is not null)'


def _ordered(value: str, label: str, active: str, table: str, order: str) -> str:
    return (
        f"select {value} as value, {label} as label, {active} as is_active, "
        f"row_number() over (order by {order}) - 1 as place from {table}"
    )


def _named(words: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    return ((value, label, True) for value, label in words.items())


def _given(values: list[object], *, hidden: str = "", inactive: str = "") -> Iterator[tuple[str, str, bool]]:
    for one in values:
        if isinstance(one, dict):
            is_active = not one.get(hidden, False) and bool(one.get(inactive, True))
            yield str(one["value"]), str(one.get("label", one["value"])), is_active
        else:
            yield str(one), str(one), True


def _listed(choices: Iterable[tuple[str, str, bool]]) -> str:
    rows = [
        f"({literal(value)}, {literal(label)}, {str(is_active).lower()}, {place})"
        for place, (value, label, is_active) in enumerate(choices)
    ]
    if not rows:
        return "select '' as value, '' as label, true as is_active, 0 as place where false"
    return f"select * from (values {', '.join(rows)}) as listed(value, label, is_active, place)"


def _select(name: str, field: str, choices: str) -> str:
    """The first of several entries with one value counts."""
    return (
        f"select {literal(name)} as object, {literal(field)} as field, value, label, is_active, "
        f"cast(place as bigint) as sort_order from ({choices}) "
        "qualify row_number() over (partition by value order by place) = 1"
    )
