"""What holds for the repository as a whole: names, sizes, variables, and that nothing local leaks into it."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_DIR, variables

PACKAGES = ("connectors", "crm", "dagster_project", "expectations")
FORBIDDEN_MODULE_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],  # noqa: S607
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return [PROJECT_DIR / line for line in listed.stdout.splitlines() if (PROJECT_DIR / line).is_file()]


def _python_modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((PROJECT_DIR / package).rglob("*.py"))]


def test_the_dbt_folder_holds_no_python_that_would_hide_dbts_own_package() -> None:
    assert list((PROJECT_DIR / "dbt").rglob("*.py")) == []


def test_no_module_is_named_after_its_kind() -> None:
    offenders = [path for path in _python_modules() if path.stem in FORBIDDEN_MODULE_NAMES]

    assert offenders == []


def test_no_module_has_grown_past_four_hundred_lines() -> None:
    offenders = {
        str(path.relative_to(PROJECT_DIR)): lines
        for path in _tracked("*.py")
        if (lines := len(path.read_text().splitlines())) > 400
    }

    assert offenders == {}


def test_every_module_says_in_its_first_line_what_it_is_for() -> None:
    offenders = [
        str(path.relative_to(PROJECT_DIR))
        for path in _python_modules()
        if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert offenders == []


def test_every_public_class_and_function_has_a_docstring() -> None:
    offenders = []
    for path in _python_modules():
        for node in ast.parse(path.read_text()).body:
            is_public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if is_public and not ast.get_docstring(node):
                offenders.append(f"{path.relative_to(PROJECT_DIR)}:{node.lineno} {node.name}")

    assert offenders == []


def test_dagster_modules_keep_their_annotations_readable_at_run_time() -> None:
    offenders = [
        path for path in (PROJECT_DIR / "dagster_project").rglob("*.py") if "from __future__" in path.read_text()
    ]

    assert offenders == []


def test_the_environment_is_read_in_settings_only() -> None:
    # the relay is dbt to whoever calls it: what its parent hands it is no setting of a person
    allowed = {"dagster_project/settings.py", "dagster_project/warm_dbt/relay.py"}
    offenders = [
        str(path.relative_to(PROJECT_DIR))
        for path in _python_modules()
        if re.search(r"os\.getenv|os\.environ\.get|os\.environ\[[^\]]+\](?! *=)|EnvVar\(", path.read_text())
        and str(path.relative_to(PROJECT_DIR)) not in allowed
    ]

    assert offenders == []


def test_the_example_environment_lists_exactly_the_variables_that_are_read() -> None:
    listed = set(re.findall(r"^([A-Z_]+)=", (PROJECT_DIR / ".env.example").read_text(), re.MULTILINE))
    read_by_dbt = {
        name
        for path in (PROJECT_DIR / "dbt").rglob("*")
        if path.suffix in {".yml", ".sql"}
        for name in re.findall(r"env_var\(\s*['\"]([A-Z_]+)['\"]", path.read_text())
    }
    set_for_tools = {"DAGSTER_HOME", "DBT_TARGET_PATH", "DBT_LOG_PATH"}

    assert listed == set(variables()) | read_by_dbt | set_for_tools


def test_make_has_at_most_twelve_targets_each_with_one_sentence() -> None:
    makefile = (PROJECT_DIR / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    described = dict(re.findall(r"^([a-z]+):.*?## (.+)$", makefile, re.MULTILINE))

    assert len(targets) <= 12
    assert set(described) == set(targets)
    assert all(sentence.endswith(".") for sentence in described.values())


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(p[y]pi|pyth[o]nhosted|npmj[s])\.(org|com)", id="a package registry's host"),
        pytest.param(r"(^|[^A-Za-z0-9_.])/(work|farm|root|home)/[a-z.]", id="a path of somebody's machine"),
        pytest.param(r"\b00D[A-Za-z0-9]{12,15}![A-Za-z0-9._]{20,}", id="a Salesforce session id"),
        pytest.param(r"\bpat-(na|eu)[0-9]-[0-9a-f]{8}-", id="a HubSpot token"),
    ],
)
def test_no_tracked_file_holds(pattern: str) -> None:
    found = [
        f"{path.relative_to(PROJECT_DIR)}:{number}"
        for path in _tracked()
        if path.suffix in {".py", ".sql", ".yml", ".yaml", ".toml", ".md", ".csv", ".lock", ".json", ""}
        and path.name != "LICENSE"
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if re.search(pattern, line)
    ]

    assert found == []
