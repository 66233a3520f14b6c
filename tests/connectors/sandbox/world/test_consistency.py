"""Current rows, both CRMs' histories and their references agree, in a new world and in one that ticked."""

import duckdb
import pytest

from connectors.sandbox.catalogue import HUBSPOT, HUBSPOT_HISTORY_PROPERTIES, SALESFORCE, salesforce_fields

Rows = duckdb.DuckDBPyConnection


# types that a generated world has and leaves empty: the control API fills them
FILLED_BY_EDITS = ("notes", "tickets", "products", "line_items", "quotes")


def none_of(rows: Rows, query: str) -> None:
    found = rows.execute(query).fetchall()
    assert not found, found[:5]


def test_every_object_of_both_catalogues_has_rows(rows: Rows) -> None:
    for name in SALESFORCE:
        assert rows.execute(f'select count(*) from salesforce."{name}"').fetchone() != (0,), name
    generated = [name for name in HUBSPOT if name not in FILLED_BY_EDITS]
    for name in (*generated, "_property_history", "_associations", "_pipelines", "_stages", "_owners"):
        assert rows.execute(f"select count(*) from hubspot.{name}").fetchone() != (0,), name


def test_the_newest_opportunity_history_row_is_the_opportunity(rows: Rows) -> None:
    none_of(
        rows,
        """
        select deals."Id" from salesforce."Opportunity" as deals
        left join (
            select * from salesforce."OpportunityHistory"
            qualify row_number() over (partition by "OpportunityId" order by "CreatedDate" desc) = 1
        ) as newest on newest."OpportunityId" = deals."Id"
        where (newest."StageName", newest."Amount", newest."CloseDate", newest."Probability", newest."IsDeleted")
            is distinct from (deals."StageName", deals."Amount", deals."CloseDate", deals."Probability",
                deals."IsDeleted")""",
    )


@pytest.mark.parametrize("field", ["StageName", "Amount", "CloseDate", "ForecastCategoryName", "Owner"])
def test_field_history_is_a_chain_that_ends_at_the_current_value(rows: Rows, field: str) -> None:
    column = "OwnerId" if field == "Owner" else field
    kind = "and \"DataType\" = 'EntityId'" if field == "Owner" else ""
    none_of(
        rows,
        f"""
        with changes as (
            select *, lead("OldValue") over life as next_old, lead("CreatedDate") over life as next_at
            from salesforce."OpportunityFieldHistory" where "Field" = '{field}' {kind}
            window life as (partition by "OpportunityId" order by "CreatedDate")
        )
        select changes."OpportunityId" from changes
        inner join salesforce."Opportunity" as deals on deals."Id" = changes."OpportunityId"
        where "NewValue" is distinct from (case when next_at is null then cast(deals."{column}" as varchar)
            else next_old end)""",
    )


@pytest.mark.parametrize("name", HUBSPOT_HISTORY_PROPERTIES)
def test_the_newest_property_value_is_the_deals(rows: Rows, name: str) -> None:
    none_of(
        rows,
        f"""
        select deals.id from hubspot.deals
        left join (
            select * from hubspot._property_history where property = '{name}'
            qualify row_number() over (partition by object_id order by timestamp desc) = 1
        ) as newest on newest.object_id = deals.id
        where newest.value is distinct from deals.{name}""",
    )


def test_no_two_changes_of_a_deal_share_a_moment(rows: Rows) -> None:
    none_of(
        rows,
        """select "OpportunityId" from salesforce."OpportunityHistory"
        group by "OpportunityId", "CreatedDate" having count(*) > 1""",
    )
    none_of(
        rows,
        "select object_id from hubspot._property_history group by object_id, property, timestamp having count(*) > 1",
    )


