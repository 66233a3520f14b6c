"""WHERE clauses as SQL with SOQL's rules: text without case, nulls unequal to everything, days as ranges."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from connectors.sandbox.salesforce.errors import Refusal
from connectors.sandbox.salesforce.fields import FieldFinder, FoundField
from connectors.sandbox.salesforce.objects import NUMBER_TYPES, TEXT_TYPES, is_filterable
from connectors.sandbox.salesforce.soql import Comparison, Condition, Value
from connectors.sandbox.salesforce.values import day_range, like_pattern, long_id, text_of, utc_datetime

Parameter = str | bool | Decimal | date | datetime | list[object]
# which literal a field's type is compared with, and what the refusal calls the type
LITERALS = {"datetime": ("DATETIME", "dateTime"), "date": ("DATE", "date"), "boolean": ("BOOLEAN", "boolean")}
# how each operator reads against a range of days [first, after)
RANGE_SQL = {
    "=": "({0} >= ? AND {0} < ?)",
    "!=": "({0} IS NULL OR {0} < ? OR {0} >= ?)",
    "<": "{0} < ?",
    ">=": "{0} >= ?",
    "<=": "{0} < ?",
    ">": "{0} >= ?",
}


@dataclass
class ConditionWriter:
    """Writes one query's conditions; `parameters` come in the order of the `?` written."""

    finder: FieldFinder
    clock: datetime
    parameters: list[Parameter] = field(default_factory=list)

    def write(self, condition: Condition) -> str:
        """SQL that is true exactly where the condition holds; it may be null where it does not."""
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        if condition.operator == "NOT":
            return f"NOT coalesce({self.write(condition.terms[0])}, false)"
        return "(" + f" {condition.operator} ".join(self.write(term) for term in condition.terms) + ")"

    def _comparison(self, comparison: Comparison) -> str:
        found = self.finder.find(comparison.path)
        if not is_filterable(found.field):
            raise self._refuse(comparison, f"field '{found.field.name}' can not be filtered in a query call")
        if comparison.operator in ("IN", "NOT IN"):
            return self._membership(found, comparison)
        value = comparison.values[0]
        if value.kind == "NULL":
            return self._null_test(found, comparison)
        if comparison.operator == "LIKE":
            return self._likeness(found, comparison, value)
        if value.kind == "DAY_RANGE":
            return self._day_range(found, comparison, value)
        return self._simple(found, comparison, value)

    def _simple(self, found: FoundField, comparison: Comparison, value: Value) -> str:
        if found.field.type == "boolean" and comparison.operator not in ("=", "!="):
            raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field")
        self.parameters.append(self._parameter(found, comparison, value))
        column = self._column(found)
        if comparison.operator == "!=":
            return f"{column} IS DISTINCT FROM ?"
        return f"{column} {comparison.operator} ?"

    def _null_test(self, found: FoundField, comparison: Comparison) -> str:
        if comparison.operator not in ("=", "!="):
            raise self._refuse(comparison, "'null' can be compared with = and != only")
        return f"{found.sql} IS {'NOT ' if comparison.operator == '!=' else ''}NULL"

    def _likeness(self, found: FoundField, comparison: Comparison, value: Value) -> str:
        if found.field.type not in TEXT_TYPES:
            raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {found.field.type} field")
        self.parameters.append(like_pattern(value.text).lower())
        return f"lower({found.sql}) LIKE ? ESCAPE '\\'"

    def _membership(self, found: FoundField, comparison: Comparison) -> str:
        values = [value for value in comparison.values if value.kind != "NULL"]
        has_null = len(values) < len(comparison.values)
        self.parameters.append([self._parameter(found, comparison, value) for value in values])
        within = f"{self._column(found)} IN (SELECT unnest(?))"
        if comparison.operator == "IN":
            return f"({found.sql} IS NULL OR {within})" if has_null else within
        outside = f"NOT coalesce({within}, false)"
        return f"({found.sql} IS NOT NULL AND {outside})" if has_null else f"({outside})"

    def _day_range(self, found: FoundField, comparison: Comparison, value: Value) -> str:
        days = day_range(value.text, self.clock)
        if days is None or found.field.type not in ("date", "datetime"):
            raise self._refuse(comparison, f"unknown literal {value.text} for field '{found.field.name}'")
        first, after = days
        operator = comparison.operator
        self.parameters.extend({"<": [first], ">=": [first], "<=": [after], ">": [after]}.get(operator, [first, after]))
        return RANGE_SQL[operator].format(found.sql)

    def _column(self, found: FoundField) -> str:
        return f"lower({found.sql})" if found.field.type in TEXT_TYPES else found.sql

    def _parameter(self, found: FoundField, comparison: Comparison, value: Value) -> Parameter:
        kind = found.field.type
        if kind in TEXT_TYPES and value.kind == "STRING":
            return text_of(value.text).lower()
        if kind in ("id", "reference") and value.kind == "STRING":
            identity = long_id(text_of(value.text))
            if identity is None:
                raise Refusal(400, "INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text_of(value.text)}")
            return identity
        if kind in NUMBER_TYPES and value.kind == "NUMBER":
            return Decimal(value.text)
        literal, type_name = LITERALS.get(kind, ("", "double" if kind in NUMBER_TYPES else "string"))
        if value.kind != literal:
            quotes = " and should not be enclosed in quotes" if value.kind == "STRING" else ""
            raise self._refuse(
                comparison,
                f"value of filter criterion for field '{found.field.name}' must be of type {type_name}{quotes}",
            )
        return self._time_or_truth(comparison, value)

    def _time_or_truth(self, comparison: Comparison, value: Value) -> Parameter:
        try:
            if value.kind == "DATETIME":
                return utc_datetime(value.text)
            if value.kind == "DATE":
                return date.fromisoformat(value.text)
        except ValueError as error:
            raise self._refuse(comparison, f"invalid date: {value.text}") from error
        return value.text.upper() == "TRUE"

    def _refuse(self, comparison: Comparison, message: str) -> Refusal:
        return self.finder.refuse(comparison.path, message)
