"""Records by id, columns of all records, everything anew, merges; and what a person sees before connecting an org."""

from collections.abc import Iterator

import pytest

from connectors.landing import LandingLog
from connectors.salesforce.objects import STREAMS
from connectors.streams import Probe, SyncRequest
from connectors.sync import run_sync
from tests.connectors.salesforce.conftest import ServedOrg


def sync(org: ServedOrg, name: str, request: SyncRequest, *, lanes: tuple[str, ...] = ("rows",)) -> dict[str, int]:
    """A special run over one object; its calls."""
    connector = org.connect()
    chosen = [stream for stream in STREAMS if stream.object_name == name and stream.lane in lanes]
    with LandingLog(org.folder / "landing") as log:
        run_sync(connector, log, org.warehouse, chosen, request=request).raise_for_failure()
    connector.close()
    return dict(connector.calls)


def test_records_named_by_their_ids_are_read_whenever_they_changed(org: ServedOrg) -> None:
    org.sync("Account")
    stale, other = org.world.ids("Account")[:2]
    org.edit("set_fields", object="Account", id=stale, fields={"Name": "new"}, stamp="2026-03-01T00:00:00Z")
    org.edit("set_fields", object="Account", id=other, fields={"Name": "new"}, stamp="2026-03-01T00:00:00Z")
    org.rows("select 1")

    calls = sync(org, "Account", SyncRequest(ids=(stale,)))

    assert calls["query"] == 1
    with LandingLog(org.folder / "landing") as log:
        newest = log.manifests("salesforce")[-1]
    assert (newest.rows_landed, newest.request.moves_watermark) == (1, False)


def test_more_ids_than_fit_a_query_are_asked_in_several(org: ServedOrg) -> None:
    org.sync("OpportunityHistory")
    known = org.world.ids("OpportunityHistory")
    many = tuple(known) + tuple(f"017{number:012d}" for number in range(600 - len(known)))

    calls = sync(org, "OpportunityHistory", SyncRequest(ids=many))

    assert calls["query"] == 2
    assert org.differences("OpportunityHistory") == []


def test_what_is_no_id_is_never_put_into_a_query(org: ServedOrg) -> None:
    org.sync("Account")

    with pytest.raises(Exception, match="no Salesforce id"):
        sync(org, "Account", SyncRequest(ids=("x' OR Name != '",)))


def test_a_column_that_becomes_readable_gets_the_values_of_all_records(org: ServedOrg) -> None:
    org.edit("hide_field", object="Account", field="Industry")
    org.sync("Account")
    before = org.rows("select count(industry) from raw_salesforce.account")
    org.edit("show_field", object="Account", field="Industry")
    org.play_day()

    org.sync("Account").raise_for_failure()

    assert before == [(0,)]
    assert org.differences("Account") == []


def test_a_new_field_gets_the_values_of_records_that_did_not_change(org: ServedOrg) -> None:
    org.sync("Account")
    org.edit("add_field", object="Account", name="Tier__c", type="picklist", default="gold")
    org.play_day()

    org.sync("Account").raise_for_failure()

    assert org.rows("select distinct tier__c from raw_salesforce.account where not _is_deleted") == [("gold",)]


def test_a_full_sync_mends_what_was_changed_without_a_stamp(org: ServedOrg) -> None:
    org.sync("Account")
    record = org.world.ids("Account", 'not "IsDeleted"')[0]
    gone = org.world.ids("Account", 'not "IsDeleted"')[1]
    org.edit("hard_delete", object="Account", id=gone, logged=False)
    org.play_day()

    sync(org, "Account", SyncRequest(full=True), lanes=("rows", "deletes"))

    assert org.differences("Account") == []
    assert org.rows(f"select _is_deleted from raw_salesforce.account where id = '{gone}'") == [(True,)]
    assert org.rows(f"select _is_deleted from raw_salesforce.account where id = '{record}'") == [(False,)]


@pytest.mark.parametrize("minutes", [3, 6, 14])
def test_a_record_that_is_committed_late_is_read_though_its_stamp_lies_behind(org: ServedOrg, minutes: int) -> None:
    org.sync("Account")  # complete until five minutes ago
    org.edit("late_commit", object="Account", fields={"Name": "late", "IsDeleted": False}, minutes=minutes)
    org.play_day()

    org.sync("Account").raise_for_failure()

    assert org.rows("select count(*) from raw_salesforce.account where name = 'late'") == [(1,)]
    assert org.differences("Account") == []


@pytest.mark.parametrize("name", ["Account", "Contact", "Lead"])
def test_merged_records_name_the_one_that_is_left(org: ServedOrg, name: str) -> None:
    org.sync(name)
    winner, *losers = org.world.ids(name, 'not "IsDeleted"')[:3]
    org.edit("merge", object=name, winner=winner, losers=losers, stamp="2026-03-17T12:00:00Z")
    org.play_day()

    org.sync(name).raise_for_failure()

    assert org.differences(name) == []
    found = org.rows(f"select distinct _merged_into from raw_salesforce.{name} where id in {tuple(losers)}")
    assert found == [(winner,)]


def probes(org: ServedOrg) -> dict[str, Probe]:
    """What is found, by name."""
    connector = org.connect()
    found: Iterator[Probe] = connector.probes()
    by_name = {probe.name: probe for probe in found}
    connector.close()
    return by_name


def test_an_org_that_is_ready_is_ok_in_every_respect_but_the_clock(org: ServedOrg) -> None:
    org.state.limits["rest_page_rows"] = 200

    found = probes(org)

    assert {name: probe.status for name, probe in found.items() if probe.status != "ok"} == {"clock": "warning"}
    assert {"login", "API version", "Bulk query jobs", "object Opportunity", "Composite", "Composite chaining", "getDeleted in Composite"} <= set(found)  # fmt: skip # noqa: E501


def test_a_hidden_object_and_a_hidden_field_are_named_with_what_to_do(org: ServedOrg) -> None:
    org.state.hidden = {"Lead", "Opportunity.Amount"}
    org.fail("refuse", "composite", 2, code="MALFORMED_QUERY")

    found = probes(org)

    assert (found["object Lead"].status, found["object Opportunity"].status) == ("failed", "warning")
    assert "Amount" in found["object Opportunity"].found
    assert "permission set" in found["object Lead"].action


def test_a_refused_login_is_the_last_thing_that_is_looked_at(org: ServedOrg) -> None:
    org.fail("status", "token", status=400, code="invalid_client")

    found = probes(org)

    assert list(found) == ["login"]
    assert found["login"].status == "failed"


def test_the_quota_is_the_orgs_own_count(org: ServedOrg) -> None:
    connector = org.connect()

    quota = connector.quota()
    connector.close()

    assert quota is not None
    assert (quota.used, quota.maximum, quota.reserve) == (1, 125_000, 0.2)
    assert quota.available == 100_000 - 1
