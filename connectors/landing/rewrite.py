"""Parts with other values in the place of old ones: the one way in which committed loads of the log change.

```
part-000000.parquet ─► part-000000.r1.parquet ─► manifest names the new file ─► the old file is removed
```

The manifest is the instant of change: before it the load is the old one, after it the new one. Files that no manifest
names are rubbish of a crash, and `sweep` removes them; the run that was interrupted is to be repeated.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import duckdb

from connectors.errors import DamagedLogError
from connectors.landing.durable import publish, sync_folder, write_atomically
from connectors.landing.lease import Lease
from connectors.landing.load import MANIFEST, PROGRESS, SPOOL
from connectors.landing.log import LandingLog
from connectors.landing.manifest import LoadRequest, Manifest, Part
from connectors.schema import literal

_NUMBERED = re.compile(r"(?P<stem>.+?)(?:\.r(?P<number>\d+))?\.parquet")


@dataclass(frozen=True)
class Change:
    """What is put into the parts of a load.

    `values` are SQL expressions by quoted column, over the part's own columns. `touched` is an SQL condition over
    them: a part without such a row stays as it is.
    """

    values: Mapping[str, str]
    touched: str = "true"


def rewrite_load(
    log: LandingLog,
    lease: Lease,
    engine: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    change: Change,
    *,
    request: LoadRequest | None = None,
    rewritten_by: str,
) -> Manifest | None:
    """Rewrite the parts of a committed load that have a touched row; None if there was none to rewrite.

    `request` replaces the manifest's own where the change alters what the load says of its columns. The number of
    rows and their order stay as they are.
    """
    old = manifest.request
    lease.check(old.connection)
    folder = load_folder(log, manifest)
    with naming_damage(log, manifest):
        touched = _touched_parts(engine, folder, manifest.parts, change.touched)
        if not touched and (request is None or request == old):
            return None
        parts = tuple(
            _rewrite_part(engine, folder, part, change.values) if part.name in touched else part
            for part in manifest.parts
        )
    final = replace(
        manifest,
        request=request or old,
        parts=parts,
        rewritten_at=datetime.now(UTC).replace(microsecond=0),
        rewritten_by=rewritten_by,
    )
    save_manifest(log, final)
    sweep(log, final)
    return final


@contextmanager
def naming_damage(log: LandingLog, manifest: Manifest) -> Iterator[None]:
    """Say which load it was whose files could not be read or written.

    Raises:
        DamagedLogError: DuckDB could not; what was finished before is kept, and the rest is done by the next call.
    """
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise DamagedLogError(
            f"A file in {load_folder(log, manifest).relative_to(log.root)} of the landing log cannot be read or "
            f"rewritten ({type(error).__name__}). If one is torn or missing, restore it from a backup; if the disk is "
            "full, make room. Then run again: what is done is kept."
        ) from None  # DuckDB's message may quote values


def load_folder(log: LandingLog, manifest: Manifest) -> Path:
    """Where a load's files are."""
    return log.path(manifest.request.connection, manifest.request.object_name, manifest.load_id)


def save_manifest(log: LandingLog, manifest: Manifest) -> None:
    """Put `manifest` in the place of the load's own, in full or not at all."""
    path = load_folder(log, manifest) / MANIFEST
    write_atomically(path, manifest.to_bytes())
    log.forget(manifest.request.connection)


def sweep(log: LandingLog, manifest: Manifest) -> None:
    """Remove what a rewriting that was interrupted left in the folder of a committed load."""
    folder = load_folder(log, manifest)
    named = {MANIFEST, *(part.name for part in manifest.parts), *(part.parents_name for part in manifest.parts)}
    rubbish = [path for path in folder.iterdir() if path.name not in named]
    for path in rubbish:
        if path.is_dir():
            rmtree(path)
        else:
            path.unlink()
    if rubbish:
        sync_folder(folder)


def clean_open_loads(
    log: LandingLog, lease: Lease, engine: duckdb.DuckDBPyConnection, object_name: str, *, held: str
) -> None:
    """Discard the object's open loads that have a row with `held` (SQL over a part's columns), and empty all spools.

    What is discarded is read anew; what a spool held is fetched anew in any case.
    """
    lease.check(lease.connection)
    folder = log.path(lease.connection, object_name)
    if not folder.is_dir():
        return
    for load in sorted(path for path in folder.iterdir() if path.is_dir() and not (path / MANIFEST).exists()):
        rmtree(load / SPOOL, ignore_errors=True)
        parts = sorted(load.glob("part-*.parquet"))
        is_unclear = any(path.suffix == ".tmp" for path in load.iterdir())
        if is_unclear or (parts and _has_row(engine, parts, held)):
            # first what makes it a load, so that a crash in the middle leaves rubbish and no half load
            (load / PROGRESS).unlink(missing_ok=True)
            rmtree(load)


def file_list(paths: Sequence[Path]) -> str:
    """Paths as an SQL list."""
    return "[" + ", ".join(literal(str(path)) for path in paths) + "]"


def _has_row(engine: duckdb.DuckDBPyConnection, parts: Sequence[Path], condition: str) -> bool:
    return (
        engine.execute(f"select 1 from read_parquet({file_list(parts)}) where {condition} limit 1").fetchone()
        is not None
    )


def _touched_parts(
    engine: duckdb.DuckDBPyConnection, folder: Path, parts: Sequence[Part], condition: str
) -> frozenset[str]:
    names = [part.name for part in parts if part.rows]
    if not names:
        return frozenset()
    files = file_list([folder / name for name in names])
    found = engine.execute(
        f"select distinct _part from read_parquet({files}, filename = '_part') where {condition}"
    ).fetchall()
    return frozenset(Path(path).name for (path,) in found)


def _rewrite_part(engine: duckdb.DuckDBPyConnection, folder: Path, part: Part, values: Mapping[str, str]) -> Part:
    match = _NUMBERED.fullmatch(part.name)
    stem, number = (match["stem"], int(match["number"] or 0)) if match else (part.name, 0)
    name = f"{stem}.r{number + 1}.parquet"
    temporary = folder / (name + ".tmp")
    replaced = ", ".join(f"{expression} as {column}" for column, expression in values.items())
    engine.execute(
        f"copy (select * replace ({replaced}) from read_parquet({literal(str(folder / part.name))})) "
        f"to {literal(str(temporary))} (format parquet, compression zstd)"
    )
    publish(temporary, folder / name)
    return replace(part, name=name, bytes=(folder / name).stat().st_size)
