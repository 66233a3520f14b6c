"""What holds for every dbt model, seed and mart; read from the parsed project, so that nothing slips by."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagster_project.dbt_calls import DBT_DIR

CLOCKS = re.compile(
    r"\b(current_date|current_timestamp|now\(|getdate\(|get_current_timestamp|localtimestamp|today\()", re.I
)
# written out by hand in models, these would tie the models to DuckDB; they belong in dbt/macros/
DUCKDB_ONLY = re.compile(
    r"\b(qualify|list_agg|list_contains|struct_pack|strptime|try_cast|epoch_ms|arg_max|arg_min)\b|::", re.I
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("dbt")
    subprocess.run(
        [
            Path(sys.executable).with_name("dbt"),
            "--quiet",
            "--warn-error",
            "parse",
            "--project-dir",
            DBT_DIR,
            "--profiles-dir",
            DBT_DIR,
        ],
        env={
            **os.environ,
            "DBT_TARGET_PATH": str(target),
            "DBT_LOG_PATH": str(target),
            "CRM_WAREHOUSE": str(target / "w.duckdb"),
        },
        check=True,
    )
    parsed: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return parsed


def _models(manifest: dict[str, Any], *layers: str) -> list[dict[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and (not layers or node["fqn"][1] in layers)
    ]


def _tested_columns(manifest: dict[str, Any], test: str) -> set[tuple[str, str]]:
    return {
        (node["attached_node"], node["column_name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == test
    }


def test_every_model_has_a_yaml_file_of_its_own_beside_it(manifest: dict[str, Any]) -> None:
    offenders = [
        model["name"]
        for model in _models(manifest)
        if model["patch_path"] is None or Path(model["patch_path"]).stem != model["name"]
    ]

    assert offenders == []


def test_every_model_and_seed_says_first_what_a_row_is(manifest: dict[str, Any]) -> None:
    offenders = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed") and not node["description"].strip().startswith("One row per")
    ]

    assert offenders == []


def test_every_column_of_every_mart_and_seed_is_described_and_typed(manifest: dict[str, Any]) -> None:
    offenders = [
        f"{node['name']}.{column['name']}"
        for node in [*_models(manifest, "marts"), *_seeds(manifest)]
        for column in node["columns"].values()
        if not column["description"].strip() or (node["resource_type"] == "model" and not column["data_type"])
    ]

    assert offenders == []


def _seeds(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]


def test_every_mart_enforces_its_contract(manifest: dict[str, Any]) -> None:
    offenders = [model["name"] for model in _models(manifest, "marts") if not model["contract"]["enforced"]]

    assert offenders == []


def test_every_model_with_rows_of_its_own_has_a_tested_key(manifest: dict[str, Any]) -> None:
    unique = {node for node, _ in _tested_columns(manifest, "unique")}
    combined = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "unique" in (node.get("test_metadata") or {}).get("name", "")
    }
    offenders = [
        model["name"]
        for model in _models(manifest, "staging", "intermediate", "marts")
        if model["unique_id"] not in unique | combined
    ]

    assert offenders == []


def test_only_staging_reads_the_crms_and_nobody_but_the_flags_reads_findings(manifest: dict[str, Any]) -> None:
    offenders = [
        f"{model['name']} reads {source}"
        for model in _models(manifest)
        for source in model["depends_on"]["nodes"]
        if source.startswith("source.") and not (model["fqn"][1] == "staging" or source.split(".")[2] == "quality")
    ]

    assert offenders == []


def test_staging_does_not_read_staging_and_marts_do_not_read_staging(manifest: dict[str, Any]) -> None:
    layer = {model["unique_id"]: model["fqn"][1] for model in _models(manifest)}
    offenders = [
        f"{model['name']} reads {parent}"
        for model in _models(manifest, "staging", "marts")
        for parent in model["depends_on"]["nodes"]
        if layer.get(parent) == "staging"
    ]

    assert offenders == []


def test_models_are_named_by_their_layer(manifest: dict[str, Any]) -> None:
    patterns = {
        "staging": r"stg_(salesforce|hubspot|meta)__\w+s",
        "intermediate": r"int_\w+",
        "marts": r"(dim|fct|agg|rpt|map|bridge|dq)_\w+",
    }
    offenders = [
        model["name"] for model in _models(manifest) if not re.fullmatch(patterns[model["fqn"][1]], model["name"])
    ]

    assert offenders == []


def test_no_model_reads_the_clock(manifest: dict[str, Any]) -> None:
    offenders = [model["name"] for model in _models(manifest) if CLOCKS.search(_without_comments(model["raw_code"]))]

    assert offenders == []


def test_no_model_speaks_a_dialect_outside_the_macros(manifest: dict[str, Any]) -> None:
    offenders = [
        f"{model['name']}: {match[0]}"
        for model in _models(manifest)
        if (match := DUCKDB_ONLY.search(_without_comments(model["raw_code"])))
    ]

    assert offenders == []


def test_no_model_is_longer_than_a_reader_holds_in_mind(manifest: dict[str, Any]) -> None:
    offenders = {
        model["name"]: lines for model in _models(manifest) if (lines := len(model["raw_code"].splitlines())) > 250
    }

    assert offenders == {}


def test_money_is_exact_decimal_in_every_mart(manifest: dict[str, Any]) -> None:
    offenders = [
        f"{model['name']}.{column['name']} is {column['data_type']}"
        for model in _models(manifest, "marts")
        for column in model["columns"].values()
        if re.search(r"(^|_)amount(_|$)", column["name"])
        and not column["name"].startswith(("is_", "has_"))
        and not column["name"].endswith(("_count", "_rate", "_share", "_coverage"))
        and column["data_type"].replace(" ", "").lower() != "decimal(18,2)"
    ]

    assert offenders == []


def test_every_model_that_decides_something_has_a_unit_test(manifest: dict[str, Any]) -> None:
    tested = {unit["model"] for unit in manifest["unit_tests"].values()}
    offenders = [
        model["name"]
        for model in _models(manifest, "marts")
        if re.search(r"\bcase\b", _without_comments(model["raw_code"]), re.I) and model["name"] not in tested
    ]

    assert offenders == []


def _without_comments(code: str) -> str:
    return re.sub(r"--.*?$|\{#.*?#\}", "", code, flags=re.MULTILINE | re.DOTALL)
