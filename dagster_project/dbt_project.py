"""The dbt project as Dagster and the commands see it: where it is, its manifest, and how dbt is called."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import yaml
from dagster_dbt import DbtProject

from dagster_project.dbt_command import NightlyDbt
from dagster_project.publishing import TableName
from dagster_project.settings import PROJECT_DIR, Paths, read_paths

DBT_DIR = PROJECT_DIR / "dbt"
MARTS_SCHEMA = "marts"
QUALITY_TABLES = ("stage_definition_findings", "finding_opportunities", "check_runs")
# beside the interpreter that runs us, so that no activated environment is needed
DBT_EXECUTABLE = Path(sys.executable).with_name("dbt")


def dbt_environment(paths: Paths) -> dict[str, str]:
    """The variables that dbt's own configuration reads (dbt_project.yml and profiles.yml)."""
    return {
        "CRM_WAREHOUSE": str(paths.warehouse),
        "DBT_TARGET_PATH": str(paths.dbt_target),
        "DBT_LOG_PATH": str(paths.dbt_target.parent / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }


def prepared_project() -> DbtProject:
    """The project with a manifest that is as new as its files; parses (about 5 s) where it is not.

    `prepare_if_dev` acts only under `dagster dev`; jobs, tests and a fresh clone need the manifest as well.
    """
    paths = read_paths()
    os.environ.update(dbt_environment(paths))
    project = DbtProject(project_dir=DBT_DIR, profiles_dir=DBT_DIR, target_path=paths.dbt_target)
    if _is_stale(project.manifest_path):
        paths.dbt_target.mkdir(parents=True, exist_ok=True)
        parsed = subprocess.run(  # noqa: S603 - our own executable and arguments
            [DBT_EXECUTABLE, "--quiet", "parse", "--project-dir", DBT_DIR, "--profiles-dir", DBT_DIR],
            env={**os.environ, **dbt_environment(paths)},
            capture_output=True,
            text=True,
            check=False,
        )
        if parsed.returncode:
            raise RuntimeError(f"dbt could not parse {DBT_DIR}:\n{parsed.stdout}{parsed.stderr}")
    return project


def dbt_resource(project: DbtProject) -> NightlyDbt:
    """The dbt command line for assets."""
    return NightlyDbt(
        project_dir=str(project.project_dir), profiles_dir=str(DBT_DIR), dbt_executable=str(DBT_EXECUTABLE)
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


def _is_stale(manifest: Path) -> bool:
    if not manifest.exists():
        return True
    made_at = manifest.stat().st_mtime
    return any(
        path.stat().st_mtime > made_at for path in DBT_DIR.rglob("*") if path.suffix in {".sql", ".yml", ".md", ".csv"}
    )
