"""Seeds of dbt packages for these CRMs, with hashed ids and labels: bad input ends in a clear word or arrives whole."""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from connectors.sandbox.world import ImportRefusedError, World
from expectations import create_quality_tables, evaluate
from tests.real_data.obedience import Export
from tests.support.raw_tables import load_raw_tables
from tests.support.warehouse import CONFORMED, run_dbt

SALESFORCE, HUBSPOT, MOCK = "data/fivetran_salesforce_seeds", "data/fivetran_hubspot_seeds", "data/dlt_hubspot_mock"
# object, file, columns whose values are refused, rows without an id
SEEDS = (
    ("Account", "sf_account_data", {"master_record_id", "owner_id"}, 0),
    ("Contact", "sf_contact_data", {"account_id", "last_modified_by_id", "owner_id"}, 2),
    ("Event", "sf_event_data", set(), 0),
    ("Lead", "sf_lead_data", set(), 0),
    ("Opportunity", "sf_opportunity_data", {"account_id", "owner_id", "probability", "record_type_id"}, 0),
    ("OpportunityLineItem", "sf_opportunity_line_item_data", {"opportunity_id", "product_2_id"}, 1),
    ("Task", "sf_task_data", set(), 0),
    ("User", "sf_user_data", {"manager_id", "user_role_id"}, 0),
    ("UserRole", "sf_user_role_data", set(), 10),
)
Beside = Callable[[str], Path]


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.parametrize(("name", "file", "emptied", "dropped"), SEEDS)
def test_what_refusals_ask_for_makes_a_world_of_all_other_rows(
    beside: Beside, tmp_path: Path, name: str, file: str, emptied: set[str], dropped: int
) -> None:
    source = beside(SALESFORCE) / f"{file}.csv"
    export = Export.of(**{name: source})
    lines = len(export.files[f"{name}.csv"])

    world = export.world(tmp_path)

    assert export.emptied == {f"{name}.csv: {column}" for column in emptied}
    assert len(export.dropped) == dropped
    assert world.import_summary is not None
    assert world.import_summary.rows == {name: lines - dropped}
    world.close()
    assert rows(tmp_path / "world.duckdb", f'select count(*) from salesforce."{name}"') == [(lines - dropped,)]


def test_deals_without_a_time_of_change_are_refused_and_those_with_one_arrive(beside: Beside, tmp_path: Path) -> None:
    source = beside(HUBSPOT) / "deal_data.csv"
    (tmp_path / "refused").mkdir()
    shutil.copyfile(source, tmp_path / "refused" / "deals.csv")
    export = Export.of(deals=source)
    export.add("deals.csv", "hs_lastmodifieddate", like="property_createdate")

    with pytest.raises(ImportRefusedError, match=r"deals\.csv, record 1: none of updatedAt, hs_lastmodifieddate, "):
        World.import_folder(tmp_path / "refused.duckdb", tmp_path / "refused")
    world = export.world(tmp_path)

    assert world.import_summary is not None
    assert world.import_summary.rows == {"deals": 44}
    assert export.dropped == []
    assert world.import_summary.ignored_columns == {"deals.csv": ["portal_id", "property_description"]}
    world.close()


def pipelines_of(stages: Path) -> list[dict[str, object]]:
    """The stages as HubSpot answers them, below the pipelines that they name."""
    by_pipeline = defaultdict(list)
    with stages.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            times = {"createdAt": row["created_at"], "updatedAt": row["updated_at"]}
            stage = {"id": row["stage_id"], "label": row["label"], "displayOrder": int(row["display_order"]), **times}
            stage["archived"] = row["active"] != "TRUE"
            stage["metadata"] = {"probability": row["probability"], "isClosed": row["is_closed"].lower()}
            by_pipeline[row["pipeline_id"]].append(stage)
    return [
        {"id": id_, "label": id_, "displayOrder": place, "stages": group,
         "createdAt": "2020-07-09T15:25:37Z", "updatedAt": "2020-07-09T15:25:37Z"}
        for place, (id_, group) in enumerate(sorted(by_pipeline.items()))
    ]  # fmt: skip


