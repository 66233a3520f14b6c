"""Forgetting: the values of people, or of a column, leave every file of the landing log.

A privacy deletion is a load of mode `erase` that lists record ids. Its commit is the decision; what follows here can be
interrupted at any instant and is finished by the next run, which finds the decision without the mark of completion.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from connectors.engine import EngineSettings, open_memory
from connectors.errors import ConfigurationError
from connectors.hashing import HASH_TYPE, hashed_column_sql, set_hash_key
from connectors.landing.lease import Lease
from connectors.landing.log import LandingLog
from connectors.landing.manifest import LoadRequest, Manifest, Withheld
from connectors.landing.rewrite import (
    Change,
    column_names,
    discard_open,
    empty_spool,
    file_list,
    open_loads,
    rewrite_load,
    save_manifest,
    sweep,
)
from connectors.schema import KEPT_WHEN_ERASED, META_NAMES, literal, quote
from connectors.secret import Secret

_ERASED = "erased"  # temporary table of the record ids to forget
_SEPARATOR = "chr(31)"


def erase_from_log(log: LandingLog, lease: Lease, manifest: Manifest) -> tuple[str, ...]:
    """Blank the records that the erase load `manifest` lists in all parts of its object; the ids of rewritten loads.

    Ids and stamps stay, so that a replay gives the same tombstones. Records that were merged into a listed one are
    the same person, and are blanked with it. Open loads that hold one of them are discarded. Repeating it changes
    nothing.

    Raises:
        ConfigurationError: the load is no erase load, or the lease is another connection's.
    """
    request = manifest.request
    if request.mode != "erase":
        raise ConfigurationError(f"Load {manifest.load_id} of {request.object_name} erases nothing; mode erase does.")
    lease.check(request.connection)
    loads = log.manifests(request.connection, request.object_name)
    with _engine() as engine:
        _list_erased(engine, log, loads, manifest)
        _clean_open_loads(engine, log, request)
        rewritten = []
        for load in loads:
            sweep(_folder(log, load), load)
            blanked = [name for name in load.request.schema.names if name.lower() not in KEPT_WHEN_ERASED]
            change = _blanking(blanked)
            if blanked and rewrite_load(log, lease, engine, load, change, rewritten_by=manifest.load_id):
                rewritten.append(load.load_id)
    _mark_done(log, manifest)
    return tuple(rewritten)


def finish_erasures(log: LandingLog, lease: Lease) -> tuple[str, ...]:
    """Carry out every erase load of the lease's connection that is not marked as done; their ids."""
    waiting = [
        manifest
        for manifest in log.manifests(lease.connection)
        if manifest.request.mode == "erase" and manifest.rewritten_at is None
    ]
    for manifest in waiting:
        erase_from_log(log, lease, manifest)
    return tuple(manifest.load_id for manifest in waiting)


def erase_columns(
    log: LandingLog, lease: Lease, object_name: str, treatments: Mapping[str, Withheld | str], key: Secret | None = None
) -> tuple[str, ...]:
    """Apply rules that came later to what was landed before: `treatments` says `block` or `hash` by column.

    Returns the ids of the loads that were rewritten. Raw tables keep the old values until they are replayed.
    Repeating it changes nothing: a load knows which of its columns are hashed.

    Raises:
        ConfigurationError: another treatment, a hash without a key or of a column that is not text, or a column
            without which no record can be found again.
    """
    lease.check(lease.connection)
    wanted = {column.lower(): treatment for column, treatment in treatments.items()}
    _check_treatments(object_name, wanted)
    with _engine() as engine:
        if "hash" in wanted.values():
            key = _usable(key)
            set_hash_key(engine, key)
        for folder in open_loads(log, lease.connection, object_name):
            discard_open(folder)
        rewritten = []
        for load in log.manifests(lease.connection, object_name):
            sweep(_folder(log, load), load)
            request, values = _treated(load.request, wanted, key)
            if request != load.request and rewrite_load(
                log, lease, engine, load, _rehashed(load.request, values), request=request, rewritten_by="reading rules"
            ):
                rewritten.append(load.load_id)
    return tuple(rewritten)
