"""What the log knows of a type of record: who should be there, and which deals are open, without a call.

The answer comes from the committed loads of the object, which hold everything that the raw table was made of:
`OpenLoad.earlier`. Only ids, stamps and flags are read from their files.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from connectors.hubspot.scratch import Scratch
from connectors.landing import Manifest, OpenLoad, Window
from connectors.schema import literal, quote

MERGED_IDS = "hs_merged_object_ids"
IS_CLOSED = "hs_is_closed"

_GONE_MODES = frozenset(["tombstone", "erase"])
_NEVER = "timestamp '9999-12-31'"


def live_ids(scratch: Scratch, load: OpenLoad) -> list[str]:
    """Records that were landed and not seen to go since, by rising id."""
    return [record_id for record_id, _ in _live(scratch, load)]


def live_count(scratch: Scratch, load: OpenLoad, *, without: Collection[str]) -> int:
    """How many they are, those in `without` not counted."""
    states = _states_of(load)
    if states is None:
        return 0
    left_out = f"where id not in ({', '.join(map(literal, without))}) " if without else ""
    rows = scratch.query(f"select count(*) from ({states}) {left_out}")
    return int(str(rows[0][0]))


def open_ids(scratch: Scratch, load: OpenLoad) -> list[str]:
    """The same, without the deals that are closed."""
    return [record_id for record_id, is_closed in _live(scratch, load, closed=IS_CLOSED) if not is_closed]


def read_until(load: OpenLoad) -> datetime | None:
    """Up to where the log holds the object's rows; None if it holds none."""
    return max((window.hi for window in _read_windows(load)), default=None)


def was_begun_since(load: OpenLoad, moment: datetime) -> bool:
    """Whether all rows that the log holds were read for the first time, up to `moment` or later."""
    first = min((window.hi for window in _read_windows(load) if window.lo is None), default=None)
    return first is not None and first >= moment


def whole_source(load: OpenLoad) -> str | None:
    """Ids of live records, if the newest load of rows read all of them for the time that `load` is about."""
    rows = [(manifest.request, paths) for manifest, paths in _rows(load) if manifest.request.moves_watermark]
    if not rows or rows[-1][0].window != load.window:
        return None
    return (
        f"(select _record_id as id from read_parquet([{_list(rows[-1][1])}]) group by 1 "
        "having not bool_or(coalesce(archived, false)))"
    )


def merged_since_source(load: OpenLoad) -> str | None:
    """Ids that were merged into records landed for the load's window, as `sources.GONE` reads them.

    None if no load since the window's beginning holds such ids.
    """
    lo = load.window.lo
    files = [
        path
        for manifest, paths in _rows(load)
        if MERGED_IDS in manifest.request.schema.names and (lo is None or manifest.request.window.hi > lo)
        for path in paths
    ]
    if not files:
        return None
    # newest load first, and a winner that has changed since counts from then on
    return (
        "(select trim(loser) as id, max(stamp) as gone_at, max(stamp) as updated_at, "
        "arg_max(merged_into, stamp) as merged_into from "
        f"(select _record_id as merged_into, _modified_at as stamp, unnest(string_split({MERGED_IDS}, ';')) as loser "
        f"from read_parquet([{_list(files)}], union_by_name = true) where {MERGED_IDS} is not null) "
        "where trim(loser) not in ('', merged_into) group by 1)"
    )


def newest_loads(load: OpenLoad, lane: str, number: int) -> list[Manifest]:
    """The newest committed loads of a lane of this object that read all of their window, `number` at most."""
    found = [
        manifest
        for manifest, _ in load.earlier()
        if manifest.request.lane == lane and manifest.request.mode != "none" and manifest.request.moves_watermark
    ]
    return found[-number:]


def linked_deals(scratch: Scratch, load: OpenLoad, to_ids: Collection[str]) -> list[str]:
    """Deals that were ever linked with one of these records; `load` is one of the deals' own."""
    files = [path for manifest, paths in load.earlier() if manifest.request.lane == "associations" for path in paths]
    if not files or not to_ids:
        return []
    rows = scratch.query(
        f"select distinct deal_id from read_parquet([{_list(files)}], union_by_name = true) "
        f"where to_object_id in ({', '.join(literal(key) for key in sorted(to_ids))})"
    )
    return [str(deal_id) for (deal_id,) in rows]


def _live(scratch: Scratch, load: OpenLoad, *, closed: str = "") -> list[tuple[str, bool]]:
    states = _states_of(load, closed)
    found = scratch.query(f"{states} order by id::bigint") if states is not None else []
    return [(str(record_id), bool(is_closed)) for record_id, is_closed in found]


def _states_of(load: OpenLoad, closed: str = "") -> str | None:
    """SQL for the live records with their flag `closed`; None if no rows were landed."""
    rows = _rows(load)
    with_flag = [path for manifest, paths in rows if closed in manifest.request.schema.names for path in paths]
    without = [path for manifest, paths in rows if closed not in manifest.request.schema.names for path in paths]
    states = [_states(with_flag, quote(closed))] if with_flag else []
    states += [_states(without, "null")] if without else []
    if not states:
        return None
    for manifest, paths in load.earlier():
        if manifest.request.mode in _GONE_MODES and paths:
            stamp = _NEVER if manifest.request.mode == "erase" else "_modified_at"
            states.append(
                f"select _record_id as id, {stamp} as stamp, true as is_gone, cast(null as boolean) as is_closed "
                f"from read_parquet([{_list(paths)}])"
            )
    return (
        "select id, coalesce(arg_max(is_closed, rank) filter (is_closed is not null), false) as is_closed from "
        f"(select *, 2 * epoch_us(stamp) + is_gone::int as rank from ({' union all '.join(states)})) "
        "group by id having not arg_max(is_gone, rank)"
    )


def _read_windows(load: OpenLoad) -> list[Window]:
    """Of the loads that read all rows of their window; one of some ids, or of a refusal, says nothing of time."""
    return [
        manifest.request.window
        for manifest, _ in load.earlier()
        if manifest.request.lane == "rows" and manifest.request.mode == "upsert" and manifest.request.moves_watermark
    ]


def _states(files: Sequence[Path], closed: str) -> str:
    return (
        "select _record_id as id, _modified_at as stamp, coalesce(_is_deleted, false) as is_gone, "
        f"cast({closed} as boolean) as is_closed from read_parquet([{_list(files)}], union_by_name = true)"
    )


def _rows(load: OpenLoad) -> list[tuple[Manifest, Sequence[Path]]]:
    return [
        (manifest, paths)
        for manifest, paths in load.earlier()
        if manifest.request.lane == "rows" and manifest.request.mode == "upsert" and paths
    ]


def _list(files: Sequence[Path]) -> str:
    return ", ".join(literal(str(path)) for path in files)
