"""Edits over the wire: what a person or an administrator does between two days, and who gets to see it."""

import duckdb
import pytest

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import CLOCK

EARLIER = "2026-03-17T01:00:00Z"  # getDeleted lists whole minutes before the clock
NOW = CLOCK.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
FIRST = "006000000000001AAA"
ACCOUNTS = ["001000000000001AAA", "001000000000002AAA"]


def test_a_changed_field_moves_the_stamp_to_the_virtual_clock(own_org: ServedOrg) -> None:
    own_org.edit("set_fields", object="Opportunity", id=FIRST, fields={"amount": 77.5, "CloseDate": "2026-05-01"})

    row = own_org.rows("SELECT Amount, CloseDate, SystemModstamp, LastModifiedDate FROM Opportunity", FIRST)[0]

    assert (row["Amount"], row["CloseDate"]) == (77.5, "2026-05-01")
    assert (row["SystemModstamp"], row["LastModifiedDate"]) == (NOW, NOW)


def test_a_formula_changes_without_any_stamp(own_org: ServedOrg) -> None:
    before = own_org.rows("SELECT SystemModstamp FROM Opportunity", FIRST)[0]["SystemModstamp"]

    own_org.edit("set_fields", object="Opportunity", id=FIRST, fields={"ExpectedRevenue": 5}, move_stamp=False)

    row = own_org.rows("SELECT ExpectedRevenue, SystemModstamp FROM Opportunity", FIRST)[0]
    assert (row["ExpectedRevenue"], row["SystemModstamp"]) == (5.0, before)


def test_an_opportunity_s_histories_follow_an_edit(own_org: ServedOrg) -> None:
    own_org.edit("set_fields", object="Opportunity", id=FIRST, fields={"StageName": "Closed Won", "Amount": 5})
    own_org.edit("set_fields", object="Opportunity", id=FIRST, fields={"NextStep": "Call"})

    snapshots = own_org.query("SELECT StageName, Amount, PrevAmount, CreatedDate FROM OpportunityHistory").json()
    soql = (
        f"SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory WHERE CreatedDate = {CLOCK:%Y-%m-%dT%H:%M:%SZ}"
    )
    changes = own_org.query(f"{soql} ORDER BY Field").json()["records"]

    assert [
        (row["StageName"], row["Amount"], row["PrevAmount"], row["CreatedDate"]) for row in snapshots["records"]
    ] == [("Closed Won", 5.0, 1000.5, NOW)]
    assert [(row["Field"], row["OldValue"], row["NewValue"]) for row in changes] == [
        ("Amount", 1000.5, 5.0),
        ("StageName", "Prospecting", "Closed Won"),
    ]


def test_inserted_records_share_a_stamp_and_have_ids_with_a_right_checksum(own_org: ServedOrg) -> None:
    made = own_org.edit("insert", object="Contact", count=3, fields={"LastName": "Tie"}, stamp="2026-03-16T10:00:00Z")

    rows = own_org.query("SELECT Id, SystemModstamp FROM Contact WHERE LastName = 'Tie' ORDER BY Id").json()["records"]
    assert [row["Id"] for row in rows] == made["ids"]
    assert {row["SystemModstamp"] for row in rows} == {"2026-03-16T10:00:00.000+0000"}
    assert own_org.rows("SELECT Id FROM Contact", str(rows[0]["Id"])[:15])[0]["Id"] == rows[0]["Id"]


def test_a_late_commit_shows_up_behind_the_clock(own_org: ServedOrg) -> None:
    made = own_org.edit("late_commit", object="Account", fields={"Name": "Late"})

    assert made["stamp"] == "2026-03-17T01:57:00Z"
    assert own_org.rows("SELECT Name FROM Account", str(made["id"]))[0]["Name"] == "Late"


def test_a_soft_deleted_record_goes_to_the_bin_with_its_children_and_comes_back(own_org: ServedOrg) -> None:
    own_org.edit("soft_delete", object="Opportunity", id=FIRST, stamp=EARLIER)

    assert 1 not in own_org.ids("Id != null")
    history = own_org.query("SELECT Id, IsDeleted FROM OpportunityFieldHistory", deleted=True).json()["records"]
    assert [row["IsDeleted"] for row in history] == [True, True]
    assert FIRST in own_org.deleted_ids("Opportunity")
    own_org.edit("undelete", object="Opportunity", id=FIRST)
    assert 1 in own_org.ids("Id != null")
    assert FIRST not in own_org.deleted_ids("Opportunity")


