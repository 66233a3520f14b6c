"""Texts of an export as typed values: one SQL expression per field type, null where a text says no such value."""

from connectors.sandbox.catalogue import SalesforceField

# reports and Data Loader write dates the American way, APIs write ISO 8601; two-digit years first: %Y would accept them
_DATES = "['%m/%d/%y', '%m/%d/%Y', '%Y-%m-%d']"
_TIMES = [
    f"{day} {time}" for time in ("%I:%M %p", "%I:%M:%S %p", "%H:%M", "%H:%M:%S") for day in ("%m/%d/%y", "%m/%d/%Y")
]
_KINDS = {
    "boolean": "true or false",
    "int": "a whole number",
    "date": "a date (02/23/26, 02/23/2026 or 2026-02-23)",
    "datetime": "a time (02/23/26 08:55 PM or 2026-02-23T20:55:00Z; times without an offset are read as UTC)",
    "id": "a Salesforce id of 15 or 18 characters",
    "reference": "a Salesforce id of 15 or 18 characters",
}
NUMBERS = ("currency", "double", "percent")
# a comma only parts thousands: 15,00 and 12.000,50 are refused, not read as 1500 and 12
_WHOLE = r"[+-]?(\d{1,3}(,\d{3})+|\d+)"
_NUMBER = rf"({_WHOLE}(\.\d*)?|[+-]?\.\d+)([eE][+-]?\d+)?"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def id_macro() -> str:
    """DDL of `full_id(text)`: an id of 15 characters gets its checksum, one of 18 stays, anything else is null."""
    letters = []
    for chunk in range(3):
        bits = " + ".join(
            f"(case when substr(id, {chunk * 5 + place + 1}, 1) between 'A' and 'Z' then {1 << place} else 0 end)"
            for place in range(5)
        )
        letters.append(f"substr('{_CHECKSUM}', cast({bits} as integer) + 1, 1)")
    return f"""
        create or replace temp macro full_id(id) as case
            when regexp_full_match(id, '[a-zA-Z0-9]{{18}}') then id
            when regexp_full_match(id, '[a-zA-Z0-9]{{15}}') then id || {" || ".join(letters)} end"""


def text_of(column: str) -> str:
    """The trimmed text of a column, null where nothing stands in it."""
    escaped = column.replace('"', '""')
    return f"nullif(trim(\"{escaped}\"), '')"


def converted(item: SalesforceField, column: str) -> str:
    """The value of `column` with the type of the field."""
    text = text_of(column)
    if item.type == "boolean":
        return f"try_cast({text} as boolean)"
    if item.type in ("id", "reference"):
        return f"full_id({text})"
    if item.type == "date":
        return f"coalesce(cast(try_strptime({text}, {_DATES}) as date), try_cast({text} as date))"
    if item.type == "datetime":
        iso = f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
        return f"coalesce(try_strptime({text}, {_TIMES}), try_strptime({text}, {_DATES}), {iso})"
    if item.type == "int":
        is_whole = rf"regexp_full_match({text}, '{_WHOLE}(\.0*)?')"
        return f"case when {is_whole} then try_cast(replace({text}, ',', '') as {item.duckdb_type}) end"
    if item.type in NUMBERS:
        exact = f"try_cast(replace({text}, ',', '') as double)"
        is_number = f"regexp_full_match({text}, '{_NUMBER}') and abs({exact}) < 1e{_digits_before_the_point(item)}"
        return f"case when {is_number} then try_cast(replace({text}, ',', '') as {item.duckdb_type}) end"
    return text


def is_rounded(item: SalesforceField, column: str) -> str:
    """Whether the field holds fewer decimal places than the text has."""
    return f"try_cast(replace({text_of(column)}, ',', '') as decimal(38, 12)) <> {converted(item, column)}"


def kind_of(item: SalesforceField) -> str:
    """What a person should have written."""
    if item.type in NUMBERS:
        return f"a number such as 1234.5 with at most {_digits_before_the_point(item)} digits before the point"
    return _KINDS[item.type]


def _digits_before_the_point(item: SalesforceField) -> int:
    return item.precision - item.scale
