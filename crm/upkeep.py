"""`crm replay`, `crm release`, `crm log compact`: what is done to log and raw tables without asking a CRM."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict

from rich.console import RenderableType
from rich.text import Text

from connectors.compaction import compact_warehouse
from connectors.engine import open_warehouse
from connectors.errors import ConfigurationError
from connectors.landing import LandingLog
from connectors.landing.compact import compact
from connectors.raw import Applied, apply_loads, release_held
from connectors.raw import replay as replay_loads
from crm.answer import Answer
from crm.progress import StepProgress
from crm.terminal import Terminal, new_table
from dagster_project.settings import Paths, read_paths


def replay_log(terminal: Terminal, crm: str | None) -> Answer:
    """Drop the raw tables and build them again from the log."""
    paths = read_paths()
    documents: dict[str, object] = {}
    parts: list[RenderableType] = []
    with LandingLog(paths.landing) as log:
        for name in logged_crms(log, crm, paths):
            terminal.note(f"{name}: applying {len(log.manifests(name)):,} loads ...")
            with (
                log.lease(name),
                open_warehouse(paths.warehouse) as connection,
                StepProgress(terminal, f"{name} loads") as progress,
            ):
                applied = replay_loads(connection, log, name, tell=progress.tell)
            documents[name] = {"loads": len(applied), "tables": _by_table(applied)}
            parts.append(_replayed(name, applied))
    return Answer({"crms": documents}, tuple(parts))


def release_deletions(terminal: Terminal, load_id: str, crm: str | None) -> Answer:
    """Let a load's held deletions through, and apply them at once."""
    paths = read_paths()
    with LandingLog(paths.landing) as log:
        name = _crm_of_load(log, load_id, logged_crms(log, crm, paths))
        with log.lease(name) as lease, open_warehouse(paths.warehouse) as connection:
            decision = release_held(log, lease, name, load_id)
            applied = apply_loads(connection, log, name)
    counts = next(load.counts for load in applied if load.load_id == decision.load_id)
    table = decision.request.raw_table
    text = f"{counts.tombstoned:,} records of raw_{name}.{table} are now marked as deleted."
    document = {"crm": name, "load_id": load_id, "decision": decision.load_id, "table": table}
    return Answer({**document, "deleted": counts.tombstoned}, (Text(text),))


def compact_log(terminal: Terminal, crm: str | None, *, with_warehouse: bool) -> Answer:
    """Merge the log's small parts and loads, and give back what the warehouse file no longer uses."""
    paths = read_paths()
    documents: dict[str, object] = {}
    parts: list[RenderableType] = []
    with LandingLog(paths.landing) as log:
        for name in logged_crms(log, crm, paths):
            bytes_before = _size(paths, name)
            with log.lease(name) as lease, StepProgress(terminal, f"{name} log") as progress:
                done = compact(log, lease, name, tell=progress.tell)
            sizes = {"bytes_before": bytes_before, "bytes_after": _size(paths, name)}
            documents[name] = {**asdict(done), **sizes}
            parts.append(
                Text(
                    f"{name}: {done.loads_before:,} loads became {done.loads_after:,}, {done.parts_before:,} parts "
                    f"{done.parts_after:,}, {_megabytes(bytes_before)} {_megabytes(sizes['bytes_after'])}."
                )
            )
    if not with_warehouse or not paths.warehouse.exists():
        return Answer({"crms": documents}, tuple(parts))
    file = compact_warehouse(paths.warehouse)
    parts.append(Text(f"{paths.warehouse.name}: {_megabytes(file.before)} became {_megabytes(file.after)}."))
    return Answer({"crms": documents, "warehouse": asdict(file)}, tuple(parts))


def logged_crms(log: LandingLog, crm: str | None, paths: Paths) -> list[str]:
    """The CRMs that the log has something of.

    Raises:
        ConfigurationError: it has nothing of `crm`, or of any.
    """
    names = [name for name in log.connections() if (crm is None or name == crm) and log.manifests(name)]
    if not names:
        raise ConfigurationError(f"The landing log {paths.landing} has nothing of {crm or 'any CRM'}. Run: crm sync")
    return names


def _crm_of_load(log: LandingLog, load_id: str, names: Iterable[str]) -> str:
    found = [
        name
        for name in names
        if any(load.load_id == load_id and load.request.mode != "release" for load in log.manifests(name))
    ]
    if not found:
        raise ConfigurationError(f"No load is called {load_id}. `crm status` lists those that hold deletions.")
    if len(found) > 1:
        raise ConfigurationError(f"{' and '.join(found)} both have a load {load_id}. Say which with --crm.")
    return found[0]


def _replayed(name: str, applied: list[Applied]) -> RenderableType:
    table = new_table(f"{name}: raw tables from the log", "table", "loads", "rows", right=("loads", "rows"))
    for raw_table, counts in _by_table(applied).items():
        table.add_row(f"raw_{name}.{raw_table}", f"{counts['loads']:,}", f"{counts['inserted']:,}")
    return table


def _by_table(applied: Iterable[Applied]) -> dict[str, Counter[str]]:
    tables: dict[str, Counter[str]] = {}
    for load in applied:
        counts = tables.setdefault(load.raw_table, Counter(loads=0, inserted=0))
        counts.update(loads=1, inserted=load.counts.inserted)
    return dict(sorted(tables.items()))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"


def _size(paths: Paths, name: str) -> int:
    return sum(file.stat().st_size for file in (paths.landing / name).rglob("*") if file.is_file())
