"""Deleted, purged, merged, restored: what is gone in the org is a tombstone in the warehouse, and nothing else is."""

from datetime import datetime

import pytest

from tests.connectors.salesforce.conftest import ServedOrg


def _state(org: ServedOrg, table: str, record_id: str) -> tuple[object, ...]:
    rows = org.rows(f"select _is_deleted, _merged_into from raw_salesforce.{table} where _record_id = '{record_id}'")
    return rows[0]


def test_a_recycled_record_is_a_tombstone_with_its_values(org: ServedOrg) -> None:
    org.sync("Opportunity")
    gone = org.world.ids("Opportunity", 'not "IsDeleted"')[0]
    org.world.will_recycle("Opportunity", gone)
    org.play_day()

    org.sync("Opportunity")

    assert org.differences("Opportunity") == []
    assert org.rows(
        f"select _is_deleted, _deleted_at, name is not null from raw_salesforce.opportunity where _record_id = '{gone}'"
    ) == [(True, datetime(2026, 3, 17, 23, 0), True)]  # noqa: DTZ001 - raw times are naive UTC


def test_a_record_purged_between_two_syncs_is_flagged_not_lost(org: ServedOrg) -> None:
    org.sync("Contact")
    gone = org.world.ids("Contact", 'not "IsDeleted"')[0]
    org.world.will_purge("Contact", gone)
    org.play_day()

    report = org.sync("Contact")

    assert org.differences("Contact") == []
    assert _state(org, "contact", gone) == (True, None)
    assert [line.api for line in report.streams] == ["nothing new", "getDeleted"]


def test_a_merged_record_says_which_one_it_became(org: ServedOrg) -> None:
    org.sync("Account")
    loser, winner = org.world.ids("Account", 'not "IsDeleted"')[:2]
    org.world.will_edit("Account", loser, f'"IsDeleted" = true, "MasterRecordId" = \'{winner}\'')
    org.world.will_log("Account", loser, is_hard=False)
    org.play_day()

    org.sync("Account")

    assert org.differences("Account") == []
    assert _state(org, "account", loser) == (True, winner)
    assert _state(org, "account", winner) == (False, None)


def test_a_deletion_that_moves_no_stamp_is_found_in_the_delete_log(org: ServedOrg) -> None:
    org.sync("OpportunityFieldHistory")
    gone = org.world.ids("OpportunityFieldHistory", 'not "IsDeleted"')[0]
    org.world.will(f'update salesforce."OpportunityFieldHistory" set "IsDeleted" = true where "Id" = \'{gone}\'')
    org.world.will_log("OpportunityFieldHistory", gone, is_hard=False)
    org.play_day()

    org.sync("OpportunityFieldHistory")

    assert org.differences("OpportunityFieldHistory") == []
    assert _state(org, "opportunity_field_history", gone) == (True, None)


def test_a_restored_record_lives_again(org: ServedOrg) -> None:
    org.sync("Lead")
    record = org.world.ids("Lead", 'not "IsDeleted"')[0]
    org.world.will_recycle("Lead", record)
    org.play_day()
    org.sync("Lead")
    org.world.will_edit("Lead", record, '"IsDeleted" = false')
    org.world.will(f"delete from salesforce._deleted where id = '{record}'")
    org.play_day()

    org.sync("Lead")

    assert org.differences("Lead") == []
    assert _state(org, "lead", record) == (False, None)


def test_a_stage_that_vanished_from_the_picklist_is_a_tombstone(org: ServedOrg) -> None:
    org.sync("OpportunityStage")
    gone = org.world.ids("OpportunityStage")[0]
    org.world.will(f'delete from salesforce."OpportunityStage" where "Id" = \'{gone}\'')
    org.play_day()

    org.sync("OpportunityStage")

    assert org.differences("OpportunityStage") == []
    assert _state(org, "opportunity_stage", gone) == (True, None)


def test_after_a_gap_in_the_delete_log_the_ids_are_compared(org: ServedOrg) -> None:
    org.sync("Contact", "Task")
    contact, task = (org.world.ids(name, 'not "IsDeleted"')[0] for name in ("Contact", "Task"))
    org.world.will_purge("Contact", contact)
    org.world.will_purge("Task", task)
    org.play_day(days=20)

    report = org.sync("Contact", "Task")

    assert org.differences("Contact", "Task") == []
    assert {line.api for line in report.streams if line.stream.lane == "deletes"} == {"id list"}
    assert _state(org, "contact", contact)[0]
    assert sum(applied.counts.tombstoned for applied in report.applied) == 2


def test_field_history_that_the_org_dropped_for_its_age_stays_alive(org: ServedOrg) -> None:
    org.sync("OpportunityFieldHistory")
    is_old = "\"CreatedDate\" < timestamp '2024-07-01'"
    aged, purged = org.world.ids("OpportunityFieldHistory", is_old), org.world.ids("OpportunityFieldHistory")[-1]
    alive = len(org.world.ids("OpportunityFieldHistory", f'{is_old} and not "IsDeleted"'))
    # neither is in a delete log that reaches back so far
    org.world.will(f'delete from salesforce."OpportunityFieldHistory" where {is_old} or "Id" = \'{purged}\'')
    org.play_day(days=20)

    report = org.sync("OpportunityFieldHistory")

    assert {line.api for line in report.streams if line.stream.lane == "deletes"} == {"id list"}
    assert len(aged) > 10
    assert purged not in aged
    assert org.rows("select _record_id from raw_salesforce.opportunity_field_history where _is_deleted") == [(purged,)]
    # what the org no longer has is kept, and that is all that differs from it
    assert [difference.split(", such as")[0] for difference in org.differences("OpportunityFieldHistory")] == [
        f"OpportunityFieldHistory: {alive} purged rows alive"
    ]


def test_the_day_after_a_gap_the_delete_log_is_asked_again(org: ServedOrg) -> None:
    org.sync("Contact")
    org.play_day(days=20)
    org.sync("Contact")
    gone = org.world.ids("Contact", 'not "IsDeleted"')[0]
    org.world.will_purge("Contact", gone)
    org.play_day()

    report = org.sync("Contact")

    assert report.streams[1].api == "getDeleted"
    assert org.differences("Contact") == []


def test_a_record_purged_while_its_load_was_interrupted_is_not_brought_back(org: ServedOrg) -> None:
    # the job holds the rows of the first day; the run that goes on reading it must not revive what went since then
    org.fail("daily_limit", "bulk_results", 2)
    interrupted = org.sync("OpportunityHistory")
    org.state.faults.clear()
    gone = org.world.ids("OpportunityHistory", 'not "IsDeleted"')[-1]
    org.world.will_purge("OpportunityHistory", gone)
    org.play_day()

    report = org.sync("OpportunityHistory")

    assert interrupted.streams[0].outcome == "paused"
    assert report.is_complete
    assert org.differences("OpportunityHistory") == []
    assert _state(org, "opportunity_history", gone) == (True, None)


@pytest.mark.parametrize("objects", [("Contact",), ("Contact", "Account", "Task", "Event")])
def test_the_delete_log_of_all_objects_costs_one_call(org: ServedOrg, objects: tuple[str, ...]) -> None:
    org.sync(*objects)
    org.play_day()

    org.sync(*objects)

    assert org.calls["composite_deleted"] == 1
