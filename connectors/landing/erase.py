"""Forgetting people: after a privacy deletion no file of the landing log holds their values any more.

A privacy deletion is a load of mode `erase` that lists record ids. Its commit is the decision; what follows here can be
interrupted at any instant and is finished by the next run, which finds the decision without the mark of completion.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from connectors.engine import EngineSettings, open_memory
from connectors.errors import ConfigurationError
from connectors.landing.lease import Lease
from connectors.landing.log import LandingLog
from connectors.landing.manifest import Manifest
from connectors.landing.rewrite import (
    Change,
    clean_open_loads,
    file_list,
    naming_damage,
    rewrite_load,
    save_manifest,
    sweep,
)
from connectors.landing.window import format_utc
from connectors.schema import KEPT_WHEN_ERASED, literal, quote

_ERASED = "erased"  # temporary table: ids of the records to forget
_LOSERS, _STATES, _MERGES = "losers", "states", "merges"  # temporary tables on the way there
_IS_ERASED = f"_record_id in (select id from {_ERASED})"


def erase_from_log(log: LandingLog, lease: Lease, manifest: Manifest) -> tuple[str, ...]:
    """Blank the records that the erase load `manifest` lists in all parts of its object; the ids of rewritten loads.

    Ids and stamps stay, so that a replay gives the same tombstones. Records that were merged into a listed one are
    the same person, and are blanked with it. Open loads that hold one of them are discarded, to be read anew.
    Repeating it changes nothing.

    Raises:
        ConfigurationError: the load is no erase load, or the lease is another connection's.
    """
    request = manifest.request
    if request.mode != "erase":
        raise ConfigurationError(f"Load {manifest.load_id} of {request.object_name} erases nothing; mode erase does.")
    lease.check(request.connection)
    loads = log.manifests(request.connection, request.object_name)
    rewritten = []
    engine = open_memory(EngineSettings())
    try:
        _list_erased(engine, log, loads, manifest)
        clean_open_loads(log, lease, engine, request.object_name, held=_IS_ERASED)
        for load in loads:
            sweep(log, load)
            change = _blanking(load)
            if change is not None and rewrite_load(log, lease, engine, load, change, rewritten_by=manifest.load_id):
                rewritten.append(load.load_id)
    finally:
        engine.close()
    for load in loads:
        if load.load_id == manifest.load_id:
            _mark_done(log, load)
    return tuple(rewritten)


def finish_erasures(log: LandingLog, lease: Lease) -> tuple[str, ...]:
    """Carry out every erase load of the lease's connection that is not marked as done; their ids."""
    waiting = [manifest for manifest in log.manifests(lease.connection) if is_waiting(manifest)]
    for manifest in waiting:
        erase_from_log(log, lease, manifest)
    return tuple(manifest.load_id for manifest in waiting)


def is_waiting(manifest: Manifest) -> bool:
    """Whether it is an erase load after which the log still has to be rewritten."""
    return manifest.request.mode == "erase" and manifest.rewritten_by != manifest.load_id


def _mark_done(log: LandingLog, manifest: Manifest) -> None:
    if is_waiting(manifest):
        now = datetime.now(UTC).replace(microsecond=0)
        save_manifest(log, replace(manifest, rewritten_at=now, rewritten_by=manifest.load_id))


def _list_erased(
    engine: duckdb.DuckDBPyConnection, log: LandingLog, loads: Sequence[Manifest], manifest: Manifest
) -> None:
    """Make the table of the ids that the load lists, and of all that were ever merged into one of them."""
    engine.execute(f"create table {_ERASED} (id varchar)")
    _list_merges(engine, log, [load for load in loads if load.request.mode != "erase" and log.part_paths(load)])
    listed = log.part_paths(manifest)
    if listed:
        engine.execute(
            f"insert into {_ERASED} with recursive same_person(id) as ("
            f"select _record_id from read_parquet({file_list(listed)}) "
            f"union select loser from {_MERGES} inner join same_person on winner = id) select id from same_person"
        )


def _list_merges(engine: duckdb.DuckDBPyConnection, log: LandingLog, loads: Sequence[Manifest]) -> None:
    """Make the table of records that are merged into another: as in raw tables, by each one's newest version."""
    engine.execute(
        f"create table {_LOSERS} (id varchar); "
        f"create table {_STATES} (loser varchar, winner varchar, stamp timestamp, is_deleted boolean, sequence bigint)"
    )
    for load in loads:
        source = f"read_parquet({file_list(log.part_paths(load))})"
        with naming_damage(log, load):
            engine.execute(
                f"insert into {_LOSERS} select distinct _record_id from {source} where _merged_into is not null"
            )
    if engine.execute(f"select 1 from {_LOSERS} limit 1").fetchone() is None:
        loads = []
    for load in loads:
        hi = literal(format_utc(load.request.window.hi).removesuffix("Z"))
        engine.execute(
            f"insert into {_STATES} select _record_id, _merged_into, coalesce(_modified_at, timestamp {hi}), "
            f"coalesce(_is_deleted, false), {load.sequence} from read_parquet({file_list(log.part_paths(load))}) "
            f"where _record_id in (select id from {_LOSERS})"
        )
    engine.execute(
        f"create table {_MERGES} as select loser, winner from {_STATES} qualify row_number() over "
        "(partition by loser order by stamp desc, is_deleted desc, sequence desc) = 1"
    )


def _blanking(load: Manifest) -> Change | None:
    """What takes the values of the erased out of a load's parts; None if it has none but ids and stamps."""
    names = [quote(column.name) for column in load.request.schema.columns if not _is_kept(column.name)]
    if not names:
        return None
    values = {name: f"case when {_IS_ERASED} then null else {name} end" for name in names}
    # the old hash was made of the old values, and could be guessed
    values["_content_hash"] = (
        f"case when {_IS_ERASED} then md5(concat('erased', chr(31), _record_id, chr(31), _modified_at)) "
        "else _content_hash end"
    )
    return Change(values, touched=f"{_IS_ERASED} and ({' or '.join(f'{name} is not null' for name in names)})")


def _is_kept(column: str) -> bool:
    return column.lower() in KEPT_WHEN_ERASED
