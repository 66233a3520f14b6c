"""Fewer files for the same log: what a replay makes of it, and every version in it, stay as they are.

```
a load of many parts          ─► one part, rows in their order; the manifest names it; then the old parts go
nights that brought nothing   ─► all but the first and the newest of a lane go, as long as nothing else changed
nights that brought rows      ─► one load, where no other load between them has to do with the same records
```
The manifest is the instant of change, as in `connectors.landing.rewrite`: a crash leaves the old load or the new one,
and files that no manifest names, which the next compaction removes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb

from connectors.engine import EngineSettings, open_memory
from connectors.landing.durable import publish
from connectors.landing.lease import Lease
from connectors.landing.log import LandingLog
from connectors.landing.manifest import Manifest, Part
from connectors.landing.nights import find_nights, merge_nights, remove_absorbed, remove_load, says_of
from connectors.landing.rewrite import file_list, load_folder, save_manifest, sweep
from connectors.schema import literal
from connectors.steps import Tell, tell_nobody

MAX_PART_BYTES = 256_000_000  # parts are merged up to here: a crash while one is written costs no more

# without rows these change no raw table; a list that is empty says that everything is gone
_HARMLESS = frozenset(["upsert", "append", "tombstone", "patch", "replace_children"])


@dataclass(frozen=True)
class Compacted:
    """Loads and parts before and after."""

    loads_before: int
    loads_after: int
    parts_before: int
    parts_after: int


def compact(
    log: LandingLog,
    lease: Lease,
    connection: str,
    engine: EngineSettings | None = None,
    *,
    tell: Tell = tell_nobody,
) -> Compacted:
    """Merge parts, and loads of different nights, and drop the loads that say nothing. May be repeated at any time.

    `tell` hears after each group of nights, and then after each load, how many of them are done.

    A raw table that was built before goes on with the loads that come later, as if nothing had been done; its rows
    keep the ids of the loads that they came by, which the manifest of the load that absorbed them lists.
    """
    lease.check(connection)
    before = log.manifests(connection)
    memory = open_memory(engine or EngineSettings())
    try:
        remove_absorbed(log, connection)
        for manifest in _idle(log.manifests(connection)):
            remove_load(log, manifest)
        log.forget(connection)
        for manifest in log.manifests(connection):
            sweep(log, manifest)
        groups = list(find_nights(log, memory, connection, most_bytes=MAX_PART_BYTES))
        absorbed = sum(len(nights) - 1 for nights in groups)
        total = len(groups) + len(log.manifests(connection)) - absorbed
        for done, nights in enumerate(groups, start=1):
            merge_nights(log, memory, nights)
            tell(done, total, nights[-1].request.object_name)
        for done, manifest in enumerate(log.manifests(connection), start=len(groups) + 1):
            _merge_parts(log, memory, manifest)
            tell(done, total, manifest.request.object_name)
    finally:
        memory.close()
    after = log.manifests(connection)
    return Compacted(len(before), len(after), _parts(before), _parts(after))


def _idle(manifests: Sequence[Manifest]) -> Iterator[Manifest]:
    """Loads without rows between two others of their lane that say the same of columns and access."""
    lanes: dict[tuple[str, str], list[Manifest]] = {}
    for manifest in manifests:
        lanes.setdefault((manifest.request.object_name, manifest.request.lane), []).append(manifest)
    for loads in lanes.values():
        for before, load, after in zip(loads, loads[1:], loads[2:], strict=False):
            if _is_idle(load) and says_of(before) == says_of(load) == says_of(after):
                yield load


def _is_idle(manifest: Manifest) -> bool:
    request = manifest.request
    covers = any(part.parents_name for part in manifest.parts)
    is_plain = request.mode in _HARMLESS and request.moves_watermark and request.window.lo is not None
    return is_plain and not manifest.rows_landed and not covers and not manifest.misfits


def _merge_parts(log: LandingLog, engine: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
    """Put neighbouring small parts together, in their order."""
    groups: list[list[Part]] = []
    for part in manifest.parts:
        size = sum(one.bytes for one in groups[-1]) if groups else MAX_PART_BYTES
        if size + part.bytes > MAX_PART_BYTES:
            groups.append([])
        groups[-1].append(part)
    if all(len(group) == 1 for group in groups):
        return
    merged = tuple(_merge(log, engine, manifest, group) if len(group) > 1 else group[0] for group in groups)
    final = replace(manifest, parts=merged)
    save_manifest(log, final)
    sweep(log, final)


def _merge(log: LandingLog, engine: duckdb.DuckDBPyConnection, manifest: Manifest, group: Sequence[Part]) -> Part:
    folder = load_folder(log, manifest)

    def copy(names: Sequence[str], target: str) -> None:
        temporary = folder / (target + ".tmp")
        engine.execute(
            f"copy (select * from read_parquet({file_list([folder / name for name in names])})) "
            f"to {literal(str(temporary))} (format parquet, compression zstd)"
        )
        publish(temporary, folder / target)

    # sorted where the first of them stood, since names are the parts' order; and new, so that the old ones stand
    # until the manifest names it
    stem = group[0].name.split(".")[0]
    taken = {part.name for part in manifest.parts}
    turn = next(count for count in range(1, len(taken) + 2) if f"{stem}.m{count}.parquet" not in taken)
    name, parents_name = f"{stem}.m{turn}.parquet", f"{stem.replace('part', 'parents')}.m{turn}.parquet"
    copy([part.name for part in group], name)
    parents = [part.parents_name for part in group if part.parents_name is not None]
    if parents:
        copy(parents, parents_name)
    return Part(
        name,
        sum(part.rows for part in group),
        (folder / name).stat().st_size,
        checkpoint=next((part.checkpoint for part in reversed(group) if part.checkpoint is not None), None),
        parents_name=parents_name if parents else None,
        replaced=sum(part.replaced for part in group),
        cut=sum(part.cut for part in group),
    )


def _parts(manifests: Sequence[Manifest]) -> int:
    return sum(len(manifest.parts) for manifest in manifests)
