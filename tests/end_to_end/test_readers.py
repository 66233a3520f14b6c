"""What people ask a published night with besides SQL: the metrics by `make metrics`, and the pages of `dbt docs`."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import Installation
from tests.support.night_process import PROJECT

TOOLS = Path(sys.executable).parent
MAKE, BASH = shutil.which("make") or "make", shutil.which("bash") or "bash"


def _run_here(commands: str, here: Path, **variables: str) -> str:
    """What the documented commands say; the tools of this Python do them, and they write in `here`."""
    moved = re.sub(r"(?<!\S)\S*\.venv/bin/", f"{TOOLS}/", commands)
    moved = re.sub(r"(?:(?<=\s)|(?<==))(?:[\w./-]*/)?data/dbt", str(here), moved)
    done = subprocess.run(
        [BASH, "-ec", moved],
        cwd=PROJECT,
        env={**Installation(here).environment(), "DBT_LOG_PATH": str(here / "logs"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_make_metrics_answers_from_the_published_file(first_night: Installation, tmp_path: Path) -> None:
    answer = tmp_path / "answer.csv"
    asked = f"--metrics bookings,won_deals --group-by metric_time__fiscal_quarter --csv {answer}"
    recipe = subprocess.run(
        # what is done, without doing it; the environment is as good as new
        [MAKE, "--dry-run", "--no-print-directory", "--old-file", ".venv/ready", "metrics", f"ASK={asked}"],
        cwd=PROJECT,
        env=first_night.environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert str(first_night.published) in recipe

    _run_here(recipe, tmp_path)

    with answer.open(newline="") as rows:
        answered = {row["metric_time__fiscal_quarter"]: Decimal(row["bookings"] or 0) for row in csv.DictReader(rows)}
    told = first_night.rows(
        """select period_name, -sum(amount_delta) from marts.fct_pipeline_change
        where period_type = 'quarter' and category = 'won' and is_primary_record group by all"""
    )
    assert len(told) > 4
    assert {quarter: round(amount, 2) for quarter, amount in answered.items() if amount} == dict(told)


@pytest.fixture(scope="module")
def docs(first_night: Installation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages, made by the command that docs/metrics.md gives."""
    here = tmp_path_factory.mktemp("docs")
    warehouse = here / "warehouse.duckdb"
    shutil.copyfile(first_night.warehouse, warehouse)
    (command,) = re.findall(r"^cd dbt && .+$", (PROJECT / "docs" / "metrics.md").read_text(), re.MULTILINE)
    _run_here(command, here, CRM_WAREHOUSE=str(warehouse))
    return here / "docs"


@pytest.mark.long  # dbt parses and compiles every model once more for the pages: a minute
def test_dbt_docs_show_each_mart_with_its_columns_and_the_glossary_in_one_file(docs: Path) -> None:
    manifest: dict[str, Any] = json.loads((docs / "manifest.json").read_text())
    catalog: dict[str, Any] = json.loads((docs / "catalog.json").read_text())
    page = (docs / "static_index.html").read_text()
    marts = {
        key: node
        for key, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["fqn"][1] == "marts"
    }

    assert len(marts) > 50
    assert catalog["errors"] is None
    # what is in the file is what is described, column by column
    assert {key: set(catalog["nodes"][key]["columns"]) for key in marts} == {
        key: set(node["columns"]) for key, node in marts.items()
    }
    glossary = manifest["docs"]["doc.crm.__overview__"]["block_contents"]
    terms = re.findall(r"^(\*\*[^*]+\*\*):", glossary, re.MULTILINE)
    assert len(terms) > 20
    assert [term for term in terms if term not in page] == []
    assert [key for key in [*marts, *manifest["metrics"], *manifest["exposures"]] if key not in page] == []
