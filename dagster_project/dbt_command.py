"""The dbt command line as assets call it: without what a night does not need, and with row counts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version as installed_version
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliInvocation, DbtCliResource
from packaging.version import Version
from pydantic import PrivateAttr

from dagster_project.dbt_calls import start_warm_dbt
from dagster_project.settings import read_paths
from dagster_project.warm_dbt import WarmDbt, is_warm

# how dbt ends the line of a table or a seed that it made
_TOLD_ROWS = re.compile(r"(?:CREATE|INSERT) (\d+)")


class NightlyDbt(DbtCliResource):
    """dagster-dbt's command line on one warm process for all builds of a run, and less two things it does at each call.

    It asks `dbt --version` in a process of its own, and loads dbt's adapter and macros into this one, for row counts
    that then keep the warehouse open for writing. Together they cost about ten seconds a night.
    """

    _warm: WarmDbt | None = PrivateAttr(default=None)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Begin to be warm when the run begins, while it reads the CRMs; who began before has the process then."""
        super().setup_for_execution(context)
        if not is_warm():
            self._warm = start_warm_dbt(read_paths())

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """End the process that this run began."""
        if self._warm is not None:
            self._warm.close()

    @cached_property
    def _cli_version(self) -> Version:
        return Version(installed_version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None  # dagster-dbt works without one where it fails to load


def stream_with_row_counts(build: DbtCliInvocation) -> Iterator[Any]:
    """Pass dbt's events on as they come, each table's with the row count that dbt tells (macro tell_row_count).

    Raises:
        DagsterDbtCliRuntimeError: dbt failed; everything that it did before was passed on.
    """
    for told in build.stream_raw_events():
        events = told.to_default_asset_events(
            manifest=build.manifest,
            dagster_dbt_translator=build.dagster_dbt_translator,
            context=build.context,
            target_path=build.target_path,
            project=build.project,
        )
        for event in events:
            yield _counted(event, told.raw_event)


def _counted(event: Any, told: Mapping[str, Any]) -> Any:
    if isinstance(event, dg.Output) and (rows := _TOLD_ROWS.fullmatch(str(told["data"].get("status")))):
        return event.with_metadata({**event.metadata, "dagster/row_count": int(rows[1])})
    return event
