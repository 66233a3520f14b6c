"""What a portal may answer that no fault switch plays: partial batches, refused ids, wide types, odd values."""

import logging
from pathlib import Path

import orjson
import pytest
import yaml

from connectors.errors import CountMismatchError
from connectors.hubspot.objects import (
    COMPANY_CURRENCY_COLUMNS,
    HISTORY_COLUMNS,
    LINK_COLUMNS,
    OBJECT_TYPES,
    OWNER_COLUMNS,
    PIPELINE_COLUMNS,
    RATE_COLUMNS,
    RECORD_COLUMNS,
    STAGE_COLUMNS,
    raw_tables,
)
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle
from tests.connectors.hubspot.portal_edits import modified

BATCH_READ = "/crm/v3/objects/deals/batch/read"
SOURCES = Path(__file__).resolve().parents[3] / "dbt/models/staging/hubspot/_hubspot__sources.yml"


def widen(exchange: Exchange) -> None:
    """Six hundred more properties: too many names for an address or a search."""
    if exchange.path == "/crm/v3/properties/deals":
        known = orjson.loads(exchange.body)["results"]
        more = [{"name": f"a_rather_long_custom_property_{number}", "type": "string"} for number in range(600)]
        exchange.answer(200, {"results": [*known, *more]})


def test_a_type_with_too_many_properties_for_an_address_is_read_by_batch(first_night: Night) -> None:
    with meddle(first_night.sandbox.url, widen) as proxy:
        report = first_night.sync(DEALS, host=proxy.url)

    batches = [ids for path, ids in proxy.seen if path == BATCH_READ]
    assert report.exit_code == 0
    assert report.streams[0].api == "search + batch read"
    assert max(map(len, batches)) == 50
    assert first_night.differences(*DEAL_TABLES) == {}


def test_a_partial_batch_keeps_what_came_and_asks_again_for_the_rest_alone(first_night: Night) -> None:
    def withhold(exchange: Exchange) -> None:
        widen(exchange)
        if exchange.path == BATCH_READ and len(exchange.asked_ids) > 1:
            body = orjson.loads(exchange.body)
            kept, held = body["results"][:-1], body["results"][-1]
            error = {"status": "error", "category": "INTERNAL_ERROR", "context": {"ids": [held["id"]]}}
            exchange.answer(207, {**body, "results": kept, "numErrors": 1, "errors": [error]})

    with meddle(first_night.sandbox.url, withhold) as proxy:
        report = first_night.sync(DEALS, host=proxy.url)

    batches = [ids for path, ids in proxy.seen if path == BATCH_READ]
    assert report.exit_code == 0
    assert sum(len(ids) == 1 for ids in batches) == sum(len(ids) > 1 for ids in batches)
    assert first_night.differences(*DEAL_TABLES) == {}


