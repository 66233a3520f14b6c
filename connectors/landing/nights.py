"""Loads of several nights become one, where nobody could tell the difference afterwards.

```
night 1  rows       ───────────────┐
night 1  deletions of other records │
night 2  rows       ───────────────┼─► one load of the newest night's name and place; its window begins with the first,
night 3  rows       ───────────────┘   and each row says itself until when it was known
```
What becomes of a record depends on the loads that have to do with it, in their order. So a load may move behind
another one of its table if the two share no record, and neighbours that are put together newest first are what they
were one after the other. Never moved: the first load of a lane that says what its columns are, the newest one, full
lists, and whatever could have been held back. Where every version of a record is kept, no two nights of it become one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from shutil import rmtree

import duckdb

from connectors.landing.durable import publish
from connectors.landing.load import MANIFEST
from connectors.landing.log import LandingLog
from connectors.landing.manifest import Manifest, Part
from connectors.landing.rewrite import file_list, load_folder, naming_damage, save_manifest, sweep
from connectors.landing.window import Window, format_utc
from connectors.schema import KNOWN_UNTIL, literal

MOST_DELETIONS = 100  # a load of more could have been held back, depending on how many records there were then

_MERGED = frozenset(["upsert", "append"])
_OF_LISTED_RECORDS = frozenset(["upsert", "append", "tombstone", "patch", "none"])
_Lane = tuple[str, str]


def says_of(manifest: Manifest) -> tuple[object, ...]:
    """What a load says besides its rows: mode, table, columns and how they are treated."""
    request = manifest.request
    columns = request.schema, request.withheld, request.hashed, request.watched, request.kept_for
    return request.mode, request.raw_table, request.parent_column, *columns


def find_nights(
    log: LandingLog, engine: duckdb.DuckDBPyConnection, connection: str, *, most_bytes: int
) -> Iterator[list[Manifest]]:
    """Groups of loads that may become one each, none with more than `most_bytes` in its parts."""
    loads = log.manifests(connection)
    watched = {load.request.raw_table for load in loads if load.request.watched}
    by_table = sorted(loads, key=lambda load: (load.request.raw_table, load.sequence))
    for table, of_table in groupby(by_table, key=lambda load: load.request.raw_table):
        finder = _Finder(log, engine, most_bytes, keeps_versions=table in watched)
        yield from (group for group in finder.groups(list(of_table)) if len(group) > 1)


def merge_nights(log: LandingLog, engine: duckdb.DuckDBPyConnection, nights: Sequence[Manifest]) -> None:
    """Put the rows of `nights` into the newest of them, and remove the others."""
    newest = nights[-1]
    folder = load_folder(log, newest)
    taken = {part.name for part in newest.parts}
    name = next(name for turn in range(1, len(taken) + 2) if (name := f"part-000000.n{turn}.parquet") not in taken)
    temporary = folder / (name + ".tmp")
    source = " union all by name ".join(_rows(log, night) for night in nights if night.rows_landed)
    with naming_damage(log, newest):
        engine.execute(f"copy ({source}) to {literal(str(temporary))} (format parquet, compression zstd)")
    publish(temporary, folder / name)
    calls: dict[str, int] = {}
    for night in nights:
        for family, count in night.calls.items():
            calls[family] = calls.get(family, 0) + count
    lowest = [night.request.window.lo for night in nights if night.request.window.lo is not None]
    absorbed = [one for night in nights[:-1] for one in (*night.absorbed, night.load_id)]
    final = replace(
        newest,
        request=replace(newest.request, window=Window(min(lowest), newest.request.window.hi)),
        parts=(Part(name, sum(night.rows_landed for night in nights), (folder / name).stat().st_size),),
        rows_expected=None,
        calls=calls,
        absorbed=(*absorbed, *newest.absorbed),
    )
    save_manifest(log, final)
    sweep(log, final)
    for night in nights[:-1]:
        remove_load(log, night)
    log.forget(newest.request.connection)


def remove_absorbed(log: LandingLog, connection: str) -> None:
    """Finish what a merging that was interrupted had begun: its nights are in two loads."""
    loads = log.manifests(connection)
    absorbed = {(load.request.object_name, load_id) for load in loads for load_id in load.absorbed}
    for load in loads:
        if (load.request.object_name, load.load_id) in absorbed:
            remove_load(log, load)
    log.forget(connection)


def remove_load(log: LandingLog, manifest: Manifest) -> None:
    """Take a load out of the log: first what makes it one."""
    folder = load_folder(log, manifest)
    (folder / MANIFEST).unlink()
    rmtree(folder)


@dataclass
class _Finder:
    """Goes through the loads of one table; a group ends where another load has to do with one of its records."""

    log: LandingLog
    engine: duckdb.DuckDBPyConnection
    most_bytes: int
    keeps_versions: bool
    _open: dict[_Lane, list[Manifest]] = field(default_factory=dict)

    def groups(self, loads: Sequence[Manifest]) -> Iterator[list[Manifest]]:
        """The groups of a table's loads, given in their order."""
        movable = _movable(loads)
        for load in loads:
            lane = _lane(load)
            for other in [other for other in self._open if other != lane]:
                if self._ends(self._open[other], load):
                    yield self._open.pop(other)
            group = self._open.get(lane, [])
            fits = group and says_of(group[-1]) == says_of(load) and _bytes([*group, load]) <= self.most_bytes
            if fits and self.keeps_versions:
                fits = not self._ends(group, load)
            if group and not (load.load_id in movable and fits):
                yield self._open.pop(lane)
            if load.load_id in movable:
                self._open.setdefault(lane, []).append(load)
        yield from self._open.values()

    def _ends(self, group: Sequence[Manifest], load: Manifest) -> bool:
        """Whether the loads of `group` must stay before `load`."""
        mode, rows = load.request.mode, load.rows_landed
        if mode not in _OF_LISTED_RECORDS or (mode == "tombstone" and rows > MOST_DELETIONS):
            return True
        files = [path for one in group for path in self.log.part_paths(one)]
        if not rows or not files:
            return False
        with naming_damage(self.log, load):
            shared = self.engine.execute(
                f"select 1 from read_parquet({file_list(files)}) where _record_id in "
                f"(select _record_id from read_parquet({file_list(self.log.part_paths(load))})) limit 1"
            ).fetchone()
        return shared is not None


