"""The dbt layers: seeds, staging and intermediate before the findings; marts after them."""

import datetime
import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

import expectations
from dagster_project.as_of import AsOf, dbt_moment, resolve_as_of
from dagster_project.dbt_calls import build_vars
from dagster_project.dbt_command import NightlyDbt, stream_with_row_counts
from dagster_project.dbt_project import prepared_project
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.publishing import last_published_before
from dagster_project.resources import WarehouseFile
from dagster_project.settings import read_time_zone

OWNERS = ["team:analytics-engineering"]
# what reads the findings, or a mart, comes after them, whatever its layer
AFTER_FINDINGS = "source:quality+ path:models/marts+"
# what only a commit can break is tested when one is made (`make test`): seeds, the keys of raw tables, which the merge
# into raw keeps unique, and the words that our own `case` writes; keys and relations of all else are tested each night
TESTED_ON_COMMIT = "path:models/staging,resource_type:test path:seeds,resource_type:test fqn:*.accepted_values_*"
# the nightly run starts at 02:00; a mart that is not new by 06:00 is late for the morning
MARTS_FRESHNESS = dg.FreshnessPolicy.cron(
    deadline_cron="0 6 * * *", lower_bound_delta=datetime.timedelta(hours=4), timezone=read_time_zone()
)


class LayerTranslator(DagsterDbtTranslator):
    """Groups by layer; keys stay dbt's own (`marts/dim_stage`), so lineage joins by table name."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Give each model its layer's group, its owners and, for marts, the freshness the morning needs."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        properties = self.get_resource_props(manifest, unique_id)
        layer = "reference" if properties["resource_type"] == "seed" else properties["fqn"][1]
        return spec.replace_attributes(
            group_name=layer,
            owners=OWNERS,
            freshness_policy=MARTS_FRESHNESS if layer == "marts" else None,
        )


TRANSLATOR = LayerTranslator(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))
PROJECT = prepared_project()


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    name="conformed_tables",
    select="resource_type:seed path:models/staging path:models/intermediate",
    exclude=f"{AFTER_FINDINGS} {TESTED_ON_COMMIT}",
    dagster_dbt_translator=TRANSLATOR,
    pool=WAREHOUSE_POOL,
)
def conformed_tables(
    context: dg.AssetExecutionContext, config: AsOf, dbt: NightlyDbt, warehouse: WarehouseFile
) -> Iterator[Any]:
    """Both CRMs in one vocabulary and one grain."""
    # Great Expectations takes seconds to import: meanwhile, dbt works in a process of its own
    expectations.preload()
    yield from _build(context, config, dbt, warehouse)


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    name="marts",
    select=AFTER_FINDINGS,
    exclude=TESTED_ON_COMMIT,
    dagster_dbt_translator=TRANSLATOR,
    pool=WAREHOUSE_POOL,
)
def marts(context: dg.AssetExecutionContext, config: AsOf, dbt: NightlyDbt, warehouse: WarehouseFile) -> Iterator[Any]:
    """What people and BI read, each deal flagged where an error finding touches it."""
    yield from _build(context, config, dbt, warehouse)


def _build(context: dg.AssetExecutionContext, config: AsOf, dbt: NightlyDbt, warehouse: WarehouseFile) -> Iterator[Any]:
    as_of = resolve_as_of(config, warehouse.path)
    os.environ.update(dbt_moment(as_of, last_published_before(warehouse.published, as_of)))
    # unit tests prove formulas, which no night changes: `make test` runs them; Dagster keeps what the artifacts tell
    arguments = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    arguments += ["--no-write-json", *build_vars()]
    with warehouse.writing():
        yield from stream_with_row_counts(dbt.cli(arguments, context=context))
