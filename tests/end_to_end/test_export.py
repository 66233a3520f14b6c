"""A real export of a Salesforce org, played by the sandbox and read over the wire through the whole pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.world import World
from tests.support.installation import Installation
from tests.support.night_process import PROJECT, NightProcess

EXPORT = PROJECT.parent / "shared" / "data" / "salesforce_devorg_earthfink"

pytestmark = pytest.mark.skipif(
    not EXPORT.is_dir(), reason="no developer-org export beside the repository (issue 2, section 2.3)"
)


@pytest.fixture(scope="module")
def export(first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The export after its first night."""
    place = first_night.copy_to(tmp_path_factory.mktemp("export") / "data")
    place.forget()
    place.world.unlink()
    World.import_folder(place.world, EXPORT).close()
    with place.serving() as sandbox:
        place.run(nights, sandbox=sandbox).check()
    return place


def _one(export: Installation, query: str) -> Any:
    (row,) = export.rows(query)
    return row if len(row) > 1 else row[0]


def test_every_opportunity_arrives_with_what_became_of_it(export: Installation) -> None:
    counted = _one(
        export,
        """
        select
            count(*),
            count(*) filter (where source_label = 'Closed Won' and dim_opportunity.is_won),
            count(*) filter (where source_label = 'Closed Lost' and dim_opportunity.is_lost)
        from marts.dim_opportunity
        inner join marts.dim_stage using (stage_key)
        where dim_stage.is_current
        """,
    )

    assert counted == (36, 12, 8)


def test_the_history_shows_twelve_stage_changes_of_which_seven_took_a_won_deal_away(export: Installation) -> None:
    changes = _one(
        export,
        """
        select
            count(*),
            count(*) filter (where from_source_stage_id = 'Closed Won' and source_stage_id = 'Closed Lost')
        from marts.fct_opportunity_stage_history
        where visit_no > 1
        """,
    )

    assert changes == (12, 7)


def test_six_close_dates_were_pushed_and_one_pulled_in(export: Installation) -> None:
    moved = _one(export, "select sum(push_count), sum(pull_count) from marts.dim_opportunity")

    assert moved == (6, 1)


def test_the_findings_say_what_is_wrong_with_this_org(export: Installation) -> None:
    found = dict(
        export.rows(
            "select check_id, count(*) from quality.stage_definition_findings where status = 'open' group by check_id"
        )
    )

    # no lost deal has a reason field, and the demo's author set close dates before the deals were created
    assert found["C24"] == 8
    assert "C16" in found
    assert "C01" not in found


def test_the_other_crm_is_there_and_empty(export: Installation) -> None:
    assert _one(export, "select count(*) from marts.dim_opportunity where crm = 'hubspot'") == 0


def test_the_export_stays_outside_the_repository() -> None:
    assert not list(Path(PROJECT).glob("**/OpportunityHistoryGroup.csv"))
