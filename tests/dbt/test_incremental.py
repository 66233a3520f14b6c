"""The incremental models, held against the same tables built from nothing, row for row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.sandbox.world import World
from tests.connectors.hubspot.portal_edits import archived, modified
from tests.dbt.conftest import Built
from tests.support.raw_tables import load_raw_tables


# what people and late syncs do to deals, as statements over the world's tables; which deal, a number that is drawn says
_SALESFORCE = """(select "Id" from salesforce."Opportunity" where {condition} and not "IsDeleted"
    order by "Id" offset {number} % (select count(*) from salesforce."Opportunity" where {condition} and not "IsDeleted")
    limit 1)"""
_HUBSPOT = """(select id from hubspot.deals where {condition} and not archived and merged_into is null
    order by id offset {number} % (
        select count(*) from hubspot.deals where {condition} and not archived and merged_into is null
    ) limit 1)"""


def _late_history(number: int) -> list[str]:
    """A row of the history that comes long after its day, and one that never came and is taken back."""
    deal = _SALESFORCE.format(condition="true", number=number)
    return [
        f"""insert into salesforce."OpportunityHistory" select * replace (
            "Id" || 'late{number}' as "Id", 'Prospecting' as "StageName",
            "CreatedDate" + interval 1 second as "CreatedDate"
        ) from salesforce."OpportunityHistory" where "OpportunityId" = {deal} order by "CreatedDate" limit 1""",
        f"""delete from salesforce."OpportunityHistory"
        where "OpportunityId" = {_SALESFORCE.format(condition="true", number=number + 1)}""",
    ]


def _deleted(number: int) -> list[str]:
    """A deal into each recycle bin, and one past it, with its history."""
    recycled = _SALESFORCE.format(condition="true", number=number)
    purged = _SALESFORCE.format(condition="true", number=number + 2)
    return [
        f"set variable purged = {purged}",
        f"""update salesforce."Opportunity" set "IsDeleted" = true, "SystemModstamp" = this_morning
        where "Id" = {recycled}""",
        """delete from salesforce."OpportunityHistory" where "OpportunityId" = getvariable('purged')""",
        """delete from salesforce."Opportunity" where "Id" = getvariable('purged')""",
        archived("deals", f"id = {_HUBSPOT.format(condition='true', number=number)}"),
    ]


def _merged(number: int) -> list[str]:
    """A deal taken into another."""
    loser, winner = (_HUBSPOT.format(condition="true", number=number + step) for step in (0, 3))
    return [
        f"set variable winner = {winner}",
        f"set variable loser = {loser}",
        "update hubspot.deals set merged_into = getvariable('winner') where id = getvariable('loser')",
        modified("deals", "id = getvariable('winner')", "hs_merged_object_ids = getvariable('loser')"),
    ]


def _reopened(number: int) -> list[str]:
    """A closed deal of each CRM that is open again."""
    closed = _SALESFORCE.format(condition='"IsClosed"', number=number)
    lost = _HUBSPOT.format(condition="dealstage = 'closedlost'", number=number)
    return [
        f"set variable reopened = {closed}",
        """update salesforce."Opportunity" set "StageName" = 'Needs Analysis', "IsClosed" = false, "IsWon" = false,
            "ForecastCategory" = 'Pipeline', "Probability" = 20, "SystemModstamp" = this_morning
        where "Id" = getvariable('reopened')""",
        f"""insert into salesforce."OpportunityHistory" select * replace (
            "Id" || 'open{number}' as "Id", 'Needs Analysis' as "StageName", 'Pipeline' as "ForecastCategory",
            20 as "Probability", this_morning as "CreatedDate", this_morning as "SystemModstamp"
        ) from salesforce."OpportunityHistory" where "OpportunityId" = getvariable('reopened')
        order by "CreatedDate" desc limit 1""",
        f"set variable reopened_deal = {lost}",
        f"""insert into hubspot._property_history values ('deals', getvariable('reopened_deal'), 'dealstage',
            'presentationscheduled', this_morning + interval {number} second, 'CRM_UI', 'userId:7', '7')""",
        modified("deals", "id = getvariable('reopened_deal')", "dealstage = 'presentationscheduled'"),
    ]


EDITS: dict[str, Callable[[int], list[str]]] = {
    "late history": _late_history,
    "deleted": _deleted,
    "merged": _merged,
    "reopened": _reopened,
}


@st.composite
def _nights(draw: st.DrawFn) -> list[tuple[int, list[tuple[str, int]]]]:
    """Two nights: for each, how many days it comes after the one before, and what has happened to which deals since.

    Both nights together have seen everything, in some order.
    """
    kinds = draw(st.permutations(sorted(EDITS)))
    split = draw(st.integers(min_value=1, max_value=len(kinds) - 1))
    return [
        (
            draw(st.integers(min_value=1, max_value=5)),
            [(kind, draw(st.integers(min_value=0, max_value=999))) for kind in of_night],
        )
        for of_night in (kinds[:split], kinds[split:])
    ]


# each example costs some dbt runs of several seconds: few examples, each with everything that can happen to a deal
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(nights=_nights())
def test_nights_played_one_by_one_give_the_rows_of_one_full_build(
    built: Built, nights: list[tuple[int, list[tuple[str, int]]]]
) -> None:
    with TemporaryDirectory() as folder:
        played = built.copy_to(Path(folder))
        as_of = played.as_of
        for days, edits in nights:
            world = World.open(played.world)
            world.tick(days)
            world.close()
            for kind, number in edits:
                assert _happened(played.world, EDITS[kind](number)), f"{kind} {number} changed nothing"
            as_of = load_raw_tables(played.world, played.warehouse)
            played.build_versions(as_of)

        rebuilt = played.rebuilt(Path(folder), as_of)

        assert played.incremental_rows() == rebuilt.incremental_rows()


def _happened(world: Path, statements: list[str]) -> bool:
    """Have it happen on the morning of the world's last day; whether each statement that writes changed something."""
    with duckdb.connect(str(world)) as connection:
        connection.execute("set variable this_morning = (select clock - interval 16 hours from state.world)")
        changed = [
            connection.execute(statement.replace("this_morning", "getvariable('this_morning')")).fetchall()
            for statement in statements
        ]
    return all(rows[0][0] > 0 for statement, rows in zip(statements, changed, strict=True) if "set variable" not in statement)


