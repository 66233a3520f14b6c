"""Dagster's own folder: ours is prepared, one that somebody else set up is left as it is."""

from pathlib import Path

import pytest

from dagster_project.instance import prepare_dagster_home
from dagster_project.settings import Paths


def test_the_folder_is_made_with_the_settings_of_this_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))

    prepare_dagster_home(Paths(tmp_path))
    prepare_dagster_home(Paths(tmp_path))

    assert str(tmp_path / "dagster" / "history" / "runs") in (tmp_path / "dagster" / "dagster.yaml").read_text()


def test_a_blank_variable_means_the_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.chdir(tmp_path)

    prepare_dagster_home(Paths(tmp_path / "data"))

    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert (tmp_path / "data" / "dagster" / "dagster.yaml").exists()


def test_settings_of_somebody_elses_dagster_are_left_as_they_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theirs = "storage:\n  postgres:\n    postgres_url: postgresql://dagster.example.com/runs\n"
    (tmp_path / "dagster.yaml").write_text(theirs)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))

    prepare_dagster_home(Paths(tmp_path))

    assert (tmp_path / "dagster.yaml").read_text() == theirs
