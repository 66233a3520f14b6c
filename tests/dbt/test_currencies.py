"""Deals in several currencies: the org's own currency fields and dated rates, over the nights."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt

pytestmark = pytest.mark.long  # builds the whole warehouse more than once

RATES = """
create table raw_salesforce.dated_conversion_rate as
select code || month as Id, code as IsoCode, start as StartDate, start + interval 1 month as NextStartDate,
    cast(rate + month / 100 as decimal(22, 6)) as ConversionRate, Id as _record_id,
    timestamp '2026-01-01' as _modified_at, false as _is_deleted,
    cast(null as timestamp) as _deleted_at, cast(null as varchar) as _merged_into
from (values ('EUR', 0.9), ('USD', 1)) as codes (code, rate),
    (select month, date '2024-04-01' + month * interval 1 month as start from range(30) as months (month))
where code = 'EUR' or month = 0
"""

HUBSPOT_RATES = """
create table raw_hubspot.exchange_rates as
select id, code as from_currency_code, 'USD' as to_currency_code, cast(rate as decimal(28, 12)) as conversion_rate,
    since as effective_at, true as visible_in_ui, since as created_at, since as updated_at, id as _record_id,
    since as _modified_at, false as _is_deleted, cast(null as timestamp) as _deleted_at,
    cast(null as varchar) as _merged_into
from (values
    ('1', 'USD', 1, timestamp '2024-01-01 00:00'),
    ('2', 'CHF', 1.101234, timestamp '2024-04-01 09:00'),
    ('3', 'CHF', 1.25, timestamp '2025-06-15 09:00'),
    ('4', 'EUR', 7, timestamp '2024-04-01 09:00')
) as rates (id, code, rate, since)
"""


@pytest.fixture
def abroad(built: Built, tmp_path: Path) -> Built:
    """The world with every fourth Salesforce deal in euros, which have a rate for each month, and a few in pounds.

    A fifth of HubSpot's deals are in francs, which HubSpot alone has rates of.
    """
    played = built.copy_to(tmp_path)
    played.execute(
        "alter table raw_salesforce.opportunity add column CurrencyIsoCode varchar",
        """update raw_salesforce.opportunity set CurrencyIsoCode =
        case when hash(Id) % 4 = 0 then 'EUR' when hash(Id) % 50 = 1 then 'GBP' else 'USD' end""",
        RATES,
        "update raw_hubspot.deals set deal_currency_code = 'CHF' where hash(id) % 5 = 0",
        HUBSPOT_RATES,
    )
    return played


def test_every_mart_holds_with_deals_in_several_currencies(abroad: Built) -> None:
    run_dbt(
        abroad.warehouse,
        abroad.as_of,
        target=abroad.target,
        select="*",
        command=("build", "--exclude-resource-type", "unit_test"),
    )

    converted = """
        from marts.dim_opportunity as deal
        left join raw_salesforce.dated_conversion_rate as rate
            on deal.currency_code = rate.IsoCode
            and if(deal.is_closed, deal.close_date, date '2026-03-17') >= rate.StartDate
            and if(deal.is_closed, deal.close_date, date '2026-03-17') < rate.NextStartDate
        where deal.currency_code in ('EUR', 'GBP') and not deal.is_deleted
    """
    rate = "cast(1 / rate.ConversionRate as decimal(18, 8))"
    assert abroad.rows(f"select count(*) > 50, count(*) filter (deal.is_open) > 5 {converted}") == [(True, True)]
    assert (
        abroad.rows(
            f"select deal.opportunity_id {converted} and (deal.fx_rate is distinct from {rate} "
            f"or deal.amount is distinct from cast(round(deal.amount_original * {rate}, 2) as decimal(18, 2)))"
        )
        == []
    )
    francs = """
        from marts.dim_opportunity
        cross join lateral (select
            case when is_closed and close_date < date '2025-06-15' then 1.101234 else 1.25 end as rate
        ) where currency_code = 'CHF' and not is_deleted
    """
    assert abroad.rows(f"select count(*) > 30, count(*) filter (is_open) > 3 {francs}") == [(True, True)]
    assert (
        abroad.rows(
            f"select opportunity_id {francs} and (fx_rate is distinct from rate "
            "or amount is distinct from cast(round(amount_original * rate, 2) as decimal(18, 2)))"
        )
        == []
    )
    # the build's own test holds money to be the original at its rate; here, that there was something to hold
    for mart, amount, more in (
        ("fct_pipeline_change", "amount_delta", "category in ('increased', 'decreased', 'won')"),
        ("fct_pipeline_change", "to_amount", "change_label = 'revalued'"),
        ("fct_opportunity_event", "amount", "field_name = 'amount'"),
        ("rpt_pipeline_digest", "amount", "true"),
        ("fct_deal_health_signal", "amount", "true"),
        ("rpt_deal_health", "amount", "true"),
        ("fct_lead_conversion", "opportunity_amount", "true"),
    ):
        before, _, after = amount.rpartition("amount")
        original, currency, own_rate = (
            f"{before}amount_original{after}",
            f"{before}currency_code",
            f"{before}fx_rate",
        )
        told = abroad.rows(
            f"select {currency}, count(*) > 0, bool_or({own_rate} <> 1), bool_or({amount} <> {original}) "
            f"from marts.{mart} where {more} and {original} <> 0 and {currency} = 'EUR' group by all"
        )
        assert told == [("EUR", True, True, True)], mart
    # the quarters' ends have another rate than their beginnings, which changes no euro
    assert abroad.rows(
        """select count(*) > 10, sum(abs(amount_original_delta)), bool_and(currency_code = 'EUR' and amount_delta <> 0)
        from marts.fct_pipeline_change where category = 'revalued'"""
    ) == [(True, 0, True)]
    # without a rate the money is told in its own currency, and in no other
    assert abroad.rows(
        """select bool_and(to_amount is null and to_fx_rate is null), bool_or(amount_original_delta <> 0)
        from marts.fct_pipeline_change where to_currency_code = 'GBP'"""
    ) == [(True, True)]


def test_a_new_rate_builds_the_deals_in_its_currency_anew_and_no_other(abroad: Built, tmp_path: Path) -> None:
    abroad.build_versions(abroad.as_of)
    abroad.execute("update intermediate.int_opportunity_versions set changed_by = 'marked'")
    after_the_new_rate = abroad.as_of + timedelta(days=20)

    abroad.build_versions(after_the_new_rate)

    assert abroad.rows(
        """select distinct currency_code from intermediate.int_opportunity_versions
        where changed_by is distinct from 'marked' order by all"""
    ) == [("EUR",)]
    abroad.execute(
        """update intermediate.built_int_opportunity_versions set fingerprint = 'stale' where touched_key in (
            select opportunity_id from intermediate.int_opportunity_versions where changed_by = 'marked'
        )"""
    )
    abroad.build_versions(after_the_new_rate)
    assert abroad.incremental_rows() == abroad.rebuilt(tmp_path, after_the_new_rate).incremental_rows()
