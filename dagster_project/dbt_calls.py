"""How dbt is called: its folder, its variables, and one warm process for the calls of a run. Imports no dbt."""

import json
import os
import subprocess
import sys

from dagster_project.settings import PROJECT_DIR, Paths, read_time_zone
from dagster_project.warm_dbt import RELAY_ARGUMENTS, WarmDbt
from dagster_project.warm_dbt.parsed import project_files

DBT_DIR = PROJECT_DIR / "dbt"


def dbt_environment(paths: Paths) -> dict[str, str]:
    """The variables that dbt's own configuration reads (dbt_project.yml and profiles.yml)."""
    return {
        "CRM_WAREHOUSE": str(paths.warehouse),
        "DBT_TARGET_PATH": str(paths.dbt_target),
        "DBT_LOG_PATH": str(paths.dbt_target.parent / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # what happened is on the standard output; each line of a log file besides costs as much as a small query
        "DBT_LOG_LEVEL_FILE": "none",
    }


def build_vars() -> list[str]:
    """What every build gives dbt for vars; nothing where they have their defaults, as the manifest was parsed."""
    time_zone = read_time_zone()
    return [] if time_zone == "UTC" else ["--vars", json.dumps({"reporting_time_zone": time_zone})]


def start_warm_dbt(paths: Paths) -> WarmDbt:
    """A warm process for the builds of a run; where the project's manifest is out of date, it makes that, too."""
    is_stale = not is_parsed(paths)
    paths.dbt_target.mkdir(parents=True, exist_ok=True)
    return WarmDbt(
        DBT_DIR,
        dbt_environment(paths),
        [] if is_stale else build_vars(),
        target=paths.dbt_target,
        keeps_target=is_stale,
    )


def is_parsed(paths: Paths) -> bool:
    """Whether there is a manifest that is as new as the project's files."""
    manifest = paths.dbt_target / "manifest.json"
    if not manifest.exists():
        return False
    made_at = manifest.stat().st_mtime
    return not any(path.stat().st_mtime > made_at for path in project_files(DBT_DIR))


def parse(paths: Paths) -> None:
    """Make the manifest (5 to 10 s), or wait for the warm process that makes it.

    Raises:
        RuntimeError: the project does not parse; the message is dbt's.
    """
    paths.dbt_target.mkdir(parents=True, exist_ok=True)
    parsed = subprocess.run(  # noqa: S603 - our own executable and arguments
        [sys.executable, *RELAY_ARGUMENTS, "--quiet", "parse", "--project-dir", DBT_DIR, "--profiles-dir", DBT_DIR],
        env={**os.environ, **dbt_environment(paths)},
        capture_output=True,
        text=True,
        check=False,
    )
    if parsed.returncode:
        raise RuntimeError(f"dbt could not parse {DBT_DIR}:\n{parsed.stdout}{parsed.stderr}")
