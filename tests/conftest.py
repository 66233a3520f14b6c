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
    # sorting is stable: what is in neither stays in the order of its files
    items.sort(key=lambda item: next((n for n, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start)), 9))
