"""What a page costs the sandbox: a fixed number of statements, whatever the page holds."""

from collections.abc import Callable

import pytest
import requests

from tests.connectors.sandbox.hubspot.conftest import ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL, PortalWorld

DEALS = "/crm/v3/objects/deals"
HISTORY = ["dealstage", "amount", "closedate"]

Page = Callable[[ServedPortal, int], requests.Response]


def _ids(count: int) -> list[dict[str, str]]:
    return [{"id": str(FIRST_DEAL + n)} for n in range(count)]


def _list(portal: ServedPortal, rows: int) -> requests.Response:
    wishes = {"propertiesWithHistory": ",".join(HISTORY), "associations": "contacts,companies"}
    return portal.get(DEALS, limit=rows, **wishes)


def _search(portal: ServedPortal, rows: int) -> requests.Response:
    return portal.post(f"{DEALS}/search", {"limit": rows, "sorts": ["hs_lastmodifieddate"]})


def _batch(portal: ServedPortal, rows: int) -> requests.Response:
    return portal.post(f"{DEALS}/batch/read", {"inputs": _ids(rows), "propertiesWithHistory": HISTORY})


def _associations(portal: ServedPortal, rows: int) -> requests.Response:
    return portal.post("/crm/v4/associations/deals/contacts/batch/read", {"inputs": _ids(rows)})


@pytest.mark.parametrize(
    ("page", "rows", "statements"), [(_list, 50, 2), (_search, 200, 3), (_batch, 50, 2), (_associations, 200, 1)]
)
def test_a_full_page_costs_no_more_statements_than_a_page_of_one(
    portal: ServedPortal, page: Page, rows: int, statements: int
) -> None:
    costs = []
    for size in (1, rows):
        world = portal.state.world
        assert isinstance(world, PortalWorld)
        before = world.statements
        assert page(portal, size).status_code in (200, 207)
        costs.append(world.statements - before)

    assert costs == [statements, statements]
