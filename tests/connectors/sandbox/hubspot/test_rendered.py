"""Large tables are rendered in blocks and kept: the answers are those of a direct reading, and end with an edit."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.hubspot.rendered import SMALL
from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit, serve_portal
from tests.connectors.sandbox.hubspot.portal_world import ARCHIVED_DEAL, FIRST_DEAL, PortalWorld

DEALS = "/crm/v3/objects/deals"
LINKS = "/crm/v4/associations/deals/contacts/batch/read"
# the oddities of the small world have ids 900 to 903, so the large one adds its records behind them
COMMON = [str(FIRST_DEAL + n) for n in range(200)]


@pytest.fixture(scope="module")
def small() -> Iterator[ServedPortal]:
    with serve_portal(PortalWorld(live_deals=200)) as served:
        yield served


@pytest.fixture
def large() -> Iterator[ServedPortal]:
    with serve_portal(PortalWorld(live_deals=200)) as served:
        edit(served, "burst", type="deals", count=SMALL + 3_000, properties={"dealname": "Filler"})
        with served.state.cursor() as cursor:
            # links enough for them to be read at once, too
            cursor.execute(
                "INSERT INTO hubspot._associations SELECT 'contacts', id, 'companies', '77', 'HUBSPOT_DEFINED',"
                " 279, NULL FROM hubspot.contacts"
            )
        served.state.edits += 1
        yield served


def test_pages_of_a_large_table_hold_what_a_small_one_would(small: ServedPortal, large: ServedPortal) -> None:
    wishes = {
        "properties": "dealname,amount,dealstage",
        "propertiesWithHistory": "dealstage,amount",
        "associations": "companies",
        "limit": 50,
    }
    for after in ("9000000001", "9000000051", "9000000120"):
        pages = [portal.get(DEALS, after=after, **wishes).json()["results"] for portal in (small, large)]

        assert pages[0] == pages[1]
        assert len(pages[0]) == 50


def test_every_way_to_read_gives_the_same_from_a_large_table(small: ServedPortal, large: ServedPortal) -> None:
    read = {
        "inputs": [{"id": key} for key in COMMON[:50]],
        "properties": ["dealname"],
        "propertiesWithHistory": ["amount"],
    }
    bound = {"propertyName": "hs_lastmodifieddate", "operator": "LT", "value": "2026-03-15T00:10:00Z"}
    find = {
        "filterGroups": [{"filters": [bound]}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}],
        "limit": 200,
        "properties": ["dealname"],
    }
    links = {"inputs": [{"id": key} for key in COMMON]}

    for path, body in ((f"{DEALS}/batch/read", read), (f"{DEALS}/search", find), (LINKS, links)):
        first, second = (portal.post(path, body).json() for portal in (small, large))
        assert strip_hosts(first["results"], small) == strip_hosts(second["results"], large)
        assert first["results"]


def test_a_list_walks_every_live_record_once_and_archived_ones_apart(large: ServedPortal) -> None:
    found, after = [], "0"
    while after:
        page = large.get(DEALS, limit=100, after=after).json()
        found += [deal["id"] for deal in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")

    archived = large.get(DEALS, archived="true").json()["results"]
    assert len(found) == len(set(found)) == 200 + SMALL + 3_000
    assert found == sorted(found, key=int)
    assert [deal["id"] for deal in archived] == [ARCHIVED_DEAL]


def test_what_was_kept_ends_with_an_edit(large: ServedPortal) -> None:
    key = COMMON[3]
    large.get(DEALS, limit=100, properties="dealname")
    large.post(LINKS, {"inputs": [{"id": key}]})

    edit(large, "set_properties", type="deals", id=key, properties={"dealname": "Renamed"})
    edit(large, "add_association", type="deals", id=key, to_type="contacts", to_id="107")
    edit(large, "archive", type="deals", id=COMMON[4])

    page = large.get(DEALS, limit=100, properties="dealname").json()["results"]
    links = large.post(LINKS, {"inputs": [{"id": key}]}).json()["results"]
    assert {deal["id"]: deal["properties"]["dealname"] for deal in page}[key] == "Renamed"
    assert COMMON[4] not in {deal["id"] for deal in page}
    assert [entry["toObjectId"] for entry in links[0]["to"]] == [107]


def strip_hosts(results: list[dict[str, object]], portal: ServedPortal) -> str:
    """Results as text, with the one thing that must differ taken out."""
    return str(results).replace(portal.url, "")
