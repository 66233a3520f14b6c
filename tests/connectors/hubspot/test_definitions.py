"""Definitions: what pipelines and stages were, the words for values, and what happens when properties change."""

from pathlib import Path
from typing import Any

import orjson

from connectors.connector import Stream
from connectors.hubspot.extract import HubSpotConnector
from connectors.hubspot.objects import DEFINITION_STREAMS, OBJECT_TYPES
from connectors.hubspot.properties import choose_properties
from connectors.landing import Window
from connectors.reading_rules import ReadingRules
from tests.connectors.hubspot.conftest import DEALS, Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle

AUDITS = [stream for stream in DEFINITION_STREAMS if stream.raw_table.endswith("_audit")]
OPTIONS = [stream for stream in DEFINITION_STREAMS if stream not in AUDITS]
STAGE_PATH = "/crm/v3/pipelines/deals/{}/stages/{}/audit"


def audited(exchange: Exchange) -> None:
    """A stage whose probability was another until yesterday, for a portal whose audit begins today."""
    if exchange.path.endswith("/stages/qualifiedtobuy/audit"):
        stage = {"label": "Qualified", "displayOrder": 1, "metadata": {"probability": "0.2", "isClosed": "false"}}
        entries = [("UPDATE", "2026-03-16T10:00:00Z", "0.4"), ("CREATE", "2024-01-01T00:00:00Z", "0.2")]
        results = [
            {
                "portalId": 1,
                "identifier": "qualifiedtobuy",
                "action": action,
                "timestamp": at,
                "fromUserId": 7,
                "rawObject": {**stage, "metadata": {"probability": probability, "isClosed": "false"}},
            }
            for action, at, probability in entries
        ]
        exchange.answer(200, {"results": results})
    elif "/stages/" in exchange.path and exchange.path.endswith("/audit"):
        exchange.answer(200, {"results": []})


def test_stages_are_kept_as_they_were_and_asked_for_only_when_a_definition_moved(night: Night) -> None:
    with meddle(night.sandbox.url, audited) as proxy:
        first = night.sync(AUDITS, host=proxy.url)
        night.let_a_day_pass()
    with meddle(night.sandbox.url, audited) as proxy:
        second = night.sync(AUDITS, host=proxy.url)

    states = night.query(
        "select probability::varchar, is_closed, action, changed_by from raw_hubspot.stage_audit "
        "where stage_id = 'qualifiedtobuy' order by changed_at"
    )
    pipelines = night.query("select count(distinct pipeline_id), count(label) > 0 from raw_hubspot.pipeline_audit")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert states == [("0.2000", False, "CREATE", "7"), ("0.4000", False, "UPDATE", "7")]
    assert pipelines == [(2, True)]
    assert first.calls["audit"] > 2
    assert second.calls["audit"] == 0
    assert second.calls["pipelines"] == 1


def test_every_state_of_a_definition_is_kept_when_several_changed_between_two_runs(night: Night) -> None:
    night.sync(AUDITS).raise_for_failure()
    first = night.differences("pipeline_audit", "stage_audit")
    stage = {"type": "deals", "pipeline_id": "default", "id": "qualifiedtobuy"}
    for probability in ("0.3", "0.35"):
        night.sandbox.edit(crm="hubspot", kind="edit_stage", probability=probability, **stage)
    night.sandbox.edit(
        crm="hubspot", kind="add_stage", pipeline_id="default", id="legalreview", label="Legal \u00e9tude"
    )
    night.sandbox.edit(crm="hubspot", kind="edit_pipeline", id="default", label="All sales")
    night.sandbox.tick()

    night.sync(AUDITS).raise_for_failure()

    assert first == {}
    assert night.differences("pipeline_audit", "stage_audit") == {}


def test_a_stage_that_changed_without_its_pipelines_stamp_brings_the_pipelines_state_too(night: Night) -> None:
    stamp = "select updated_at from raw_hubspot.pipelines where id = '71200001'"
    # what was edited by hand keeps its stamp when the world's own days change another stage of it
    night.sandbox.edit(crm="hubspot", kind="edit_pipeline", id="71200001", label="Partners")
    night.sandbox.tick()
    night.sync([*AUDITS, *streams_of("pipelines")]).raise_for_failure()
    before = night.query(stamp)
    night.sandbox.tick(5)

    report = night.sync([*AUDITS, *streams_of("pipelines")])

    report.raise_for_failure()
    assert night.query(stamp) == before
    assert sum(stream.rows for stream in report.streams if stream.stream.raw_table == "pipeline_audit") > 0
    assert night.differences("pipeline_audit", "stage_audit") == {}


def test_the_words_for_values_come_without_a_call_of_their_own(first_night: Night) -> None:
    report = first_night.sync([*streams_of("deals"), *OPTIONS])

    labels = first_night.query(
        "select label from raw_hubspot.option_labels where object = 'deals' and field = 'dealstage' "
        "and value = 'closedwon' and is_active"
    )
    options = report.streams[-1]
    assert labels == [("Closed Won",)]
    assert dict(options.calls) == {"properties": 6}  # of the types that this run had not looked at
    assert options.rows == options.rows_expected
    assert first_night.differences("option_labels") == {}


