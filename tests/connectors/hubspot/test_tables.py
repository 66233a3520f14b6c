"""The raw tables equal the portal: after a first sync, after a day of every kind of change, and after nothing."""

import pytest

from connectors.hubspot.objects import STREAMS
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night
from tests.connectors.hubspot.portal_edits import archived, created_like, merged, modified, moved


def test_a_first_sync_ends_with_everything_the_portal_holds(night: Night) -> None:
    report = night.sync()

    assert (report.exit_code, report.is_partial) == (0, False)
    assert [stream.outcome for stream in report.streams] == ["synced"] * len(STREAMS)
    assert night.differences() == {}


def test_a_played_day_is_followed(night: Night) -> None:
    night.sync()
    night.sandbox.tick()

    report = night.sync()

    assert report.exit_code == 0
    assert sum(stream.rows for stream in report.streams if stream.stream.lane == "rows") > 0
    assert night.differences() == {}


def test_a_sync_the_next_day_follows_edits_deletions_merges_and_stages_entered_again(night: Night) -> None:
    deals, contacts, calls = (night.live_ids(kind, 9) for kind in ("deals", "contacts", "calls"))
    night.sync()
    night.let_a_day_pass(
        modified("deals", f"id = '{deals[0]}'", "amount = '1234567.89'", "competitor = 'a \"quoted\"; name'"),
        modified("deals", f"id = '{deals[1]}'", "amount = null", "hs_next_step = null"),
        *moved(deals[2], "contractsent", "qualifiedtobuy", "contractsent"),
        archived("deals", f"id = '{deals[3]}'"),
        *moved(deals[4], "closedlost"),
        archived("deals", f"id = '{deals[4]}'"),
        created_like("deals", deals[0]),
        archived("deals", "id = (select max(id) from hubspot.deals)"),
        *merged("deals", [deals[5], deals[6]], deals[7]),
        created_like("contacts", contacts[0]),
        *merged("contacts", contacts[:2], str(int(night.live_ids("contacts")[-1]) + 1)),
        archived("calls", f"id = '{calls[0]}'"),
        f"insert into hubspot._associations values ('deals', '{deals[8]}', 'contacts', '{contacts[5]}', "
        "'USER_DEFINED', 77, 'Decision maker')",
        modified("deals", f"id = '{deals[8]}'"),
        # more links than one answer holds
        f"insert into hubspot._associations select 'deals', '{deals[8]}', 'contacts', number::varchar, "
        "'HUBSPOT_DEFINED', 3, null from range(800000000000, 800000001200) as numbers(number)",
        f"delete from hubspot._associations where from_type = 'deals' and from_id = '{deals[0]}'",
    )

    report = night.sync()

    assert report.exit_code == 0
    assert night.differences() == {}
    gone = night.query(
        "select id, _is_deleted, _merged_into from raw_hubspot.deals where _merged_into is not null order by id"
    )
    merged_contacts = night.query(
        "select id, _is_deleted from raw_hubspot.contacts where _merged_into is not null "
        f"and id in ('{contacts[0]}', '{contacts[1]}')"
    )
    assert gone == [(deals[5], True, deals[7]), (deals[6], True, deals[7])]
    assert sorted(merged_contacts) == sorted((contact, True) for contact in contacts[:2])


def test_a_link_made_without_touching_an_open_deal_is_found_the_next_day(night: Night) -> None:
    night.sync(DEALS)
    night.let_a_day_pass(
        "insert into hubspot._associations select 'deals', id, 'contacts', '1', 'USER_DEFINED', 78, null "
        "from hubspot.deals where hs_is_closed = 'false' and not archived and merged_into is null"
    )

    night.sync(DEALS)

    assert night.differences(*DEAL_TABLES) == {}


def test_a_second_sync_without_a_change_changes_no_row(night: Night) -> None:
    night.sync()

    report = night.sync()

    changed = [
        load
        for load in report.applied
        if load.counts.inserted or load.counts.updated or load.counts.tombstoned or load.counts.held
    ]
    assert report.exit_code == 0
    assert changed == []
    assert night.differences() == {}


@pytest.mark.parametrize("table", ["deal_property_history", "deal_associations"])
def test_a_table_synced_alone_reads_for_itself(first_night: Night, table: str) -> None:
    report = first_night.sync([stream for stream in STREAMS if stream.raw_table == table])

    assert report.exit_code == 0
    assert first_night.differences(table) == {}


def test_the_date_based_paths_give_the_same_tables(first_night: Night) -> None:
    report = first_night.sync(api_version="2026-03")

    assert report.exit_code == 0
    assert first_night.differences() == {}
