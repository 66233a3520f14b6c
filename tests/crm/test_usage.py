"""What a person meets first: help, missing settings, wrong options; and that none of it takes time."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from connectors.sandbox.process import start_sandbox
from dagster_project.settings import PROJECT_DIR
from tests.crm.command import Crm

SLOW_TO_IMPORT = ("duckdb", "pydantic", "requests", "hubspot", "numpy", "dagster", "connectors", "dagster_project")


def test_help_imports_nothing_that_takes_time() -> None:
    script = (
        "import sys, contextlib\n"
        "sys.argv = ['crm', '--help']\n"
        "from crm.app import main\n"
        "with contextlib.suppress(SystemExit):\n"
        "    main()\n"
        f"print('IMPORTED', [name for name in {SLOW_TO_IMPORT!r} if name in sys.modules])\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], cwd=PROJECT_DIR, capture_output=True, text=True, check=True)

    assert ended.stdout.splitlines()[-1] == "IMPORTED []"
    assert all(command in ended.stdout for command in ("doctor", "plan", "sync", "status", "replay", "release", "log"))
    assert "75 busy or paused" in ended.stdout


@pytest.mark.parametrize("command", ["doctor", "sync"])
def test_without_a_connected_crm_a_command_says_what_to_set_and_ends_with_2(unconnected: Crm, command: str) -> None:
    ended = unconnected.run(command)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert "No CRM is connected" in ended.stderr
    assert "CRM_SOURCE=sandbox" in " ".join(ended.stderr.split())


def test_a_failure_is_a_json_document_too(unconnected: Crm) -> None:
    document = unconnected.ask("sync", exit_code=2)

    assert document["error"]["kind"] == "configuration"
    assert "No CRM is connected" in document["error"]["message"]


def test_what_works_on_the_log_says_where_it_comes_from(unconnected: Crm) -> None:
    ended = unconnected.run("replay", columns=160)

    assert ended.returncode == 2
    assert "Run: crm sync" in ended.stderr


def test_a_data_folder_that_cannot_be_written_to_is_a_sentence(unconnected: Crm) -> None:
    unconnected.data_dir.parent.mkdir(parents=True, exist_ok=True)
    unconnected.data_dir.write_text("a file, where a folder must be")
    ended = unconnected.run("doctor", CRM_SOURCE="sandbox", SANDBOX_URL="http://127.0.0.1:9")

    assert ended.returncode == 1
    assert "Make room or give access" in " ".join(ended.stderr.split())
    assert "Traceback" not in ended.stderr


def test_a_world_that_another_sandbox_serves_is_busy(tmp_path: Path, new_world: Path) -> None:
    world = tmp_path / "sandbox" / "world.duckdb"
    world.parent.mkdir()
    shutil.copy(new_world, world)
    with start_sandbox(world):
        document = Crm(tmp_path, {"CRM_SOURCE": "sandbox"}).ask("plan", exit_code=75)

    assert "SANDBOX_URL" in document["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--colour"], "No such option", id="an option that is not there"),
        pytest.param(["--since", "yesterday"], "does not match the formats", id="a time that is none"),
        pytest.param(["--crm", "pipedrive"], "pipedrive", id="a crm that is not there"),
        pytest.param(["--full", "--since", "2026-03-01"], "choose one of them", id="options that contradict"),
        pytest.param(["--ids", "006A"], "exactly one --object", id="ids of nobody"),
        pytest.param(["--ids", ",", "--object", "deals"], "names no record", id="no ids"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(fresh: Crm, arguments: list[str], said: str) -> None:
    ended = fresh.run("plan", *arguments, columns=160)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_object_that_nobody_has_is_answered_with_the_nearest_names(fresh: Crm) -> None:
    ended = fresh.run("plan", "--object", "Oportunity", columns=160)

    assert ended.returncode == 2
    assert "Did you mean Opportunity" in ended.stderr


def test_settings_that_are_wrong_are_all_named_at_once(unconnected: Crm) -> None:
    document = unconnected.ask(
        "plan",
        exit_code=2,
        SALESFORCE_AUTH="jwt",
        SALESFORCE_LOGIN_URL="https://example.my.salesforce.com",
        SALESFORCE_PRIVATE_KEY_FILE="no/such/key.pem",
        HUBSPOT_CLIENT_ID="abc",
    )

    message = document["error"]["message"]
    assert "SALESFORCE_CLIENT_ID is not set" in message
    assert "SALESFORCE_USERNAME is not set" in message
    assert "SALESFORCE_PRIVATE_KEY_FILE names no/such/key.pem" in message
    assert "HUBSPOT_CLIENT_SECRET is not set" in message


def test_json_is_all_that_stands_on_the_standard_output(synced: Crm) -> None:
    ended = synced.run("doctor", "--json")

    assert json.loads(ended.stdout)["exit_code"] == ended.returncode
    assert "the built-in CRMs answer" in ended.stderr
