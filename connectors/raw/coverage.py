"""What is not read and since when, and how the CRM's fields changed: both derived from the log's manifests alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from connectors.landing import Manifest
from connectors.raw.tables import META_SCHEMA, naive_utc
from connectors.schema import literal

# lanes that say what an object's columns are, the first of them that an object has
_COLUMN_LANES = ("rows", "metadata", "history", "associations")
_NO_COLUMNS = frozenset(["release", "patch", "erase", "tombstone", "presence"])
_OWN_DECISIONS = frozenset(["blocked", "denied"])

_REASONS = {
    "absent": "this org or portal has no such field",
    "hidden": "the CRM does not show it to this user",
    "blocked": "the reading rules keep its values out: it is personal",
    "denied": "the reading rules leave it out",
    "unsupported": "it has a type that is not read",
    "vanished": "the CRM no longer has it, or no longer shows it to this user",
    "hashed": "only a keyed hash of its values is kept",
}
_COVERAGE_ACTIONS = {
    "hidden": "Give this user the right to read the field, or deny it in the reading rules.",
    "no_access": "Give this user the right to read the object, or leave it out.",
    "vanished": "If it was deleted, nothing: raw keeps its last values. If it is hidden, give the right to read it.",
}
_DRIFT_ACTIONS = {
    "added": "Nothing: it is read from now on, and filled for older records. Add it to staging if it is wanted there.",
    "removed": "Raw keeps its last values. Look whether a model or a rule still needs it.",
    "retyped": "Raw was widened so that every value fits. Look at the models that cast it.",
    "hidden": "Give this user the right to read the field again, or deny it in the reading rules.",
    "returned": "Nothing: it is read again, and filled for the records that changed meanwhile.",
}

META_TABLES = f"""
create table if not exists {META_SCHEMA}.coverage (
    connection varchar not null,
    object varchar not null,
    column_name varchar not null, -- '' is the object itself, '(deletes)' and the like one of its lanes
    status varchar not null,
    since timestamp not null,
    last_seen timestamp not null,
    reason varchar not null,
    action varchar not null,
    primary key (connection, object, column_name)
);
create table if not exists {META_SCHEMA}.drift (
    connection varchar not null,
    object varchar not null,
    column_name varchar not null,
    change varchar not null,
    old_type varchar,
    new_type varchar,
    observed_at timestamp not null,
    load_id varchar not null,
    action varchar not null,
    primary key (connection, object, column_name, load_id)
)
"""

Value = str | int | None


@dataclass
class _Lane:
    """What is known of one object's lane, manifest by manifest."""

    types: dict[str, str] = field(default_factory=dict)
    """Columns read by the newest load."""
    ever: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    is_read: bool = True
    since: datetime | None = None
    reason: str = ""
    drift: list[tuple[str, str, str | None, str | None, datetime, str]] = field(default_factory=list)


def record_coverage(connection: duckdb.DuckDBPyConnection, crm: str, manifests: Sequence[Manifest]) -> None:
    """Write `raw_meta.coverage` and `raw_meta.drift` of connection `crm` anew, in the caller's transaction."""
    coverage: list[list[Value]] = []
    drift: list[list[Value]] = []
    for object_name in sorted({manifest.request.object_name for manifest in manifests}):
        loads = [one for one in manifests if one.request.object_name == object_name and not one.request.ids]
        lanes = {one.request.lane for one in loads}
        main = next((lane for lane in _COLUMN_LANES if lane in lanes), None)
        for lane in sorted(lanes):
            of_lane = [one for one in loads if one.request.lane == lane]
            known, seen = _follow(of_lane), naive_utc(of_lane[-1].request.window.hi)
            coverage += [[crm, object_name, *row[:3], seen, *row[3:]] for row in _cover(known, lane, lane == main)]
            if lane == main:
                drift += [
                    [crm, object_name, column, change, old, new, naive_utc(at), load_id, _DRIFT_ACTIONS[change]]
                    for column, change, old, new, at, load_id in known.drift
                ]
    for name, rows in (("coverage", coverage), ("drift", drift)):
        connection.execute(f"delete from {META_SCHEMA}.{name} where connection = {literal(crm)}")
        if rows:
            values = ", ".join(f"({', '.join(literal(value) for value in row)})" for row in rows)
            connection.execute(f"insert into {META_SCHEMA}.{name} values {values}")


def _follow(loads: Sequence[Manifest]) -> _Lane:
    lane = _Lane(since=loads[0].request.window.hi)
    newest: Manifest | None = None
    for load in loads:
        request = load.request
        is_read = request.mode != "none"
        if is_read != lane.is_read or (not is_read and newest is None):
            lane.is_read, lane.since = is_read, request.window.hi
        if not is_read:
            lane.reason = request.reason
        elif request.mode not in _NO_COLUMNS and not (newest and _reads_same(newest, load)):
            _compare(lane, newest, load)
            newest = load
    return lane


def _reads_same(one: Manifest, other: Manifest) -> bool:
    a, b = one.request, other.request
    return (a.schema.hash, a.withheld, a.hashed) == (b.schema.hash, b.withheld, b.hashed)


def _compare(lane: _Lane, before: Manifest | None, load: Manifest) -> None:
    """Take a load's columns in: what became of those that it does not read, and what differs from `before`."""
    request = load.request
    now = {column.name: column.duckdb_type for column in request.schema.columns if column.name not in request.withheld}
    if before is not None:
        was_withheld = before.request.withheld
        for name in [*now, *(name for name in lane.types if name not in now)]:
            change = _change(name, lane, now, was_withheld.get(name, ""), request.withheld.get(name, ""))
            if change:
                old = lane.types.get(name) or lane.ever.get(name)
                lane.drift.append((name, change, old, now.get(name), request.window.hi, load.load_id))
    statuses: dict[str, str] = {name: "vanished" for name in lane.ever if name not in now}
    statuses |= request.withheld
    statuses |= {name: "hashed" for name in request.hashed if name in now}
    lane.statuses = {
        name: lane.statuses[name]
        if name in lane.statuses and lane.statuses[name][0] == status
        else (status, request.window.hi)
        for name, status in statuses.items()
    }
    lane.types = now
    lane.ever |= now


def _change(name: str, lane: _Lane, now: dict[str, str], was_withheld: str, is_withheld: str) -> str:
    """The name of what happened to a column; "" if nothing did that the CRM has done."""
    if name in now and name in lane.types:
        return "retyped" if now[name] != lane.types[name] else ""
    if (was_withheld if name in now else is_withheld) in _OWN_DECISIONS:
        return ""
    if name in now:
        return "returned" if name in lane.ever else "added"
    return "hidden" if is_withheld == "hidden" else "removed"


def _cover(lane: _Lane, lane_name: str, is_main: bool) -> list[list[Value]]:
    """Rows of coverage without connection, object and last_seen: column, status, since, reason, action."""
    since = naive_utc(lane.since) if lane.since else None
    status = "read" if lane.is_read else "no_access"
    whole: list[Value] = ["" if is_main else f"({lane_name})", status, since]
    whole += ["", ""] if lane.is_read else [lane.reason, _COVERAGE_ACTIONS["no_access"]]
    if not is_main:
        return [] if lane.is_read else [whole]
    columns: list[list[Value]] = [
        [name, why, naive_utc(at), _REASONS[why], _COVERAGE_ACTIONS.get(why, "")]
        for name, (why, at) in sorted(lane.statuses.items())
    ]
    return [whole, *columns]
