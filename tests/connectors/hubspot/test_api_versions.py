"""HubSpot retires its API area by area: whatever is gone is found under the other version, at the cost of one call."""

import pytest

from connectors.hubspot.objects import DEFINITION_STREAMS
from connectors.hubspot.paths import DATED
from connectors.sandbox.faults import Fault
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night, streams_of

AUDITS = [stream for stream in DEFINITION_STREAMS if stream.raw_table.endswith("_audit")]


@pytest.mark.parametrize(
    ("asked", "gone", "families"),
    [
        pytest.param("v3", "v4", ["associations"], id="associations lose v4"),
        pytest.param("v3", "v3", ["search", "list", "batch_read"], id="objects lose v3"),
        pytest.param("v3", "v3", ["properties"], id="properties lose v3"),
        pytest.param(DATED, DATED, ["associations", "records"], id="two areas without the date"),
    ],
)
def test_an_area_that_is_gone_is_read_under_the_other_version(
    first_night: Night, asked: str, gone: str, families: list[str]
) -> None:
    first_night.sandbox.set_faults([Fault("no_version", f"hubspot.{name}", rate=1.0, code=gone) for name in families])
    connector = first_night.connect(api_version=asked)

    report = first_night.sync(DEALS, connector=connector)

    assert report.exit_code == 0
    assert first_night.differences(*DEAL_TABLES) == {}
    # one for each area, however many calls it gets
    refused = [line for line in first_night.sandbox.requests("hubspot.*") if line["status"] == 404]
    assert len({line["family"] for line in refused}) == len(refused) <= len(families)


def test_what_is_really_missing_is_no_matter_of_the_version(first_night: Night) -> None:
    first_night.sync([*streams_of("pipelines"), *AUDITS]).raise_for_failure()
    first_night.sandbox.reset_stats()
    first_night.sandbox.set_faults([Fault("status", "hubspot.stage_audit", at=(2,), status=404)])
    connector = first_night.connect()

    report = first_night.sync(AUDITS, connector=connector)

    # a stage that was removed while we looked: pipelines have answered under this version, so it is not asked again
    assert report.exit_code == 0
    assert all(f"/{DATED}/" not in str(line["target"]) for line in first_night.sandbox.requests("hubspot.*"))


def test_an_endpoint_that_neither_version_has_is_refused_as_it_was_asked_for(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("status", "hubspot.owners", rate=1.0, status=404)])
    connector = first_night.connect()

    report = first_night.sync(streams_of("owners"), connector=connector)

    assert report.exit_code == 1
    assert "/crm/v3/owners" in str(report.streams[0].error)
    assert connector.calls["owners"] == 2
