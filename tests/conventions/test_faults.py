"""docs/faults.md names a test for each thing that goes wrong, and each of these tests exists."""

import ast
import re
from pathlib import Path
from typing import get_args

from connectors.sandbox.faults import Kind
from dagster_project.settings import PROJECT_DIR

PAGE = PROJECT_DIR / "docs" / "faults.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "What happens"]


def _tests_in(file: Path) -> set[str]:
    if not file.exists():
        return set()
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.FunctionDef)}


def test_every_row_says_what_the_run_does_what_a_person_sees_and_which_test_shows_it() -> None:
    incomplete = [row[0] for row in _rows() if len(row) != 4 or not all(row) or not _NAMED.search(row[3])]

    assert incomplete == []


def test_every_test_that_the_page_names_exists() -> None:
    named = _NAMED.findall(PAGE.read_text())
    missing = [f"{file}::{name}" for file, name in named if name not in _tests_in(PROJECT_DIR / file)]

    assert missing == []


def test_every_switch_of_the_sandbox_is_thrown_by_some_test() -> None:
    tests = "\n".join(file.read_text() for file in (PROJECT_DIR / "tests" / "connectors").rglob("test_*.py"))

    assert [kind for kind in get_args(Kind) if f'"{kind}"' not in tests] == []


def test_every_test_of_a_found_defect_is_on_the_page() -> None:
    found = {name for name in _tests_in(PROJECT_DIR / "tests/connectors/faults/test_found.py") if "test_" in name}

    assert found <= {name for _, name in _NAMED.findall(PAGE.read_text())}
