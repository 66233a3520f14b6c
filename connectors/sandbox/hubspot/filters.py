"""Search filters as SQL: HubSpot's operators, value formats and limits."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.replies import Refusal, invalid

# HubSpot's search guide
MAXIMUM_GROUPS = 5
MAXIMUM_FILTERS_PER_GROUP = 10
MAXIMUM_FILTERS = 25

_COMPARISONS = {"EQ": "=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
INDEXED = "updated_at"
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the world's columns are naive UTC

Value = str | Decimal | datetime


@dataclass
class Condition:
    """SQL text with `?` and its values in order."""

    sql: list[str] = field(default_factory=list)
    values: list[object] = field(default_factory=list)


def where(kind: ObjectType, property_types: Mapping[str, str], groups: object, indexed: str = INDEXED) -> Condition:
    """Filter groups, joined by OR, of filters joined by AND; no groups match every record.

    `indexed` is SQL for the modification time that the index knows.
    """
    condition = Condition()
    read = _read_groups(groups)
    alternatives = []
    for filters in read:
        parts = []
        for entry in filters:
            parts.append(_filter_sql(kind, property_types, entry, condition.values, indexed))
        alternatives.append("(" + " AND ".join(parts) + ")" if parts else "TRUE")
    if alternatives:
        condition.sql.append("(" + " OR ".join(alternatives) + ")")
    return condition


def typed_column(kind: ObjectType, name: str, type_: str, indexed: str = INDEXED) -> str:
    """SQL of a property as something that compares as HubSpot compares it."""
    if name == "hs_object_id":
        return "id::BIGINT"
    if name == kind.modified_property:
        return indexed  # the same moment, and stored as one
    if type_ == "number":
        return f'try_cast("{name}" AS DECIMAL(38, 10))'
    if type_ in ("datetime", "date"):
        return f'try_cast("{name}" AS TIMESTAMP)'
    return f'"{name}"' if type_ in ("enumeration", "bool") else f'lower("{name}")'


def _read_groups(groups: object) -> list[list[Mapping[str, object]]]:
    if groups is None:
        return []
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        raise invalid("Invalid input JSON: filterGroups must be a list of objects")
    read = [group.get("filters") or [] for group in groups]
    total = sum(len(filters) for filters in read)
    if len(read) > MAXIMUM_GROUPS:
        raise invalid(f"Too many filterGroups: {len(read)}, the maximum is {MAXIMUM_GROUPS}", code="TOO_MANY_GROUPS")
    if total > MAXIMUM_FILTERS or any(len(filters) > MAXIMUM_FILTERS_PER_GROUP for filters in read):
        raise invalid(
            f"Too many filters: {total}; at most {MAXIMUM_FILTERS_PER_GROUP} per group and {MAXIMUM_FILTERS} in all",
            code="TOO_MANY_FILTERS",
        )
    return read


def _filter_sql(
    kind: ObjectType,
    property_types: Mapping[str, str],
    entry: Mapping[str, object],
    values: list[object],
    indexed: str,
) -> str:
    name = str(entry.get("propertyName"))
    operator = str(entry.get("operator"))
    type_ = property_types.get(name)
    if type_ is None:
        raise invalid(f"There was a problem with the request. Property {name} does not exist", propertyName=name)
    column = typed_column(kind, name, type_, indexed)
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return f"{column} IS {'NOT ' if operator == 'HAS_PROPERTY' else ''}NULL"
    if operator in ("IN", "NOT_IN"):
        return _membership_sql(column, type_, entry, operator, values)
    if operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
        values.append(_token_pattern(str(entry.get("value", ""))))
        found = f"coalesce(regexp_matches(\"{name}\", ?, 'i'), FALSE)"
        return found if operator == "CONTAINS_TOKEN" else f"NOT {found}"
    value = _parse(type_, name, entry.get("value"))
    values.append(value)
    if operator == "BETWEEN":
        values.append(_parse(type_, name, entry.get("highValue")))
        return f"{column} BETWEEN ? AND ?"
    if operator == "NEQ":
        return f"{column} IS DISTINCT FROM ?"
    if operator not in _COMPARISONS:
        raise invalid(f"Invalid input JSON: {operator} is not a filter operator", code="INVALID_OPERATOR")
    return f"{column} {_COMPARISONS[operator]} ?"


def _membership_sql(column: str, type_: str, entry: Mapping[str, object], operator: str, values: list[object]) -> str:
    given = entry.get("values")
    if not isinstance(given, list) or not given:
        raise invalid(f"operator {operator} requires values", code="MISSING_VALUES")
    # text is matched in lower case but the values are not lowered for the caller, as HubSpot documents for IN
    parsed = [str(value) if type_ == "string" else _parse(type_, column, value) for value in given]
    values.extend(parsed)
    marks = ", ".join("?" for _ in parsed)
    if operator == "IN":
        return f"{column} IN ({marks})"
    return f"({column} IS NULL OR {column} NOT IN ({marks}))"


def _parse(type_: str, name: str, value: object) -> Value:
    if value is None:
        raise invalid(f"A filter on {name} has no value", code="MISSING_VALUE", propertyName=name)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        if type_ == "number":
            return Decimal(text)
        if type_ in ("datetime", "date"):
            return _parse_moment(text)
    except (InvalidOperation, ValueError, OverflowError) as error:
        raise invalid(f"{text} is not a valid {type_} value for {name}", code=f"INVALID_{type_.upper()}") from error
    return text if type_ in ("enumeration", "bool") else text.lower()


def _parse_moment(text: str) -> datetime:
    if re.fullmatch(r"-?\d+", text):
        if int(text) == 0:
            # seen by other extractors: the beginning of time as a bound breaks HubSpot's search
            raise Refusal(500, "INTERNAL_ERROR", "internal error")
        return _EPOCH + timedelta(milliseconds=int(text))
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _token_pattern(text: str) -> str:
    words: Sequence[str] = text.split() or [""]
    parts = [re.escape(word).replace(r"\*", r"\w*") for word in words]
    return r"\b" + r"\W+".join(parts) + r"\b"