def test_previous_values_are_those_of_the_row_before(rows: Rows) -> None:
    none_of(
        rows,
        """
        with life as (
            select *, lag("Amount") over (partition by "OpportunityId" order by "CreatedDate") as before_amount,
                lag("CloseDate") over (partition by "OpportunityId" order by "CreatedDate") as before_date
            from salesforce."OpportunityHistory"
        )
        select "Id" from life
        where "PrevCloseDate" is distinct from (case when before_date <> "CloseDate" then before_date end)
            or "PrevAmount" is distinct from (case when before_amount is distinct from "Amount"
                then before_amount end)""",
    )


def test_stages_set_closed_won_and_category(rows: Rows) -> None:
    none_of(
        rows,
        """
        select deals."Id" from salesforce."Opportunity" as deals
        inner join salesforce."OpportunityStage" as stages on stages."MasterLabel" = deals."StageName"
        where (deals."IsClosed", deals."IsWon") <> (stages."IsClosed", stages."IsWon")
            or (deals."IsClosed" and deals."ForecastCategory" <> stages."ForecastCategory")""",
    )
    none_of(
        rows,
        """
        select deals.id from hubspot.deals
        left join hubspot._stages as stages on stages.pipeline_id = deals.pipeline and stages.id = deals.dealstage
        where deals.hs_is_closed is distinct from stages.is_closed
            or deals.hs_deal_stage_probability is distinct from stages.probability""",
    )


def test_every_reference_leads_to_a_row(rows: Rows) -> None:
    for name in SALESFORCE:
        for field in salesforce_fields(name):
            # campaigns and products are not among the objects that the sandbox answers
            if field.reference_to is None or field.reference_to not in SALESFORCE:
                continue
            others = " union all ".join(
                f'select "Id" from salesforce."{target}"' for target in {field.reference_to, "Account", "Opportunity"}
            )
            none_of(
                rows,
                f"""
                select '{name}.{field.name}', "{field.name}" from salesforce."{name}"
                where "{field.name}" is not null and "{field.name}" not in ({others}) limit 3""",
            )


def test_associations_are_stored_both_ways_and_lead_to_rows(rows: Rows) -> None:
    none_of(
        rows,
        """
        select there.from_id, there.to_id from hubspot._associations as there
        anti join hubspot._associations as back
            on back.from_type = there.to_type and back.from_id = there.to_id and back.to_type = there.from_type
                and back.to_id = there.from_id""",
    )
    for name in ("companies", "contacts", "calls", "meetings", "emails", "tasks"):
        none_of(
            rows,
            f"""
            select to_id from hubspot._associations where from_type = 'deals' and to_type = '{name}'
                and to_id not in (select id from hubspot.{name} where merged_into is null)""",
        )


def test_line_items_add_up_to_the_amount(rows: Rows) -> None:
    none_of(
        rows,
        """
        select deals."Id", deals."Amount", sum(items."TotalPrice") from salesforce."Opportunity" as deals
        inner join salesforce."OpportunityLineItem" as items on items."OpportunityId" = deals."Id"
        group by all having sum(items."TotalPrice") <> deals."Amount" or not deals."HasOpportunityLineItem" """,
    )


def test_ids_are_unique_and_some_differ_only_by_case(rows: Rows) -> None:
    for name in SALESFORCE:
        none_of(
            rows,
            f'select "Id" from salesforce."{name}" group by "Id" having count(*) > 1 or any_value(length("Id")) <> 18',
        )
    assert rows.execute("""
        select count(*) from (select lower(substr("Id", 1, 15)) as folded
            from salesforce."Opportunity" group by folded having count(*) > 1)"""
    ).fetchone() != (0,)  # fmt: skip
    for name in HUBSPOT:
        none_of(rows, f"select id from hubspot.{name} group by id having count(*) > 1")


def test_ids_carry_salesforces_checksum(rows: Rows) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    for name in SALESFORCE:
        for (id_,) in rows.execute(f'select "Id" from salesforce."{name}" limit 200').fetchall():
            chunks = [id_[start : start + 5] for start in (0, 5, 10)]
            suffix = [
                alphabet[sum(1 << place for place, letter in enumerate(chunk) if letter.isupper())] for chunk in chunks
            ]
            assert id_[15:] == "".join(suffix), id_


