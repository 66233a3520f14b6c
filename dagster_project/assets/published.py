"""The published file, or why it was held back."""

import dagster as dg

import expectations
from dagster_project.as_of import AsOf, resolve_as_of
from dagster_project.assets.dbt import PROJECT, marts
from dagster_project.assets.quality import FINDINGS
from dagster_project.dbt_project import published_tables
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.publishing import current_version, publish
from dagster_project.resources import WarehouseFile


@dg.asset(
    key=["published", "crm"],
    deps=[*marts.keys, FINDINGS, ["quality", "finding_opportunities"], ["quality", "check_runs"]],
    group_name="published",
    owners=["team:analytics-engineering"],
    kinds={"duckdb"},
    pool=WAREHOUSE_POOL,
)
def published_crm(config: AsOf, warehouse: WarehouseFile) -> dg.MaterializeResult:
    """The file that BI opens: marts and quality only, swapped at once, held back when errors touch too much money."""
    folder = warehouse.published
    with warehouse.writing():
        reasons = expectations.hold_reasons(warehouse.path)
        if reasons:
            lines = "\n".join(f"- {reason}" for reason in reasons)
            raise dg.Failure(
                description=f"Publication is held back; readers keep {current_version(folder) or 'no file yet'}.\n{lines}",
                metadata={"held by": dg.MetadataValue.md(lines)},
                allow_retries=False,
            )
        publication = publish(
            warehouse.path,
            folder,
            as_of=resolve_as_of(config, warehouse.path),
            tables=published_tables(PROJECT.manifest_path),
            facts=expectations.publication_facts(warehouse.path),
        )
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": sum(publication.rows.values()),
            "version": publication.version,
            "tables": len(publication.rows),
            "bytes": publication.size,
            "file": dg.MetadataValue.path(str(publication.path)),
        }
    )
