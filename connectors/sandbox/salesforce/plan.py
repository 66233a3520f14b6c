"""From a parsed query to the SQL that answers it, with every name checked against what the user may see."""

from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.salesforce.conditions import ConditionWriter, Parameter
from connectors.sandbox.salesforce.errors import Refusal, malformed
from connectors.sandbox.salesforce.fields import ADVICE, RECORD, FieldFinder, Parent
from connectors.sandbox.salesforce.objects import NUMBER_TYPES, ObjectView, is_filterable
from connectors.sandbox.salesforce.soql import Aggregate, FieldSet, Ordering, Path, Query, locate

MAX_OFFSET = 2_000
FIELD_SET_LIMIT = 200  # FIELDS() answers no more rows than this
AGGREGATES = {"COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG"}


@dataclass(frozen=True)
class Column:
    """One selected value: API name, describe type and SQL; `parent` is where it belongs in a record."""

    name: str
    kind: str
    sql: str
    parent: Parent | None = None
    is_formula: bool = False


@dataclass(frozen=True)
class Plan:
    """A query ready to run. `columns` is empty exactly for COUNT()."""

    object_name: str
    columns: tuple[Column, ...]
    parents: tuple[Parent, ...]
    source: str
    parameters: tuple[Parameter, ...]
    is_aggregate: bool

    @property
    def count_sql(self) -> str:
        """One number: how many rows the query has."""
        return f"SELECT count(*) FROM (SELECT 1 {self.source})"

    @property
    def rows_sql(self) -> str:
        """The rows: columns c0, c1 …, the record's id and those of its parents, and if history values are numbers."""
        selected = [f"{column.sql} AS c{place}" for place, column in enumerate(self.columns)]
        if not self.is_aggregate:
            selected.append(f'"{RECORD}"."Id" AS record_id')
            selected.extend(f'"{parent.alias}"."Id" AS "{parent.alias}"' for parent in self.parents)
            if any(column.kind == "anyType" for column in self.columns):
                selected.append(f"\"{RECORD}\".\"Field\" IN ('Amount', 'Probability', 'ExpectedRevenue') AS is_number")
        return f"SELECT {', '.join(selected)} {self.source}"


def plan_query(query: Query, view: ObjectView, clock: datetime, *, with_deleted: bool) -> Plan:
    """Check every name and write the SQL.

    Raises:
        Refusal: INVALID_TYPE, INVALID_FIELD or MALFORMED_QUERY.
    """
    finder = FieldFinder(view, query, _object_name(query, view))
    is_aggregate = bool(query.group) or any(isinstance(item, Aggregate) for item in query.items)
    columns = tuple(_columns(query, finder))
    _refuse_duplicates(columns)
    writer = ConditionWriter(finder, clock)
    conditions = [writer.write(query.where)] if query.where is not None else []
    if not with_deleted and view.has_field(finder.object_name, "IsDeleted"):
        conditions.append(f'"{RECORD}"."IsDeleted" IS NOT TRUE')
    tail = _grouping(query, finder) + _ordering(query.order, finder) + _limits(query)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return Plan(
        finder.object_name,
        columns,
        tuple({column.parent.relationship: column.parent for column in columns if column.parent}.values()),
        f'FROM salesforce."{finder.object_name}" AS "{RECORD}"{finder.joins()}{where}{tail}',
        tuple(writer.parameters),
        is_aggregate,
    )


def _object_name(query: Query, view: ObjectView) -> str:
    found = view.find(query.object_name)
    if found is None:
        message = (
            f"sObject type '{query.object_name}' is not supported. If you are attempting to use a custom object, be"
            f" sure to append the '__c' after the entity name. {ADVICE}"
        )
        raise Refusal(400, "INVALID_TYPE", locate(query.text, query.object_at, message))
    return found


def _columns(query: Query, finder: FieldFinder) -> list[Column]:
    grouped = {finder.find(path).name for path in query.group}
    columns: list[Column] = []
    for item in query.items:
        if isinstance(item, Path):
            found = finder.find(item)
            if query.group and found.name not in grouped:
                raise malformed(f"Field must be grouped or aggregated: {found.name}")
            columns.append(Column(found.name, found.field.type, found.sql, found.parent, found.field.is_calculated))
        elif isinstance(item, Aggregate):
            unnamed = sum(column.name.startswith("expr") for column in columns)
            columns.append(_aggregate(item, finder, item.alias or f"expr{unnamed}"))
        elif isinstance(item, FieldSet):
            columns.extend(_field_set(item, query, finder))
        else:
            raise Refusal(
                400,
                "INVALID_TYPE",
                locate(
                    query.text,
                    item.object_at,
                    f"Didn't understand relationship '{item.object_name}' in FROM part of query call. {ADVICE}",
                ),
            )
    if any(isinstance(item, Aggregate) for item in query.items) and not query.group:
        for item in query.items:
            if isinstance(item, Path):
                raise malformed(f"Field must be grouped or aggregated: {item}")
    return columns


def _aggregate(item: Aggregate, finder: FieldFinder, name: str) -> Column:
    found = finder.find(item.path)
    if item.function not in AGGREGATES:
        raise malformed(locate(finder.query.text, item.path.at, f"unknown function: {item.function}"))
    if item.function in ("SUM", "AVG") and found.field.type not in NUMBER_TYPES:
        raise malformed(f"field {found.name} does not support aggregate operator {item.function}")
    if item.function in ("COUNT", "COUNT_DISTINCT"):
        distinct = "DISTINCT " if item.function == "COUNT_DISTINCT" else ""
        return Column(name, "int", f"count({distinct}{found.sql})")
    kind = found.field.type if item.function in ("MIN", "MAX") else "double"
    cast = "" if item.function != "AVG" else "::DECIMAL(28, 6)"
    return Column(name, kind, f"{item.function.lower()}({found.sql}){cast}")


def _field_set(item: FieldSet, query: Query, finder: FieldFinder) -> list[Column]:
    if item.name not in ("ALL", "STANDARD", "CUSTOM"):
        raise malformed(f"unknown set of fields: FIELDS({item.name})")
    if item.name != "STANDARD" and (query.limit is None or query.limit > FIELD_SET_LIMIT):
        raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
    return [
        Column(field.name, field.type, finder.find(Path((field.name,), 0)).sql, None, field.is_calculated)
        for field in finder.view.fields(finder.object_name)
        if item.name == "ALL" or field.is_custom == (item.name == "CUSTOM")
    ]


def _refuse_duplicates(columns: tuple[Column, ...]) -> None:
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise malformed(f"duplicate field selected: {column.name}")
        seen.add(column.name)


def _grouping(query: Query, finder: FieldFinder) -> str:
    return f" GROUP BY {', '.join(finder.find(path).sql for path in query.group)}" if query.group else ""


def _ordering(order: tuple[Ordering, ...], finder: FieldFinder) -> str:
    terms = []
    for ordering in order:
        found = finder.find(ordering.path)
        if not is_filterable(found.field):
            raise finder.refuse(ordering.path, f"field '{found.field.name}' can not be sorted in a query call")
        direction = "DESC" if ordering.descending else "ASC"
        terms.append(f"{found.sql} {direction} NULLS {'LAST' if ordering.nulls_last else 'FIRST'}")
    return f" ORDER BY {', '.join(terms)}" if terms else ""


def _limits(query: Query) -> str:
    if query.offset is not None and query.offset > MAX_OFFSET:
        raise Refusal(400, "NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}")
    limit = "" if query.limit is None else f" LIMIT {query.limit}"
    return limit + ("" if query.offset is None else f" OFFSET {query.offset}")
