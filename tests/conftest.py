"""What all tests share: the order of a whole run, and the process that sandboxes are forked from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.sandbox.process import forked_sandboxes

# files that take minutes begin first, so that no worker ends alone with one of them
LONGEST_FIRST = (
    "tests/end_to_end/",
    "tests/dbt/",
    "tests/expectations/test_against_truth.py",
    "tests/connectors/faults/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # sorting is stable: all others keep the order of their files
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    places = (place for place, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start))
    return next(places, len(LONGEST_FIRST))


@pytest.fixture(scope="session", autouse=True)
def _sandboxes_are_forked() -> Iterator[None]:
    """Hundreds are started, and a start of its own is a second and a half of imports."""
    with forked_sandboxes():
        yield
