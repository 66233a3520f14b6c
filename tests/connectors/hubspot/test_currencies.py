"""A portal with several currencies: what it sums deals in, and what the others are worth, now and before."""

from collections.abc import Sequence

import pytest

from connectors.hubspot.objects import COMPANY_CURRENCY, DEFINITION_STREAMS, EXCHANGE_RATES
from connectors.hubspot.paths import DATED
from connectors.sandbox.faults import Fault
from connectors.streams import StreamReport
from tests.connectors.hubspot.conftest import Night

CURRENCIES = [stream for stream in DEFINITION_STREAMS if stream.object_name in (COMPANY_CURRENCY, EXCHANGE_RATES)]
RATES = (
    "select from_currency_code, to_currency_code, conversion_rate::decimal(18, 6)::varchar, "
    "effective_at::date::varchar, _is_deleted from raw_hubspot.exchange_rates order by id::bigint"
)


def set_rate(night: Night, currency: str, rate: str, day: str) -> str:
    """What an admin does in the portal's settings; the rate's id."""
    made = night.sandbox.edit(
        crm="hubspot", kind="set_exchange_rate", currency=currency, rate=rate, effective_at=f"{day}T08:00:00Z"
    )
    return str(made["id"])


def outcomes(streams: Sequence[StreamReport]) -> dict[str, str]:
    return {one.stream.object_name: one.outcome for one in streams}


@pytest.mark.parametrize("version", ["v3", DATED])
def test_every_rate_comes_with_its_date_and_a_corrected_one_takes_the_place_of_the_mistake(
    night: Night, version: str
) -> None:
    mistyped = set_rate(night, "EUR", "11.1", "2025-01-01")
    set_rate(night, "EUR", "1.081234", "2026-01-01")
    night.sync(CURRENCIES, api_version=version).raise_for_failure()
    before = night.query(RATES)
    night.sandbox.edit(crm="hubspot", kind="correct_exchange_rate", id=mistyped, rate="1.11")
    set_rate(night, "GBP", "1.3", "2026-03-01")
    night.sandbox.tick()

    night.sync(CURRENCIES, api_version=version).raise_for_failure()

    assert [row[2] for row in before] == ["1.000000", "11.100000", "1.081234"]
    assert [(*row[:1], *row[2:]) for row in night.query(RATES)] == [
        ("USD", "1.000000", "2026-03-17", False),
        ("EUR", "1.110000", "2025-01-01", False),
        ("EUR", "1.081234", "2026-01-01", False),
        ("GBP", "1.300000", "2026-03-01", False),
    ]
    assert {row[1] for row in night.query(RATES)} == {"USD"}
    assert night.query("select id from raw_hubspot.company_currency") == [("USD",)]
    assert night.differences("exchange_rates") == {}


def test_more_rates_than_a_page_holds_all_come(night: Night) -> None:
    night.sandbox.edit(crm="hubspot", kind="set_account", currency="EUR")
    for day in range(1, 29):
        for month in range(1, 5):
            set_rate(night, "USD", f"0.9{day:02d}{month}", f"2025-{month:02d}-{day:02d}")

    report = night.sync(CURRENCIES)

    assert report.exit_code == 0
    assert night.query("select count(*), count(distinct id) from raw_hubspot.exchange_rates") == [(113, 113)]
    assert night.query("select id from raw_hubspot.company_currency") == [("EUR",)]
    assert dict(report.calls) == {"currencies": 3}
    assert night.differences("exchange_rates") == {}


def test_a_portal_with_one_currency_has_no_rates_and_is_asked_once_a_day(night: Night) -> None:
    night.sync(CURRENCIES).raise_for_failure()
    again = night.sync(CURRENCIES)

    assert night.query("select count(*) from raw_hubspot.exchange_rates") == [(0,)]
    assert night.query("select id from raw_hubspot.company_currency") == [("USD",)]
    assert outcomes(again.streams) == {COMPANY_CURRENCY: "not_due", EXCHANGE_RATES: "not_due"}


@pytest.mark.parametrize(
    ("status", "said"), [(403, "settings.currencies.read"), (404, "has no currencies of this portal")]
)
def test_a_portal_or_key_without_currencies_is_a_row_of_coverage_and_no_failure(
    night: Night, status: int, said: str
) -> None:
    set_rate(night, "EUR", "1.1", "2025-01-01")
    night.sync(CURRENCIES).raise_for_failure()
    if status == 403:
        night.sandbox.edit(crm="hubspot", kind="hide", type="currencies")
    else:
        families = ("hubspot.company_currency", "hubspot.exchange_rates")
        night.sandbox.set_faults([Fault("status", family, rate=1.0, status=404) for family in families])
    night.sandbox.tick()

    report = night.sync(CURRENCIES)

    assert report.exit_code == 0
    assert outcomes(report.streams) == {COMPANY_CURRENCY: "no_access", EXCHANGE_RATES: "no_access"}
    covered = night.query("select object, status, reason from raw_meta.coverage where column_name = '' order by object")
    assert [row[:2] for row in covered] == [(COMPANY_CURRENCY, "no_access"), (EXCHANGE_RATES, "no_access")]
    assert all(said in str(row[2]) for row in covered)
    assert night.query("select count(*) from raw_hubspot.exchange_rates where not _is_deleted") == [(2,)]
    assert night.differences("exchange_rates") == {}