def several(exchange: Exchange) -> None:
    """One more property, of several choices, with a value in every search."""
    if exchange.path == "/crm/v3/properties/contacts":
        known = orjson.loads(exchange.body)["results"]
        known += [{"name": "interests", "type": "enumeration", "fieldType": "checkbox", "options": []}]
        exchange.answer(200, {"results": known})
    elif exchange.path == "/crm/v3/objects/contacts/search":
        body = orjson.loads(exchange.body)
        for record in body["results"]:
            record["properties"]["interests"] = "chess;go" if int(record["id"]) % 2 else ""
        exchange.answer(200, body)


def test_a_property_of_several_choices_becomes_a_list(first_night: Night) -> None:
    with meddle(first_night.sandbox.url, several) as proxy:
        first_night.sync(streams_of("contacts"), host=proxy.url).raise_for_failure()

    found = first_night.query("select distinct interests, id::bigint % 2 from raw_hubspot.contacts order by 2")
    assert found == [(None, 0), (["chess", "go"], 1)]
    assert first_night.differences("contacts") == {}


def test_columns_that_become_readable_later_are_filled_for_every_record(night: Night) -> None:
    contacts = streams_of("contacts")
    with meddle(night.sandbox.url, _without_jobtitle) as proxy:
        night.sync(contacts, host=proxy.url).raise_for_failure()
    assert night.query("select count(jobtitle) from raw_hubspot.contacts") == [(0,)]

    connector = night.connect()
    report = night.sync(contacts, connector=connector)

    assert report.exit_code == 0
    assert "backfill" in {stream.stream.lane for stream in report.streams}
    assert night.differences("contacts") == {}
    assert connector.calls["search"] < 10


def _without_jobtitle(exchange: Exchange) -> None:
    if exchange.path == "/crm/v3/properties/contacts":
        known = orjson.loads(exchange.body)["results"]
        exchange.answer(200, {"results": [entry for entry in known if entry["name"] != "jobtitle"]})


def test_what_is_not_read_says_why() -> None:
    definitions: list[dict[str, object]] = [
        {"name": "hs_object_id", "type": "number"},
        {"name": "hs_call_body", "type": "string"},
        {"name": "secret_plan", "type": "string"},
        {"name": "hs_v2_date_entered_closedwon", "type": "datetime"},
        {"name": "hs_timestamp", "type": "datetime", "archived": True},
    ]

    chosen = choose_properties(OBJECT_TYPES["calls"], definitions)

    assert chosen.asked == ("hs_object_id", "secret_plan")
    assert chosen.withheld["hs_call_body"] == "blocked"
    assert chosen.withheld["hs_v2_date_entered_closedwon"] == "unsupported"
    assert chosen.withheld["hs_timestamp"] == "absent"


def test_a_denied_property_is_never_asked_for_and_a_hashed_one_is_text(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(
        '[hubspot.deny_columns]\ncontacts = ["secret_*"]\n[hubspot.columns.contacts]\nemail = "hash"\nage = "hash"\n'
    )
    definitions = [
        {"name": "secret_plan", "type": "string"},
        {"name": "email", "type": "string"},
        {"name": "age", "type": "number"},
    ]

    chosen = choose_properties(OBJECT_TYPES["contacts"], definitions, ReadingRules.read(file))

    assert chosen.withheld["secret_plan"] == "denied"
    assert chosen.hashed == {"email", "age"}
    assert chosen.columns["age"] == "VARCHAR"
    assert "secret_plan" not in chosen.asked


def test_records_asked_for_by_id_come_whenever_they_changed(night: Night) -> None:
    deals = night.live_ids("deals")
    night.sync(DEALS)
    night.let_a_day_pass(
        f"update hubspot.deals set dealname = 'silently renamed' where id in ('{deals[0]}', '{deals[1]}')",
        f"update hubspot.deals set archived = true, archived_at = this_morning where id = '{deals[1]}'",
    )
    connector = _Asking(night.connect(), [deals[0], deals[1]])

    night.sync(DEALS, connector=connector).raise_for_failure()  # type: ignore[arg-type]

    found = night.query(
        f"select dealname, archived from raw_hubspot.deals where id in ('{deals[0]}', '{deals[1]}') order by archived"
    )
    assert found == [("silently renamed", False), ("silently renamed", True)]
    assert connector.calls["search"] == 0


class _Asking:
    """A connector that is asked for some records only."""

    def __init__(self, connector: HubSpotConnector, ids: list[str]) -> None:
        self._connector = connector
        self._ids = ids

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connector, name)

    def plan(self, stream: Stream, window: Window) -> object:
        return self._connector.plan(stream, window, ids=self._ids)
