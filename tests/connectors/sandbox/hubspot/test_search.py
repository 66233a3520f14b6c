"""Search: filters, sorts, walls, lag and what it never finds."""

import pytest

from tests.connectors.sandbox.hubspot.conftest import ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL, LIVE_DEALS

SEARCH = "/crm/v3/objects/deals/search"
MODIFIED = "hs_lastmodifieddate"


def _found(portal: ServedPortal, *filters: dict[str, object], **body: object) -> list[int]:
    """Numbers of the deals found (deal n has id FIRST_DEAL + n - 1)."""
    reply = portal.post(SEARCH, {"filterGroups": [{"filters": list(filters)}], "limit": 200, **body})
    assert reply.status_code == 200, reply.text
    assert reply.json()["total"] >= len(reply.json()["results"])
    return sorted(int(deal["id"]) - FIRST_DEAL + 1 for deal in reply.json()["results"])


def _filter(name: str, operator: str, value: object = None, **more: object) -> dict[str, object]:
    return {"propertyName": name, "operator": operator, **({} if value is None else {"value": value}), **more}


def test_a_keyset_over_modified_and_id_finds_every_live_deal_once(portal: ServedPortal) -> None:
    seen: list[str] = []
    after_id = "0"
    while True:
        body = {
            "filterGroups": [
                {"filters": [_filter(MODIFIED, "GTE", "1773532800001"), _filter("hs_object_id", "GT", after_id)]}
            ],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "limit": 100,
        }
        page = [deal["id"] for deal in portal.post(SEARCH, body).json()["results"]]
        seen += page
        if not page:
            break
        after_id = page[-1]

    assert seen == [str(FIRST_DEAL + n) for n in range(LIVE_DEALS)]


def test_pages_by_offset_say_how_many_there_are_and_where_to_go_on(portal: ServedPortal) -> None:
    first = portal.post(SEARCH, {"limit": 200}).json()
    last = portal.post(SEARCH, {"limit": 200, "after": first["paging"]["next"]["after"]}).json()

    assert (first["total"], first["paging"]["next"]["after"], len(first["results"])) == (LIVE_DEALS, "200", 200)
    assert len(last["results"]) == LIVE_DEALS - 200
    assert "paging" not in last


# deal n was edited at 2026-03-15 00:00:00 plus n seconds: 1773532800000 + n * 1000 in epoch milliseconds
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([_filter(MODIFIED, "LT", "1773532803000")], [1, 2]),
        ([_filter(MODIFIED, "LTE", "2026-03-15T00:00:03Z")], [1, 2, 3]),
        ([_filter(MODIFIED, "BETWEEN", "1773532805000", highValue="1773532807000")], [5, 6, 7]),
        ([_filter(MODIFIED, "GT", 1773532805000), _filter(MODIFIED, "LT", 1773532807000)], [6]),
        ([_filter("hs_object_id", "IN", values=[str(FIRST_DEAL), str(FIRST_DEAL + 8), "12"])], [1, 9]),
        ([_filter("hs_object_id", "LT", FIRST_DEAL + 2)], [1, 2]),
        ([_filter("amount", "EQ", "300.5")], [3]),
        ([_filter("amount", "GT", "22800")], [228, 229]),
        ([_filter("competitor", "HAS_PROPERTY")], [3, 4]),
        ([_filter("competitor", "EQ", "ACME rival")], [3]),
        ([_filter("competitor", "IN", values=["acme rival"])], [3]),
        ([_filter("competitor", "IN", values=["Acme Rival"])], []),
        ([_filter("competitor", "CONTAINS_TOKEN", "north*")], [4]),
        ([_filter("competitor", "CONTAINS_TOKEN", "riv")], []),
        ([_filter("competitor", "NOT_CONTAINS_TOKEN", "rival"), _filter("competitor", "HAS_PROPERTY")], [4]),
        ([_filter("competitor", "NEQ", "Northwind"), _filter("hs_object_id", "LTE", FIRST_DEAL + 4)], [1, 2, 3, 5]),
        (
            [_filter("competitor", "NOT_IN", values=["northwind"]), _filter("hs_object_id", "LT", FIRST_DEAL + 4)],
            [1, 2, 3],
        ),
        ([_filter("amount", "NOT_HAS_PROPERTY"), _filter("hs_object_id", "LT", FIRST_DEAL + 25)], [10, 20]),
        ([_filter("hs_is_closed", "EQ", True), _filter("hs_object_id", "LT", FIRST_DEAL + 4)], [2, 4]),
        ([_filter("dealstage", "EQ", "closedwon"), _filter("hs_object_id", "LT", FIRST_DEAL + 4)], [2, 4]),
        ([_filter("dealstage", "EQ", "ClosedWon")], []),
        ([_filter("closedate", "LT", "2025-04-04")], [1, 2]),
    ],
)
def test_a_filter_finds_exactly_its_records(
    portal: ServedPortal, filters: list[dict[str, object]], expected: list[int]
) -> None:
    assert _found(portal, *filters) == expected


