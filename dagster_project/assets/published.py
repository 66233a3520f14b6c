"""The published file, or why it was held back."""

import dagster as dg

import expectations
from dagster_project.as_of import AsOf, resolve_as_of
from dagster_project.assets.dbt import PROJECT, marts
from dagster_project.assets.quality import QUALITY_TABLES
from dagster_project.dbt_project import MARTS_SCHEMA, dbt_var, published_tables
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.publishing import publish, what_readers_keep
from dagster_project.resources import WarehouseFile


@dg.asset(
    key=["published", "crm"],
    deps=[
        *(key for key in marts.keys if key.path[0] == MARTS_SCHEMA),
        *(["quality", table] for table in QUALITY_TABLES),
    ],
    group_name="published",
    owners=["team:analytics-engineering"],
    kinds={"duckdb"},
    pool=WAREHOUSE_POOL,
)
def published_crm(config: AsOf, warehouse: WarehouseFile) -> dg.MaterializeResult[None]:
    """The file that BI opens: marts and quality only, swapped at once, held back when errors touch too much money."""
    with warehouse.writing():
        limit = float(dbt_var("untrusted_share_limit"))
        reasons = expectations.hold_reasons(warehouse.path, untrusted_share_limit=limit)
        if reasons:
            raise _held_back(warehouse, [reason.message for reason in reasons])
        publication = publish(
            warehouse.path,
            warehouse.published,
            as_of=resolve_as_of(config, warehouse.path),
            tables=published_tables(PROJECT.manifest_path),
            facts={
                name: "" if value is None else str(value)
                for name, value in expectations.untrusted_money(warehouse.path).as_metadata().items()
            },
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


def _held_back(warehouse: WarehouseFile, messages: list[str]) -> dg.Failure:
    lines = "\n".join(f"- {message}" for message in messages)
    readers_keep = what_readers_keep(warehouse.published)
    return dg.Failure(
        description=f"Publication is held back. Readers keep {readers_keep}.\n{lines}",
        metadata={"held by": dg.MetadataValue.md(lines)},
        allow_retries=False,
    )
