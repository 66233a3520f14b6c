"""What is planted is found, what is not is not, and the truth agrees with a plain reading of the visible tables."""

from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import PLANTS, World

Rows = duckdb.DuckDBPyConnection
CANONICAL = {
    "Prospecting": 1,
    "Qualification": 2,
    "Needs Analysis": 3,
    "Value Proposition": 4,
    "Id. Decision Makers": 4,
    "Solution Review": 4,
    "Perception Analysis": 5,
    "Proposal/Price Quote": 5,
    "Proposal Sent (legacy)": 5,
    "Negotiation/Review": 6,
    "Closed Won": 7,
    "Closed Won - Partner": 7,
    "Closed Lost": 8,
    "Verbal Agreement": None,
    "appointmentscheduled": 1,
    "qualifiedtobuy": 2,
    "presentationscheduled": 4,
    "71300021": 4,
    "decisionmakerboughtin": 5,
    "contractsent": 6,
    "closedwon": 7,
    "closedlost": 8,
    "71200011": 1,
    "71200012": 2,
    "71200013": 3,
    "71200014": 4,
    "71300024": 4,
    "71200015": 5,
    "71300022": 5,
    "71200016": 6,
    "71200017": 7,
    "71200018": 8,
    "71300025": 8,
}
PIPELINE_STEPS = {
    "default of salesforce": {1, 2, 3, 4, 5, 6},
    "default": {1, 2, 4, 5, 6},
    "71200001": {1, 2, 3, 4, 5, 6},
}


def findings(rows: Rows, check_id: str) -> set[str]:
    return {
        entity
        for (entity,) in rows.execute("select entity_id from truth.findings where check_id = ?", [check_id]).fetchall()
    }


def visits(rows: Rows) -> dict[tuple[str, str, str], list[tuple[str, datetime]]]:
    """Stage entries per living deal (crm, id, pipeline), read from the CRMs' own histories."""
    found = rows.execute("""
        select 'salesforce', "OpportunityId", 'default of salesforce', "StageName", "CreatedDate"
        from salesforce."OpportunityHistory" where not "IsDeleted"
        union all
        select 'hubspot', object_id, deals.pipeline, value, timestamp
        from hubspot._property_history inner join hubspot.deals on deals.id = object_id
        where property = 'dealstage' and not archived
        order by all""").fetchall()
    lives: dict[tuple[str, str, str], list[tuple[str, datetime]]] = {}
    for crm, id_, pipeline, stage, at in sorted(found, key=lambda row: row[4]):
        life = lives.setdefault((crm, id_, pipeline), [])
        if not life or life[-1][0] != stage:
            life.append((stage, at))
    return lives


def skips(rows: Rows) -> set[str]:
    result = set()
    for (crm, id_, pipeline), life in visits(rows).items():
        seen: set[int] = set()
        before: int | None = 0
        for stage, at in life:
            to = CANONICAL[stage]
            if to is not None and before is not None and before < to <= 7:
                missed = {step for step in PIPELINE_STEPS[pipeline] if before < step < to and step >= 2} - seen
                if missed:
                    result.add(f"{crm}:{id_}:{stage}:{at:%Y-%m-%dT%H:%M:%SZ}")
            before = to
            if to is not None:
                seen.add(to)
    return result


def overdue(rows: Rows) -> set[str]:
    today: date = (rows.execute("select cast(clock as date) from state.world").fetchone() or ())[0]
    found = rows.execute("""
        select 'salesforce:' || "Id", "CloseDate" from salesforce."Opportunity" where not "IsClosed" and not "IsDeleted"
        union all
        select 'hubspot:' || id, cast(substr(closedate, 1, 10) as date) from hubspot.deals
            where hs_is_closed = 'false' and not archived
    """).fetchall()
    return {id_ for id_, closes in found if closes < today}


def without_reason(rows: Rows) -> set[str]:
    mapped = {
        "Lost to Competitor",
        "Price",
        "No Decision / Non-Responsive",
        "No Budget / Lost Funding",
        "Other",
        "Went with a competitor",
        "Cheaper offer elsewhere",
        "No decision made",
        "Budget frozen",
        "Bad timing",
        "Product gap",
    }
    found = rows.execute("""
        select 'salesforce:' || "Id", "Loss_Reason__c" from salesforce."Opportunity" where "IsClosed" and not "IsWon"
            and not "IsDeleted"
        union all
        select 'hubspot:' || id, closed_lost_reason from hubspot.deals where (hs_is_closed_lost = 'true'
            or dealstage = '71300025') and not archived
    """).fetchall()
    return {id_ for id_, reason in found if reason not in mapped}


