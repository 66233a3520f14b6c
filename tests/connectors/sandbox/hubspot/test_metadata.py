"""Pipelines, owners, properties and the account."""

from tests.connectors.sandbox.hubspot.conftest import ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import LIVE_DEALS

PIPELINES = "/crm/v3/pipelines/deals"


def test_stages_carry_probability_and_closing_as_strings(portal: ServedPortal) -> None:
    pipelines = portal.get(PIPELINES).json()["results"]

    assert [pipeline["id"] for pipeline in pipelines] == ["default", "71200001", "71200009"]
    assert pipelines[0]["stages"][1] == {
        "label": "Closed Won",
        "displayOrder": 1,
        "metadata": {"isClosed": "true", "probability": "1.0"},
        "id": "closedwon",
        "createdAt": "2024-01-01T00:00:00.000Z",
        "updatedAt": "2024-01-01T00:00:00.000Z",
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def test_archived_pipelines_and_stages_are_listed_with_the_day_they_went(portal: ServedPortal) -> None:
    pipelines = portal.get(PIPELINES).json()["results"]

    assert [(pipeline["archived"], pipeline.get("archivedAt")) for pipeline in pipelines] == [
        (False, None),
        (False, None),
        (True, "2024-06-01T00:00:00.000Z"),
    ]
    assert pipelines[1]["stages"][1]["archivedAt"] == "2025-05-05T00:00:00.000Z"
    assert pipelines[2]["stages"] == []


def test_one_pipeline_and_one_stage_can_be_asked_for(portal: ServedPortal) -> None:
    assert portal.get(f"{PIPELINES}/71200001").json()["label"] == "Partner Pipeline"
    assert [stage["id"] for stage in portal.get(f"{PIPELINES}/71200001/stages").json()["results"]] == [
        "71200011",
        "71200019",
    ]
    assert portal.get(f"{PIPELINES}/default/stages/closedwon").json()["label"] == "Closed Won"
    assert portal.get(f"{PIPELINES}/nonesuch").status_code == 404
    assert portal.get(f"{PIPELINES}/default/stages/nonesuch").status_code == 404
    assert portal.get("/crm/v3/pipelines/contacts").json() == {"results": []}


def test_the_audit_has_the_last_change_first(portal: ServedPortal) -> None:
    audit = portal.get(f"{PIPELINES}/71200001/audit").json()["results"]

    assert [(entry["action"], entry["timestamp"], entry["portalId"]) for entry in audit] == [
        ("UPDATE", "2025-05-05T00:00:00.000Z", 424242),
        ("CREATE", "2024-02-01T00:00:00.000Z", 424242),
    ]
    assert audit[0]["rawObject"]["stages"][0]["id"] == "71200011"


def test_owners_are_paged_and_archived_ones_asked_for_apart(portal: ServedPortal) -> None:
    first = portal.get("/crm/v3/owners", limit=1).json()
    second = portal.session.get(first["paging"]["next"]["link"], timeout=10).json()
    archived = portal.get("/crm/v3/owners/", archived="true").json()["results"]

    assert first["results"] == [
        {
            "id": "501",
            "email": "ada@sandbox.invalid",
            "type": "PERSON",
            "firstName": "Ada",
            "lastName": "Ash",
            "userId": 7001,
            "userIdIncludingInactive": 7001,
            "createdAt": "2024-01-01T00:00:00.000Z",
            "updatedAt": "2024-01-02T00:00:00.000Z",
            "archived": False,
            "teams": [{"id": "31", "name": "East", "primary": True}],
        }
    ]
    assert [owner["id"] for owner in second["results"]] == ["502"]
    assert "paging" not in second
    assert [(owner["id"], owner.get("userId"), owner["userIdIncludingInactive"]) for owner in archived] == [
        ("503", None, 7003)
    ]
    assert portal.get("/crm/v3/owners", limit=501).status_code == 400


def test_an_owner_is_found_by_owner_id_or_user_id(portal: ServedPortal) -> None:
    assert portal.get("/crm/v3/owners/502").json()["firstName"] == "Bo"
    assert portal.get("/crm/v3/owners/7002", idProperty="userId").json()["id"] == "502"
    assert portal.get("/crm/v3/owners/503").status_code == 404
    assert portal.get("/crm/v3/owners/503", archived="true").json()["id"] == "503"
    assert portal.get("/crm/v3/owners/502", idProperty="email").status_code == 400


def test_properties_tell_type_origin_and_options(portal: ServedPortal) -> None:
    properties = {entry["name"]: entry for entry in portal.get("/crm/v3/properties/deals").json()["results"]}

    assert list(properties) == sorted(properties)
    assert (properties["amount"]["type"], properties["amount"]["fieldType"]) == ("number", "number")
    assert (properties["competitor"]["hubspotDefined"], properties["amount"]["hubspotDefined"]) == (False, True)
    assert properties["hs_is_closed"]["calculated"]
    assert properties["hs_is_closed"]["modificationMetadata"]["readOnlyValue"]
    assert properties["hs_object_id"]["hasUniqueValue"]
    assert properties["hubspot_owner_id"]["externalOptions"]
    assert [option["value"] for option in properties["dealstage"]["options"]] == [
        "appointmentscheduled",
        "closedwon",
        "71200011",
        "71200019",
    ]
    assert properties["pipeline"]["options"][1]["label"] == "Partner Pipeline"
    assert "COMMIT" in {option["value"] for option in properties["hs_manual_forecast_category"]["options"]}
    assert portal.get("/crm/v3/properties/deals/amount").json() == properties["amount"]
    assert portal.get("/crm/v3/properties/deals/nonesuch").status_code == 404
    assert portal.get("/crm/v3/properties/deals", archived="true").json() == {"results": []}


def test_what_is_hidden_from_the_token_is_not_there(portal: ServedPortal) -> None:
    portal.state.hidden = {"deals.amount", "calls"}

    names = {entry["name"] for entry in portal.get("/crm/v3/properties/deals").json()["results"]}
    deal = portal.get("/crm/v3/objects/deals", limit=1, properties="amount,dealname").json()["results"][0]
    calls = portal.get("/crm/v3/objects/calls")

    assert "amount" not in names
    assert "amount" not in deal["properties"]
    assert calls.status_code == 403
    assert calls.json()["category"] == "MISSING_SCOPES"
    assert calls.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.contacts.read"]


def test_the_account_says_who_and_where_it_is(portal: ServedPortal) -> None:
    details = portal.get("/account-info/v3/details").json()

    assert (details["portalId"], details["timeZone"], details["companyCurrency"]) == (424242, "UTC", "USD")
    assert portal.get("/account-info/2026-03/details").json() == details


def test_record_counts_are_of_live_records(portal: ServedPortal) -> None:
    counts = {
        entry["objectTypeId"]: entry["usage"]
        for entry in portal.get("/crm/v3/limits/records").json()["hubspotDefinedObjectTypes"]
    }

    assert (counts["0-3"], counts["0-1"], counts["0-48"]) == (LIVE_DEALS, 1_300, 0)


def test_usage_counts_the_calls_of_the_day_and_says_when_it_starts_again(portal: ServedPortal) -> None:
    address = "/account-info/v3/api-usage/daily/private-apps"

    first, second = (portal.get(address).json()["results"][0] for _ in range(2))

    assert second["currentUsage"] == first["currentUsage"] + 1
    assert first["resetsAt"] == "2026-03-18T00:00:00.000Z"


def test_a_refresh_token_buys_an_access_token_that_works(portal: ServedPortal) -> None:
    form = {
        "grant_type": "refresh_token",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "refresh_token": "sandbox-refresh",
    }
    granted = portal.session.post(f"{portal.url}/oauth/v1/token", data=form, timeout=10).json()
    portal.session.headers["Authorization"] = f"Bearer {granted['access_token']}"

    assert granted["token_type"] == "bearer"
    assert granted["expires_in"] == 1_800
    assert portal.get("/account-info/v3/details").status_code == 200


def test_a_wrong_refresh_token_buys_nothing(portal: ServedPortal) -> None:
    form = {"grant_type": "refresh_token", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}

    refused = portal.session.post(f"{portal.url}/oauth/v1/token", data=form, timeout=10)

    assert (refused.status_code, refused.json()["category"]) == (400, "BAD_REFRESH_TOKEN")
