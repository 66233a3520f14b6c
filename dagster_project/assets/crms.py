"""What the two asset modules of the CRMs share: one multi-asset per CRM, one asset per raw table."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import dagster as dg

from connectors.engine import read_warehouse
from connectors.errors import BusyError, PausedError, TransientError
from connectors.landing import LandingLog
from connectors.schema import literal
from connectors.streams import Stream, StreamReport, SyncEvent, SyncReport
from dagster_project.resources import Crms, WarehouseFile

MOST_RETRIES = 2
RETRY_SECONDS = 60
READABLE = "object_is_readable"
NOT_HELD = "deletions_are_not_held"
# asset of all raw tables that have none of their own: which there are is known when the CRM is asked
OTHERS = "other_objects"
OTHERS_DESCRIPTION = "Custom objects, and objects that only some orgs have, as the reading rules let them be read."
CHECKS = {
    READABLE: "Fails where the CRM no longer lets us read the object: its raw table stays as it was.",
    NOT_HELD: "Fails while a mass deletion of the object is held until somebody looks at it and releases it.",
}


def asset_specs(crm: str, descriptions: dict[str, str]) -> list[dg.AssetSpec]:
    """One asset per raw table of `crm`, keyed as dbt's source is: (`salesforce`, `opportunity`)."""
    return [
        dg.AssetSpec(
            key=[crm, table],
            description=description,
            group_name=crm,
            owners=["team:data-engineering"],
            kinds={crm, "duckdb"},
            skippable=True,
        )
        for table, description in descriptions.items()
    ]


def check_specs(crm: str, tables: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """What is looked at in each raw table after each sync; both warn, since the rest of the night is still right."""
    return [
        dg.AssetCheckSpec(name=name, asset=[crm, table], description=description)
        for table in tables
        for name, description in CHECKS.items()
    ]


def asset_of(stream: Stream, tables: Collection[str]) -> str:
    """Last part of the key of the asset that `stream` fills; `tables` have one each."""
    return stream.raw_table if stream.raw_table in tables else OTHERS


def sync_tables(
    context: dg.AssetExecutionContext, crm: str, tables: Collection[str], crms: Crms, warehouse: WarehouseFile
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Sync the selected tables of one CRM and report rows, calls and window of each."""
    selected = {key.path[-1] for key in context.selected_asset_keys}
    if not crms.is_connected(crm):
        context.log.warning(f"{crm} is not connected (no credentials in .env): its raw tables stay as they are.")
        # Dagster skips whatever depends on a table without a result: the other CRM's half of the build, too
        rows = warehouse.row_counts(f"raw_{crm}")
        for table in sorted(selected):
            why = "not connected: no credentials in .env"
            yield dg.MaterializeResult(
                asset_key=[crm, table], metadata={"dagster/row_count": rows.get(table, 0), "not read": why}
            )
        return
    try:
        report = crms.sync(crm, lambda stream: asset_of(stream, tables) in selected, lambda event: _log(context, event))
        report.raise_for_failure()
    except PausedError as error:
        raise dg.Failure(description=f"Paused: {error}", allow_retries=False) from error
    except BusyError as error:
        # whoever is busy does this run's work: to wait for it would only do it twice
        raise dg.Failure(description=str(error), allow_retries=False) from error
    except TransientError as error:
        if context.retry_number >= MOST_RETRIES:
            raise
        raise dg.RetryRequested(max_retries=MOST_RETRIES, seconds_to_wait=error.retry_after or RETRY_SECONDS) from error
    rows = warehouse.row_counts(f"raw_{crm}")
    for table in sorted(selected):
        filled = [stream for stream in report.streams if asset_of(stream.stream, tables) == table]
        # an object that the org does not have makes no table; staging reads it as an empty one
        names = {table} if table in tables else {stream.stream.raw_table for stream in filled}
        yield _result(report, crm, table, filled, sum(rows.get(name, 0) for name in names))
    held = _held_deletions(warehouse, crm)
    for key in sorted(context.selected_asset_check_keys):
        table = key.asset_key.path[-1]
        if key.name == READABLE:
            yield from _readable(report, key)
        else:
            yield _check(key, passed=not held.get(table), metadata={"deletions held": held.get(table, 0)})


def _readable(report: SyncReport, key: dg.AssetCheckKey) -> Iterator[dg.AssetCheckResult]:
    streams = [stream for stream in report.streams if stream.stream.raw_table == key.asset_key.path[-1]]
    refused = [stream for stream in streams if stream.outcome == "no_access"]
    if refused or any(stream.outcome == "synced" for stream in streams):
        said = "; ".join(str(stream.error) for stream in refused)
        yield _check(key, passed=not refused, metadata={"the CRM said": said} if said else {})


def _check(key: dg.AssetCheckKey, *, passed: bool, metadata: Mapping[str, str | int]) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _held_deletions(warehouse: WarehouseFile, crm: str) -> dict[str, int]:
    """Deletions by raw table that the brake held back, in this run or before, and that nobody released."""
    query = f"""
        select load_id, raw_table, rows_held from raw_meta.loads
        where connection = {literal(crm)} and rows_held > 0 and mode <> 'release'
    """
    with read_warehouse(warehouse.path) as connection:
        loads = connection.execute(query).fetchall()
    if not loads:
        return {}
    with LandingLog(warehouse.paths.landing) as log:
        released = {manifest.releases for manifest in log.manifests(crm)}
    held: dict[str, int] = {}
    for load_id, table, count in loads:
        if load_id not in released:
            held[table] = held.get(table, 0) + count
    return held


def _result(
    report: SyncReport, crm: str, table: str, streams: Sequence[StreamReport], row_count: int
) -> dg.MaterializeResult[None]:
    names = {stream.stream.raw_table for stream in streams}
    applied = [load.counts for load in report.applied if load.raw_table in names]
    metadata: dict[str, dg.MetadataValue | int | float | str] = {
        "dagster/row_count": row_count,
        "rows landed": sum(stream.rows for stream in streams),
        "rows inserted": sum(counts.inserted for counts in applied),
        "rows updated": sum(counts.updated for counts in applied),
        "rows tombstoned": sum(counts.tombstoned for counts in applied),
        "deletions held": sum(counts.held for counts in applied),
        "api calls": sum(sum(stream.calls.values()) for stream in streams),
        "api": ", ".join(sorted({stream.api for stream in streams if stream.api})),
        "seconds": round(sum(stream.seconds for stream in streams), 3),
        "complete until": report.hi.isoformat(),
    }
    if table == OTHERS:
        metadata["tables"] = ", ".join(sorted(names)) or "none"
    not_read = [str(stream.error) for stream in streams if stream.error is not None]
    if not_read:
        metadata["not read"] = "; ".join(not_read)
    return dg.MaterializeResult(asset_key=[crm, table], metadata=metadata)


def _log(context: dg.AssetExecutionContext, event: SyncEvent) -> None:
    if event.kind in ("committed", "held", "no_access", "failed"):
        say = context.log.info if event.kind == "committed" else context.log.warning
        say(
            f"{event.connection} {event.object_name} {event.lane}: {event.kind}, {event.rows} rows, "
            f"{event.calls} calls, {event.seconds:.1f} s. {event.message}".rstrip()
        )
