"""The instant a build speaks of: given, or the earliest bound among the CRMs that are connected now."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from connectors.errors import ConfigurationError
from connectors.raw import record_sync
from dagster_project.as_of import AsOf, resolve_as_of
from dagster_project.settings import variables

SALESFORCE_BOUND = datetime(2026, 3, 17, 1, 55, tzinfo=UTC)
HUBSPOT_BOUND = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CRM_SOURCE", "sandbox")
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        record_sync(connection, "salesforce", "00D", SALESFORCE_BOUND)
        record_sync(connection, "hubspot", "62515", HUBSPOT_BOUND)
    return path


def test_the_earlier_of_the_two_crms_bounds_counts(warehouse: Path) -> None:
    assert resolve_as_of(AsOf(), warehouse) == HUBSPOT_BOUND


def test_a_crm_that_is_no_longer_connected_does_not_hold_the_time_still(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_SOURCE", "live")
    for name in ("SALESFORCE_LOGIN_URL", "SALESFORCE_CLIENT_ID", "SALESFORCE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "https://example.my.salesforce.com")

    assert resolve_as_of(AsOf(), warehouse) == SALESFORCE_BOUND


def test_a_given_instant_is_taken_in_its_own_zone(warehouse: Path) -> None:
    given = resolve_as_of(AsOf(as_of="2026-01-01T01:00:00+01:00"), warehouse)

    assert given == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "advice"), [("2026-01-01T00:00:00", "no time zone"), ("yesterday", "not an ISO timestamp")]
)
def test_an_instant_that_could_mean_two_things_is_refused(warehouse: Path, text: str, advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        resolve_as_of(AsOf(as_of=text), warehouse)


def test_before_the_first_sync_the_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Run the job sync_crms first"):
        resolve_as_of(AsOf(), tmp_path / "warehouse.duckdb")
