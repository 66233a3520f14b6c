"""What a played day changes on the wire."""

from tests.connectors.sandbox.hubspot.conftest import serve_portal
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL, PortalWorld

USAGE = "/account-info/v3/api-usage/daily/private-apps"


def test_a_day_later_the_edit_is_found_and_the_daily_count_starts_again() -> None:
    since_now = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": "2026-03-17T02:00:00Z"}
    edits = {"filterGroups": [{"filters": [since_now]}], "properties": ["dealname"]}
    with serve_portal(PortalWorld(live_deals=3)) as portal:
        before = portal.post("/crm/v3/objects/deals/search", edits)

        portal.session.post(f"{portal.url}/__sandbox__/tick", timeout=10)

        after = portal.post("/crm/v3/objects/deals/search", edits)
        usage = portal.get(USAGE).json()["results"][0]

    assert before.json()["total"] == 0
    assert [(deal["id"], deal["properties"]["dealname"]) for deal in after.json()["results"]] == [
        (str(FIRST_DEAL), "Edited")
    ]
    assert (usage["currentUsage"], usage["resetsAt"]) == (2, "2026-03-19T00:00:00.000Z")
    assert [reply.headers["Date"] for reply in (before, after)] == [
        "Tue, 17 Mar 2026 02:00:00 GMT",
        "Wed, 18 Mar 2026 02:00:00 GMT",
    ]


def test_a_search_page_stays_readable_when_its_cursor_outlives_the_day() -> None:
    page = {"limit": 2, "sorts": ["hs_object_id"]}
    with serve_portal(PortalWorld(live_deals=3)) as portal:
        first = portal.post("/crm/v3/objects/deals/search", page).json()

        portal.session.post(f"{portal.url}/__sandbox__/tick", timeout=10)

        second = portal.post("/crm/v3/objects/deals/search", {**page, "after": first["paging"]["next"]["after"]}).json()

    assert [deal["id"] for deal in [*first["results"], *second["results"]]] == [str(FIRST_DEAL + n) for n in range(3)]
