"""Merges: contacts and companies become a new record, deals one of the old ones; every old id leads there."""

from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL

CONTACTS = "/crm/v3/objects/contacts"
FIRST, SECOND, THIRD = (str(FIRST_DEAL + n) for n in range(3))


def read_ids(portal: ServedPortal, path: str, asked: list[str]) -> list[str]:
    reply = portal.post(f"{path}/batch/read", {"inputs": [{"id": key} for key in asked]})
    return [entry["id"] for entry in reply.json()["results"]]


def test_merged_contacts_answer_under_one_new_id_with_the_values_of_the_first(own_portal: ServedPortal) -> None:
    edit(own_portal, "set_properties", type="contacts", id="102", properties={"jobtitle": "Buyer"})
    made = edit(own_portal, "merge", type="contacts", ids=["101", "102"])

    contact = own_portal.get(f"{CONTACTS}/101", properties="email,firstname,jobtitle,hs_merged_object_ids").json()
    listed = {entry["id"] for entry in own_portal.get(CONTACTS, limit=100).json()["results"]}

    assert made["id"] not in ("101", "102")
    assert contact["id"] == made["id"]
    assert contact["properties"]["email"] == "c1@sandbox.invalid"
    assert contact["properties"]["jobtitle"] == "Buyer"
    assert contact["properties"]["hs_merged_object_ids"] == "101;102"
    assert read_ids(own_portal, CONTACTS, ["101", "102", "103"]) == [made["id"], "103"]
    assert not {"101", "102"} & listed
    assert own_portal.post(f"{CONTACTS}/search", {"query": "c2@"}).json()["total"] == 0


def test_a_chain_of_merges_keeps_every_id_that_went_into_it(own_portal: ServedPortal) -> None:
    first = edit(own_portal, "merge", type="contacts", ids=["101", "102"])
    second = edit(own_portal, "merge", type="contacts", ids=["103", first["id"]])

    contact = own_portal.get(f"{CONTACTS}/102", properties="hs_merged_object_ids").json()

    assert contact["id"] == second["id"]
    assert set(contact["properties"]["hs_merged_object_ids"].split(";")) == {"101", "102", "103", first["id"]}
    assert read_ids(own_portal, CONTACTS, ["101", "102", "103", str(first["id"])]) == [second["id"]]


def test_merged_deals_keep_the_id_of_the_winner_which_is_modified(own_portal: ServedPortal) -> None:
    edit(own_portal, "merge", type="deals", ids=[FIRST, SECOND])

    deal = own_portal.get(f"/crm/v3/objects/deals/{SECOND}", properties="dealname,hs_merged_object_ids").json()

    assert (deal["id"], deal["updatedAt"]) == (FIRST, "2026-03-17T02:00:00.000Z")
    assert deal["properties"]["dealname"] == "Deal 1"
    assert deal["properties"]["hs_merged_object_ids"] == SECOND


def test_links_of_merged_records_move_without_doubling(own_portal: ServedPortal) -> None:
    for contact in ("101", "102"):
        edit(own_portal, "add_association", type="deals", id=FIRST, to_type="contacts", to_id=contact)
    merged = edit(own_portal, "merge", type="contacts", ids=["101", "102"])
    edit(own_portal, "merge", type="deals", ids=[FIRST, SECOND])

    page = own_portal.get(f"/crm/v4/objects/contacts/{merged['id']}/associations/deals").json()["results"]
    batch = own_portal.post(
        "/crm/v4/associations/deals/contacts/batch/read", {"inputs": [{"id": FIRST}, {"id": SECOND}]}
    ).json()
    linked = [entry["toObjectId"] for entry in batch["results"][0]["to"]]

    assert [(entry["toObjectId"], len(entry["associationTypes"])) for entry in page] == [(int(FIRST), 1)]
    assert len(linked) == len(set(linked)) == 500
    assert not {101, 102} & set(linked)
    assert [error["context"]["fromObjectId"] for error in batch["errors"]] == [[SECOND]]


def test_a_moved_link_changes_no_record(own_portal: ServedPortal) -> None:
    before = own_portal.get(f"/crm/v3/objects/deals/{SECOND}").json()["updatedAt"]

    edit(own_portal, "move_association", type="deals", id=SECOND, to_type="contacts", from_id="101", to_id="105")
    edit(own_portal, "add_association", type="deals", id=THIRD, to_type="contacts", to_id="106")
    edit(own_portal, "remove_association", type="deals", id=THIRD, to_type="contacts", to_id="106")

    links = own_portal.get(f"/crm/v4/objects/deals/{SECOND}/associations/contacts").json()["results"]
    assert links == [
        {
            "toObjectId": 105,
            "associationTypes": [{"category": "USER_DEFINED", "typeId": 36, "label": "Decision maker"}],
        }
    ]
    assert own_portal.get(f"/crm/v4/objects/deals/{THIRD}/associations/contacts").json()["results"] == []
    assert own_portal.get(f"/crm/v3/objects/deals/{SECOND}").json()["updatedAt"] == before
