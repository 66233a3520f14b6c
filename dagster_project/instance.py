"""Dagster's own folder: run history and the instance settings of this project."""

import os
from pathlib import Path

from dagster_project.settings import PROJECT_DIR, Paths


def prepare_dagster_home(paths: Paths) -> None:
    """Give Dagster its folder and this project's dagster.yaml, and mark its sign-up dialog as seen."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str(paths.dagster_home)))
    home.mkdir(parents=True, exist_ok=True)
    settings = (PROJECT_DIR / "dagster_project" / "dagster.yaml").read_text()
    (home / "dagster.yaml").write_text(settings.replace("@DAGSTER_HOME@", str(home.resolve())))
    (home / ".nux").mkdir(exist_ok=True)
    (home / ".nux" / "nux.yaml").write_text("seen: 1\n")
