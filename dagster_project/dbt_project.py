"""The dbt project as Dagster and the commands see it: where it is, its manifest, and how dbt is called."""

import os
import sys
from pathlib import Path

import orjson
import yaml
from dagster_dbt import DbtProject

from dagster_project.dbt_calls import DBT_DIR, dbt_environment, is_parsed, parse
from dagster_project.dbt_command import NightlyDbt
from dagster_project.publishing import TableName
from dagster_project.settings import read_paths
from dagster_project.warm_dbt import RELAY_ARGUMENTS

MARTS_SCHEMA = "marts"
QUALITY_TABLES = ("stage_definition_findings", "finding_opportunities", "check_runs")


def prepared_project() -> DbtProject:
    """The project with a manifest that is as new as its files; parses (about 5 s) where it is not.

    `prepare_if_dev` acts only under `dagster dev`; jobs, tests and a fresh clone need the manifest as well.
    """
    paths = read_paths()
    os.environ.update(dbt_environment(paths))
    project = DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR, target_path=paths.dbt_target)
    if not is_parsed(paths):
        parse(paths)
    return project


def dbt_resource(project: DbtProject) -> NightlyDbt:
    """The dbt command line for assets."""
    return NightlyDbt(
        project_dir=str(project.project_dir),
        profiles_dir=str(DBT_DIR),
        # dagster-dbt starts a relay, which becomes the plain dbt where no warm process waits
        dbt_executable=sys.executable,
        global_config_flags=list(RELAY_ARGUMENTS),
    )


def published_tables(manifest: Path) -> list[TableName]:
    """The allow-list of publishing: every mart of the manifest, and the three quality tables."""
    nodes = orjson.loads(manifest.read_bytes())["nodes"].values()
    marts = sorted(
        node["alias"] for node in nodes if node["resource_type"] == "model" and node["schema"] == MARTS_SCHEMA
    )
    return [TableName(MARTS_SCHEMA, name) for name in marts] + [TableName("quality", name) for name in QUALITY_TABLES]


def dbt_var(name: str) -> str:
    """Default of a dbt var, from dbt_project.yml: for the few limits that act outside dbt (what holds publication)."""
    project = yaml.safe_load((DBT_DIR / "dbt_project.yml").read_text())
    return str(project["vars"][name])
