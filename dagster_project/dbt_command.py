"""The dbt command line as assets call it: without what a night does not need, and with row counts."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource
from packaging.version import Version
from pydantic import PrivateAttr

from connectors.engine import read_warehouse
from dagster_project.dbt_calls import start_warm_dbt
from dagster_project.settings import read_paths
from dagster_project.warm_dbt import WarmDbt, is_warm


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


def with_row_counts(events: Iterator[Any], warehouse: Path) -> Iterator[Any]:
    """Pass dbt's events on once dbt has ended, each table's with its row count; an error of dbt comes last."""
    finished: list[Any] = []
    failure: Exception | None = None
    try:
        finished.extend(events)
    except dg.Failure as error:
        failure = error
    counts = _count_rows(warehouse)
    for event in finished:
        yield _counted(event, counts)
    if failure is not None:
        raise failure


def _counted(event: Any, counts: Mapping[str, int]) -> Any:
    if isinstance(event, dg.Output) and event.output_name in counts:
        return event.with_metadata({**event.metadata, "dagster/row_count": counts[event.output_name]})
    return event


def _count_rows(warehouse: Path) -> dict[str, int]:
    """Rows by `schema__table`, which is what dagster-dbt calls an asset's output.

    Views are left out: counting would build them again.
    """
    with read_warehouse(warehouse) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        counts = {}
        for schema, table in tables:
            row = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
            counts[f"{schema}__{table}"] = int(row[0]) if row else 0
    return counts
