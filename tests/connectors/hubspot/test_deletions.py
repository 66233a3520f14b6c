"""Whatever leaves the portal leaves a tombstone: archived, merged in silence, or gone without a trace."""

import pytest

from connectors.streams import SyncRequest
from tests.connectors.hubspot.conftest import DEALS, Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle
from tests.connectors.hubspot.portal_edits import created_like, modified

TOMBSTONES = "select id, _merged_into from raw_hubspot.{kind} where _is_deleted order by id::bigint"


def tombstones(night: Night, kind: str) -> dict[object, object]:
    return dict(night.query(TOMBSTONES.format(kind=kind)))  # type: ignore[arg-type]


def test_contacts_merged_into_a_new_one_that_names_nobody_are_found_by_their_absence(night: Night) -> None:
    contacts = streams_of("contacts")
    night.sync(contacts)
    first, second = night.live_ids("contacts")[50], night.live_ids("contacts")[90]
    new = str(int(night.live_ids("contacts")[-1]) + 1)
    before = tombstones(night, "contacts")
    night.let_a_day_pass(
        created_like("contacts", first),
        modified("contacts", f"id = '{new}'"),
        f"update hubspot.contacts set merged_into = '{new}' where id in ('{first}', '{second}')",
    )

    report = night.sync(contacts)

    gone = tombstones(night, "contacts").items() - before.items()
    assert report.exit_code == 0
    assert gone == {(first, new), (second, new)}
    assert night.differences("contacts") == {}


def test_a_record_whose_archiving_the_list_forgot_becomes_a_tombstone(night: Night) -> None:
    calls = streams_of("calls")
    night.sync(calls)
    lost = night.live_ids("calls")[7]
    night.let_a_day_pass(f"update hubspot.calls set archived = true, archived_at = this_morning where id = '{lost}'")

    def forget(exchange: Exchange) -> None:
        if exchange.path == "/crm/v3/objects/calls" and b'"archived":true' in exchange.body:
            exchange.answer(200, {"results": []})

    with meddle(night.sandbox.url, forget) as proxy:
        report = night.sync(calls, host=proxy.url)

    assert report.exit_code == 0
    assert lost in tombstones(night, "calls")
    # HubSpot's own two columns about it come with that list alone: they are all that differs, in this record
    assert {row[1] for row in night.differences("calls")["calls"]} == {lost}
    (truth,) = [row for row in night.sandbox.truth("hubspot/calls", full=True) if row["id"] == lost]
    ((deleted_at,),) = night.query(f"select _deleted_at::varchar from raw_hubspot.calls where id = '{lost}'")
    assert deleted_at == truth["archived_at"]


def test_as_many_records_as_the_log_knows_cost_one_call_for_all_types(night: Night) -> None:
    night.sync()
    night.let_a_day_pass()
    night.sandbox.reset_stats()
    connector = night.connect()

    night.sync(connector=connector).raise_for_failure()

    assert connector.calls["records"] == 1
    assert connector.calls["batch_read"] == 1  # computed values of the open deals
    assert connector.calls["search"] == 7  # one for each type's changes: who is open, the log knows
    assert night.differences() == {}


def test_merges_that_the_rows_name_cost_no_search(night: Night) -> None:
    deals = night.live_ids("deals")
    night.sync(DEALS)
    night.let_a_day_pass(
        f"update hubspot.deals set merged_into = '{deals[1]}' where id = '{deals[0]}'",
        f"update hubspot.deals set updated_at = this_morning, hs_merged_object_ids = '{deals[0]}', "
        f"hs_lastmodifieddate = strftime(this_morning, '%Y-%m-%dT%H:%M:%S.%gZ') where id = '{deals[1]}'",
    )

    report = night.sync(DEALS)

    calls = {stream.stream.lane: dict(stream.calls) for stream in report.streams}
    assert tombstones(night, "deals")[deals[0]] == deals[1]
    assert "search" not in calls["deletes"]
    assert night.differences("deals") == {}


def test_a_person_deleted_for_privacy_is_forgotten_by_raw_table_and_log(night: Night) -> None:
    contacts = streams_of("contacts")
    night.sync(contacts)
    person = night.live_ids("contacts")[40]
    emails = f"{night.folder}/landing/hubspot/contacts/*-rows-*/part-*.parquet"
    clear = f"select count(email) from read_parquet('{emails}', union_by_name = true) where _record_id = '{person}'"
    assert night.query(clear) == [(1,)]
    night.let_a_day_pass(f"delete from hubspot.contacts where id = '{person}'")

    report = night.sync(contacts)

    kept = night.query(f"select _is_deleted, id, email, lastname from raw_hubspot.contacts where id = '{person}'")
    assert report.exit_code == 0
    assert kept == [(True, person, None, None)]
    assert night.query(clear) == [(0,)]
    assert night.differences("contacts") == {}


@pytest.mark.parametrize(("most", "gone"), [(5, 6), (1_000, 60)])
def test_silence_about_many_records_erases_nothing(
    night: Night, monkeypatch: pytest.MonkeyPatch, most: int, gone: int
) -> None:
    calls = streams_of("calls")
    monkeypatch.setattr("connectors.hubspot.erasures.MOST_AT_ONCE", most)
    night.sync(calls)
    assert gone < len(night.live_ids("calls")) < 20 * 60
    night.let_a_day_pass(f"delete from hubspot.calls where id in (select id from hubspot.calls limit {gone})")

    report = night.sync(calls)

    assert [stream.stream.lane for stream in report.streams if stream.outcome == "failed"] == ["erasures"]
    assert "nothing was erased" in str(report.streams[2].error)
    assert night.query("select count(*) from raw_hubspot.calls where _is_deleted") == [(0,)]
    assert night.differences("calls") == {}


def test_a_full_reading_leaves_nothing_stale(night: Night) -> None:
    contacts = streams_of("contacts")
    night.sync(contacts)
    ids = night.live_ids("contacts")
    night.let_a_day_pass(
        f"delete from hubspot.contacts where id = '{ids[3]}'",
        f"update hubspot.contacts set archived = true, archived_at = this_morning where id = '{ids[4]}'",
        f"update hubspot.contacts set jobtitle = 'changed in silence' where id = '{ids[5]}'",
    )
    connector = night.connect()

    report = night.sync(contacts, connector=connector, request=SyncRequest(full=True))

    assert report.exit_code == 0
    assert {ids[3], ids[4]} <= tombstones(night, "contacts").keys()
    assert night.query(f"select jobtitle from raw_hubspot.contacts where id = '{ids[5]}'") == [("changed in silence",)]
    assert connector.calls["search"] <= 4  # the list of who is there is what was read
    assert night.differences("contacts") == {}
