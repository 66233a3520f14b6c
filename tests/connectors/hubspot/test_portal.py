"""A portal as a whole: its version, its custom objects, what doctor finds, what the quota says."""

import pytest

from connectors.errors import IdentityError
from connectors.hubspot.client import open_client
from connectors.hubspot.extract import HubSpotConnector
from connectors.hubspot.objects import DEFINITION_STREAMS, STREAMS
from connectors.landing import LandingLog
from connectors.reading_rules import ReadingRules
from connectors.sandbox.faults import Fault
from connectors.secret import Secret
from connectors.streams import Probe
from connectors.sync import plan_sync
from tests.connectors.hubspot.conftest import TOKEN, Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle
from tests.connectors.hubspot.portal_edits import archived


@pytest.mark.parametrize(("asked", "gone"), [("2026-03", "2026-03"), ("v3", "/v3/")])
def test_a_version_that_hubspot_does_not_know_falls_back_to_the_other_at_the_cost_of_one_call(
    first_night: Night, asked: str, gone: str
) -> None:
    def retire(exchange: Exchange) -> None:
        if gone in exchange.path:
            exchange.answer(404, {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "no such path"})

    with meddle(first_night.sandbox.url, retire) as proxy:
        connector = first_night.connect(host=proxy.url, api_version=asked)
        report = first_night.sync(streams_of("owners"), connector=connector)

    assert report.exit_code == 0
    assert connector.calls["account"] == 2
    assert first_night.differences("owners") == {}


def test_custom_objects_are_found_and_read(night: Night) -> None:
    made = night.sandbox.edit(
        crm="hubspot",
        kind="add_object",
        name="cars",
        properties=[{"name": "colour", "value_type": "string"}],
    )
    night.sandbox.edit(crm="hubspot", kind="insert", type="cars", properties={"colour": "red"})
    night.let_a_day_pass()
    connector = night.connect()
    connector.identity()

    custom = [stream for stream in connector.streams() if stream.is_custom]
    report = night.sync(custom, connector=connector)

    table = custom[0].raw_table
    assert made
    assert report.exit_code == 0
    assert {stream.lane for stream in custom} == {"rows", "deletes", "erasures", "calculated"}
    assert night.query(f"select colour from raw_hubspot.{table}") == [("red",)]


def test_the_streams_of_a_plain_portal_are_the_standard_ones(first_night: Night) -> None:
    connector = first_night.connect()
    connector.identity()

    assert set(connector.streams()) == {*STREAMS, *DEFINITION_STREAMS}
    # the properties of deals say whether there are splits; every plan needs them anyway
    assert connector.calls == {"account": 1, "schemas": 1, "properties": 1}


def test_the_quota_is_what_the_answers_say(first_night: Night) -> None:
    connector = first_night.connect()
    before = connector.quota()
    connector.identity()
    quota = connector.quota()

    assert before is None
    assert quota is not None
    assert quota.maximum == 10_000_000
    assert quota.reserve == 0.2
    assert quota.resets_at is not None


def _probed(night: Night) -> tuple[dict[str, Probe], int]:
    """What the doctor finds, by name, and what it cost in calls."""
    connector = night.connect()
    connector.identity()
    return {probe.name: probe for probe in connector.probes()}, connector.calls.total()


def test_doctor_finds_the_scope_that_is_missing_and_what_nobody_knows(first_night: Night) -> None:
    first_night.sandbox.set_faults(hidden=["emails"])

    probes, calls = _probed(first_night)

    assert probes["emails"].status == "warning"
    assert "sales-email-read" in probes["emails"].action
    assert probes["count of records"].status == "ok"
    assert probes["links of many records"].status == "ok"
    assert probes["order of archived records"].status == "unverified"
    assert calls <= 24


def test_doctor_finds_the_type_whose_properties_are_shown_and_whose_records_are_not(first_night: Night) -> None:
    first_night.sandbox.set_faults(
        [Fault("status", "hubspot.list", at=(1,), status=403, code="crm.objects.deals.read")]
    )

    probes, _ = _probed(first_night)

    assert probes["deals"].status == "warning"
    assert "crm.objects.deals.read" in probes["deals"].action
    assert probes["companies"].status == "ok"


