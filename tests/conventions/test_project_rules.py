"""Each rule of tests/support/project_rules.py finds what breaks it, in a project that breaks all of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.project_rules import RULES, Project, Rule


def _model(name: str, layer: str, *parents: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return f"model.crm.{name}", {
        "name": name,
        "resource_type": "model",
        "fqn": ["crm", layer, name],
        "original_file_path": f"models/{layer}/{name}.sql",
        "depends_on": {"nodes": list(parents)},
        "raw_code": "select 1",
        "description": "One row.",
        "columns": {},
        "config": {"materialized": "table"},
        "contract": {"enforced": True},
        "access": "protected",
        **more,
    }


def _source(name: str, table: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return f"source.crm.{name}.{table}", {
        "source_name": name,
        "schema": "raw",
        "identifier": table,
        "source_description": "A CRM.",
        "description": "A table.",
        "freshness": {"warn_after": {"count": 1, "period": "day"}},
        "original_file_path": f"models/staging/{name}/_sources.yml",
        **more,
    }


def _key_test(model: str, folder: str) -> tuple[str, dict[str, Any]]:
    return f"test.crm.{model}.{folder}", {
        "name": f"key_of_{model}",
        "resource_type": "test",
        "attached_node": f"model.crm.{model}",
        "column_name": "id",
        "test_metadata": {"name": "unique"},
        "depends_on": {"nodes": [f"model.crm.{model}"]},
        "original_file_path": f"models/{folder}/_tests.yml",
    }


VIEW = {"config": {"materialized": "view"}}
DEALS, LEADS = "source.crm.hubspot.deals", "source.crm.hubspot.leads"
STAGING, WIDE, BETWEEN, PUBLIC = (
    f"model.crm.{name}" for name in ("stg_deals", "int_wide", "int_between", "fct_public")
)
BROKEN: dict[str, Any] = {
    "nodes": dict(
        [
            _model("stg_deals", "staging", DEALS, **VIEW),
            _model("stg_again", "staging", STAGING, DEALS, LEADS, **VIEW),
            _model("stg_late", "staging", WIDE, **VIEW),
            _model("int_rootless", "intermediate", raw_code="select * from raw.deals -- from comment.only"),
            _model("int_wide", "intermediate", STAGING, *(f"seed.crm.map_{number}" for number in range(6)), **VIEW),
            _model("int_view", "intermediate", "model.crm.stg_late", **VIEW),
            _model("int_long", "intermediate", "model.crm.int_view"),
            _model("int_between", "intermediate", STAGING),
            _model("fct_of_both", "marts", STAGING, BETWEEN),
            _model("fct_public", "marts", DEALS, access="public", contract={"enforced": False}, description=" "),
            *(_model(f"leaf_{number}", "marts", STAGING) for number in range(3)),
            _key_test("fct_of_both", "staging"),
        ]
    ),
    "sources": dict(
        [
            _source("hubspot", "deals"),
            _source("hubspot", "leads", identifier="deals", freshness=None),
            _source(
                "hubspot", "unread", source_description="", description="", original_file_path="models/_sources.yml"
            ),
        ]
    ),
    "exposures": {
        "exposure.crm.page": {"depends_on": {"nodes": [STAGING, PUBLIC]}, "resource_type": "exposure"},
    },
}


MODELS = {node["name"] for node in BROKEN["nodes"].values() if node["resource_type"] == "model"}
FOUND = {
    "direct_join_to_source": {"stg_again"},
    "marts_or_intermediate_dependent_on_source": {"fct_public"},
    "duplicate_sources": {"raw.deals"},
    "hard_coded_references": {"int_rootless reads raw.deals"},
    "model_fanout": {"stg_deals"},
    "multiple_sources_joined": {"stg_again"},
    "rejoining_of_upstream_concepts": {"int_between in fct_of_both"},
    "root_models": {"int_rootless"},
    "source_fanout": {"hubspot.deals"},
    "staging_dependent_on_marts_or_intermediate": {"stg_late"},
    "staging_dependent_on_staging": {"stg_again"},
    "unused_sources": {"hubspot.unread"},
    "too_many_joins": {"int_wide"},
    # the one test says only half of what a key is
    "missing_primary_key_tests": MODELS,
    "sources_without_freshness": {"hubspot.leads"},
    "test_coverage": MODELS - {"fct_of_both"},
    "undocumented_models": {"fct_public"},
    "undocumented_sources": {"hubspot.unread"},
    "undocumented_source_tables": {"hubspot.unread"},
    "model_naming_conventions": {"leaf_0", "leaf_1", "leaf_2"},
    "model_directories": {"stg_deals", "stg_again"},
    "source_directories": {"hubspot.unread"},
    "test_directories": {"key_of_fct_of_both"},
    "chained_views_dependencies": {"int_long"},
    "exposure_parents_materializations": {"page reads stg_deals"},
    "public_models_without_contract": {"fct_public"},
    "undocumented_public_models": {"fct_public"},
    "exposures_dependent_on_private_models": {"page reads stg_deals"},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_finds_what_breaks_it(rule: Rule) -> None:
    assert set(rule(Project(BROKEN))) == FOUND[rule.__name__]
