"""The assets of the CRMs: a CRM that nobody connected, an object that was hidden, deletions that are held."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from connectors.raw import BRAKE_ROWS
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.world import World
from dagster_project.assets.salesforce import TABLES, salesforce
from dagster_project.resources import Crms, WarehouseFile
from dagster_project.settings import read_paths, variables


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


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RunningSandbox]:
    """Small CRMs, connected, and a data folder where nothing was read from them yet."""
    World.create(tmp_path / "world.duckdb", size="small", plants=frozenset()).close()
    for name in variables():
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("CRM_SOURCE", "sandbox")
    monkeypatch.setenv("CRM_DATA_DIR", str(tmp_path / "data"))
    with start_sandbox(tmp_path / "world.duckdb") as sandbox:
        monkeypatch.setenv("SANDBOX_URL", sandbox.url)
        yield sandbox


def _failed_checks() -> dict[str, dg.AssetCheckEvaluation]:
    """Sync two tables, and give the checks that failed by `table: name`."""
    tables = ["lead", "opportunity"]
    result = dg.materialize(
        [salesforce],
        selection=[dg.AssetKey(["salesforce", table]) for table in tables],
        resources={"crms": Crms(), "warehouse": WarehouseFile()},
    )
    checks = {
        f"{check.asset_key.path[-1]}: {check.check_name}": check for check in result.get_asset_check_evaluations()
    }
    assert sorted(checks) == sorted(
        f"{table}: {name}" for table in tables for name in ("object_is_readable", "deletions_are_not_held")
    )
    return {name: check for name, check in checks.items() if not check.passed}


@pytest.mark.filterwarnings("ignore:The `__fields:DeprecationWarning")
def test_a_lost_permission_and_held_deletions_are_warnings_until_they_are_looked_at(sandbox: RunningSandbox) -> None:
    assert _failed_checks() == {}

    sandbox.edit(crm="salesforce", kind="hide_object", object="Lead")
    with duckdb.connect(str(read_paths().warehouse), read_only=True) as connection:
        deals = connection.execute(
            f"select Id from raw_salesforce.opportunity where not _is_deleted order by all limit {BRAKE_ROWS + 1}"
        ).fetchall()
    for (deal,) in deals:
        sandbox.edit(crm="salesforce", kind="hard_delete", object="Opportunity", id=deal)
    sandbox.tick()
    failed = _failed_checks()

    assert sorted(failed) == ["lead: object_is_readable", "opportunity: deletions_are_not_held"]
    assert {check.severity for check in failed.values()} == {dg.AssetCheckSeverity.WARN}
    assert "Lead" in str(failed["lead: object_is_readable"].metadata["the CRM said"].value)
    assert int(str(failed["opportunity: deletions_are_not_held"].metadata["deletions held"].value)) > BRAKE_ROWS

    # the next night deletes nothing, and the brake still holds what it held
    sandbox.edit(crm="salesforce", kind="show_object", object="Lead")
    sandbox.tick()

    assert sorted(_failed_checks()) == ["opportunity: deletions_are_not_held"]
