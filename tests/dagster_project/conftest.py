"""Settings that come from the test alone, whatever stands in the environment or the .env of who runs it."""

from pathlib import Path

import pytest

from dagster_project.settings import variables


@pytest.fixture
def env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing is set but the name of this empty file."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    empty = tmp_path / "empty.env"
    empty.touch()
    monkeypatch.setenv("CRM_ENV_FILE", str(empty))
    return empty
