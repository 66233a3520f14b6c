"""`kill -9` at any instant of a run, then another run: the tables are the org's rows, as if nothing had happened."""

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import requests

from tests.connectors.salesforce.conftest import ServedOrg

PROJECT = Path(__file__).parents[3]
SHARES = (0.15, 0.45, 0.7, 0.93)  # of a whole run's calls into files and DuckDB, at which a run dies


def _run_until(org: ServedOrg, folder: Path, instant: int, *objects: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.connectors.salesforce.dying_run", org.url, str(folder), str(instant)]
    return subprocess.run([*command, *objects], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)


def _die_and_go_on(org: ServedOrg, *objects: str) -> list[str]:
    """Differences to the org after each death and the run after it; each begins with the warehouse of `org`."""
    start = org.folder / "start"
    shutil.copytree(org.folder / "landing", start / "landing") if (org.folder / "landing").exists() else start.mkdir()
    if org.warehouse.exists():
        shutil.copy(org.warehouse, start)
    shutil.copytree(start, org.folder / "whole")
    whole = _run_until(org, org.folder / "whole", 0, *objects)
    found: list[str] = []
    for share in SHARES:
        place = replace(org, folder=org.folder / f"killed-{share}")
        shutil.copytree(start, place.folder)
        died = _run_until(org, place.folder, int(int(whole.stdout) * share), *objects)
        assert died.returncode == -signal.SIGKILL, died.stderr
        place.sync(*objects).raise_for_failure()
        found += [f"{share}: {line}" for line in place.differences(*objects)]
    return found


def _delete_job_of(org: ServedOrg, object_name: str) -> None:
    """Remove the Bulk job of the open load of an object, as its run would have at its end."""
    (progress,) = org.folder.glob(f"landing/salesforce/{object_name}/*/progress.json")
    job = json.loads(progress.read_bytes())["parts"][0]["checkpoint"]["job"]
    login = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    token = requests.post(f"{org.url}/services/oauth2/token", data=login, timeout=10).json()["access_token"]
    requests.delete(
        f"{org.url}/services/data/v62.0/jobs/query/{job}", headers={"Authorization": f"Bearer {token}"}, timeout=10
    ).raise_for_status()


def test_a_load_whose_bulk_job_is_gone_is_read_by_a_new_one(org: ServedOrg) -> None:
    paused = org.sync("OpportunityHistory", connector=org.connect(api_budget=6))
    _delete_job_of(org, "OpportunityHistory")

    report = org.sync("OpportunityHistory")

    assert paused.exit_code == 75
    report.raise_for_failure()
    assert org.calls["bulk_create"] == 1
    assert org.differences("OpportunityHistory") == []


def test_a_first_load_killed_at_any_instant_ends_as_if_undisturbed(org: ServedOrg) -> None:
    assert _die_and_go_on(org, "UserRole", "OpportunityHistory") == []


def test_a_next_day_killed_at_any_instant_ends_as_if_undisturbed(org: ServedOrg) -> None:
    org.sync("Task", "Contact")
    org.world.will(f"""
        insert into salesforce."Task" ("Id", "IsDeleted", "Subject", "SystemModstamp")
        select '00T' || lpad(n::varchar, 12, '0') || 'NEW', false, 'Call ' || n, {org.world.evening}
        from range(4500) as numbers(n)""")
    org.world.will_purge("Contact", org.world.ids("Contact", 'not "IsDeleted"')[0])
    org.world.will_recycle("Contact", org.world.ids("Contact", 'not "IsDeleted"')[1])
    org.play_day()

    assert _die_and_go_on(org, "Task", "Contact") == []