@pytest.fixture(scope="module")
def warehouse(beside: Beside, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All seeds as one world, and all models of the project built from it with every data test passed on the way."""
    folder = tmp_path_factory.mktemp("seeds")
    export = Export.of(
        **{name: beside(SALESFORCE) / f"{file}.csv" for name, file, *_ in SEEDS},
        deals=beside(HUBSPOT) / "deal_data.csv",
    )
    export.add("deals.csv", "hs_lastmodifieddate", like="property_createdate")
    (folder / "export").mkdir()
    stages = pipelines_of(beside(HUBSPOT) / "deal_pipeline_stage_data.csv")
    (folder / "export" / "pipelines.json").write_text(json.dumps(stages))
    export.world(folder).close()
    as_of = load_raw_tables(folder / "world.duckdb", folder / "warehouse.duckdb")
    create_quality_tables(folder / "warehouse.duckdb")
    run_dbt(folder / "warehouse.duckdb", as_of, target=folder / "dbt", select=CONFORMED)
    evaluate(folder / "warehouse.duckdb", as_of)
    command = ("build", "--exclude-resource-type", "unit_test")
    run_dbt(folder / "warehouse.duckdb", as_of, target=folder / "dbt", select="*", command=command)
    return folder / "warehouse.duckdb"


@pytest.mark.long
def test_deleted_opportunities_are_kept_and_counted_nowhere(warehouse: Path) -> None:
    today = "snapshot_date = (select max(snapshot_date) from marts.fct_pipeline_daily_snapshot)"

    deals = rows(
        warehouse, "select is_deleted, count(*) from marts.dim_opportunity where crm = 'salesforce' group by all"
    )
    open_deals = rows(
        warehouse,
        "select coalesce(sum(open_opportunity_count), 0), coalesce(sum(open_amount), 0) "
        f"from marts.fct_pipeline_daily_snapshot where crm = 'salesforce' and {today}",
    )

    assert deals == [(True, 10)]
    assert open_deals == [(0, 0)]


@pytest.mark.long
def test_deals_without_stage_and_amount_are_in_the_warehouse_all_the_same(warehouse: Path) -> None:
    counted = rows(
        warehouse, "select count(*), count(amount), count(stage_key) from marts.dim_opportunity where crm = 'hubspot'"
    )

    assert counted == [(44, 0, 0)]


@pytest.mark.long
def test_each_open_stage_at_probability_0_is_found_among_71_real_ones(warehouse: Path) -> None:
    stages = rows(
        warehouse,
        "select count(*), count(*) filter (where default_probability = 0 and not is_closed) "
        "from intermediate.int_stages_conformed where crm = 'hubspot'",
    )
    found = rows(
        warehouse,
        "select count(*), count(*) filter (where observed like '%reads as open, is open and has probability 0.0000') "
        "from quality.stage_definition_findings where crm = 'hubspot' and check_id = 'C05'",
    )

    assert stages == [(71, 42)]
    assert found == [(42, 42)]


def test_answers_of_the_api_that_a_loader_is_tested_with_arrive_whole(beside: Beside, tmp_path: Path) -> None:
    names = ("companies", "contacts", "deals", "products", "quotes", "tickets")
    (tmp_path / "export").mkdir()
    for name in names:
        shutil.copyfile(beside(MOCK) / f"mock_{name}_data.json", tmp_path / "export" / f"{name}.json")

    world = World.import_folder(tmp_path / "world.duckdb", tmp_path / "export")

    assert world.import_summary is not None
    assert world.import_summary.rows == {
        "companies": 2, "contacts": 2, "deals": 2, "products": 2, "quotes": 1, "tickets": 2,
    }  # fmt: skip
    assert world.import_summary.ignored_columns == {
        "products.json": ["description"],
        "quotes.json": ["hs_public_url_key"],
        "tickets.json": ["hs_ticket_category", "hs_ticket_priority"],
    }
    world.close()
    assert rows(tmp_path / "world.duckdb", "select id, dealname, amount, dealstage from hubspot.deals order by id") == [
        ("6744192456", "With Atul", "500", "qualifiedtobuy"),
        ("6744457152", "Yodoo Deal (2021-11-25)", "3233", "qualifiedtobuy"),
    ]


def test_histories_and_links_that_lead_nowhere_are_told(beside: Beside, tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    shutil.copyfile(beside(MOCK) / "mock_contacts_with_history.json", tmp_path / "export" / "contacts.json")

    world = World.import_folder(tmp_path / "world.duckdb", tmp_path / "export")

    assert world.import_summary is not None
    history, links = world.import_summary.notes
    assert history.startswith("contacts.json: left out the history of ")
    assert {"city", "company", "createdate"} <= set(
        history.removeprefix("contacts.json: left out the history of ").split(", ")
    )
    assert links == "contacts: left out 2 links to deals that no file has"
    world.close()