def test_a_past_night_can_be_built_again_on_top_of_a_later_one(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    past = played.as_of - timedelta(days=200)

    played.build_versions(past)

    assert played.incremental_rows() == played.rebuilt(tmp_path, past).incremental_rows()
    assert played.rows(
        "select max(valid_from) <= timestamp '2025-08-29 02:00:00' from intermediate.int_opportunity_versions"
    ) == [(True,)]


def test_late_vanished_and_rewritten_records_are_built_anew(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    played.execute(
        """create temp table chosen as
        select _record_id as id, row_number() over (order by _record_id) as no from raw_salesforce.opportunity""",
        # an opportunity that is gone without a trace, one whose history is gone, one whose history came late
        "delete from raw_salesforce.opportunity where Id = (select id from chosen where no = 1)",
        """delete from raw_salesforce.opportunity_history
        where OpportunityId = (select id from chosen where no = 2)""",
        """insert into raw_salesforce.opportunity_history
        select * replace (
            Id || 'late' as Id, Id || 'late' as _record_id, 'Prospecting' as StageName,
            CreatedDate + interval 1 second as CreatedDate
        )
        from raw_salesforce.opportunity_history where OpportunityId = (select id from chosen where no = 3)""",
        # a record deleted without a change of its own, and a definition that all deals of a pipeline are read by
        """update raw_hubspot.deals set _is_deleted = true, _deleted_at = timestamp '2026-03-16 12:00:00'
        where _record_id = (select min(_record_id) from raw_hubspot.deals where not _is_deleted)""",
        "update raw_hubspot.pipeline_stages set probability = 0.45 where id = 'presentationscheduled'",
    )

    played.build_versions(played.as_of)

    assert played.incremental_rows() == played.rebuilt(tmp_path, played.as_of).incremental_rows()


def test_a_build_without_news_builds_no_opportunity(built: Built, tmp_path: Path) -> None:
    played = built.copy_to(tmp_path)
    # a mark that only a rebuilt row loses
    played.execute("update intermediate.int_opportunity_versions set changed_by = 'marked'")

    played.build_versions(played.as_of + timedelta(minutes=5))

    assert played.rows("select distinct changed_by from intermediate.int_opportunity_versions") == [("marked",)]
