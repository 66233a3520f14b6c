"""The sandbox's control endpoints: play a day, switch faults, read counters and the truth about the world."""

import importlib

import duckdb
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.faults import Fault
from connectors.sandbox.state import DEFAULT_LIMITS, SandboxState
from connectors.sandbox.stats import KEPT_REQUESTS

# each CRM's module of edits has `apply_edit(state, given) -> answer`
EDITS = {"salesforce": "connectors.sandbox.salesforce.edits", "hubspot": "connectors.sandbox.hubspot.edits"}
STAMPS = ("SystemModstamp", "updated_at", "LastModifiedDate", "CreatedDate")


def control_routes(state: SandboxState) -> list[Route]:
    """Routes under `/__sandbox__`, `/__stats__` and `/__truth__`; none of them is counted or fails."""
    control = _Control(state)
    return [
        Route("/__sandbox__/tick", control.tick, methods=["POST"]),
        Route("/__sandbox__/edit", control.edit, methods=["POST"]),
        Route("/__sandbox__/faults", control.set_faults, methods=["POST"]),
        Route("/__sandbox__/faults", control.clear_faults, methods=["DELETE"]),
        Route("/__sandbox__/faults", control.list_faults, methods=["GET"]),
        Route("/__stats__", control.read_stats, methods=["GET"]),
        Route("/__stats__/requests", control.read_requests, methods=["GET"]),
        Route("/__stats__", control.reset_stats, methods=["DELETE"]),
        Route("/__truth__/{schema}/{table}", control.read_truth, methods=["GET"]),
    ]


def _reply(value: object, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


class _Control:
    def __init__(self, state: SandboxState) -> None:
        self._state = state

    async def tick(self, request: Request) -> Response:
        given = request.query_params.get("days", "1")
        if not (given.isdecimal() and int(given)):
            return _reply({"error": f"days={given}: say how many days to play, from 1 on"}, 400)
        days = int(given)
        async with self._state.gate.ticking():
            changes = await run_in_threadpool(self._state.tick, days)
        return _reply({"clock": self._state.clock.isoformat(), "changes": changes})

    async def edit(self, request: Request) -> Response:
        """Body: {"crm": "salesforce"|"hubspot", "kind": ..., ...}; what a person does in a CRM, visible at once."""
        given = await request.json()
        module = EDITS.get(given.get("crm"))
        if module is None:
            return _reply({"error": f"no crm {given.get('crm')!r}; there are {', '.join(EDITS)}"}, 400)
        try:
            async with self._state.gate.ticking():
                made = await run_in_threadpool(importlib.import_module(module).apply_edit, self._state, given)
                self._state.edits += 1
        except (ValueError, duckdb.Error) as error:
            return _reply({"error": str(error)}, 400)
        return _reply(made)

    async def set_faults(self, request: Request) -> Response:
        """Body: {"faults": [...], "hidden": [...], "no_bulk": [...], "bulk_polls": n, "clock_skew": seconds,
        "limits": {name: n}, "rotate_refresh_tokens": true}, each part optional."""
        given = await request.json()
        try:
            self._state.faults.add([Fault.from_json(fault) for fault in given.get("faults", [])])
        except ValueError as error:
            return _reply({"error": str(error)}, 400)
        if "hidden" in given:
            self._state.hidden = set(given["hidden"])
        if "no_bulk" in given:
            self._state.no_bulk = set(given["no_bulk"])
        unknown = set(given.get("limits", {})) - set(DEFAULT_LIMITS)
        if unknown:
            return _reply({"error": f"no limits {sorted(unknown)}; there are {sorted(DEFAULT_LIMITS)}"}, 400)
        self._state.limits.update(given.get("limits", {}))
        self._state.bulk_polls = int(given.get("bulk_polls", self._state.bulk_polls))
        self._state.clock_skew = float(given.get("clock_skew", self._state.clock_skew))
        self._state.rotates_refresh_tokens = bool(
            given.get("rotate_refresh_tokens", self._state.rotates_refresh_tokens)
        )
        return _reply(self._state.faults.report())

    async def clear_faults(self, request: Request) -> Response:
        """Also shows what was hidden again, and brings back every limit and the right time."""
        self._state.faults.clear()
        self._state.hidden = set()
        self._state.no_bulk = set()
        self._state.limits = dict(DEFAULT_LIMITS)
        self._state.clock_skew = 0.0
        return _reply([])

    async def list_faults(self, request: Request) -> Response:
        return _reply(self._state.faults.report())

    async def read_stats(self, request: Request) -> Response:
        return _reply(self._state.stats.report())

    async def read_requests(self, request: Request) -> Response:
        """The newest requests, oldest first: `?family=salesforce.*&last=100`."""
        asked = request.query_params
        last = int(asked.get("last", KEPT_REQUESTS))
        return _reply(self._state.stats.requests(asked.get("family", "*"), last))

    async def reset_stats(self, request: Request) -> Response:
        self._state.stats.reset()
        return _reply(self._state.stats.report())

    async def read_truth(self, request: Request) -> Response:
        """Rows of one world table; of a CRM's object only id, stamp and hash unless `?full=1`."""
        schema, table = request.path_params["schema"], request.path_params["table"]
        full = request.query_params.get("full") == "1" or schema not in ("salesforce", "hubspot")
        async with self._state.gate.reading():
            body = await run_in_threadpool(self._truth, schema, table, full)
        if body is None:
            return _reply({"error": f"the world has no table {schema}.{table}"}, 404)
        return Response(body, media_type="application/json")

    def _truth(self, schema: str, table: str, full: bool) -> bytes | None:
        with self._state.cursor() as cursor:
            columns = [
                row[0]
                for row in cursor.execute(
                    "SELECT column_name FROM duckdb_columns() WHERE database_name = current_database()"
                    " AND schema_name = ? AND table_name = ? ORDER BY column_index",
                    [schema, table],
                ).fetchall()
            ]
            if not columns:
                return None
            dropped = _dropped(cursor, schema, table)
            columns = [name for name in columns if name not in dropped]
            source = f'"{schema}"."{table}"'
            if dropped:
                kept = ", ".join(f'"{name}"' for name in columns)
                source = f"(SELECT {kept} FROM {source})"
            found = cursor.execute(
                f"SELECT coalesce(string_agg(to_json(answer)::VARCHAR, ','), '') FROM ("
                f"{_truth_query(columns, full)} FROM {source} AS rows ORDER BY 1) AS answer"
            ).fetchone()
        return b"[" + (found[0] if found else "").encode() + b"]"


def _dropped(cursor: duckdb.DuckDBPyConnection, schema: str, table: str) -> set[str]:
    """Standard Salesforce fields that an edit dropped: their columns stay, since the world's days write them."""
    if schema != "salesforce":
        return set()
    tables = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'salesforce' AND table_name = '_schema'"
    if cursor.execute(tables).fetchone() is None:
        return set()
    found = cursor.execute(
        "SELECT field FROM salesforce._schema WHERE object = ? AND (definition->>'dropped') = 'true'", [table]
    ).fetchall()
    return {row[0] for row in found}


def _truth_query(columns: list[str], full: bool) -> str:
    if full:
        return "SELECT *"
    key = "Id" if "Id" in columns else "id"
    stamp = next((f'"{name}"' for name in STAMPS if name in columns), "NULL")
    return f'SELECT "{key}" AS id, {stamp} AS modified, md5(to_json(rows)::VARCHAR) AS hash'
