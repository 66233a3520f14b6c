"""Microsoft's opportunity sample: 487 open opportunities whose weighted amount somebody else worked out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.sandbox.world import World
from expectations import create_quality_tables, evaluate
from tests.real_data.microsoft import stored_revenue, write_export
from tests.support.raw_tables import load_raw_tables
from tests.support.warehouse import run_dbt

SAMPLE = "data/microsoft_opportunity_tracking"
MARTS = "+int_stages_conformed +dim_opportunity +fct_opportunity_version +fct_pipeline_daily_snapshot"
# the sample is older than the calendar's usual first day
CALENDAR = ", calendar_start: '2014-01-01'"
WHAT_FINDINGS_TOUCH = "int_untrusted_opportunities dim_opportunity"


@dataclass(frozen=True)
class Sample:
    """The warehouse built from the sample, and what the sample says of each row."""

    warehouse: Path
    as_of: datetime
    stored: dict[str, tuple[object, object]]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def sample(beside: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder = tmp_path_factory.mktemp("microsoft")
    files = beside(SAMPLE)
    World.import_folder(folder / "world.duckdb", write_export(files, folder / "export")).close()
    warehouse = folder / "warehouse.duckdb"
    as_of = load_raw_tables(folder / "world.duckdb", warehouse)
    create_quality_tables(warehouse)
    run_dbt(warehouse, as_of, target=folder / "dbt", select=MARTS, variables=CALENDAR)
    evaluate(warehouse, as_of, ["C01", "C04", "C05"])
    run_dbt(warehouse, as_of, target=folder / "dbt", select=WHAT_FINDINGS_TOUCH, variables=CALENDAR)
    return Sample(warehouse, as_of, stored_revenue(files))


def test_each_weighted_amount_is_the_one_that_the_sample_stores(sample: Sample) -> None:
    weighted = {
        id_: (amount, weighted)
        for id_, amount, weighted in sample.rows(
            "select substr(source_id, 1, 15), amount, weighted_amount from marts.dim_opportunity"
        )
    }

    assert len(weighted) == 487
    assert weighted == sample.stored


@pytest.mark.parametrize(
    ("table", "where", "deals"),
    [
        ("dim_opportunity", "not is_closed and not is_deleted", "count(*)"),
        ("fct_opportunity_version", "is_current", "count(*)"),
        ("fct_pipeline_daily_snapshot", "snapshot_date = date '2014-12-26'", "sum(open_opportunity_count)"),
    ],
)
def test_open_and_weighted_pipeline_are_those_of_the_sample(sample: Sample, table: str, where: str, deals: str) -> None:
    amounts = "sum(open_amount), sum(weighted_amount), sum(default_weighted_amount)"
    if table != "fct_pipeline_daily_snapshot":
        amounts = amounts.replace("open_amount", "amount")

    (totals,) = sample.rows(f"select {deals}, {amounts} from marts.{table} where {where}")

    assert totals == (487, Decimal("2110905127.00"), Decimal("461120880.80"), Decimal("461120880.80"))


def test_stages_that_the_map_does_not_know_are_named_and_their_money_is_counted_apart(sample: Sample) -> None:
    found = sample.rows("select check_id, entity_id from quality.stage_definition_findings order by all")
    untrusted = sample.rows("select is_stage_trusted, count(*) from marts.dim_opportunity group by all")

    assert found == [("C01", stage) for stage in ("Finalize", "Lead", "Proposal", "Qualify", "Solution")]
    assert untrusted == [(False, 487)]
