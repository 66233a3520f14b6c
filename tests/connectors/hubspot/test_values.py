"""Values that their column cannot hold: to the last digit where it can, and told, with their text, where it cannot."""

import json
import logging

import orjson
import pytest

from connectors.engine import open_warehouse
from connectors.landing import LandingLog
from connectors.landing.parts import LONGEST_TEXT
from connectors.landing.withdraw import withdraw_columns
from connectors.raw import replay
from tests.connectors.hubspot.conftest import Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle
from tests.connectors.hubspot.portal_edits import modified

DEALS = streams_of("deals")


def misfits(night: Night, lane: str) -> dict[str, int]:
    """What the newest load of a lane of deals says."""
    newest = sorted(night.folder.glob(f"landing/hubspot/deals/*-{lane}-*/manifest.json"))[-1]
    found: dict[str, int] = orjson.loads(newest.read_bytes())["misfits"]
    return found


def unfit(night: Night, deal: str) -> dict[str, str] | None:
    """The texts that are kept beside a deal."""
    ((text,),) = night.query(f"select unfit_values from raw_hubspot.deals where id = '{deal}'")
    return None if text is None else json.loads(str(text))


def open_deal(night: Night) -> str:
    """A deal whose computed values a night reads."""
    rows = night.sandbox.truth("hubspot/deals", full=True)
    live = [row for row in rows if not row["archived"] and row["merged_into"] is None]
    return min((str(row["id"]) for row in live if row["hs_is_closed"] == "false"), key=int)


def test_a_computed_number_comes_to_its_last_digit(night: Night) -> None:
    first, second, third = night.live_ids("deals", 3)
    night.sync(DEALS).raise_for_failure()
    night.let_a_day_pass(
        modified("deals", f"id = '{first}'", "amount = '1085.7142857142858'"),
        modified("deals", f"id = '{second}'", "amount = '1.2E-7'"),
        modified("deals", f"id = '{third}'", "amount = '12.50000000000000000000'"),
    )

    night.sync(DEALS).raise_for_failure()

    amounts = night.query(
        f"select amount::varchar from raw_hubspot.deals where id in ('{first}', '{second}') order by amount"
    )
    assert amounts == [("0.0000001200000000",), ("1085.7142857142858000",)]
    assert [unfit(night, deal) for deal in (first, second, third)] == [None, None, None]
    assert misfits(night, "rows") == {}


def test_a_number_beyond_that_is_rounded_counted_and_kept_as_it_came(
    night: Night, caplog: pytest.LogCaptureFixture
) -> None:
    plain, tiny = night.live_ids("deals", 2)
    night.sync(DEALS).raise_for_failure()
    night.let_a_day_pass(
        modified("deals", f"id = '{plain}'", "amount = '0.12345678901234567'"),
        modified("deals", f"id = '{tiny}'", "amount = '1E-20'"),
    )

    report = night.sync(DEALS)

    assert report.exit_code == 0
    assert night.query(f"select amount::varchar from raw_hubspot.deals where id = '{plain}'") == [
        ("0.1234567890123457",)
    ]
    assert unfit(night, plain) == {"amount": "0.12345678901234567"}
    assert unfit(night, tiny) == {"amount": "1E-20"}
    assert misfits(night, "rows") == {"amount": 2}
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [line.split(";")[0] for line in said] == ["HubSpot sent 2 values of deals.amount with more than 16 decimals"]


def test_a_computed_value_that_does_not_fit_keeps_its_text_until_it_fits_again(night: Night) -> None:
    deal = open_deal(night)
    night.sync(DEALS).raise_for_failure()
    # a misfit that came with the record itself is not touched by the lane that reads computed values alone
    night.let_a_day_pass(modified("deals", f"id = '{deal}'", "amount = 'plenty'"))
    night.sync(DEALS).raise_for_failure()
    with_the_record = unfit(night, deal)
    night.let_a_day_pass(f"update hubspot.deals set num_notes = 'a few' where id = '{deal}'")
    night.sync(DEALS).raise_for_failure()
    beside_it, counted = unfit(night, deal), misfits(night, "calculated")
    night.let_a_day_pass(f"update hubspot.deals set num_notes = '3' where id = '{deal}'")

    night.sync(DEALS).raise_for_failure()

    assert with_the_record == {"amount": "plenty"}
    assert beside_it == {"amount": "plenty", "num_notes": "a few"}
    assert counted == {"num_notes": 1}
    assert unfit(night, deal) == {"amount": "plenty"}
    assert night.query(f"select num_notes::int from raw_hubspot.deals where id = '{deal}'") == [(3,)]


def test_a_value_that_does_not_fit_keeps_its_text_when_its_column_is_filled_later(night: Night) -> None:
    deal = night.live_ids("deals")[0]

    def without_amount(exchange: Exchange) -> None:
        if exchange.path == "/crm/v3/properties/deals":
            known = orjson.loads(exchange.body)["results"]
            exchange.answer(200, {"results": [entry for entry in known if entry["name"] != "amount"]})

    with meddle(night.sandbox.url, without_amount) as proxy:
        night.sync(DEALS, host=proxy.url).raise_for_failure()
    night.sandbox.edit(
        crm="hubspot", kind="set_properties", type="deals", id=deal, properties={"amount": "plenty"}, move_stamp=False
    )
    night.sandbox.tick()

    report = night.sync(DEALS)

    assert report.exit_code == 0
    assert "backfill" in {one.stream.lane for one in report.streams}
    assert unfit(night, deal) == {"amount": "plenty"}
    assert misfits(night, "backfill") == {"amount": 1}


def test_a_text_beyond_all_measure_is_cut_and_counted(night: Night) -> None:
    long, longest = night.live_ids("deals", 2)
    night.sync(DEALS).raise_for_failure()
    night.let_a_day_pass(
        modified("deals", f"id = '{long}'", f"dealname = repeat('ü', {LONGEST_TEXT})"),
        modified("deals", f"id = '{longest}'", f"dealname = repeat('y', {LONGEST_TEXT + 1})"),
    )

    night.sync(DEALS).raise_for_failure()

    lengths = f"select length(dealname) from raw_hubspot.deals where id in ('{long}', '{longest}')"
    assert night.query(lengths) == [(LONGEST_TEXT,), (LONGEST_TEXT,)]
    assert misfits(night, "rows") == {"(cut)": 1}


def test_a_rule_that_came_later_takes_the_kept_text_away_too(night: Night) -> None:
    deal = night.live_ids("deals")[0]
    changes = ("amount = 'plenty'", "hs_forecast_amount = 'much'")
    night.let_a_day_pass(modified("deals", f"id = '{deal}'", *changes))
    night.sync(DEALS).raise_for_failure()
    before = unfit(night, deal)

    with LandingLog(night.folder / "landing") as log, log.lease("hubspot") as lease:
        withdraw_columns(log, lease, "deals", {"amount": "block"})
        with open_warehouse(night.warehouse) as connection:
            replay(connection, log, "hubspot")

    assert before == {"amount": "plenty", "hs_forecast_amount": "much"}
    assert unfit(night, deal) == {"hs_forecast_amount": "much"}
