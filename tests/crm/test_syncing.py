"""plan, sync, status and doctor against the sandbox's servers: what they say, and that it is so."""

import shutil
from pathlib import Path

import duckdb
import pytest

from connectors.landing import LandingLog
from connectors.sandbox.faults import Fault
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.world import World
from tests.crm.command import Crm


def ids_in_raw(crm: Crm, table: str, key: str) -> set[str]:
    with duckdb.connect(str(crm.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        return {row[0] for row in connection.execute(f'select "{key}" from {table}').fetchall()}


def ids_in_crm(sandbox: RunningSandbox, path: str) -> set[str]:
    return {str(row["id"]) for row in sandbox.truth(path)}


def test_a_plan_names_every_object_and_its_cost_and_fetches_nothing(fresh: Crm) -> None:
    document = fresh.ask("plan")

    for crm, objects in (("salesforce", {"Opportunity", "User"}), ("hubspot", {"deals", "owners"})):
        plan = document["crms"][crm]
        assert objects <= {line["object"] for line in plan["objects"]}
        assert all(line["api"] and line["until"] for line in plan["objects"])
        assert plan["calls"] > 0
        assert plan["quota"]["available"] > 0
        assert LandingLog(fresh.data_dir / "landing").manifests(crm) == []


def test_a_plan_counts_the_rows_of_a_first_load(fresh: Crm, sandbox: RunningSandbox) -> None:
    lines = fresh.ask("plan", "--crm", "salesforce")["crms"]["salesforce"]["objects"]

    planned = {line["object"]: line["rows"] for line in lines if line["lane"] == "rows"}
    for name in ("Opportunity", "OpportunityHistory", "OpportunityFieldHistory", "Task"):
        assert planned[name] == len(sandbox.truth(f"salesforce/{name}"))


def test_a_sync_brings_all_that_the_crms_have(synced: Crm, sandbox: RunningSandbox) -> None:
    assert ids_in_raw(synced, "raw_salesforce.opportunity", "Id") == ids_in_crm(sandbox, "salesforce/Opportunity")
    assert ids_in_raw(synced, "raw_hubspot.deals", "id") == ids_in_crm(sandbox, "hubspot/deals")


def test_the_status_says_until_when_everything_is_complete(synced: Crm) -> None:
    document = synced.ask("status")

    salesforce, hubspot = document["crms"]["salesforce"], document["crms"]["hubspot"]
    assert salesforce["complete_until"] == "2026-03-17T01:55:00+00:00"
    assert salesforce["behind_seconds"] == 300
    assert hubspot["complete_until"] == "2026-03-17T01:00:00+00:00"
    lanes = {(lane["object"], lane["lane"]): lane for lane in salesforce["lanes"] + hubspot["lanes"]}
    assert lanes["Opportunity", "rows"]["rows_read"] > 400
    assert lanes["deals", "history"]["rows_read"] > 1000
    assert all(lane["loads_to_apply"] == 0 for lane in lanes.values())
    assert all(crm["busy"] is None and crm["held"] == [] for crm in (salesforce, hubspot))
    assert all(crm["quota"]["used"] > 0 for crm in (salesforce, hubspot))


def test_a_status_without_the_crms_asks_nobody(synced: Crm, sandbox: RunningSandbox) -> None:
    sandbox.reset_stats()
    document = synced.ask("status", "--offline", CRM_SOURCE="", SANDBOX_URL="")

    assert document["crms"]["salesforce"]["complete_until"] == "2026-03-17T01:55:00+00:00"
    assert document["crms"]["salesforce"]["quota"] is None
    assert "No CRM is connected" in document["settings_problem"]


def test_objects_by_name_are_synced_alone_and_shown_alone(fresh: Crm) -> None:
    done = fresh.ask("sync", "--object", "opportunitystage", "--object", "owners")
    stands = fresh.ask("status", "--object", "owners", "--offline")

    assert [line["object"] for line in done["crms"]["salesforce"]["objects"]] == ["OpportunityStage"]
    assert {line["object"] for line in done["crms"]["hubspot"]["objects"]} == {"owners"}
    assert [lane["object"] for lane in stands["crms"]["hubspot"]["lanes"]] == ["owners"]
    assert "salesforce" not in fresh.run("status", "--object", "owners", "--offline").stdout


def test_a_full_sync_reads_everything_again_and_deletes_nothing(fresh: Crm, sandbox: RunningSandbox) -> None:
    fresh.ask("sync", "--object", "User")
    document = fresh.ask("sync", "--object", "User", "--full")["crms"]["salesforce"]

    rows = next(line for line in document["objects"] if line["lane"] == "rows")
    assert rows["from"] is None
    assert rows["rows"] == len(ids_in_crm(sandbox, "salesforce/User"))
    assert document["applied"] == {"inserted": 0, "updated": 0, "tombstoned": 0, "held": 0}
    assert document["held"] == []


def test_records_by_their_ids_are_read_alone(fresh: Crm, sandbox: RunningSandbox) -> None:
    one, other = sorted(ids_in_crm(sandbox, "salesforce/User"))[:2]
    document = fresh.ask("sync", "--object", "User", "--ids", f"{one},{other}")["crms"]["salesforce"]

    assert document["rows"] == 2
    assert ids_in_raw(fresh, "raw_salesforce.user", "Id") == {one, other}


def test_a_budget_pauses_the_run_with_75_and_the_next_run_completes_it(fresh: Crm, sandbox: RunningSandbox) -> None:
    chosen = ("sync", "--object", "User", "--object", "Account")
    paused = fresh.ask(*chosen, exit_code=75, CRM_API_BUDGET="4")
    shown = fresh.run(*chosen, CRM_API_BUDGET="4")
    completed = fresh.ask(*chosen)

    assert any(line["outcome"] == "paused" for line in paused["crms"]["salesforce"]["objects"])
    assert shown.returncode == 75
    assert "Paused" in shown.stdout
    assert all(line["outcome"] == "synced" for line in completed["crms"]["salesforce"]["objects"])
    assert ids_in_raw(fresh, "raw_salesforce.account", "Id") == ids_in_crm(sandbox, "salesforce/Account")


def test_a_daily_limit_says_when_the_run_resumes(fresh: Crm, sandbox: RunningSandbox) -> None:
    sandbox.set_faults([Fault("daily_limit", "salesforce.*", rate=1.0)])
    document = fresh.ask("sync", "--crm", "salesforce", exit_code=75)

    # an hour after the CRM's own clock: its limit is a rolling one
    assert "2026-03-17T03:00:00+00:00" in str(document["crms"]["salesforce"])


def test_a_second_run_at_the_same_time_ends_with_75_and_says_who_is_busy(fresh: Crm) -> None:
    with LandingLog(fresh.data_dir / "landing").lease("salesforce"):
        document = fresh.ask("sync", "--crm", "salesforce", exit_code=75)

    assert document["crms"]["salesforce"]["error"]["kind"] == "busy"
    assert "busy since" in document["crms"]["salesforce"]["error"]["message"]


def test_one_crm_that_refuses_does_not_keep_the_other_from_being_synced(fresh: Crm, sandbox: RunningSandbox) -> None:
    sandbox.set_faults([Fault("status", "salesforce.*", rate=1.0, status=401)])
    document = fresh.ask("sync", "--object", "Organization", "--object", "owners", exit_code=1)

    assert document["crms"]["salesforce"]["error"]["kind"] == "authentication"
    assert document["crms"]["hubspot"]["objects"][0]["outcome"] == "synced"


def test_a_replay_gives_the_same_tables(synced: Crm) -> None:
    before = ids_in_raw(synced, "raw_hubspot.deals", "id")
    document = synced.ask("replay", "--crm", "hubspot")

    assert ids_in_raw(synced, "raw_hubspot.deals", "id") == before
    assert document["crms"]["hubspot"]["tables"]["deals"]["loads"] >= 1


def test_held_deletions_are_shown_and_released_by_a_person(tmp_path: Path, new_world: Path) -> None:
    world = tmp_path / "world.duckdb"
    shutil.copy(new_world, world)
    environment = {"CRM_SOURCE": "sandbox"}
    with start_sandbox(world) as sandbox:
        crm = Crm(tmp_path / "data", {**environment, "SANDBOX_URL": sandbox.url})
        crm.ask("sync", "--object", "Lead")
    delete_leads(world, 120)
    with start_sandbox(world) as sandbox:
        crm = Crm(tmp_path / "data", {**environment, "SANDBOX_URL": sandbox.url})
        synced = crm.ask("sync", "--object", "Lead")["crms"]["salesforce"]
    (held,) = crm.ask("status", "--crm", "salesforce", "--offline")["crms"]["salesforce"]["held"]
    kept = deleted_leads(crm)
    released = crm.ask("release", held["load_id"])

    assert synced["held"] == [{"load_id": held["load_id"], "object": "Lead", "deletions": held["rows_held"]}]
    assert kept < 120 <= held["rows_held"]
    assert released["deleted"] == held["rows_held"]
    assert deleted_leads(crm) >= 120
    assert crm.ask("status", "--crm", "salesforce", "--offline")["crms"]["salesforce"]["held"] == []
    crm.ask("release", "no-such-load", exit_code=2)


def delete_leads(world: Path, count: int) -> None:
    """For good, all in one night: somebody cleaned up, or a script went wrong."""
    opened = World.open(world)
    with opened.cursor() as cursor:
        ids = f"select Id from salesforce.Lead where not IsDeleted order by Id limit {count}"
        cursor.execute(
            f"insert into salesforce._deleted select 'Lead', Id, timestamp '2026-03-17 12:00', true from ({ids})"
        )
        cursor.execute(f"delete from salesforce.Lead where Id in ({ids})")
    opened.tick()
    opened.close()


def deleted_leads(crm: Crm) -> int:
    with duckdb.connect(str(crm.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        row = connection.execute("select count(*) from raw_salesforce.lead where _is_deleted").fetchone()
    return int(row[0]) if row else 0


def test_a_doctor_who_finds_nothing_wrong_ends_with_0(synced: Crm) -> None:
    document = synced.ask("doctor")

    assert document["is_healthy"]
    found = {(finding["about"], finding["name"]) for finding in document["findings"]}
    assert {("project", "settings"), ("salesforce", "login"), ("hubspot", "quota"), ("hubspot", "clock")} <= found


@pytest.mark.parametrize(("command", "columns"), [(["status"], 80), (["plan"], 120), (["doctor"], 80)])
def test_what_a_person_reads_fits_the_terminal(synced: Crm, command: list[str], columns: int) -> None:
    ended = synced.run(*command, columns=columns)

    assert ended.returncode == 0, ended.stderr
    assert max(len(line.rstrip()) for line in (ended.stdout + ended.stderr).splitlines()) <= columns
    if command in (["status"], ["plan"]):
        # names are never broken in two
        assert "OpportunityFieldHistory" in ended.stdout
        assert "OpportunityContactRole" in ended.stdout
