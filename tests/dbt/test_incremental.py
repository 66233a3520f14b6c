"""The incremental models, held against the same tables built from nothing, row for row."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors.sandbox.world import World
from tests.dbt.conftest import Built
from tests.support.raw_tables import load_raw_tables


# each example costs some dbt runs of several seconds: few examples, of the kind that differ most
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(nights=st.lists(st.integers(min_value=1, max_value=5), min_size=2, max_size=3, unique=True))
def test_nights_played_one_by_one_give_the_rows_of_one_full_build(built: Built, nights: list[int]) -> None:
    with TemporaryDirectory() as folder:
        played = built.copy_to(Path(folder))
        as_of = played.as_of
        for days in nights:
            world = World.open(played.world)
            world.tick(days)
            world.close()
            as_of = load_raw_tables(played.world, played.warehouse)
            played.build_versions(as_of)

        rebuilt = played.rebuilt(Path(folder), as_of)

        assert played.incremental_rows() == rebuilt.incremental_rows()


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
