"""The assets of the CRMs: what a run does with a CRM that nobody connected."""

from pathlib import Path

import dagster as dg
import pytest

from dagster_project.assets.salesforce import TABLES, salesforce
from dagster_project.resources import Crms, WarehouseFile
from dagster_project.settings import variables


@dg.asset(deps=[["salesforce", table] for table in TABLES])
def whatever_reads_salesforce() -> None:
    """Stands for the staging models."""


# Dagster looks at every attribute of a resource, pydantic's old ones too
@pytest.mark.filterwarnings("ignore:The `__fields:DeprecationWarning")
def test_a_crm_that_is_not_connected_does_not_keep_the_rest_from_being_built(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in variables():
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-of-the-one-crm-that-is")

    result = dg.materialize(
        [salesforce, whatever_reads_salesforce], resources={"crms": Crms(), "warehouse": WarehouseFile()}
    )

    # Dagster skips whatever depends on an asset that gave no result, and calls the run a success
    said = {m.metadata["not read"].value for m in result.asset_materializations_for_node("salesforce")}
    assert said == {"not connected: no credentials in .env"}
    assert len(result.asset_materializations_for_node("whatever_reads_salesforce")) == 1
