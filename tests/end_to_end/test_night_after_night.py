"""Nights with any number of days between them: raw tables equal the CRMs, all others a full refresh, row for row."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.raw import last_sync_upper_bound
from tests.connectors.hubspot.truth import Comparison
from tests.connectors.salesforce.edited_world import differences as salesforce_differences
from tests.support.compared_files import differences
from tests.support.installation import Installation
from tests.support.night_process import NightProcess
from tests.support.warehouse import BUILD_WITHOUT_TESTS, run_dbt

# plays two nights twice: minutes; test_next_days.py holds one later night against a full refresh in make test
pytestmark = pytest.mark.long

MODELS = "resource_type:model resource_type:seed"


def _build(warehouse: Path, target: Path, *flags: str) -> None:
    as_of = last_sync_upper_bound(warehouse)
    assert as_of is not None
    run_dbt(warehouse, as_of, target=target, select=MODELS, command=[*BUILD_WITHOUT_TESTS, *flags])


# each example costs two syncs over HTTP and three dbt runs: few examples, of the kind that differ most, and the first
# that fails is told as it is
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(days_between=st.lists(st.integers(min_value=1, max_value=4), min_size=2, max_size=2, unique=True))
def test_nights_played_one_by_one_give_the_rows_of_both_crms_and_of_a_full_refresh(
    first_night: Installation, nights: NightProcess, days_between: list[int]
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        played, refreshed = first_night.copy_to(folder / "played"), folder / "refreshed.duckdb"
        with played.serving() as sandbox:
            for days in days_between:
                sandbox.tick(days)
                played.run(nights, "sync_crms", sandbox=sandbox).check()
                _build(played.warehouse, folder / "target")
            with closing(Comparison(played.warehouse, sandbox.url, folder)) as comparison:
                assert comparison.differences() == {}
        with duckdb.connect(str(played.world), read_only=True) as world:
            assert salesforce_differences(world.cursor(), played.warehouse) == []
        shutil.copyfile(played.warehouse, refreshed)

        _build(refreshed, folder / "target", "--full-refresh")

        assert differences(played.warehouse, refreshed, "reference", "intermediate", "marts") == {}
        counted = "select count(*) from marts.dim_opportunity"
        assert played.rows(counted, file=played.warehouse) > first_night.rows(counted)
