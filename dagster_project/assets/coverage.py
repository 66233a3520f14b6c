"""What the connectors note about their own reading: written with every load, read by the quality marts."""

import dagster as dg

from dagster_project.assets import hubspot, salesforce
from dagster_project.assets.crms import OTHERS
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.resources import WarehouseFile

READ = [
    dg.AssetKey([crm, table])
    for crm, tables in (("salesforce", salesforce.TABLES), ("hubspot", hubspot.TABLES))
    for table in (*tables, OTHERS)
]


@dg.asset(
    key=["meta", "coverage"],
    deps=READ,
    group_name="meta",
    owners=["team:data-engineering"],
    kinds={"duckdb"},
    pool=WAREHOUSE_POOL,
)
def meta_coverage(warehouse: WarehouseFile) -> dg.MaterializeResult[None]:
    """One row per object, and per column that is hidden, blocked, hashed, absent or gone, with the reason."""
    rows = warehouse.row_counts("raw_meta")
    return dg.MaterializeResult(metadata={"dagster/row_count": rows.get("coverage", 0)})
