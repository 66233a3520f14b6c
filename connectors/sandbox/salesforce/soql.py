"""SOQL, as far as extractors send it, from text to a tree; refuses in Salesforce's words what cannot be read."""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args

from connectors.sandbox.salesforce.errors import Refusal, malformed
from connectors.sandbox.salesforce.grammar import GRAMMAR

MAX_LENGTH = 100_000  # characters, Salesforce app limits: SOQL and SOSL


@dataclass(frozen=True)
class Path:
    """A field, or one of a parent (`Account.Name`); `at` is where it stands in the text."""

    parts: tuple[str, ...]
    at: int

    def __str__(self) -> str:
        """As written."""
        return ".".join(self.parts)


@dataclass(frozen=True)
class Aggregate:
    """`MAX(SystemModstamp) newest`; `alias` is None if unnamed."""

    function: str
    path: Path
    alias: str | None


@dataclass(frozen=True)
class FieldSet:
    """`FIELDS(ALL)` and its kind."""

    name: str


@dataclass(frozen=True)
class Value:
    """A literal as written; `kind` is the grammar's terminal, or DAY_RANGE for `LAST_N_DAYS:30`."""

    kind: Literal["STRING", "DATETIME", "DATE", "NUMBER", "BOOLEAN", "NULL", "DAY_RANGE"]
    text: str


@dataclass(frozen=True)
class Comparison:
    """`operator` is one of = != < <= > >= LIKE IN NOT IN; only the last two take several values."""

    path: Path
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Logic:
    """NOT of one term, AND or OR of several."""

    operator: Literal["AND", "OR", "NOT"]
    terms: "tuple[Condition, ...]"


Condition = Comparison | Logic


@dataclass(frozen=True)
class Ordering:
    """Nulls come first unless asked otherwise, in both directions."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True)
class Query:
    """One SELECT. `items` is empty exactly for `COUNT()`; `text` is the whole query, for error messages."""

    text: str
    object_name: str
    object_at: int
    items: "tuple[Path | Aggregate | FieldSet | Query, ...]"
    where: Condition | None
    group: tuple[Path, ...]
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int | None


def parse_query(text: str) -> Query:
    """The tree of one SOQL query.

    Raises:
        Refusal: MALFORMED_QUERY, with the place.
    """
    if len(text) > MAX_LENGTH:
        raise malformed(f"SOQL statements cannot be longer than {MAX_LENGTH} characters.")
    try:
        tree = _parser().parse(text)
    except UnexpectedInput as error:
        raise _unreadable(text, error) from error
    return _Builder(text).transform(tree)


def locate(text: str, at: int, message: str) -> str:
    """`message` under an excerpt of the query with a caret, as Salesforce prints it."""
    start = max(0, at - 40)
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    excerpt = text[start : at + 40].replace("\n", " ")
    return f"\n{excerpt}\n{' ' * (at - start)}^\nERROR at Row:{line}:Column:{column}\n{message}"


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", maybe_placeholders=True)


def _unreadable(text: str, error: UnexpectedInput) -> Refusal:
    at = error.pos_in_stream if error.pos_in_stream is not None else len(text)
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        return malformed(locate(text, at, f"unexpected token: '{error.token}'"))
    if isinstance(error, UnexpectedToken) or at >= len(text):
        return malformed("unexpected token: '<EOF>'")
    line, column = error.line, error.column
    return malformed(f"line {line}:{column} no viable alternative at character '{text[at]}'")


@v_args(inline=True)
class _Builder(Transformer[Token, Query]):
    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def start(
        self,
        items: tuple[Path | Aggregate | FieldSet | Query, ...],
        name: Token,
        where: Condition | None,
        group: tuple[Path, ...] | None,
        order: tuple[Ordering, ...] | None,
        limit: int | None,
        offset: int | None,
    ) -> Query:
        return Query(self._text, str(name), name.start_pos or 0, items, where, group or (), order or (), limit, offset)

    def count_rows(self, _count: Token) -> tuple[Path, ...]:
        return ()

    def items(self, *items: Path | Aggregate | FieldSet | Query) -> tuple[Path | Aggregate | FieldSet | Query, ...]:
        return items

    def function(self, name: Token, path: Path, alias: Token | None) -> Aggregate:
        return Aggregate(name.upper(), path, None if alias is None else str(alias))

    def field_set(self, name: Token) -> FieldSet:
        return FieldSet(name.upper())

    def subquery(self, query: Query) -> Query:
        return query

    def path(self, *names: Token) -> Path:
        return Path(tuple(str(name) for name in names), names[0].start_pos or 0)

    def where(self, condition: Condition) -> Condition:
        return condition

    def and_(self, *terms: Condition) -> Logic:
        return Logic("AND", terms)

    def or_(self, *terms: Condition) -> Logic:
        return Logic("OR", terms)

    def not_(self, term: Condition) -> Logic:
        return Logic("NOT", (term,))

    def comparison(self, path: Path, operator: Token, value: Token | Value) -> Comparison:
        return Comparison(path, "!=" if operator == "<>" else str(operator), (_value(value),))

    def like(self, path: Path, pattern: Token) -> Comparison:
        return Comparison(path, "LIKE", (_value(pattern),))

    def in_(self, path: Path, *values: Token | Value) -> Comparison:
        return Comparison(path, "IN", tuple(_value(value) for value in values))

    def not_in(self, path: Path, *values: Token | Value) -> Comparison:
        return Comparison(path, "NOT IN", tuple(_value(value) for value in values))

    def day_range(self, name: Token, count: Token | None) -> Value:
        return Value("DAY_RANGE", name.upper() if count is None else f"{name.upper()}:{count}")

    def group(self, *paths: Path) -> tuple[Path, ...]:
        return paths

    def ordering(self, path: Path, direction: Token | None, nulls: Token | None) -> Ordering:
        return Ordering(path, str(direction).upper() == "DESC", str(nulls).upper() == "LAST")

    def order(self, *orderings: Ordering) -> tuple[Ordering, ...]:
        return orderings

    def limit(self, count: Token) -> int:
        return int(count)

    def offset(self, count: Token) -> int:
        return int(count)


def _value(given: Token | Value) -> Value:
    if isinstance(given, Value):
        return given
    return Value(given.type, str(given))  # type: ignore[arg-type]
