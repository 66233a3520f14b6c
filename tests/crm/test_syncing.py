"""plan, sync, status and doctor against the sandbox's servers: what they say, and that it is so."""

import duckdb
import pytest

from connectors.landing import LandingLog
from connectors.sandbox.faults import Fault
from connectors.sandbox.process import RunningSandbox
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


def test_one_object_alone_is_synced_and_shown(fresh: Crm) -> None:
    done = fresh.ask("sync", "--object", "opportunitystage", "--object", "owners")
    stands = fresh.ask("status", "--object", "owners", "--offline")

    assert [line["object"] for line in done["crms"]["salesforce"]["objects"]] == ["OpportunityStage"]
    assert {line["object"] for line in done["crms"]["hubspot"]["objects"]} == {"owners"}
    assert [lane["object"] for lane in stands["crms"]["hubspot"]["lanes"]] == ["owners"]


def test_a_budget_pauses_the_run_with_75_and_the_next_run_completes_it(fresh: Crm, sandbox: RunningSandbox) -> None:
    paused = fresh.ask("sync", "--crm", "salesforce", exit_code=75, CRM_API_BUDGET="12")
    shown = fresh.run("sync", "--crm", "salesforce", CRM_API_BUDGET="6")
    completed = fresh.ask("sync", "--crm", "salesforce")

    assert any(line["outcome"] == "paused" for line in paused["crms"]["salesforce"]["objects"])
    assert shown.returncode == 75
    assert "Paused" in shown.stdout + shown.stderr
    assert completed["crms"]["salesforce"]["complete_until"] is not None
    assert ids_in_raw(fresh, "raw_salesforce.opportunity", "Id") == ids_in_crm(sandbox, "salesforce/Opportunity")


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


def test_a_doctor_who_finds_nothing_wrong_ends_with_0(synced: Crm) -> None:
    document = synced.ask("doctor")

    assert document["is_healthy"]
    found = {(finding["about"], finding["name"]) for finding in document["findings"]}
    assert {("project", "settings"), ("salesforce", "login"), ("hubspot", "quota"), ("hubspot", "clock")} <= found


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize("command", [["status"], ["plan"], ["doctor"], ["--help"]])
def test_what_a_person_reads_fits_the_terminal(synced: Crm, command: list[str], columns: int) -> None:
    ended = synced.run(*command, columns=columns)

    assert ended.returncode == 0, ended.stderr
    assert max(len(line.rstrip()) for line in (ended.stdout + ended.stderr).splitlines()) <= columns
    if command in (["status"], ["plan"]):
        # names are never broken in two
        assert "OpportunityFieldHistory" in ended.stdout
        assert "OpportunityContactRole" in ended.stdout