def out_of_order(rows: Rows) -> set[str]:
    found = rows.execute("""
        select distinct 'salesforce:' || deals."Id" from salesforce."Opportunity" as deals
        inner join salesforce."OpportunityHistory" as rows on rows."OpportunityId" = deals."Id"
        where rows."CreatedDate" < deals."CreatedDate" and not deals."IsDeleted"
        union all
        select 'hubspot:' || id from hubspot.deals where hs_is_closed = 'true' and closedate < createdate
            and not archived
    """).fetchall()
    return {id_ for (id_,) in found}


def test_the_truth_about_deals_is_what_a_plain_reading_finds(rows: Rows) -> None:
    assert findings(rows, "C13") == skips(rows) != set()
    assert findings(rows, "C16") == out_of_order(rows) != set()
    assert findings(rows, "C17") == overdue(rows) != set()
    assert findings(rows, "C24") == without_reason(rows) != set()


def test_every_check_has_something_to_find(rows: Rows) -> None:
    found = {check for (check,) in rows.execute("select distinct check_id from truth.findings").fetchall()}

    assert found == PLANTS


def test_stage_findings_name_the_planted_stages(rows: Rows) -> None:
    assert findings(rows, "C01") == {"Verbal Agreement"}
    assert findings(rows, "C02") == {"Business Review"}
    assert findings(rows, "C03") == {"2:hubspot/71200001|hubspot/default", "2:hubspot/default|salesforce/default"}
    assert findings(rows, "C04") == {"71300024"}
    assert findings(rows, "C05") == {"71300025"}
    assert findings(rows, "C06") == {"Closed Won - Partner"}
    assert findings(rows, "C07") == {"Proposal Sent (legacy)"}
    assert findings(rows, "C08") == {"Solution Review"}
    assert findings(rows, "C26") == {"Reference Check"}
    assert findings(rows, "C27") == {"closedlost", "71300026"}
    assert findings(rows, "C28") == {"Nurturing"}


def test_planted_stages_hold_living_deals(rows: Rows) -> None:
    for stage, table in (
        ("Verbal Agreement", "salesforce"),
        ("Proposal Sent (legacy)", "salesforce"),
        ("Closed Won - Partner", "salesforce"),
        ("71300021", "hubspot"),
        ("71300022", "hubspot"),
        ("71300025", "hubspot"),
    ):
        query = (
            'select count(*) from salesforce."Opportunity" where "StageName" = ? and not "IsDeleted"'
            if table == "salesforce"
            else "select count(*) from hubspot.deals where dealstage = ? and not archived"
        )
        assert (rows.execute(query, [stage]).fetchone() or (0,))[0] > 0, stage


def test_errors_touch_well_under_five_percent_of_the_open_pipeline(rows: Rows) -> None:
    row = rows.execute("""
        with open_deals as (
            select 'salesforce:' || "Id" as id, "Amount" as amount,
                "StageName" in ('Verbal Agreement', 'Proposal Sent (legacy)') or exists (
                    from salesforce."OpportunityHistory" as history where history."OpportunityId" = deals."Id"
                        and history."StageName" in ('Verbal Agreement', 'Proposal Sent (legacy)')) as is_touched
            from salesforce."Opportunity" as deals where not "IsClosed" and not "IsDeleted"
            union all
            select 'hubspot:' || id, cast(amount as decimal(18, 2)), exists (
                    from hubspot._property_history as history where history.object_id = deals.id
                        and property = 'dealstage'
                        and value in ('71300021', '71300022', '71300025'))
            from hubspot.deals where hs_is_closed = 'false' and not archived
        )
        select sum(amount) filter (where is_touched or id in (select entity_id from truth.findings
            where check_id = 'C16')), sum(amount)
        from open_deals""").fetchone()
    assert row is not None
    assert 0 < row[0] / row[1] < 0.035


def test_under_a_tenth_of_lost_deals_lack_a_reason(rows: Rows) -> None:
    row = rows.execute("""
        select count(*) filter (where outcome_class = 'lost_unknown') / count(*) from truth.opportunities
        where outcome_class not in ('won', 'open')""").fetchone()
    assert row is not None
    assert 0 < row[0] < 0.10


def test_a_clean_world_has_nothing_to_find(clean_path: Path) -> None:
    with duckdb.connect(str(clean_path), read_only=True) as rows:
        assert rows.execute("select * from truth.findings").fetchall() == []
        assert skips(rows) | out_of_order(rows) | overdue(rows) | without_reason(rows) == set()


