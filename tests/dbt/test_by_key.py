"""Tables of which a night builds the touched opportunities alone, held against the same tables built whole."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.sandbox.world import World
from tests.dbt.conftest import Built
from tests.support.raw_tables import load_raw_tables
from tests.support.warehouse import BUILD_WITHOUT_TESTS, run_dbt

ENDS = ("fct_pipeline_change", "fct_forecast_outcome", "fct_opportunity_event", "fct_funnel")
CHAIN = " ".join([*(f"+{model}" for model in ENDS), "int_opportunity_open_stretches", "+int_forecast_weekly_cells"])
# seeds are edited here as tables
WITHOUT_SEEDS = (*BUILD_WITHOUT_TESTS, "--exclude", "resource_type:seed")
# views are there, too, and no night changes them
BUILD = (*WITHOUT_SEEDS, "path:models/staging")
TABLES = (
    "intermediate.int_opportunity_states",
    "intermediate.int_opportunity_versions",
    "intermediate.int_forecast_weekly_cells",
    "intermediate.int_opportunity_outcomes",
    "intermediate.int_pipeline_period_states",
    "intermediate.int_opportunity_open_stretches",
    "intermediate.int_stage_stays",
    "intermediate.int_stage_visits",
    "marts.fct_opportunity_version",
    *(f"marts.{model}" for model in ENDS),
    "marts.fct_forecast_quarter",
    "marts.fct_forecast_snapshot",
)


def test_what_differs_from_deal_to_deal_is_built_anew(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    # past the ends of a week, a month and a fiscal quarter, in one step
    played = _play(played, days=16)
    played.execute(
        # findings that come and go, a person under another address, a record without its other half
        """insert into quality.stage_definition_findings
        select * replace (md5(finding_key) as finding_key) from (
            select 'found' as finding_key, 'C13' as check_id, 'error' as severity, 'flag' as policy, null as crm,
                null as pipeline_id, null as source_stage_id, null as stage_key, 'deal' as entity_type,
                'x' as entity_id, null as owner_id, '' as observed, '' as expected, '' as action,
                1 as opportunity_count, 0 as open_amount, '' as evidence, '' as sample_sql,
                timestamp '2026-03-17' as first_seen_at, timestamp '2026-03-17' as last_seen_at, 'open' as status,
                null as resolved_at
        )""",
        """insert into quality.finding_opportunities
        select md5('found'), 'salesforce:' || min(_record_id) from raw_salesforce.opportunity""",
        """update raw_salesforce.user set Email = 'another.' || Email
        where Id = (select min(OwnerId) from raw_salesforce.opportunity)""",
        """update raw_salesforce.opportunity set _is_deleted = true, _deleted_at = timestamp '2026-04-01 12:00:00'
        where Id = (
            select min(salesforce_opportunity_id) from raw_hubspot.deals where salesforce_opportunity_id <> ''
        )""",
    )

    # who builds a part alone leaves nothing behind: here, versions before the states that they are made of
    _build(played, "int_opportunity_fingerprints int_opportunity_versions")
    _build(played)

    assert _differing(played, tmp_path) == []


def test_what_two_exchange_and_what_lasts_unseen_is_built_anew(built: Built, tmp_path: Path) -> None:
    first = built.copy_to(tmp_path)
    first.execute(
        # every fourth deal began in euros and is in pounds since its second day
        "alter table raw_salesforce.opportunity add column CurrencyIsoCode varchar",
        "update raw_salesforce.opportunity set CurrencyIsoCode = if(hash(Id) % 4 = 0, 'GBP', 'USD')",
        """insert into raw_salesforce.opportunity_field_history by name
        select 'currency' || Id as Id, 'currency' || Id as _record_id, Id as OpportunityId, OwnerId as CreatedById,
            CreatedDate + interval 1 day as CreatedDate, CreatedDate + interval 1 day as _modified_at,
            'CurrencyIsoCode' as Field, 'EUR' as OldValue, 'GBP' as NewValue, false as _is_deleted
        from raw_salesforce.opportunity where CurrencyIsoCode = 'GBP'""",
        """insert into reference.exchange_rates
        values ('EUR', 'USD', '2020-01-01', null, 1.1), ('GBP', 'USD', '2020-01-01', null, 1.3)""",
        # a stage that means a lost deal from some day on: who came before is still where they came to, and a deal that was
        # edited after has a version that says otherwise
        """create temporary table periods as
        select * replace (date '2026-03-01' as valid_from, 8 as canonical_stage)
        from reference.stage_map where crm = 'salesforce' and source_stage_id = 'Negotiation/Review'""",
        """update reference.stage_map set valid_to = date '2026-03-01'
        where crm = 'salesforce' and source_stage_id = 'Negotiation/Review'""",
        "insert into reference.stage_map from periods",
    )
    _build(first, command=WITHOUT_SEEDS)
    assert first.rows(
        """select count(*) > 0 from intermediate.int_stage_visits as visits
        inner join intermediate.int_opportunity_versions as versions using (opportunity_id)
        where visits.is_last and visits.exited_at is null and visits.canonical_stage = 6
            and versions.is_last and versions.canonical_stage = 8"""
    ) == [(True,)]
    second = Built(first.world, first.warehouse, first.as_of + timedelta(days=1), first.target)
    second.execute(
        "update reference.exchange_rates set fx_rate = if(currency_code = 'EUR', 1.3, 1.1) where currency_code <> 'USD'",
        # two people, each under the other's address now, of whom some deal has as many versions of the one as of the other
        """create temporary table pair as
        with owners as (
            select opportunity_id, min(owner_id) as one, max(owner_id) as other from intermediate.int_opportunity_versions
            where crm = 'salesforce' group by opportunity_id having count(distinct owner_id) = 2
        ),
        exchanged as (
            select opportunity_id, one, other, owner_id, changed_by,
                if(owner_id = one, other, one) as new_owner_id,
                case changed_by when one then other when other then one else changed_by end as new_changed_by
            from owners inner join intermediate.int_opportunity_versions using (opportunity_id)
        )
        select one[12:] as one, other[12:] as other from exchanged group by opportunity_id, one, other
        having list_sort(list((owner_id, changed_by))) = list_sort(list((new_owner_id, new_changed_by)))
        order by opportunity_id limit 1""",
        """update raw_salesforce.user set Email = exchanged.Email
        from pair, raw_salesforce.user as exchanged
        where (user.Id = one and exchanged.Id = other) or (user.Id = other and exchanged.Id = one)""",
    )
    people = "select distinct owner_id, owner_key from marts.fct_opportunity_version order by all"
    money = "select currency_code, sum(amount) from marts.fct_opportunity_version group by all order by all"
    people_before, money_before = second.rows(people), second.rows(money)

    _build(second)

    assert second.rows(people) != people_before
    assert second.rows(money) != money_before
    assert _differing(second, tmp_path) == []


@pytest.mark.long
def test_when_the_other_crm_counts_first_the_deals_of_both_are_built_anew(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    counted = "select opportunity_id from marts.fct_forecast_quarter where was_primary_record order by all"
    before = played.rows(counted)

    _build(played, variables=", primary_crm: hubspot")

    assert played.rows(counted) != before
    assert _differing(played, tmp_path, variables=", primary_crm: hubspot") == []


@pytest.mark.long
def test_nights_with_pauses_between_give_the_rows_of_a_whole_build(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    for days in (1, 6, 40, 1):
        played = _play(played, days=days)
        _build(played)

    assert _differing(played, tmp_path) == []


@pytest.mark.long
def test_a_past_night_is_built_on_top_of_a_later_one(built: Built, tmp_path: Path) -> None:
    copy = built.copy_to(tmp_path)
    past = Built(copy.world, copy.warehouse, copy.as_of - timedelta(days=30), copy.target)

    _build(past)

    assert _differing(past, tmp_path) == []


def test_only_what_differs_is_built_until_the_models_own_sql_does(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    # a mark that only a rebuilt row loses
    played.execute("update marts.fct_forecast_snapshot set currency_code = 'marked'")

    _build(played, "fct_forecast_snapshot")
    assert played.rows("select distinct currency_code from marts.fct_forecast_snapshot") == [("marked",)]

    played.execute(
        "update intermediate.built_fct_forecast_snapshot set fingerprint = 'other' "
        "where touched_key = (select min(opportunity_id) from marts.fct_forecast_snapshot)"
    )
    _build(played, "fct_forecast_snapshot")
    assert played.rows(
        "select count(distinct opportunity_id) from marts.fct_forecast_snapshot where currency_code <> 'marked'"
    ) == [(1,)]

    played.execute("update intermediate.built_fct_forecast_snapshot set signature = 'of other SQL'")
    _build(played, "fct_forecast_snapshot")
    assert played.rows("select count(*) from marts.fct_forecast_snapshot where currency_code = 'marked'") == [(0,)]


def _play(played: Built, *, days: int) -> Built:
    world = World.open(played.world)
    world.tick(days)
    world.close()
    return Built(played.world, played.warehouse, load_raw_tables(played.world, played.warehouse), played.target)


def _build(played: Built, select: str = CHAIN, *, variables: str = "", command: tuple[str, ...] = BUILD) -> None:
    run_dbt(
        played.warehouse, played.as_of, target=played.target, select=select, variables=variables, command=command
    )


def _differing(played: Built, folder: Path, *, variables: str = "") -> list[str]:
    """Tables that hold other rows than the same built whole from what the others hold."""
    # the same file name, so that dbt need not parse the project for another database
    whole = folder / "whole" / "warehouse.duckdb"
    whole.parent.mkdir()
    shutil.copyfile(played.warehouse, whole)
    models = " ".join(table.split(".")[1] for table in TABLES)
    run_dbt(
        whole,
        played.as_of,
        target=played.target,
        select=models,
        variables=variables,
        command=(*BUILD_WITHOUT_TESTS, "--full-refresh"),
    )
    return [
        table
        for table in TABLES
        if played.rows(f"select count(*) from (from {table} except all from rebuilt.{table})", whole)
        + played.rows(f"select count(*) from (from rebuilt.{table} except all from {table})", whole)
        != [(0,), (0,)]
    ]
