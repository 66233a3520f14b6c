"""Values that change without a stamp: formulas and roll-ups, each night for open deals, once a week for all."""

from datetime import datetime, timedelta

import pytest

from connectors.landing import Window
from connectors.salesforce.calculated import open_or_all
from connectors.salesforce.columns import Selection
from connectors.salesforce.objects import find_object
from connectors.schema import TableSchema
from connectors.streams import StreamReport, SyncReport
from tests.connectors.salesforce.conftest import ServedOrg

# the first run is on Tuesday 2026-03-17; a week begins on Monday the 23rd


def calculated(report: SyncReport, name: str) -> StreamReport:
    """The lane of an object's computed columns."""
    return next(line for line in report.streams if (line.stream.object_name, line.stream.lane) == (name, "calculated"))


@pytest.fixture
def scored(org: ServedOrg) -> ServedOrg:
    """Deals and accounts with a formula, synced once."""
    for name in ("Opportunity", "Account"):
        org.edit("add_field", object=name, name="Score__c", type="double", formula="1", default="1")
    org.sync_discovered("Opportunity", "Account").raise_for_failure()
    return org


def score(org: ServedOrg, table: str, record_id: str) -> object:
    return org.rows(f"select score__c::int from raw_salesforce.{table} where _record_id = '{record_id}'")[0][0]


def test_the_first_night_reads_no_value_twice(org: ServedOrg) -> None:
    org.edit("add_field", object="Account", name="Score__c", type="double", formula="1", default="1")

    report = org.sync_discovered("Opportunity", "Account")

    report.raise_for_failure()
    assert calculated(report, "Opportunity").api == calculated(report, "Account").api == "nothing new"
    assert org.calls["bulk_create"] == 2


def test_an_object_without_computed_columns_has_no_such_lane(org: ServedOrg) -> None:
    connector = org.connect()
    connector.identity()

    lanes = {stream.object_name for stream in connector.streams() if stream.lane == "calculated"}
    connector.close()

    assert lanes == {"Opportunity"}


def test_a_formula_of_an_open_deal_is_read_anew_though_its_stamp_stays(scored: ServedOrg) -> None:
    deal = scored.world.ids("Opportunity", 'not "IsClosed" and not "IsDeleted"')[0]
    scored.edit("set_fields", object="Opportunity", id=deal, fields={"Score__c": 7}, move_stamp=False)
    scored.play_day()

    report = scored.sync_discovered("Opportunity", "Account")

    report.raise_for_failure()
    assert score(scored, "opportunity", deal) == 7
    assert calculated(report, "Opportunity").api == "REST"
    assert calculated(report, "Account").api == "nothing new"
    assert scored.differences("Opportunity") == []


def test_a_formula_of_a_closed_deal_or_another_object_is_read_anew_once_a_week(scored: ServedOrg) -> None:
    deal = scored.world.ids("Opportunity", '"IsClosed" and not "IsDeleted"')[0]
    account = scored.world.ids("Account", 'not "IsDeleted"')[0]
    scored.edit("set_fields", object="Opportunity", id=deal, fields={"Score__c": 7}, move_stamp=False)
    scored.edit("set_fields", object="Account", id=account, fields={"Score__c": 8}, move_stamp=False)
    scored.play_day()
    scored.sync_discovered("Opportunity", "Account").raise_for_failure()
    before = score(scored, "opportunity", deal), score(scored, "account", account)
    scored.play_day(6)

    scored.sync_discovered("Opportunity", "Account").raise_for_failure()

    assert before == (1, 1)
    assert (score(scored, "opportunity", deal), score(scored, "account", account)) == (7, 8)


def test_a_value_says_as_of_when_it_is_known(scored: ServedOrg) -> None:
    first = "select distinct _calculated_as_of from raw_salesforce.opportunity where {} and not _is_deleted"
    scored.play_day()

    scored.sync_discovered("Opportunity").raise_for_failure()

    assert scored.rows(first.format("not isclosed")) == [(datetime(2026, 3, 18, 1, 55),)]  # noqa: DTZ001 - raw is naive
    assert scored.rows(first.format("isclosed")) == [(datetime(2026, 3, 17, 1, 55),)]  # noqa: DTZ001


def test_a_second_run_of_the_day_leaves_the_lane_alone(scored: ServedOrg) -> None:
    report = scored.sync_discovered("Opportunity", "Account")

    assert calculated(report, "Opportunity").outcome == "not_due"
    assert calculated(report, "Account").outcome == "not_due"


@pytest.mark.parametrize(("days", "is_all"), [(1, False), (5, False), (6, True)], ids=["wednesday", "sunday", "monday"])
def test_a_window_over_a_monday_is_for_all_records(org: ServedOrg, days: int, is_all: bool) -> None:
    overlap = timedelta(minutes=10)
    window = Window(org.world.clock - overlap, org.world.clock + timedelta(days=days))
    selection = Selection.plain(TableSchema.of({"Id": "VARCHAR", "Score__c": "DOUBLE"}))

    query = open_or_all(find_object("Opportunity"), window, overlap, selection)

    assert query is not None
    assert ("IsClosed" not in query.soql()) is is_all
    assert (open_or_all(find_object("Account"), window, overlap, selection) is not None) is is_all


def test_a_next_day_with_news_and_formulas_costs_at_most_twelve_calls(org: ServedOrg) -> None:
    org.sync_discovered().raise_for_failure()
    for name in ("User", "Opportunity", "OpportunityHistory", "OpportunityLineItem", "OpportunityContactRole",
                 "Account", "Contact", "Lead", "Task", "Event"):  # fmt: skip
        org.world.will_edit(name, org.world.ids(name)[0], '"Id" = "Id"')
    org.play_day()

    report = org.sync_discovered()

    report.raise_for_failure()
    assert org.differences() == []
    assert sum(org.calls.values()) <= 12