def test_nothing_is_stamped_later_than_two_hours_before_the_clock(rows: Rows) -> None:
    for name in SALESFORCE:
        for field in salesforce_fields(name):
            if field.name in ("SystemModstamp", "LastModifiedDate", "CreatedDate"):
                none_of(
                    rows,
                    f"""
                    select '{name}', "Id", "{field.name}" from salesforce."{name}", state.world
                    where "{field.name}" > clock - interval 2 hours""",
                )
    for name in HUBSPOT:
        none_of(
            rows,
            f"""
            select '{name}', id, updated_at from hubspot.{name}, state.world
            where greatest(updated_at, created_at, archived_at) > clock - interval 2 hours""",
        )
    none_of(rows, "select * from hubspot._property_history, state.world where timestamp > clock - interval 2 hours")
    none_of(rows, "select * from salesforce._deleted, state.world where deleted_at > clock - interval 2 hours")


def test_records_are_never_modified_before_they_are_created(rows: Rows) -> None:
    for name in SALESFORCE:
        fields = {field.name for field in salesforce_fields(name)}
        if {"SystemModstamp", "LastModifiedDate", "CreatedDate"} <= fields:
            none_of(
                rows,
                f"""
                select '{name}', "Id" from salesforce."{name}"
                where "SystemModstamp" < "LastModifiedDate" or "LastModifiedDate" < "CreatedDate" limit 3""",
            )
    for name in HUBSPOT:
        none_of(rows, f"select '{name}', id from hubspot.{name} where updated_at < created_at")


def test_owners_of_open_deals_are_active(rows: Rows) -> None:
    none_of(
        rows,
        """
        select deals."Id" from salesforce."Opportunity" as deals
        inner join salesforce."User" as users on users."Id" = deals."OwnerId"
        where not deals."IsClosed" and not deals."IsDeleted" and not users."IsActive" """,
    )
    none_of(
        rows,
        """
        select deals.id from hubspot.deals inner join hubspot._owners as owners on owners.id = deals.hubspot_owner_id
        where deals.hs_is_closed = 'false' and not deals.archived and owners.archived
            and deals.dealstage <> '71300025'""",
    )


def test_deals_entered_in_both_crms_name_each_other(rows: Rows) -> None:
    none_of(
        rows,
        """
        select deals.id from hubspot.deals full join salesforce."Opportunity"
            as twins on twins."HubSpot_Deal_Id__c" = deals.id
        where (deals.salesforce_opportunity_id is not null or twins."HubSpot_Deal_Id__c" is not null)
            and deals.salesforce_opportunity_id is distinct from twins."Id" """,
    )
    assert rows.execute(
        "select count(*) from hubspot.deals where salesforce_opportunity_id is not null"
    ).fetchone() != (0,)


def test_merged_records_lead_to_living_ones(rows: Rows) -> None:
    none_of(
        rows,
        """
        select lost."Id" from salesforce."Account" as lost left join salesforce."Account"
            as won on won."Id" = lost."MasterRecordId"
        where lost."MasterRecordId" is not null and (won."Id" is null or won."IsDeleted" or not lost."IsDeleted")""",
    )
    none_of(
        rows,
        """
        select deals."Id" from salesforce."Opportunity" as deals inner join salesforce."Account"
            as accounts on accounts."Id" = deals."AccountId"
        where accounts."IsDeleted" and not deals."IsDeleted" """,
    )
    for name in ("companies", "contacts"):
        none_of(
            rows,
            f"""
            select lost.id from hubspot.{name} as lost left join hubspot.{name} as made on made.id = lost.merged_into
            where lost.merged_into is not null
                and (made.id is null or not list_contains(string_split(made.hs_merged_object_ids, ';'), lost.id))""",
        )
