"""What the warehouse says of the deals, held against what the world knows about itself."""

from __future__ import annotations

import pytest

from tests.dbt.conftest import Built


@pytest.mark.parametrize(
    ("column", "truth"),
    [
        ("source_stage_id", "stage_id"),
        ("pipeline_id", "pipeline_id"),
        ("outcome_class", "outcome_class"),
        ("amount", "amount"),
        ("close_date", "close_date"),
        ("closed_at", "closed_at"),
        ("owner_id", "crm || ':' || owner_id"),
        ("is_deleted", "is_deleted"),
    ],
)
def test_every_deal_stands_where_the_world_left_it(built: Built, column: str, truth: str) -> None:
    differing = built.rows(
        f"""
        select deal.opportunity_id, deal.{column}, truth.value
        from marts.dim_opportunity as deal
        inner join (select crm || ':' || id as opportunity_id, {truth} as value from world.truth.opportunities) as truth
            using (opportunity_id)
        where deal.{column} is distinct from truth.value
        """
    )

    assert differing == []


def test_no_deal_that_the_crms_show_is_missing_and_none_is_invented(built: Built) -> None:
    shown = """
        select 'salesforce:' || "Id" from world.salesforce."Opportunity"
        union all
        select 'hubspot:' || id from world.hubspot.deals
    """

    deals = built.rows("select opportunity_id from marts.dim_opportunity order by all")

    assert deals == built.rows(f"from ({shown}) order by all")


def test_the_history_accounts_for_every_present_value(built: Built) -> None:
    from_records = built.rows("select * from marts.fct_opportunity_version where change_source = 'record'")

    assert from_records == []


def test_skips_are_those_that_the_world_planted(built: Built) -> None:
    skips = """
        select opportunity_id || ':' || source_stage_id || ':' || strftime(entered_at, '%Y-%m-%dT%H:%M:%SZ')
        from marts.fct_opportunity_stage_history where move_type = 'skip' order by all
    """

    assert built.rows(skips) == built.rows(
        "select entity_id from world.truth.findings where check_id = 'C13' order by all"
    )
