"""dbt's own unit tests: a fixture of rows for each formula and each case of a model.

Its data tests ran when the session's world was built, see conftest.py.
"""

from __future__ import annotations

from pathlib import Path

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt


def test_every_unit_test_of_the_project_passes(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)

    run_dbt(played.warehouse, played.as_of, target=played.target, select="test_type:unit", command=("test",))
