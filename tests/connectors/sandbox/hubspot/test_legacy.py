"""The first and second API versions, as other extractors call them."""

from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL, LIVE_DEALS


def test_deals_come_by_offset_with_values_as_objects(portal: ServedPortal) -> None:
    found: list[dict[str, object]] = []
    offset, more = 0, True
    while more:
        page = portal.get("/deals/v1/deal/paged", limit=100, includeAllProperties="true", offset=offset).json()
        found += page["deals"]
        offset, more = page["offset"], page["hasMore"]

    first = found[0]
    assert [deal["dealId"] for deal in found] == [FIRST_DEAL + n for n in range(LIVE_DEALS)]
    assert first["associations"]["associatedCompanyIds"] == [77]  # type: ignore[index]
    assert first["properties"]["amount"] == {  # type: ignore[index]
        "value": "100.50",
        "timestamp": 1773532801000,
        "source": "CRM_UI",
        "sourceId": None,
    }
    assert first["properties"]["hs_lastmodifieddate"]["value"] == "1773532801000"  # type: ignore[index]
    assert "hs_next_step" not in first["properties"]  # type: ignore[operator]


def test_definitions_and_pipelines_are_bare_lists(portal: ServedPortal) -> None:
    names = {entry["name"] for entry in portal.get("/properties/v1/deals/properties").json()}
    company_names = {entry["name"] for entry in portal.get("/companies/v2/properties").json()}
    pipelines = portal.get("/deals/v1/pipelines").json()

    assert {"amount", "dealstage"} <= names
    assert "domain" in company_names
    assert [stage["closedWon"] for stage in pipelines[0]["stages"]] == [False, True]


def test_a_company_is_read_alone_and_in_pages(own_portal: ServedPortal) -> None:
    made = edit(own_portal, "insert", type="companies", properties={"name": "Acme"})

    page = own_portal.get("/companies/v2/companies/paged").json()
    alone = own_portal.get(f"/companies/v2/companies/{made['id']}").json()

    assert (page["companies"], page["has-more"]) == ([alone], False)
    assert alone["properties"]["name"]["value"] == "Acme"
    assert own_portal.get("/companies/v2/companies/1").status_code == 404


def test_engagements_of_all_kinds_come_by_their_last_update(own_portal: ServedPortal) -> None:
    for hour, kind in enumerate(("calls", "notes", "tasks", "meetings")):
        edit(own_portal, "insert", type=kind, stamp=f"2026-03-16T0{hour}:00:00Z")
    address = "/engagements/v1/engagements/modified/after"

    first = own_portal.get(address, after=1_773_622_800_000, limit=2).json()
    second = own_portal.get(address, after=first["after"], limit=2).json()

    assert [entry["engagement"]["type"] for entry in first["results"]] == ["NOTE", "TASK"]
    assert [entry["engagement"]["type"] for entry in second["results"]] == ["MEETING"]
    assert (first["hasMore"], second["hasMore"]) == (True, False)


def test_associations_v3_have_no_cursor_and_no_labels(portal: ServedPortal) -> None:
    body = {"inputs": [{"id": str(FIRST_DEAL)}, {"id": str(FIRST_DEAL + 1)}]}

    answers = portal.post("/crm/v3/associations/deals/contacts/batch/read", body).json()["results"]

    assert [(entry["from"]["id"], len(entry["to"])) for entry in answers] == [
        (str(FIRST_DEAL), 1_300),
        (str(FIRST_DEAL + 1), 1),
    ]
    assert answers[1]["to"] == [{"id": "101", "type": "deal_to_contact"}]


def test_links_to_types_without_records_can_be_asked_for(portal: ServedPortal) -> None:
    reply = portal.get("/crm/v3/objects/contacts/", associations="companies,products,tickets,quotes,conversations")

    assert reply.status_code == 200
    assert portal.get("/crm/v4/objects/tickets").json() == {"results": []}


def test_a_withdrawn_scope_holds_for_old_versions_too(portal: ServedPortal) -> None:
    portal.state.hidden = {"deals"}

    refused = portal.get("/deals/v1/deal/paged")

    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
