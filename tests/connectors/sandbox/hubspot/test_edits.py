"""Edits from outside: seen at once on the wire, stamped by the virtual clock, followed by the truth."""

import pytest

from connectors.sandbox.hubspot.edits import apply_edit
from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit
from tests.connectors.sandbox.hubspot.portal_world import ARCHIVED_DEAL, FIRST_DEAL

DEALS = "/crm/v3/objects/deals"
FIRST = str(FIRST_DEAL)
SECOND = str(FIRST_DEAL + 1)
CLOCK = "2026-03-17T02:00:00.000Z"


def read_deal(portal: ServedPortal, key: str, **query: object) -> dict[str, object]:
    deal: dict[str, object] = portal.get(f"{DEALS}/{key}", **query).json()
    return deal


def test_a_changed_value_is_answered_at_once_with_the_clock_as_its_stamp(own_portal: ServedPortal) -> None:
    edit(own_portal, "set_properties", type="deals", id=FIRST, properties={"amount": "777", "dealname": "New"})

    deal = read_deal(own_portal, FIRST, properties="amount,dealname", propertiesWithHistory="amount")

    assert deal["updatedAt"] == CLOCK
    assert deal["properties"] == {
        "amount": "777",
        "createdate": "2025-01-02T00:00:00.000Z",
        "dealname": "New",
        "hs_lastmodifieddate": CLOCK,
        "hs_object_id": FIRST,
    }
    newest = deal["propertiesWithHistory"]["amount"][0]  # type: ignore[index]
    assert (newest["value"], newest["timestamp"]) == ("777", CLOCK)


def test_a_stage_entered_twice_is_twice_in_the_history(own_portal: ServedPortal) -> None:
    for second, stage in ((1, "closedwon"), (2, "appointmentscheduled"), (3, "closedwon")):
        edit(
            own_portal,
            "set_properties",
            type="deals",
            id=FIRST,
            properties={"dealstage": stage},
            stamp=f"2026-03-17T01:00:0{second}.250Z",
        )

    deal = read_deal(own_portal, FIRST, properties="hs_is_closed_won", propertiesWithHistory="dealstage")

    history = deal["propertiesWithHistory"]["dealstage"]  # type: ignore[index]
    assert [(item["value"], item["timestamp"]) for item in history[:3]] == [
        ("closedwon", "2026-03-17T01:00:03.250Z"),
        ("appointmentscheduled", "2026-03-17T01:00:02.250Z"),
        ("closedwon", "2026-03-17T01:00:01.250Z"),
    ]
    assert deal["properties"]["hs_is_closed_won"] == "true"  # type: ignore[index]


def test_a_calculated_value_moves_no_stamp(own_portal: ServedPortal) -> None:
    before = read_deal(own_portal, FIRST)["updatedAt"]

    edit(own_portal, "set_properties", type="deals", id=FIRST, properties={"num_notes": 9}, move_stamp=False)

    deal = read_deal(own_portal, FIRST, properties="num_notes")
    assert (deal["updatedAt"], deal["properties"]["num_notes"]) == (before, "9")  # type: ignore[index]


def test_a_new_record_is_listed_found_and_linked(own_portal: ServedPortal) -> None:
    made = edit(
        own_portal,
        "insert",
        type="deals",
        properties={"dealname": "Fresh", "dealstage": "closedwon"},
        associations=[{"type": "contacts", "id": "101"}],
    )

    found = own_portal.post(f"{DEALS}/search", {"query": "Fresh"}).json()
    links = own_portal.get(f"/crm/v4/objects/deals/{made['id']}/associations/contacts").json()["results"]
    back = own_portal.get("/crm/v4/objects/contacts/101/associations/deals").json()["results"]

    assert [deal["id"] for deal in found["results"]] == [made["id"]]
    assert [(entry["toObjectId"], entry["associationTypes"][0]["typeId"]) for entry in links] == [(101, 3)]
    assert int(str(made["id"])) in [entry["toObjectId"] for entry in back]


