"""The concurrency pool that serializes writers of the warehouse file, across steps and runs (limit 1, dagster.yaml)."""

WAREHOUSE_POOL = "warehouse"
