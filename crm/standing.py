"""How things stand, read from the landing log and the warehouse's bookkeeping; asks no CRM."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from connectors.engine import read_warehouse
from connectors.errors import BusyError
from connectors.landing import LandingLog, Manifest

LEASE = ".lease"
DRIFT_SHOWN = 20

Row = Mapping[str, object]


@dataclass(frozen=True)
class LaneStanding:
    """One lane of one object: `watermark` is up to where (exclusive, UTC) it is complete."""

    object_name: str
    lane: str
    table: str
    loads: int
    rows: int
    watermark: datetime | None
    is_interrupted: bool
    unapplied: int


@dataclass(frozen=True)
class Bookkeeping:
    """What the warehouse knows of one CRM; empty where there is no warehouse yet, `problem` where it cannot be read."""

    complete_until: datetime | None = None
    applied: frozenset[tuple[str, str]] = frozenset()
    held: tuple[Row, ...] = ()
    coverage: tuple[Row, ...] = ()
    drift: tuple[Row, ...] = ()
    problem: str = ""


def read_lanes(log: LandingLog, crm: str, known: Bookkeeping) -> list[LaneStanding]:
    """Every lane that has a committed load, in the order of objects."""
    lanes: dict[tuple[str, str], list[Manifest]] = {}
    for manifest in log.manifests(crm):
        lanes.setdefault((manifest.request.object_name, manifest.request.lane), []).append(manifest)
    return [_lane(log, crm, key, loads, known) for key, loads in sorted(lanes.items())]


def read_holder(log: LandingLog, crm: str) -> str:
    """Who runs a sync of this CRM now, as a sentence; "" for nobody."""
    path = log.path(crm, LEASE)
    # a lease that was given back is empty: then there is nothing to try, and nobody can be kept out by our trying
    if not path.exists() or not path.read_bytes():
        return ""
    try:
        log.lease(crm).close()
    except BusyError as error:
        return str(error).split(" Nothing was changed")[0]
    return ""


def read_bookkeeping(warehouse: Path, log: LandingLog, crm: str) -> Bookkeeping:
    """The `raw_meta` tables, as far as they are there."""
    if not warehouse.exists():
        return Bookkeeping()
    released = {manifest.releases for manifest in log.manifests(crm) if manifest.releases}
    try:
        with read_warehouse(warehouse, wait_seconds=2.0) as connection:
            loads = _rows(connection, "loads", f"connection = '{crm}'")
            return Bookkeeping(
                complete_until=_complete_until(_rows(connection, "sync_state", f"connection = '{crm}'")),
                applied=frozenset((str(row["object"]), str(row["load_id"])) for row in loads),
                held=tuple(row for row in loads if row["rows_held"] and row["load_id"] not in released),
                coverage=tuple(_rows(connection, "coverage", f"connection = '{crm}' and status <> 'read'")),
                drift=tuple(_rows(connection, "drift", f"connection = '{crm}'", order="observed_at desc")),
            )
    except BusyError as error:
        return Bookkeeping(problem=str(error))


def _lane(
    log: LandingLog, crm: str, key: tuple[str, str], loads: Sequence[Manifest], known: Bookkeeping
) -> LaneStanding:
    object_name, lane = key
    pending = [load for load in loads if (object_name, load.load_id) not in known.applied]
    return LaneStanding(
        object_name=object_name,
        lane=lane,
        table=loads[-1].request.raw_table,
        loads=len(loads),
        rows=sum(load.rows_landed for load in loads),
        watermark=log.watermark(crm, object_name, lane),
        is_interrupted=log.find_open(crm, object_name, lane) is not None,
        unapplied=0 if known.problem else len(pending),
    )


def _complete_until(rows: Sequence[Row]) -> datetime | None:
    moments = [row["hi"] for row in rows if isinstance(row["hi"], datetime)]
    return moments[0].replace(tzinfo=UTC) if moments else None


def _rows(connection: duckdb.DuckDBPyConnection, table: str, condition: str, order: str = "all") -> list[Row]:
    there = connection.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw_meta' and table_name = ? "
        "and database_name = current_database()",
        [table],
    ).fetchone()
    if there is None:
        return []
    found = connection.execute(f"select * from raw_meta.{table} where {condition} order by {order}")
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
