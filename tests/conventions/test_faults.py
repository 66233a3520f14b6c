"""docs/faults.md names for each thing that goes wrong how it is played and which tests show it; both are held here."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import get_args

from connectors.sandbox.faults import Kind
from connectors.sandbox.hubspot.edits import PLAYS
from connectors.sandbox.salesforce.edits import RECORD_EDITS
from connectors.sandbox.salesforce.schema_edits import SCHEMA_EDITS
from dagster_project.settings import PROJECT_DIR

PAGE = PROJECT_DIR / "docs" / "faults.md"
SWITCHES = {"hidden", "no_bulk", "bulk_polls", "clock_skew", "limits", "rotate_refresh_tokens"}
WITHOUT_A_SWITCH = {"world", "process", "kill", "budget"}
COMPARED = "differences"  # every way to compare raw tables with a world has this name
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_CODE, _WORD = re.compile(r"`(\w+)`"), re.compile(r"\*(\w+)\*")


def _rows() -> list[list[str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [row for row in cells if row[0] != "What happens"]


def _tests_of(row: list[str]) -> list[tuple[str, str]]:
    return _NAMED.findall(row[4])


@cache
def _module(file: str) -> ast.Module:
    path = PROJECT_DIR / file
    return ast.parse(path.read_text() if path.exists() else "")


def _functions(file: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in _module(file).body if isinstance(node, ast.FunctionDef)}


def _is_long(file: str, name: str) -> bool:
    marks = [
        ast.unparse(node.value)
        for node in _module(file).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    return any("mark.long" in mark for mark in [*marks, *map(ast.unparse, _functions(file)[name].decorator_list)])


def _names_used(file: str, name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Names in a function and in the functions of its module that it uses."""
    functions = _functions(file)
    for node in ast.walk(functions[name]):
        used = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        yield used
        if used in functions and used not in seen | {name}:
            yield from _names_used(file, used, seen | {name})


def test_every_row_says_how_it_is_played_what_the_run_does_what_a_person_sees_and_which_test_shows_it() -> None:
    incomplete = [row[0] for row in _rows() if len(row) != 5 or not all(row) or not _tests_of(row)]

    assert incomplete == []


def test_every_test_that_the_page_names_exists() -> None:
    named = _NAMED.findall(PAGE.read_text())
    missing = [f"{file}::{name}" for file, name in named if name not in _functions(file)]

    assert missing == []


def test_every_row_is_shown_in_each_make_test_by_a_comparison_with_the_truth() -> None:
    without = [
        row[0]
        for row in _rows()
        if not any(not _is_long(file, name) and COMPARED in _names_used(file, name) for file, name in _tests_of(row))
    ]

    assert without == []


def test_tests_are_marked_where_they_stand_and_by_no_hook() -> None:
    hooks = [file for file in (PROJECT_DIR / "tests").rglob("conftest.py") if "add_marker" in file.read_text()]

    assert hooks == []


def test_every_switch_that_a_row_names_exists_and_is_thrown_by_its_tests() -> None:
    known = {*get_args(Kind), *PLAYS, *RECORD_EDITS, *SCHEMA_EDITS, *SWITCHES}
    wrong = []
    for row in _rows():
        switches, words = _CODE.findall(row[1]), _WORD.findall(row[1])
        sources = "\n".join((PROJECT_DIR / file).read_text() for file in {file for file, _ in _tests_of(row)})
        thrown = {name for name in switches if f'"{name}"' in sources or f"{name}=" in sources}
        if not (switches or words) or set(words) - WITHOUT_A_SWITCH or set(switches) - (known & thrown):
            wrong.append(f"{row[0]}: {row[1]}")

    assert wrong == []


def test_every_switch_of_the_sandbox_is_thrown_by_some_test() -> None:
    tests = "\n".join(file.read_text() for file in (PROJECT_DIR / "tests" / "connectors").rglob("test_*.py"))

    assert [kind for kind in get_args(Kind) if f'"{kind}"' not in tests] == []


def test_every_test_of_a_found_defect_is_on_the_page() -> None:
    found = {name for name in _functions("tests/connectors/faults/test_found.py") if "test_" in name}

    assert found <= {name for _, name in _NAMED.findall(PAGE.read_text())}
