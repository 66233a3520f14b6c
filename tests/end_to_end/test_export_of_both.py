"""Real records of both CRMs in one night over the wire: Microsoft's opportunity sample and answers of HubSpot's API."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import World
from tests.real_data.microsoft import stored_revenue, write_export
from tests.support.installation import Installation, Outcome
from tests.support.night_process import PROJECT, NightProcess

DATA = PROJECT.parent / "shared" / "data"
SAMPLE, MOCK = DATA / "microsoft_opportunity_tracking", DATA / "dlt_hubspot_mock"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not (SAMPLE.is_dir() and MOCK.is_dir()),
        reason="NOT TESTED: no opportunity sample and no HubSpot answers in ../shared/data (issue 4, item 11)",
    ),
]


@dataclass(frozen=True)
class Night:
    """The first night on these records."""

    place: Installation
    outcome: Outcome

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.place.rows(query, file=self.place.warehouse)


@pytest.fixture(scope="module")
def night(first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory) -> Night:
    place = first_night.copy_to(tmp_path_factory.mktemp("both") / "data")
    place.forget()
    place.world.unlink()
    export = write_export(SAMPLE, tmp_path_factory.mktemp("both_files") / "export")
    for name in ("companies", "contacts", "deals", "products", "quotes", "tickets"):
        shutil.copyfile(MOCK / f"mock_{name}_data.json", export / f"{name}.json")
    World.import_folder(place.world, export).close()
    with place.serving() as sandbox:
        return Night(place, place.run(nights, sandbox=sandbox))


def test_each_weighted_amount_is_the_one_that_the_sample_stores(night: Night) -> None:
    weighted = {
        id_: (amount, weighted)
        for id_, amount, weighted in night.rows(
            "select substr(source_id, 1, 15), amount, weighted_amount from marts.dim_opportunity "
            "where crm = 'salesforce' and not is_closed and not is_deleted"
        )
    }

    assert weighted == stored_revenue(SAMPLE)
    assert len(weighted) == 487
    assert sum(amounts[0] for amounts in weighted.values()) == Decimal(2_110_905_127)
    assert sum(amounts[1] for amounts in weighted.values()) == Decimal("461120880.8")


def test_each_line_is_in_the_mart_of_lines_with_the_revenue_of_its_opportunity(night: Night) -> None:
    assert night.rows("select count(*), sum(net_amount) from marts.fct_discount") == [(487, Decimal(2_110_905_127))]


def test_the_deals_of_hubspot_stand_beside_them(night: Night) -> None:
    deals = night.rows(
        "select source_id, opportunity_name, amount, is_stage_trusted from marts.dim_opportunity "
        "where crm = 'hubspot' order by source_id"
    )

    assert deals == [
        ("6744192456", "With Atul", Decimal(500), True),
        ("6744457152", "Yodoo Deal (2021-11-25)", Decimal(3233), True),
    ]


def test_five_stages_without_a_meaning_hold_publication_back_and_are_named(night: Night) -> None:
    unmapped = night.rows(
        "select source_stage_id from quality.stage_definition_findings "
        "where check_id = 'C01' and status = 'open' order by source_stage_id"
    )

    assert unmapped == [("Finalize",), ("Lead",), ("Proposal",), ("Qualify",), ("Solution",)]
    assert night.outcome.code == 1
    assert re.search(
        r"Errors touch 487 open deals worth 2,110,905,127, 100\.0% of the open pipeline", night.outcome.text
    )
    assert not Path(night.place.folder / "published" / "crm.duckdb").exists()
