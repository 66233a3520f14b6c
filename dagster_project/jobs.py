"""The three jobs and the nightly schedule.

All run in one process: a process per step would import dbt's and Dagster's libraries again for each.
"""

import dagster as dg

SYNCED_GROUPS = ("salesforce", "hubspot", "meta")

sync_crms = dg.define_asset_job(
    "sync_crms",
    selection=dg.AssetSelection.groups(*SYNCED_GROUPS),
    description="Read what changed in both CRMs into the landing log and the raw tables.",
    executor_def=dg.in_process_executor,
)
build_warehouse = dg.define_asset_job(
    "build_warehouse",
    selection=dg.AssetSelection.all() - dg.AssetSelection.groups(*SYNCED_GROUPS),
    description="Shape, judge, build the marts and publish, from the raw tables as they are.",
    executor_def=dg.in_process_executor,
)
nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Sync, shape, judge, build the marts, test them and publish.",
    executor_def=dg.in_process_executor,
)
JOBS = [sync_crms, build_warehouse, nightly]


def nightly_schedule(time_zone: str) -> dg.ScheduleDefinition:
    """Two in the morning in `time_zone` (IANA name), so that the day before is complete in both CRMs' windows."""
    return dg.ScheduleDefinition(
        name="nightly_sync_and_build",
        job=nightly,
        cron_schedule="0 2 * * *",
        execution_timezone=time_zone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every night at 02:00 {time_zone}.",
    )