def test_another_portal_under_the_same_connection_is_refused(first_night: Night) -> None:
    first_night.sync(streams_of("owners")).raise_for_failure()

    def move(exchange: Exchange) -> None:
        if exchange.path == "/account-info/v3/details":
            exchange.answer(200, {"portalId": 999, "timeZone": "UTC"})

    with meddle(first_night.sandbox.url, move) as proxy, pytest.raises(IdentityError):
        first_night.sync(streams_of("owners"), host=proxy.url)


def test_a_plan_says_what_each_stream_will_cost_before_it_is_fetched(first_night: Night) -> None:
    with LandingLog(first_night.folder / "landing") as log:
        connector = first_night.connect()
        plan = plan_sync(connector, log, STREAMS)
    planned = {(line.stream.object_name, str(line.stream.lane)): line for line in plan.lines}
    fetched = {(s.stream.object_name, str(s.stream.lane)): s for s in first_night.sync().streams}

    assert plan.quota is not None
    for key in [("deals", "rows"), ("deals", "associations"), ("contacts", "rows"), ("owners", "metadata")]:
        line, stream = planned[key], fetched[key]
        assert line.minutes is not None
        assert abs(sum(stream.calls.values()) - (line.calls or 0)) <= 2
    assert planned["deals", "rows"].expected_rows == len(first_night.live_ids("deals"))


@pytest.mark.parametrize("nights", [1, 2])
def test_a_plan_holds_to_the_call_with_archived_records_audits_and_columns_to_fill(night: Night, nights: int) -> None:
    night.let_a_day_pass(archived("contacts", "id::bigint % 2 = 0"), archived("calls", "id::bigint % 5 = 0"))
    for _ in range(nights - 1):
        first = night.connect()
        first.identity()
        night.sync(first.streams(), connector=first).raise_for_failure()
        night.sandbox.edit(crm="hubspot", kind="add_property", type="contacts", name="shoe_size", default="44")
        night.sandbox.edit(
            crm="hubspot", kind="edit_stage", id="qualifiedtobuy", pipeline_id="default", label="Qualified!"
        )
        night.sandbox.tick()
    connector = night.connect()
    connector.identity()
    with LandingLog(night.folder / "landing") as log:
        plan = plan_sync(connector, log, connector.streams())
    planning = connector.calls

    report = night.sync(connector.streams())

    planned = {(line.stream.object_name, line.stream.lane): line.calls for line in plan.lines}
    made = {(one.stream.object_name, one.stream.lane): sum(one.calls.values()) for one in report.streams}
    assert report.exit_code == 0
    # of computed values as many as there are open deals, of links as many as changed: a plan says the most
    at_most = {key for key in planned if key[1] in ("calculated", "associations")}
    assert {key: made[key] for key in planned if key not in at_most} == {
        key: calls for key, calls in planned.items() if key not in at_most
    }
    assert all(made[key] <= (planned[key] or 0) for key in at_most)
    assert planned["stage_audit", "history"] == (20 if nights == 1 else 1)
    assert planning["audit"] == 0
    assert planning["list"] > len(("deals", "companies", "contacts", "calls", "meetings", "emails", "tasks"))


def test_notes_are_read_where_the_rules_let_their_bodies_through(first_night: Night) -> None:
    file = first_night.folder / "rules.toml"
    file.write_text('[hubspot.columns.notes]\nhs_note_body = "keep"\n')
    connector = HubSpotConnector(
        open_client(Secret(TOKEN), host=first_night.sandbox.url), rules=ReadingRules.read(file)
    )
    connector.identity()
    notes = [stream for stream in connector.streams() if stream.object_name == "notes"]

    report = first_night.sync(notes, connector=connector)

    assert report.exit_code == 0
    assert [stream.lane for stream in notes] == ["rows", "deletes", "erasures", "calculated"]
    assert first_night.differences("notes") == {}
