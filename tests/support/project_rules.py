"""The rules of dbt_project_evaluator, with its defaults, over a parsed project.

That package cannot be had from a package registry, and would add forty models to a build; its rules need nothing but
dbt's manifest. Each rule here bears the name of the package's table and gives what that table would list.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

LEAF_CHILDREN_LIMIT = 3
PARENTS_LIMIT = 7
CHAINED_VIEWS_LIMIT = 4
# a test of ours, or two of dbt's (or one and a constraint), that a column or several name a row
KEY_TESTS = {"is_key", "unique_combination"}
PREFIXES = {
    "staging": ("stg_",),
    "intermediate": ("int_",),
    "marts": ("fct_", "dim_", "agg_", "rpt_", "map_", "bridge_", "dq_"),
}
Rule = Callable[["Project"], Iterator[str]]
READS_OUTRIGHT = re.compile(r"\b(?:from|join)\s+(\"?\w+\"?\.\"?\w+\"?(?:\.\"?\w+\"?)?)", re.I)


class Project:
    """A manifest as a graph; nodes by their unique id."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
        self.tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
        self.sources: dict[str, Any] = manifest["sources"]
        self.exposures: dict[str, Any] = manifest["exposures"]

    @cached_property
    def parents(self) -> dict[str, set[str]]:
        """What a model or an exposure reads."""
        nodes = {**self.models, **self.exposures}
        return {key: set(node["depends_on"].get("nodes", [])) for key, node in nodes.items()}

    @cached_property
    def children(self) -> dict[str, set[str]]:
        """Who reads a model, a seed or a source."""
        found = defaultdict(set)
        for child, parents in self.parents.items():
            for parent in parents:
                found[parent].add(child)
        return dict(found)

    def layer(self, key: str) -> str:
        """staging, intermediate or marts; empty for what is no model."""
        return str(self.models[key]["fqn"][1]) if key in self.models else ""

    def models_reading(self, key: str) -> set[str]:
        """Those of the children that are models."""
        return {child for child in self.children.get(key, ()) if child in self.models}

    def sources_of(self, key: str) -> set[str]:
        """Those of the parents that are sources."""
        return {parent for parent in self.parents[key] if parent in self.sources}

    def tests_of(self, key: str) -> list[dict[str, Any]]:
        """Generic tests of a model, and others that read it."""
        return [test for test in self.tests if key in (test.get("attached_node"), *test["depends_on"]["nodes"])]


def name(key: str) -> str:
    """A unique id without its type and its package."""
    return key.split(".", 2)[2]


def direct_join_to_source(project: Project) -> Iterator[str]:
    for model in project.models:
        if 0 < len(project.sources_of(model)) < len(project.parents[model]):
            yield name(model)


def marts_or_intermediate_dependent_on_source(project: Project) -> Iterator[str]:
    for model in project.models:
        if project.sources_of(model) and project.layer(model) != "staging":
            yield name(model)


def duplicate_sources(project: Project) -> Iterator[str]:
    tables = Counter((source["schema"], source["identifier"]) for source in project.sources.values())
    yield from (f"{schema}.{table}" for (schema, table), count in tables.items() if count > 1)


