"""Values as SQL: HubSpot sends every one as text, and the property's type says what the text should be.

A text that does not fit is null in its column; a number of more decimals than the column has is rounded there. Both
are counted, and stand as they came in `unfit_values` of their record.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from connectors.hubspot.objects import NUMBER, NUMBER_SCALE
from connectors.hubspot.properties import CHOICES, PropertySet
from connectors.schema import UNFIT_VALUES, json_source, literal, quote

_TOO_EXACT = "more decimals than the column has"


def text_value(name: str) -> str:
    """A property of `properties` as text; HubSpot clears one by setting it to the empty string."""
    return f"nullif(properties.{quote(name)}, '')"


def typed_columns(properties: PropertySet, *, lenient: bool) -> str:
    """The columns of `properties`, null where they are not asked for; strict ones fail at a value that does not fit."""
    return ", ".join(
        f"{_typed(name, kind, lenient=lenient)} as {quote(name)}"
        if name in properties.asked
        else f"cast(null as {kind}) as {quote(name)}"
        for name, kind in properties.columns.items()
    )


def unfit_column(properties: PropertySet) -> str:
    """JSON of what does not fit, null where all fits."""
    entries = ", ".join(
        f"{{'key': {literal(name)}, 'value': case when {_is_unfit(name, kind)} then {text_value(name)} end}}"
        for name, kind in fallible(properties).items()
    )
    if not entries:
        return f"cast(null as varchar) as {UNFIT_VALUES}"
    unfit = f"map_from_entries(list_filter([{entries}], lambda entry: entry.value is not null))"
    return f"nullif(cast(to_json({unfit}) as varchar), '{{}}') as {UNFIT_VALUES}"


def fallible(properties: PropertySet) -> dict[str, str]:
    """Properties that are asked for and whose type not every text fits."""
    return {
        name: kind
        for name, kind in properties.columns.items()
        if kind not in ("VARCHAR", CHOICES) and name in properties.asked
    }


def find_misfits(
    query: Callable[[str], Sequence[tuple[object, ...]]], files: Sequence[Path], properties: PropertySet
) -> list[tuple[str, int, int]]:
    """(property, values that are null, values that are rounded) where there are any in these pages of records."""
    typed = fallible(properties)
    if not typed:
        return []
    asked = ", ".join(f"{quote(name)} VARCHAR" for name in typed)
    pages = json_source(files, {"properties": f"STRUCT({asked})"}, records="results")
    counts = ", ".join(
        f"{{'name': {literal(name)}, 'nulls': count(*) filter ({_is_null(name, kind)}), "
        f"'rounded': count(*) filter (not {_is_null(name, kind)} and {_is_unfit(name, kind)})}}"
        for name, kind in typed.items()
    )
    rows = query(
        f"select found.name, found.nulls, found.rounded from (select unnest(counts) as found from "
        f"(select [{counts}] as counts from {pages})) where found.nulls + found.rounded > 0"
    )
    return [(str(name), int(str(nulls)), int(str(rounded))) for name, nulls, rounded in rows]


def add_misfits(counts: dict[str, int], found: Sequence[tuple[str, int, int]]) -> None:
    """Count them under their property's name."""
    for name, nulls, rounded in found:
        counts[name] = counts.get(name, 0) + nulls + rounded


def _typed(name: str, kind: str, *, lenient: bool) -> str:
    text = text_value(name)
    if kind == "VARCHAR":
        return text
    if kind == CHOICES:
        return f"string_split({text}, ';')"
    # with its offset: a plain TIMESTAMP cast drops it silently
    wire_type = "TIMESTAMPTZ" if kind == "TIMESTAMP" else kind
    if lenient:
        return f"try_cast({text} as {wire_type})"
    if kind != NUMBER:
        return f"cast({text} as {wire_type})"
    return f"case when {_is_too_exact(name)} then error({literal(_TOO_EXACT)}) else cast({text} as {kind}) end"


def _is_null(name: str, kind: str) -> str:
    return f"({text_value(name)} is not null and {_typed(name, kind, lenient=True)} is null)"


def _is_unfit(name: str, kind: str) -> str:
    null = _is_null(name, kind)
    return f"({null} or coalesce({_is_too_exact(name)}, false))" if kind == NUMBER else null


def _is_too_exact(name: str) -> str:
    """Whether the column holds less than the text says; of 1e-20 only arithmetic can tell."""
    text = text_value(name)
    by_arithmetic = f"cast(try_cast({text} as {NUMBER}) as double) is distinct from try_cast({text} as double)"
    by_length = f"instr({text}, '.') > 0 and strlen(rtrim({text}, '0')) - instr({text}, '.') > {NUMBER_SCALE}"
    return f"case when contains(lower({text}), 'e') then {by_arithmetic} else {by_length} end"