@pytest.mark.parametrize(
    "plants",
    [("C01", "C02", "C03", "C04"), ("C05", "C06", "C07", "C08"), ("C13", "C16", "C17", "C24"), ("C26", "C27", "C28")],
)
def test_only_what_is_planted_is_found(tmp_path: Path, plants: tuple[str, ...]) -> None:
    world = World.create(tmp_path / "world.duckdb", size="500", plants=frozenset(plants))
    with world.cursor() as cursor:
        found = cursor.execute("select distinct check_id from truth.findings order by 1").fetchall()
    world.close()

    assert [check for (check,) in found] == sorted(plants)


def test_outcomes_are_those_of_the_visible_deals(rows: Rows) -> None:
    disagreeing = rows.execute("""
        with visible as (
            select 'salesforce' as crm, "Id" as id, "IsDeleted" as is_deleted, case when "IsWon" then 'won'
                when not "IsClosed" then 'open'
                else coalesce(map {'Lost to Competitor': 'lost_competitor', 'Price': 'lost_competitor',
                    'Other': 'lost_other',
                    'No Decision / Non-Responsive': 'no_decision',
                        'No Budget / Lost Funding': 'no_decision'}["Loss_Reason__c"], 'lost_unknown')
                end as outcome
            from salesforce."Opportunity"
        )
        select * from visible left join truth.opportunities as told using (crm, id)
        where told.outcome_class is distinct from visible.outcome
            or told.is_deleted <> visible.is_deleted""").fetchall()
    assert disagreeing == []


def test_deletions_and_merges_are_told(rows: Rows) -> None:
    kinds = rows.execute("select distinct crm || ' ' || kind from truth.deletions order by 1").fetchall()
    assert [kind for (kind,) in kinds] == ["hubspot archived", "hubspot privacy", "salesforce hard", "salesforce soft"]
    merged = rows.execute("select distinct object from truth.merges order by 1").fetchall()
    assert [name for (name,) in merged] == ["Account", "Contact", "companies", "contacts"]
    gone = rows.execute("""
        select id from truth.deletions where kind in ('hard', 'privacy') and id in
            (select "Id" from salesforce."Opportunity" union all select "Id" from salesforce."Contact"
             union all select id from hubspot.deals union all select id from hubspot.contacts)""").fetchall()
    assert gone == []


def test_forecast_deals_end_as_the_study_says(tmp_path: Path) -> None:
    """A deal counts once a quarter, as in the studies: 47 % won, 29 % to a competitor, 24 % no decision."""
    world = World.create(tmp_path / "world.duckdb", size="2500", plants=frozenset())
    with world.cursor() as cursor:
        shares = dict(
            cursor.execute("""
            select outcome, count(*) / sum(count(*)) over ()
            from (select distinct crm, id, quarter_start, outcome from truth.forecast)
            where outcome in ('won', 'lost_competitor', 'no_decision') group by outcome""").fetchall()
        )
        pushed = cursor.execute("""
            select count(distinct "OpportunityId") filter (where "CloseDate" > "PrevCloseDate")
                / count(distinct "OpportunityId")
            from salesforce."OpportunityHistory" """).fetchone()
    world.close()

    assert 0.40 < shares["won"] < 0.54
    assert 0.22 < shares["lost_competitor"] < 0.36
    assert 0.17 < shares["no_decision"] < 0.31
    assert pushed is not None
    assert 0.30 < pushed[0] < 0.50


def test_deals_fall_back_are_opened_again_and_change_hands(rows: Rows) -> None:
    row = rows.execute("""
        with moves as (
            select history.*, stages."SortOrder" as place, lag(stages."SortOrder") over life as place_before,
                stages."IsClosed" as is_closed, lag(stages."IsClosed") over life as was_closed
            from salesforce."OpportunityHistory" as history
            inner join salesforce."OpportunityStage" as stages on stages."MasterLabel" = history."StageName"
            window life as (partition by "OpportunityId" order by history."CreatedDate")
        )
        select count(distinct "OpportunityId") filter (where place < place_before and not is_closed and not was_closed),
            count(distinct "OpportunityId") filter (where was_closed and not is_closed),
            (select count(*) from salesforce."OpportunityFieldHistory" where "Field" = 'Owner'),
            count(distinct "OpportunityId")
        from moves""").fetchone()
    assert row is not None
    fell_back, opened_again, handed_over, deals = row

    assert 0.03 < fell_back / deals < 0.12
    assert 0 < opened_again / deals < 0.06
    assert handed_over > 0


def test_won_deals_saw_more_activities(rows: Rows) -> None:
    means = dict(
        rows.execute("""
            select told.outcome_class, count(tasks."Id") / count(distinct told.id)
            from truth.opportunities as told left join salesforce."Task" as tasks on tasks."WhatId" = told.id
            where told.crm = 'salesforce' group by told.outcome_class""").fetchall()
    )

    assert means["won"] > 1.5 * means["no_decision"] > 0