def hard_coded_references(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        code = re.sub(r"--.*?$|\{[#%{].*?[#%}]\}", " ", node["raw_code"], flags=re.MULTILINE | re.DOTALL)
        code = re.sub(r"extract\([^)]*\)|distinct\s+from", " ", code, flags=re.I)
        yield from (f"{name(model)} reads {match}" for match in READS_OUTRIGHT.findall(code))


def model_fanout(project: Project) -> Iterator[str]:
    for model in project.models:
        leaves = [child for child in project.models_reading(model) if not project.children.get(child)]
        if len(leaves) >= LEAF_CHILDREN_LIMIT:
            yield name(model)


def multiple_sources_joined(project: Project) -> Iterator[str]:
    yield from (name(model) for model in project.models if len(project.sources_of(model)) > 1)


def rejoining_of_upstream_concepts(project: Project) -> Iterator[str]:
    for between in project.models:
        readers = project.models_reading(between)
        if len(readers) == 1 and project.parents[between] & project.parents[next(iter(readers))]:
            yield f"{name(between)} in {name(next(iter(readers)))}"


def root_models(project: Project) -> Iterator[str]:
    yield from (name(model) for model in project.models if not project.parents[model])


def source_fanout(project: Project) -> Iterator[str]:
    yield from (name(source) for source in project.sources if len(project.models_reading(source)) > 1)


def staging_dependent_on_marts_or_intermediate(project: Project) -> Iterator[str]:
    for model in project.models:
        if project.layer(model) == "staging" and {*map(project.layer, project.parents[model])} - {"", "staging"}:
            yield name(model)


def staging_dependent_on_staging(project: Project) -> Iterator[str]:
    for model in project.models:
        if project.layer(model) == "staging" and "staging" in map(project.layer, project.parents[model]):
            yield name(model)


def unused_sources(project: Project) -> Iterator[str]:
    yield from (name(source) for source in project.sources if not project.children.get(source))


def too_many_joins(project: Project) -> Iterator[str]:
    yield from (name(model) for model in project.models if len(project.parents[model]) >= PARENTS_LIMIT)


def missing_primary_key_tests(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        kinds = defaultdict(set)
        for test in project.tests:
            if test.get("attached_node") == model:
                kinds[test["column_name"]].add(test["test_metadata"]["name"])
        for column in node["columns"].values():
            if any(constraint["type"] == "not_null" for constraint in column["constraints"]):
                kinds[column["name"]].add("not_null")
        if not any(KEY_TESTS & found or {"unique", "not_null"} <= found for found in kinds.values()):
            yield name(model)


def sources_without_freshness(project: Project) -> Iterator[str]:
    for source, node in project.sources.items():
        limits = node["freshness"] or {}
        if not any((limits.get(kind) or {}).get("count") for kind in ("warn_after", "error_after")):
            yield name(source)


def test_coverage(project: Project) -> Iterator[str]:
    yield from (name(model) for model in project.models if not project.tests_of(model))


def undocumented_models(project: Project) -> Iterator[str]:
    yield from (name(model) for model, node in project.models.items() if not node["description"].strip())


def undocumented_sources(project: Project) -> Iterator[str]:
    yield from (name(key) for key, source in project.sources.items() if not source["source_description"].strip())


def undocumented_source_tables(project: Project) -> Iterator[str]:
    yield from (name(key) for key, source in project.sources.items() if not source["description"].strip())


def model_naming_conventions(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        if not node["name"].startswith(PREFIXES[project.layer(model)]):
            yield name(model)


def model_directories(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        folders = PurePosixPath(node["original_file_path"]).parts
        wanted = {project.sources[source]["source_name"] for source in project.sources_of(model)}
        if project.layer(model) not in folders or (project.layer(model) == "staging" and not wanted <= {*folders}):
            yield name(model)


def source_directories(project: Project) -> Iterator[str]:
    for key, source in project.sources.items():
        if f"staging/{source['source_name']}/" not in source["original_file_path"]:
            yield name(key)


def test_directories(project: Project) -> Iterator[str]:
    for test in project.tests:
        model = project.models.get(test.get("attached_node") or "")
        if (
            model
            and PurePosixPath(test["original_file_path"]).parent != PurePosixPath(model["original_file_path"]).parent
        ):
            yield str(test["name"])


def chained_views_dependencies(project: Project) -> Iterator[str]:
    def views_before(model: str) -> int:
        return max((1 + views_before(parent) for parent in project.parents[model] if is_view(parent)), default=0)

    def is_view(key: str) -> bool:
        return key in project.models and project.models[key]["config"]["materialized"] in ("view", "ephemeral")

    yield from (name(model) for model in project.models if views_before(model) >= CHAINED_VIEWS_LIMIT)


def exposure_parents_materializations(project: Project) -> Iterator[str]:
    for exposure in project.exposures:
        for parent in project.parents[exposure]:
            materialized = project.models[parent]["config"]["materialized"] if parent in project.models else "source"
            if materialized in ("view", "ephemeral", "source"):
                yield f"{name(exposure)} reads {name(parent)}"


def public_models_without_contract(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        if node["access"] == "public" and not node["contract"]["enforced"]:
            yield name(model)


def undocumented_public_models(project: Project) -> Iterator[str]:
    for model, node in project.models.items():
        described = [node["description"], *(column["description"] for column in node["columns"].values())]
        if node["access"] == "public" and not all(text.strip() for text in described):
            yield name(model)


def exposures_dependent_on_private_models(project: Project) -> Iterator[str]:
    for exposure in project.exposures:
        for parent in project.parents[exposure]:
            if parent in project.models and project.models[parent]["access"] != "public":
                yield f"{name(exposure)} reads {name(parent)}"


RULES: tuple[Rule, ...] = (
    direct_join_to_source,
    marts_or_intermediate_dependent_on_source,
    duplicate_sources,
    hard_coded_references,
    model_fanout,
    multiple_sources_joined,
    rejoining_of_upstream_concepts,
    root_models,
    source_fanout,
    staging_dependent_on_marts_or_intermediate,
    staging_dependent_on_staging,
    unused_sources,
    too_many_joins,
    missing_primary_key_tests,
    sources_without_freshness,
    test_coverage,
    undocumented_models,
    undocumented_sources,
    undocumented_source_tables,
    model_naming_conventions,
    model_directories,
    source_directories,
    test_directories,
    chained_views_dependencies,
    exposure_parents_materializations,
    public_models_without_contract,
    undocumented_public_models,
    exposures_dependent_on_private_models,
)
