"""The order of a whole run: files that take minutes begin first, so that no worker ends alone with one of them."""

from __future__ import annotations

import pytest

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
