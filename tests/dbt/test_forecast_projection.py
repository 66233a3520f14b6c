"""A projection of a past week, held against the one that was made in that week."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt

pytestmark = pytest.mark.long  # builds the whole warehouse more than once

# whether the quarter is over and which snapshot is the newest are the only columns that may change with time
PROJECTIONS = "from marts.fct_forecast_projection select * exclude (is_quarter_complete, is_latest)"


def test_a_projection_does_not_change_with_what_came_after_it(built: Built, tmp_path: Path) -> None:
    past = built.as_of - timedelta(days=100)
    then = built.copy_to(tmp_path)

    run_dbt(then.warehouse, past, target=then.target, select="+fct_forecast_projection")

    projections = then.rows(f"{PROJECTIONS} order by all")
    assert then.rows("select count(projected_amount) > 100 from marts.fct_forecast_projection") == [(True,)]
    assert projections == built.rows(f"{PROJECTIONS} where snapshot_at <= '{past:%Y-%m-%d %H:%M:%S}' order by all")