@pytest.mark.parametrize("logged", [True, False])
def test_a_hard_deleted_record_is_known_to_the_delete_log_alone(own_org: ServedOrg, logged: bool) -> None:
    own_org.edit("hard_delete", object="Opportunity", id=FIRST, logged=logged, stamp=EARLIER)

    soql = f"SELECT COUNT() FROM Opportunity WHERE Id = '{FIRST}'"
    assert own_org.query(soql, deleted=True).json()["totalSize"] == 0
    assert (FIRST in own_org.deleted_ids("Opportunity")) is logged


def test_a_merge_bins_the_loser_and_leads_its_children_to_the_winner(own_org: ServedOrg) -> None:
    winner, loser = ACCOUNTS
    moved = own_org.query(f"SELECT COUNT() FROM Opportunity WHERE AccountId = '{loser}'").json()["totalSize"]

    own_org.edit("merge", object="Account", winner=winner, losers=[loser], stamp=EARLIER)

    rows = own_org.query("SELECT Id, IsDeleted, MasterRecordId FROM Account ORDER BY Id", deleted=True).json()[
        "records"
    ]
    assert [(row["IsDeleted"], row["MasterRecordId"]) for row in rows] == [(False, None), (True, winner)]
    assert own_org.deleted_ids("Account") == [loser]
    stamped = f"SELECT COUNT() FROM Opportunity WHERE AccountId = '{winner}' AND SystemModstamp = {EARLIER}"
    assert own_org.query(stamped).json()["totalSize"] == moved > 0


def test_a_merged_lead_names_its_master(own_org: ServedOrg) -> None:
    ids = own_org.edit("insert", object="Lead", count=2, fields={"LastName": "Twin", "Company": "x"})["ids"]

    own_org.edit("merge", object="Lead", winner=ids[0], losers=[ids[1]])

    row = own_org.query(f"SELECT MasterRecordId FROM Lead WHERE Id = '{ids[1]}'", deleted=True).json()["records"][0]
    assert row["MasterRecordId"] == ids[0]


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "gremlin"},
        {"kind": "set_fields", "object": "Opportunity", "id": FIRST, "fields": {"Nope": 1}},
        {"kind": "set_fields", "object": "Nope", "id": FIRST, "fields": {}},
        {"kind": "soft_delete", "object": "Opportunity", "id": "006000000000077AAA"},
        {"kind": "merge", "object": "Account", "winner": ACCOUNTS[0], "losers": [ACCOUNTS[0]]},
        {"kind": "set_fields", "object": "Opportunity", "id": FIRST, "fields": {"Amount": "many"}},
        {"kind": "add_field", "object": "Opportunity", "name": "X__c", "type": "gremlin"},
        {"kind": "drop_field", "object": "Opportunity", "name": "X__c"},
    ],
)
def test_an_edit_that_cannot_be_made_is_refused_and_changes_nothing(
    own_org: ServedOrg, edit: dict[str, object]
) -> None:
    before = own_org.get("/__truth__/salesforce/Opportunity").json()

    refused = own_org.post("/__sandbox__/edit", {"crm": "salesforce", **edit})

    assert refused.status_code == 400
    assert refused.json()["error"]
    assert own_org.get("/__truth__/salesforce/Opportunity").json() == before


def test_truth_follows_an_edit(own_org: ServedOrg) -> None:
    def truth() -> dict[str, str]:
        return {row["id"]: row["hash"] for row in own_org.get("/__truth__/salesforce/Opportunity").json()}

    before = truth()
    own_org.edit("set_fields", object="Opportunity", id=FIRST, fields={"Name": "Other"})
    after = truth()

    assert {identity for identity in before if before[identity] != after[identity]} == {FIRST}


def test_an_edited_record_stays_edited_when_days_are_played(edited_world: duckdb.DuckDBPyConnection) -> None:
    """The world's own days neither revive what was deleted nor undo what was set, and keep added fields' values."""
    found = edited_world.execute("""
        SELECT count(*) FILTER (WHERE "Name" = 'Kept'), count(*) FILTER (WHERE "Score__c" = 3),
            count(*) FILTER (WHERE "Name" = 'New'),
            count(*) FILTER (WHERE "Id" IN (SELECT id FROM salesforce._deleted WHERE is_hard))
        FROM salesforce."Opportunity" """).fetchone()
    orphans = edited_world.execute("""
        SELECT count(*) FROM salesforce."OpportunityHistory" WHERE "OpportunityId" NOT IN
            (SELECT "Id" FROM salesforce."Opportunity")""").fetchone()

    assert found == (1, 3, 1, 0)
    assert orphans == (0,)
