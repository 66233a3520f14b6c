"""What holds for every dbt model, seed and mart; read from the parsed project, so that nothing slips by."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dagster_project.dbt_calls import DBT_DIR
from dagster_project.settings import PROJECT_DIR
from tests.support.project_rules import RULES, Project, Rule

CLOCKS = re.compile(
    r"\b(current_date|current_timestamp|now\(|getdate\(|get_current_timestamp|localtimestamp|today\(|run_started_at"
    r"|invocation_id|modules\.datetime)",
    re.I,
)
# written out by hand in models, these would tie the models to DuckDB; they belong in dbt/macros/
DUCKDB_ONLY = re.compile(
    r"\b(qualify|list_agg|list_contains|struct_pack|strptime|try_cast|epoch_ms|arg_max|arg_min)\b|::", re.I
)

IS_READ_BY_ITSELF = "published for its own sake; that one mart more is made of it is no reason to fold it in"
IS_A_STEP = "folded into its reader, it would make a model of more than 250 lines that nobody could test by parts"
EXCEPTIONS: dict[str, dict[str, str]] = {
    "rejoining_of_upstream_concepts": {
        "agg_activity_norm in fct_rep_scorecard_quarterly": IS_READ_BY_ITSELF,
        "agg_rep_quarter_conduct in fct_rep_scorecard_quarterly": IS_READ_BY_ITSELF,
        "agg_role_benchmark in fct_coaching_checkpoint": IS_READ_BY_ITSELF,
        "agg_win_rate_by_load in rpt_pipeline_capacity": IS_READ_BY_ITSELF,
        "bridge_activity_opportunity in fct_opportunity_activity": IS_READ_BY_ITSELF,
        "fct_forecast_call in agg_forecast_accuracy": IS_READ_BY_ITSELF,
        "fct_key_account_quarterly in int_input_fills": IS_READ_BY_ITSELF,
        "fct_pipeline_balance_change in fct_pipeline_daily_snapshot": IS_READ_BY_ITSELF,
        "map_opportunity_crosswalk in int_deal_health_measures": IS_READ_BY_ITSELF,
        "int_deal_health_contacts in int_deal_health_measures": IS_A_STEP,
        "int_forecast_conversions in int_forecast_scope_weeks": IS_A_STEP,
        "int_forecast_quarter_fingerprints in int_forecast_weekly_cells": "says which quarters are made anew",
        "int_forecast_version_spans in int_forecast_weekly_cells": IS_A_STEP,
        "int_key_account_quarters in fct_key_account_quarterly": IS_A_STEP,
        "int_opportunity_states in int_opportunity_versions": "each is stored, and only touched deals are made anew",
        "int_pipeline_period_states in fct_pipeline_change": IS_A_STEP,
        "int_stage_stays in fct_funnel": IS_A_STEP,
    },
    "root_models": {"dim_date": "the calendar is made of no table"},
    "too_many_joins": {
        "fct_key_account_quarterly": "one join for each of its measures, each of them counted in a step of its own",
        "int_deal_health_measures": "one row per deal from each part of its health",
        "int_input_fills": "a union of counts, one for each input, and no join",
        "int_opportunity_fingerprints": "a union of whatever can change a deal, and no join",
        "int_opportunity_mart_fingerprints": "one part of a fingerprint from whatever can change a deal in a mart",
    },
}


@pytest.fixture(scope="module")
def manifest(dbt_artifacts: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((dbt_artifacts / "manifest.json").read_text())
    return parsed


def _models(manifest: dict[str, Any], *layers: str) -> list[dict[str, Any]]:
    return [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and (not layers or node["fqn"][1] in layers)
    ]


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


def test_marts_do_not_read_staging(manifest: dict[str, Any]) -> None:
    layer = {model["unique_id"]: model["fqn"][1] for model in _models(manifest)}
    offenders = [
        f"{model['name']} reads {parent}"
        for model in _models(manifest, "marts")
        for parent in model["depends_on"]["nodes"]
        if layer.get(parent) == "staging" and not parent.split(".")[2].startswith("stg_quality__")
    ]

    assert offenders == []


def test_models_are_named_by_their_layer(manifest: dict[str, Any]) -> None:
    patterns = {
        "staging": r"stg_(salesforce|hubspot|meta|quality)__\w+s",
        "intermediate": r"int_\w+",
        "marts": r"(dim|fct|agg|rpt|map|bridge|dq)_\w+",
    }
    offenders = [
        model["name"] for model in _models(manifest) if not re.fullmatch(patterns[model["fqn"][1]], model["name"])
    ]

    assert offenders == []


def test_no_model_no_macro_and_no_test_reads_the_clock() -> None:
    files = [path for folder in ("models", "macros", "tests") for path in sorted((DBT_DIR / folder).rglob("*.sql"))]
    offenders = [path.name for path in files if CLOCKS.search(_without_comments(path.read_text()))]

    assert len(files) > 200
    assert offenders == []


def test_no_data_test_is_switched_off_or_weakened(manifest: dict[str, Any]) -> None:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    plain = {"enabled": True, "severity": "ERROR", "where": None, "limit": None, "error_if": "!= 0", "warn_if": "!= 0"}
    # the view has a row per slice and day: the first of each month stands for the others, which are made alike
    narrowed = {"unique_combination_fct_pipeline_daily_snapshot_snapshot_date__pipeline_slice_key: where"}
    weakened = {
        f"{test['name']}: {setting}"
        for test in tests
        for setting, value in plain.items()
        if str(test["config"].get(setting)).upper() != str(value).upper()
    }
    on_disk = {path.stem for path in (DBT_DIR / "tests").rglob("assert_*.sql")}

    assert weakened == narrowed
    assert manifest["disabled"] == {}
    assert on_disk == {test["name"] for test in tests if test["name"].startswith("assert_")}


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


def test_money_of_one_deal_stands_beside_the_original_amount_its_currency_and_the_rate(
    manifest: dict[str, Any],
) -> None:
    money = {
        (model["name"], found[1] or "", found[2]): model["columns"].keys()
        for model in _models(manifest, "marts")
        if "opportunity_id" in model["columns"]
        for column in model["columns"]
        if (found := re.fullmatch(r"((?!.*weighted_)\w+_)?amount(_delta|_before|)", column))
    }
    # what a deal adds to the sum of all of them, which are in many currencies
    del money["rpt_pipeline_digest", "open_", "_delta"]
    offenders = [
        f"{mart}.{before}amount{after}"
        for (mart, before, after), columns in money.items()
        # one currency and one rate may serve several amounts
        if f"{before}amount_original{after}" not in columns
        or not {f"{before}currency_code", "currency_code"} & columns
        or not {f"{before}fx_rate", "fx_rate"} & columns
    ]

    assert len(money) > 15
    assert offenders == []


def test_every_model_that_decides_something_has_a_unit_test(manifest: dict[str, Any]) -> None:
    tested = {unit["model"] for unit in manifest["unit_tests"].values()}
    offenders = [
        model["name"]
        for model in _models(manifest, "marts")
        if re.search(r"\bcase\b", _without_comments(model["raw_code"]), re.I) and model["name"] not in tested
    ]

    assert offenders == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_project_keeps_the_rules_of_dbt_project_evaluator(manifest: dict[str, Any], rule: Rule) -> None:
    assert set(rule(Project(manifest))) == set(EXCEPTIONS.get(rule.__name__, {}))


def test_the_page_of_exceptions_gives_the_reason_of_each() -> None:
    page = (PROJECT_DIR / "docs" / "decisions" / "0012-exceptions-to-the-evaluator.md").read_text()
    excepted = {exception.split()[0] for exceptions in EXCEPTIONS.values() for exception in exceptions}

    assert {
        word for word in re.findall(r"`(\w+)`", page) if re.match("(agg|bridge|dim|fct|int|map|rpt)_", word)
    } == excepted
    assert set(EXCEPTIONS) <= set(re.findall(r"`(\w+)`", page))


def test_every_mart_is_in_the_exposure_of_the_published_file(manifest: dict[str, Any]) -> None:
    (published,) = (found for found in manifest["exposures"].values() if found["name"] == "published_file")
    marts = {model["unique_id"] for model in _models(manifest, "marts") if model["config"]["materialized"] != "view"}

    assert set(published["depends_on"]["nodes"]) == marts


def test_the_exposure_of_the_demo_names_what_its_report_reads(manifest: dict[str, Any]) -> None:
    (report,) = (found for found in manifest["exposures"].values() if found["name"] == "demo_report")
    code = "".join(path.read_text() for path in sorted((PROJECT_DIR / "dagster_project" / "demo").glob("*.py")))

    assert _names(report) == set(re.findall(r"\bmarts\.(\w+)", code))


def test_the_exposure_of_the_findings_names_the_marts_of_quality_that_tell_of_them(manifest: dict[str, Any]) -> None:
    (findings,) = (found for found in manifest["exposures"].values() if found["name"] == "findings")
    told = {
        model["name"]
        for model in _models(manifest, "marts")
        for parent in model["depends_on"]["nodes"]
        if model["fqn"][2] == "quality" and re.search(r"stg_quality__|seed\.crm\.quality_checks", parent)
    }

    assert _names(findings) == told


def test_every_exposure_says_where_it_is_read_and_every_published_mart_is_in_one(manifest: dict[str, Any]) -> None:
    exposed = {node for found in manifest["exposures"].values() for node in found["depends_on"]["nodes"]}
    marts = {model["unique_id"] for model in _models(manifest, "marts")}
    # a view is published with the table that it is made of, which the exposure of the file says
    views = {model["unique_id"] for model in _models(manifest, "marts") if model["config"]["materialized"] == "view"}
    pages = {
        found["name"]: re.findall(r"[\w/]+\.(?:py|md)\b|`make \w+`|data/published/crm\.duckdb", found["description"])
        for found in manifest["exposures"].values()
    }

    assert marts - exposed == views == {"model.crm.fct_pipeline_daily_snapshot"}
    assert [name for name, named in pages.items() if not named] == []


def _names(exposure: dict[str, Any]) -> set[str]:
    return {node.split(".")[-1] for node in exposure["depends_on"]["nodes"]}


def test_the_exposure_of_the_metrics_names_what_they_are_made_of(manifest: dict[str, Any]) -> None:
    (metrics,) = (found for found in manifest["exposures"].values() if found["name"] == "metrics")
    read = {node for model in manifest["semantic_models"].values() for node in model["depends_on"]["nodes"]}

    assert set(metrics["depends_on"]["nodes"]) == read


def test_the_page_of_metrics_lists_every_metric_as_it_is_described(manifest: dict[str, Any]) -> None:
    page = (PROJECT_DIR / "docs" / "metrics.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE))

    assert listed == {
        metric["name"]: " ".join(metric["description"].split()) for metric in manifest["metrics"].values()
    }


def test_the_glossary_names_only_what_there_is(manifest: dict[str, Any]) -> None:
    glossary = manifest["docs"]["doc.crm.__overview__"]["block_contents"]
    nodes = [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "seed")]
    there_is = {
        *(node["name"] for node in nodes),
        *(column for node in nodes for column in node["columns"]),
        *(metric["name"] for metric in manifest["metrics"].values()),
        *yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())["vars"],
    }

    assert {word for word in re.findall(r"`([a-z]\w+)`", glossary) if not word.startswith("_")} <= there_is


def _without_comments(code: str) -> str:
    return re.sub(r"--.*?$|\{#.*?#\}", "", code, flags=re.MULTILINE | re.DOTALL)