def test_archiving_moves_no_stamp_and_restoring_does(own_portal: ServedPortal) -> None:
    before = read_deal(own_portal, FIRST)["updatedAt"]

    edit(own_portal, "archive", type="deals", id=FIRST)
    archived = own_portal.get(DEALS, archived="true").json()["results"]
    edit(own_portal, "restore", type="deals", id=FIRST)

    assert [(deal["id"], deal["updatedAt"], deal["archivedAt"]) for deal in archived if deal["id"] == FIRST] == [
        (FIRST, before, CLOCK)
    ]
    assert read_deal(own_portal, FIRST)["updatedAt"] == CLOCK


def test_a_privacy_deletion_leaves_no_trace(own_portal: ServedPortal) -> None:
    edit(own_portal, "privacy_delete", type="contacts", id="101")

    asked = own_portal.post("/crm/v3/objects/contacts/batch/read", {"inputs": [{"id": "101"}, {"id": "102"}]})
    archived = own_portal.get("/crm/v3/objects/contacts", archived="true").json()["results"]
    links = own_portal.get(f"/crm/v4/objects/deals/{SECOND}/associations/contacts").json()["results"]

    assert asked.status_code == 207
    assert [contact["id"] for contact in asked.json()["results"]] == ["102"]
    assert (archived, links) == ([], [])


def test_ten_thousand_changes_in_one_millisecond_share_their_stamp(own_portal: ServedPortal) -> None:
    edit(own_portal, "burst", type="deals", count=10_050, properties={"dealname": "Burst"})
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "EQ", "value": CLOCK}]

    found = own_portal.post(f"{DEALS}/search", {"filterGroups": [{"filters": filters}], "limit": 200, "after": 9_800})
    beyond = own_portal.post(f"{DEALS}/search", {"filterGroups": [{"filters": filters}], "limit": 200, "after": 10_000})

    assert (found.json()["total"], len(found.json()["results"])) == (10_050, 200)
    assert beyond.status_code == 400


def test_existing_records_can_be_touched_all_at_once(own_portal: ServedPortal) -> None:
    made = edit(own_portal, "burst", type="deals", count=3, existing=True, stamp="2026-03-17T01:30:00.123Z")

    stamps = [deal["updatedAt"] for deal in own_portal.get(DEALS, limit=5).json()["results"]]

    assert made["count"] == 3
    assert stamps.count("2026-03-17T01:30:00.123Z") == 3


def test_a_late_record_is_in_lists_before_it_is_in_the_index(own_portal: ServedPortal) -> None:
    edit(own_portal, "late_index", type="deals", id=FIRST, until="2026-03-17T12:00:00Z")

    listed = [deal["id"] for deal in own_portal.get(DEALS).json()["results"]]
    found = own_portal.post(f"{DEALS}/search", {}).json()
    own_portal.session.post(f"{own_portal.url}/__sandbox__/tick", timeout=10)
    later = own_portal.post(f"{DEALS}/search", {}).json()

    assert FIRST in listed
    assert (found["total"], later["total"]) == (4, 5)


def test_an_edit_that_cannot_be_says_why_and_changes_nothing(own_portal: ServedPortal) -> None:
    cases: list[tuple[dict[str, object], str]] = [
        ({"kind": "paint"}, "no HubSpot edit"),
        ({"kind": "set_properties", "type": "unicorns", "id": FIRST}, "no object type"),
        ({"kind": "set_properties", "type": "deals", "id": "1", "properties": {"amount": "1"}}, "there is no deal 1"),
        ({"kind": "set_properties", "type": "deals", "id": FIRST, "properties": {"sparkle": "1"}}, "sparkle"),
        ({"kind": "merge", "type": "deals", "ids": [FIRST]}, "two or more"),
        ({"kind": "merge", "type": "deals", "ids": [FIRST, "1"]}, "there is no deal 1"),
        ({"kind": "insert", "type": "deals", "id": ARCHIVED_DEAL}, "already"),
    ]

    for fields, reason in cases:
        with pytest.raises(ValueError, match=reason):
            apply_edit(own_portal.state, fields)
    assert read_deal(own_portal, FIRST)["updatedAt"] == "2026-03-15T00:00:01.000Z"
