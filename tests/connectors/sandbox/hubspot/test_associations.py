"""Associations v4: batch read with cursors per record, and the page of one record."""

from tests.connectors.sandbox.hubspot.conftest import ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL

CONTACTS = "/crm/v4/associations/deals/contacts/batch/read"


def test_each_record_is_paged_by_its_own_cursor_until_every_link_is_read(portal: ServedPortal) -> None:
    links: dict[str, list[int]] = {}
    inputs: list[dict[str, str]] = [{"id": str(FIRST_DEAL)}, {"id": str(FIRST_DEAL + 1)}]
    sizes = []
    while inputs:
        results = portal.post(CONTACTS, {"inputs": inputs}).json()["results"]
        inputs = []
        for result in results:
            links.setdefault(result["from"]["id"], []).extend(to["toObjectId"] for to in result["to"])
            sizes.append(len(result["to"]))
            if "paging" in result:
                inputs.append({"id": result["from"]["id"], "after": result["paging"]["next"]["after"]})

    assert links == {str(FIRST_DEAL): list(range(101, 1401)), str(FIRST_DEAL + 1): [101]}
    assert sizes == [500, 1, 500, 300]


def test_the_link_of_a_page_leads_to_the_next_one(portal: ServedPortal) -> None:
    first = portal.post(CONTACTS, {"inputs": [{"id": str(FIRST_DEAL)}]}).json()["results"][0]

    following = portal.session.get(first["paging"]["next"]["link"], timeout=10).json()

    assert following["results"][0]["toObjectId"] == 601
    assert len(following["results"]) == 500
    assert "after=" in following["paging"]["next"]["link"]


def test_one_pair_can_have_several_types(portal: ServedPortal) -> None:
    companies = portal.post(
        "/crm/associations/2026-03/deals/companies/batch/read", {"inputs": [{"id": str(FIRST_DEAL)}]}
    )

    assert companies.status_code == 200
    assert companies.json()["results"] == [
        {
            "from": {"id": str(FIRST_DEAL)},
            "to": [
                {
                    "toObjectId": 77,
                    "associationTypes": [
                        {"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"},
                        {"category": "HUBSPOT_DEFINED", "typeId": 341, "label": None},
                    ],
                }
            ],
        }
    ]


def test_records_without_links_are_errors_of_a_207(portal: ServedPortal) -> None:
    reply = portal.post(CONTACTS, {"inputs": [{"id": str(FIRST_DEAL + 1)}, {"id": str(FIRST_DEAL + 2)}]})

    body = reply.json()
    assert reply.status_code == 207
    assert [result["from"]["id"] for result in body["results"]] == [str(FIRST_DEAL + 1)]
    assert body["numErrors"] == 1
    assert body["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No contact is associated with deal {FIRST_DEAL + 2}.",
            "context": {
                "fromObjectId": [str(FIRST_DEAL + 2)],
                "fromObjectType": ["deal"],
                "toObjectType": ["contact"],
            },
        }
    ]


def test_a_thousand_inputs_are_read_and_one_more_is_refused(portal: ServedPortal) -> None:
    inputs = [{"id": str(FIRST_DEAL + n)} for n in range(1_001)]

    assert portal.post(CONTACTS, {"inputs": inputs[:1_000]}).json()["numErrors"] == 998
    assert portal.post(CONTACTS, {"inputs": inputs}).status_code == 400
    assert portal.post(CONTACTS, {"inputs": [{"id": "1", "after": "!"}]}).status_code == 400
