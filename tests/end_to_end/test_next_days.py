"""Two weeks later: only changes are read, and every table is what a look at both CRMs from scratch would give.

Then the first night is built again in the warehouse of the later one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.as_of import dbt_moment
from dagster_project.publishing import last_published_before
from tests.connectors.hubspot.portal_edits import archived
from tests.connectors.hubspot.truth import Comparison
from tests.connectors.salesforce.edited_world import differences as salesforce_differences
from tests.support.compared_files import differences
from tests.support.installation import Installation
from tests.support.night_process import NightProcess
from tests.support.warehouse import run_dbt

# over the end of a quarter, so that its forecasts get their outcomes
DAYS = 15
FULL_REFRESH = ("build", "--full-refresh", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test")

# what neither the CRMs nor the raw tables keep the history of: a past night shows today's value, for the records of
# that night. The one moves with every activity; the other counts the deals' raw words, which move with every stage
WITHOUT_HISTORY = {
    "marts.dim_opportunity": {"last_activity_date"},
    "marts.dim_forecast_category": {"opportunity_count"},
}


@dataclass(frozen=True)
class Deleted:
    """Deals in Salesforce's recycle bin, past it, and in HubSpot's."""

    recycled: str
    purged: str
    archived: str


@dataclass(frozen=True)
class Later:
    """The installation after its second night; what was deleted in between, and how raw HubSpot differs from it."""

    place: Installation
    deleted: Deleted
    hubspot_differences: dict[str, list[tuple[object, ...]]]

    @property
    def as_of(self) -> datetime:
        """What the second night speaks of."""
        ((text,),) = self.place.rows("select value from quality.publication where fact = 'as_of'")
        return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture(scope="module")
def later(first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory) -> Later:
    """The first night's installation after two weeks, the end of a quarter and some deletions."""
    folder = tmp_path_factory.mktemp("next_days")
    place = first_night.copy_to(folder / "later")
    with place.serving() as sandbox:
        sandbox.tick(DAYS)
    deleted = _delete_deals(place.world)
    with place.serving() as sandbox:
        place.run(nights, sandbox=sandbox).check()
        with closing(Comparison(place.warehouse, sandbox.url, folder)) as comparison:
            return Later(place, deleted, comparison.differences())


def _delete_deals(world: Path) -> Deleted:
    """Won deals that go on the morning of the last day; which ones."""
    with duckdb.connect(str(world)) as connection:
        connection.execute("set variable this_morning = (select clock - interval 16 hours from state.world)")
        deals = """
            select id from truth.opportunities
            where crm = '{crm}' and outcome_class = 'won' and not is_deleted and crosswalk_id is null
                and not exists (from truth.findings where entity_id like '%' || id || '%')
            order by id limit {count}"""
        (recycled,), (purged,) = connection.execute(deals.format(crm="salesforce", count=2)).fetchall()
        ((binned,),) = connection.execute(deals.format(crm="hubspot", count=1)).fetchall()
        for statement in (
            f"""update salesforce."Opportunity" set "IsDeleted" = true, "SystemModstamp" = this_morning
            where "Id" = '{recycled}'""",
            f"insert into salesforce._deleted values ('Opportunity', '{recycled}', this_morning, false)",
            f"""delete from salesforce."Opportunity" where "Id" = '{purged}'""",
            f"insert into salesforce._deleted values ('Opportunity', '{purged}', this_morning, true)",
            archived("deals", f"id = '{binned}'"),
        ):
            connection.execute(statement.replace("this_morning", "getvariable('this_morning')"))
    return Deleted(f"salesforce:{recycled}", f"salesforce:{purged}", f"hubspot:{binned}")


def test_raw_tables_equal_both_crms(later: Later) -> None:
    with duckdb.connect(str(later.place.world), read_only=True) as world:
        assert salesforce_differences(world.cursor(), later.place.warehouse) == []
    assert later.hubspot_differences == {}


def test_only_what_changed_was_read(later: Later, first_night: Installation) -> None:
    def landed(place: Installation) -> dict[str, int]:
        manifests = place.folder.glob("landing/*/*/*/manifest.json")
        loads = f"read_json({[str(manifest) for manifest in manifests]})"
        rows = duckdb.sql(f"select object, sum(rows_landed) from {loads} where lane = 'rows' group by object")
        return dict(rows.fetchall())

    before, after = landed(first_night), landed(later.place)

    for name in ("Opportunity", "OpportunityHistory", "Account", "Contact", "deals", "contacts", "emails"):
        assert 0 <= after[name] - before[name] < before[name] / 2


def test_deals_that_were_deleted_are_flagged_and_counted_no_more(later: Later, first_night: Installation) -> None:
    flagged = "select opportunity_id from marts.dim_opportunity where is_deleted"
    gone = "select 'salesforce:' || _record_id from raw_salesforce.opportunity where _is_deleted union all select "
    gone += "'hubspot:' || _record_id from raw_hubspot.deals where _is_deleted"
    recycled, purged, archived_deal = astuple(later.deleted)

    new_gone = set(later.place.rows(gone, file=later.place.warehouse)) - set(
        first_night.rows(gone, file=first_night.warehouse)
    )
    new_flagged = set(later.place.rows(flagged)) - set(first_night.rows(flagged))

    assert new_gone == {(recycled,), (purged,), (archived_deal,)}
    # Salesforce's delete log no longer reaches back to the first night, so nobody knows when the purged deal went: it
    # is gone since the end of the sync, which the next night is the first to speak of
    assert new_flagged == {(recycled,), (archived_deal,)}
    funnel = f"from marts.fct_funnel where opportunity_id in ('{recycled}', '{archived_deal}')"
    assert first_night.rows(funnel) != []
    assert later.place.rows(funnel) == []


