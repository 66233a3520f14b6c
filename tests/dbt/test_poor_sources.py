"""Orgs that lack a table or a field, and records of which only the id is known."""

from __future__ import annotations

from pathlib import Path

from tests.dbt.conftest import Built
from tests.support.warehouse import run_dbt


def test_a_missing_table_is_empty_and_a_missing_field_is_null(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    owners = "select count(distinct owner_id) from intermediate.int_opportunity_versions where crm = 'salesforce'"
    assert played.rows(f"select ({owners}) > 1 and count(competitor) > 0 from marts.dim_opportunity") == [(True,)]
    played.execute(
        # an org without field history tracking, and without a field of its own for competitors
        "drop view staging.stg_salesforce__opportunity_field_histories",
        "drop view staging.stg_salesforce__opportunities",
        "drop table raw_salesforce.opportunity_field_history",
        "alter table raw_salesforce.opportunity drop column Competitor__c",
    )

    run_dbt(played.warehouse, played.as_of, target=played.target, select="+int_opportunities_conformed")

    assert played.rows("select count(*) from staging.stg_salesforce__opportunity_field_histories") == [(0,)]
    assert played.rows(
        "select count(competitor), count(owner_id) = count(*) from intermediate.int_opportunities_conformed "
        "where crm = 'salesforce'"
    ) == [(0, True)]


def test_records_deleted_before_they_were_first_read_are_kept_and_flagged(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    tombstone = "values ('{0}', '{0}', true, timestamp '2026-03-01 00:00:00')"
    played.execute(
        f"insert into raw_hubspot.deals (id, _record_id, _is_deleted, _deleted_at) {tombstone.format('999')}",
        f"insert into raw_hubspot.companies (id, _record_id, _is_deleted, _deleted_at) {tombstone.format('998')}",
        f"insert into raw_salesforce.opportunity (Id, _record_id, _is_deleted, _deleted_at) {tombstone.format('006X')}",
        f"insert into raw_salesforce.account (Id, _record_id, _is_deleted, _deleted_at) {tombstone.format('001X')}",
    )

    run_dbt(
        played.warehouse,
        played.as_of,
        target=played.target,
        select="*",
        command=("build", "--exclude-resource-type", "unit_test"),
    )

    assert played.rows(
        "select opportunity_id, is_deleted, deleted_at::date::varchar, outcome_class, amount "
        "from marts.dim_opportunity where source_id in ('999', '006X') order by all"
    ) == [
        ("hubspot:999", True, "2026-03-01", "open", None),
        ("salesforce:006X", True, "2026-03-01", "open", None),
    ]
