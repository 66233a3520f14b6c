"""Currencies of a portal: its company currency, and the rate of every other one from each moment on.

A rate says how many units of the company currency one unit of the other is worth. Rates of the past stay listed, and
so does the company currency's own rate of 1, once there is another currency.
"""

import duckdb

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.portal import Portal, missing_scope
from connectors.sandbox.hubspot.replies import invalid, iso, next_page, read_limit

SCOPE = "settings.currencies.read"
PAGE = 100
HIDDEN = "currencies"
_ALWAYS_THERE = "2023-01-01T00:00:00.000Z"


def read_company_currency(portal: Portal, _: Call) -> Answer:
    """The currency that deals are summed in; its id is its code."""
    _check_scope(portal)
    return Answer.of({"createdAt": _ALWAYS_THERE, "id": portal.account.currency})


def list_exchange_rates(portal: Portal, call: Call) -> Answer:
    """Every rate that holds or held, a hundred a page; none in a portal with one currency."""
    _check_scope(portal)
    limit, after = read_limit(call, default=PAGE, maximum=PAGE), call.query.get("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid paging cursor {after}", code="INVALID_AFTER")
    rates = _rates(portal)
    shown, following = rates[int(after) : int(after) + limit], int(after) + limit
    paging = {"paging": next_page(call, str(following))} if following < len(rates) else {}
    return Answer.of({"results": shown, **paging})


def other_currencies(portal: Portal) -> list[str]:
    """Currencies beside the company's, by code."""
    codes = {str(rate["fromCurrencyCode"]) for rate in _rates(portal)}
    return sorted(codes - {portal.account.currency})


def set_exchange_rate(edit: Edit) -> dict[str, object]:
    """From `effective_at` (ISO text, the edit's stamp if absent) on, one `currency` is worth `rate` company units."""
    code, rate = edit.text("currency"), edit.text("rate")
    company = edit.definitions.account.currency
    given = edit.fields.get("effective_at")
    effective_at = edit.stamp if given is None else edit.moment("effective_at")
    if not _has_any(edit.cursor):
        _insert(edit, company, company, "1", edit.stamp)
    key = _insert(edit, code, company, rate, effective_at)
    return {"id": key, "stamp": iso(edit.stamp)}


def correct_exchange_rate(edit: Edit) -> dict[str, object]:
    """Give rate `id` another value (`rate`), as an admin who mistyped it."""
    edit.cursor.execute(
        "UPDATE hubspot._exchange_rates SET rate = ?, updated_at = ? WHERE id = ?",
        [edit.text("rate"), edit.stamp, edit.text("id")],
    )
    return {"id": edit.text("id"), "stamp": iso(edit.stamp)}


PLAYS: dict[str, Play] = {play.__name__: play for play in (set_exchange_rate, correct_exchange_rate)}


def _check_scope(portal: Portal) -> None:
    if portal.state.is_hidden(HIDDEN):
        raise missing_scope(SCOPE)


def _rates(portal: Portal) -> list[dict[str, object]]:
    with portal.state.cursor() as cursor:
        if not _has_any(cursor):
            return []
        rows = cursor.execute(
            "SELECT id, from_code, to_code, rate::DOUBLE, effective_at, created_at, updated_at"
            " FROM hubspot._exchange_rates ORDER BY id::BIGINT"
        ).fetchall()
    return [
        {
            "id": key,
            "fromCurrencyCode": from_code,
            "toCurrencyCode": to_code,
            "conversionRate": rate,
            "effectiveAt": iso(effective_at),
            "visibleInUI": True,
            "createdAt": iso(created_at),
            "updatedAt": iso(updated_at),
        }
        for key, from_code, to_code, rate, effective_at, created_at, updated_at in rows
    ]


def _has_any(cursor: duckdb.DuckDBPyConnection) -> bool:
    # a world that was never edited, or by an earlier version of the sandbox, has no table of rates
    found = cursor.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'hubspot'"
        " AND table_name = '_exchange_rates'"
    ).fetchone()
    return found is not None and cursor.execute("SELECT 1 FROM hubspot._exchange_rates LIMIT 1").fetchone() is not None


def _insert(edit: Edit, code: str, company: str, rate: str, effective_at: object) -> str:
    row = edit.cursor.execute("SELECT coalesce(max(id::BIGINT), 0) + 1 FROM hubspot._exchange_rates").fetchone()
    key = str(row[0]) if row else "1"
    edit.cursor.execute(
        "INSERT INTO hubspot._exchange_rates VALUES (?, ?, ?, ?, ?, ?, ?)",
        [key, code, company, rate, effective_at, edit.stamp, edit.stamp],
    )
    return key
