"""Where the data lies; a test whose folder is missing says so and is skipped."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[3] / "shared"
Beside = Callable[[str], Path]


@pytest.fixture(scope="session")
def beside() -> Beside:
    """A file or folder beside the repository, such as `data/microsoft_opportunity_tracking`."""

    def find(name: str) -> Path:
        place = BESIDE / name
        if not place.exists():
            pytest.skip(f"NOT TESTED: there is no ../shared/{name} beside the repository (issue 4, item 11)")
        return place

    return find


@pytest.fixture(scope="session", autouse=True)
def _great_expectations() -> None:
    # its import warns about modules that Python deprecates (sre_constants); what it does later must be silent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: F401