def test_groups_are_alternatives(portal: ServedPortal) -> None:
    groups = [{"filters": [_filter("hs_object_id", "EQ", FIRST_DEAL + n)]} for n in (3, 8)]

    found = portal.post(SEARCH, {"filterGroups": groups}).json()

    assert [deal["id"] for deal in found["results"]] == [str(FIRST_DEAL + 3), str(FIRST_DEAL + 8)]


def test_sorts_take_either_form_and_descend(portal: ServedPortal) -> None:
    newest = str(FIRST_DEAL + LIVE_DEALS - 1)

    for sort in ("-" + MODIFIED, {"propertyName": MODIFIED, "direction": "DESCENDING"}):
        assert portal.post(SEARCH, {"sorts": [sort], "limit": 1}).json()["results"][0]["id"] == newest


def test_free_text_looks_at_the_default_searchable_properties(portal: ServedPortal) -> None:
    found = portal.post(SEARCH, {"query": "quoted"}).json()

    assert [deal["id"] for deal in found["results"]] == [str(FIRST_DEAL + 6)]


def test_a_lagging_index_hides_the_latest_edits(portal: ServedPortal) -> None:
    # the clock stands at 02:00 two days after the first edits, 180,000 seconds; deal 100 is 100 seconds younger
    portal.fail("index_lag", "hubspot.search", seconds=180_000 - 100)

    assert portal.post(SEARCH, {"limit": 1}).json()["total"] == 100


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"limit": 201}, "page size"),
        ({"limit": 200, "after": 9_900}, "10000"),
        ({"limit": 100, "after": "10000"}, "10000"),
        ({"filterGroups": [{"filters": []}] * 6}, "filterGroups"),
        ({"filterGroups": [{"filters": [_filter("amount", "HAS_PROPERTY")] * 11}]}, "filters"),
        ({"filterGroups": [{"filters": [_filter("amount", "HAS_PROPERTY")] * 9}] * 3}, "filters"),
        ({"filterGroups": [{"filters": [_filter("nonsense", "EQ", 1)]}]}, "nonsense"),
        ({"filterGroups": [{"filters": [_filter("amount", "ALMOST", 1)]}]}, "ALMOST"),
        ({"filterGroups": [{"filters": [_filter("amount", "EQ", "many")]}]}, "many"),
        ({"filterGroups": [{"filters": [_filter(MODIFIED, "GT", "yesterday")]}]}, "yesterday"),
        ({"filterGroups": [{"filters": [_filter("amount", "IN")]}]}, "values"),
        ({"filterGroups": [{"filters": [_filter("amount", "EQ")]}]}, "no value"),
        ({"sorts": ["amount", "closedate"]}, "sorts"),
        ({"sorts": ["nonsense"]}, "nonsense"),
        ({"query": "x" * 3_000}, "3000"),
    ],
)
def test_a_search_refuses_what_hubspot_refuses(portal: ServedPortal, body: dict[str, object], message: str) -> None:
    reply = portal.post(SEARCH, body)

    assert reply.status_code == 400
    assert reply.json()["category"] == "VALIDATION_ERROR"
    assert message in reply.json()["message"]


def test_the_beginning_of_time_breaks_the_search(portal: ServedPortal) -> None:
    reply = portal.post(SEARCH, {"filterGroups": [{"filters": [_filter(MODIFIED, "GTE", 0)]}]})

    assert reply.status_code == 500


def test_contacts_are_searched_by_their_own_name_for_modified(portal: ServedPortal) -> None:
    by_own = {"filterGroups": [{"filters": [_filter("lastmodifieddate", "GTE", "2025-01-02T00:00:00Z")]}]}
    by_other = {"filterGroups": [{"filters": [_filter(MODIFIED, "GTE", "2025-01-02T00:00:00Z")]}]}

    assert portal.post("/crm/v3/objects/contacts/search", by_own).json()["total"] == 1_300
    assert portal.post("/crm/v3/objects/contacts/search", by_other).status_code == 400