def test_one_record_that_breaks_its_batch_costs_few_calls_and_only_itself(
    first_night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    broken = first_night.live_ids("deals")[60]

    def refuse(exchange: Exchange) -> None:
        widen(exchange)
        if exchange.path == BATCH_READ and broken in exchange.asked_ids:
            exchange.answer(400, {"status": "error", "category": "VALIDATION_ERROR", "message": "no"})

    with meddle(first_night.sandbox.url, refuse) as proxy:
        report = first_night.sync(DEALS, host=proxy.url)

    refused = [ids for path, ids in proxy.seen if path == BATCH_READ and broken in ids]
    differences = first_night.differences("deals")
    assert report.exit_code == 0
    assert len(refused) <= 8
    assert [(row[0], row[1]) for row in differences["deals"]] == [("missing", broken)]
    assert f"record {broken} of deals" in caplog.text


def test_a_search_that_counts_more_than_it_gives_commits_nothing(first_night: Night) -> None:
    def promise(exchange: Exchange) -> None:
        if exchange.path == "/crm/v3/objects/contacts/search":
            body = orjson.loads(exchange.body)
            exchange.answer(200, {**body, "total": body["total"] + 1, "results": body["results"]})

    contacts = streams_of("contacts")
    with meddle(first_night.sandbox.url, promise) as proxy:
        report = first_night.sync(contacts, host=proxy.url)

    rows = report.streams[0]
    assert (rows.outcome, report.exit_code) == ("failed", 1)
    assert isinstance(rows.error, CountMismatchError)
    assert not list(first_night.folder.glob("landing/hubspot/contacts/*-rows-*/manifest.json"))


def test_a_page_out_of_order_brings_every_change_once(night: Night) -> None:
    contacts = streams_of("contacts")
    night.sync(contacts)
    night.let_a_day_pass(
        *(
            modified("contacts", f"id = '{record_id}'").replace(
                "this_morning", f"(this_morning + interval {at} second)"
            )
            for at, record_id in enumerate(night.live_ids("contacts"))
        ),
        "insert into hubspot.contacts select like_it.* replace (number::varchar as id, number::varchar as hs_object_id)"
        " from (select * from hubspot.contacts where merged_into is null limit 1) as like_it, "
        "range(700000000000, 700000000300) as numbers(number)",
    )

    def shuffle(exchange: Exchange) -> None:
        if exchange.path == "/crm/v3/objects/contacts/search":
            body = orjson.loads(exchange.body)
            body["results"][-3:] = reversed(body["results"][-3:])
            exchange.answer(200, body)

    with meddle(night.sandbox.url, shuffle) as proxy:
        report = night.sync(contacts, host=proxy.url)

    assert report.exit_code == 0
    assert report.streams[0].rows == report.streams[0].rows_expected
    assert night.differences("contacts") == {}


def test_a_number_that_is_none_becomes_null_is_kept_as_text_and_is_reported_with_its_property(
    night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    deal = night.live_ids("deals")[0]
    night.sync(DEALS)
    night.let_a_day_pass(modified("deals", f"id = '{deal}'", "amount = 'about a million'", "dealname = 'odd'"))

    report = night.sync(DEALS)

    rows = night.query(f"select amount, dealname, unfit_values from raw_hubspot.deals where id = '{deal}'")
    assert report.exit_code == 0
    assert rows == [(None, "odd", '{"amount":"about a million"}')]
    assert night.query("select count(unfit_values) from raw_hubspot.deals") == [(1,)]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [
        "HubSpot sent 1 values of deals.amount that do not fit the property's type; they are null in this load, and "
        "kept as they came in the column unfit_values. Correct them in HubSpot, or change the property's type."
    ]


def test_what_a_run_keeps_aside_is_gone_when_its_connector_is_closed(
    first_night: Night, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(aside))
    connector = first_night.connect()

    first_night.sync(DEALS, connector=connector).raise_for_failure()
    kept = [path.name for path in aside.rglob("*.parquet")]
    connector.close()

    assert kept
    assert list(aside.iterdir()) == []


def test_every_column_that_staging_reads_is_declared() -> None:
    declared = {kind.name: {**RECORD_COLUMNS, **kind.columns} for kind in OBJECT_TYPES.values()} | {
        "deal_property_history": HISTORY_COLUMNS,
        "deal_associations": LINK_COLUMNS,
        "owners": OWNER_COLUMNS,
        "pipelines": PIPELINE_COLUMNS,
        "pipeline_stages": STAGE_COLUMNS,
        "company_currency": COMPANY_CURRENCY_COLUMNS,
        "exchange_rates": RATE_COLUMNS,
    }

    (source,) = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"]

    read = {table["name"]: {str(column["name"]).lower() for column in table["columns"]} for table in source["tables"]}
    missing = {
        name: sorted(column for column in columns - declared[name].keys() if not column.startswith("_"))
        for name, columns in read.items()
    }
    assert set(read) == set(raw_tables())
    assert {name: columns for name, columns in missing.items() if columns} == {}