@pytest.fixture
def truth(later: Later) -> Iterator[duckdb.DuckDBPyConnection]:
    """The later night's published file beside its world."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{later.place.published}' as published (read_only)")
        connection.execute(f"attach '{later.place.world}' as world (read_only)")
        yield connection


def test_findings_are_still_those_the_world_knows_of(truth: duckdb.DuckDBPyConnection) -> None:
    found = """
        select check_id, crm, entity_type, entity_id from published.quality.stage_definition_findings
        where status = 'open'"""
    planted = "select check_id, crm, entity_type, entity_id from world.truth.findings"

    assert truth.execute(f"({found}) except all ({planted})").fetchall() == []
    assert truth.execute(f"({planted}) except all ({found})").fetchall() == []


def test_the_completed_quarter_came_out_as_the_world_says(truth: duckdb.DuckDBPyConnection) -> None:
    # why a deal was lost is compared on the first night
    world = """
        select crm || ':' || id as opportunity_id, snapshot_at, amount, close_date,
            case when outcome like 'lost%' or outcome = 'no_decision' then 'lost' else outcome end as outcome
        from world.truth.forecast where quarter_start = date '2026-01-01'"""
    marts = """
        select opportunity_id, snapshot_at, amount, close_date,
            case when outcome like 'lost%' or outcome = 'no_decision' then 'lost' else outcome end
        from published.marts.fct_forecast_outcome as outcomes
        where forecast_category = 'commit' and fiscal_quarter_start_date = date '2026-01-01' and is_quarter_complete"""

    assert truth.execute(f"({marts}) except all ({world})").fetchall() == []
    assert truth.execute(f"({world}) except all ({marts})").fetchall() == []
    assert truth.execute(f"select count(*) > 50, count(distinct outcome) >= 3 from ({world})").fetchall() == [
        (True, True)
    ]


def test_the_digest_tells_what_moved_since_the_last_publication(later: Later, first_night: Installation) -> None:
    ((published_as_of,),) = first_night.rows("select value from quality.publication where fact = 'as_of'")
    last_publication = datetime.fromisoformat(published_as_of).astimezone(UTC).replace(tzinfo=None)

    # two weeks ago, and not the night before
    assert later.place.rows("select distinct since_at from marts.rpt_pipeline_digest where since_kind = 'night'") == [
        (last_publication,)
    ]


def test_every_table_equals_a_full_refresh(later: Later, tmp_path: Path) -> None:
    # by the same name, so that dbt need not parse the project for another database
    rebuilt = tmp_path / "warehouse.duckdb"
    shutil.copyfile(later.place.warehouse, rebuilt)
    night_before = dbt_moment(later.as_of, last_published_before(later.place.published.parent, later.as_of))

    run_dbt(
        rebuilt,
        later.as_of,
        target=tmp_path / "target",
        select="resource_type:model resource_type:seed",
        variables=f", previous_as_of: '{night_before['CRM_PREVIOUS_AS_OF']}'",
        command=FULL_REFRESH,
    )

    assert differences(later.place.warehouse, rebuilt, "reference", "intermediate", "marts") == {}


@pytest.fixture(scope="module")
def past(
    later: Later, first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The first night, built again in the warehouse of the later one."""
    place = later.place.copy_to(tmp_path_factory.mktemp("past") / "past")
    ((as_of,),) = first_night.rows("select value from quality.publication where fact = 'as_of'")
    place.run(nights, "build_warehouse", as_of=as_of, sandbox=None).check()
    return place


def test_a_past_night_is_published_under_its_own_date(past: Installation, later: Later) -> None:
    assert past.published.name == "crm-20260317T010000Z-003.duckdb"
    assert later.place.published.exists()


def test_marts_of_a_past_night_come_again_but_for_what_has_no_history(
    past: Installation, first_night: Installation
) -> None:
    assert differences(first_night.published, past.published, "marts", without=WITHOUT_HISTORY) == {}


@pytest.mark.parametrize("table", sorted(WITHOUT_HISTORY))
def test_what_has_no_history_shows_todays_value(table: str, past: Installation, first_night: Installation) -> None:
    columns = {name for (name,) in past.rows(f"select column_name from (describe {table})")}

    assert WITHOUT_HISTORY[table] < columns
    # the exemption is needed: with these columns, the past night differs from what it was
    assert differences(first_night.published, past.published, "marts", only=[table]) != {}


def test_findings_of_a_past_night_come_again(past: Installation, first_night: Installation) -> None:
    open_findings = "select * from quality.stage_definition_findings where status = 'open' order by finding_key"

    assert past.rows(open_findings) == first_night.rows(open_findings)
    assert differences(first_night.published, past.published, "quality", only=["quality.finding_opportunities"]) == {}