def _movable(loads: Sequence[Manifest]) -> set[str]:
    """Ids of loads of rows that were read by time, and neither begin nor end their lane."""
    lanes: dict[_Lane, list[Manifest]] = {}
    for load in loads:
        lanes.setdefault(_lane(load), []).append(load)
    return {
        load.load_id
        for of_lane in lanes.values()
        for before, load, _ in zip(of_lane, of_lane[1:], of_lane[2:], strict=False)
        if _is_plain(load) and says_of(before) == says_of(load)
    }


def _is_plain(load: Manifest) -> bool:
    request = load.request
    is_window = request.moves_watermark and not request.ids and request.window.lo is not None
    return request.mode in _MERGED and is_window and bool(load.rows_landed) and not load.misfits


def _rows(log: LandingLog, night: Manifest) -> str:
    """SQL of a night's rows with what a load of one night says as a whole."""
    hi = f"timestamp {literal(format_utc(night.request.window.hi).removesuffix('Z'))}"
    known = "" if night.absorbed else f", {hi} as {KNOWN_UNTIL}"
    return (
        f"select * replace (coalesce(_modified_at, {hi}) as _modified_at){known} "
        f"from read_parquet({file_list(log.part_paths(night))})"
    )


def _lane(load: Manifest) -> _Lane:
    return load.request.object_name, load.request.lane


def _bytes(loads: Sequence[Manifest]) -> int:
    return sum(part.bytes for load in loads for part in load.parts)
