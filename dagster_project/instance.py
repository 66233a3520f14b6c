"""Dagster's own folder: run history and the instance settings of this project."""

import os

from dagster_project.settings import PROJECT_DIR, Paths, read_dagster_home

_OURS = "# Copied to DAGSTER_HOME by the commands in dagster_project/"  # how our dagster.yaml begins


def prepare_dagster_home(paths: Paths) -> None:
    """Give Dagster its folder and this project's dagster.yaml, and mark its sign-up dialog as seen.

    A dagster.yaml that is not ours is left as it is: DAGSTER_HOME may be the folder of somebody's own Dagster.
    """
    home = read_dagster_home(paths)
    os.environ["DAGSTER_HOME"] = str(home)
    home.mkdir(parents=True, exist_ok=True)
    settings = (PROJECT_DIR / "dagster_project" / "dagster.yaml").read_text()
    present = home / "dagster.yaml"
    if not present.exists() or present.read_text().startswith(_OURS):
        present.write_text(settings.replace("@DAGSTER_HOME@", str(home.resolve())))
    (home / ".nux").mkdir(exist_ok=True)
    (home / ".nux" / "nux.yaml").write_text("seen: 1\n")
