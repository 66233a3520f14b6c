"""The sandbox as a process of its own: started, steered, and ended with whoever started it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from typer.testing import CliRunner

from connectors.sandbox.__main__ import cli
from connectors.sandbox.faults import Fault
from connectors.sandbox.process import PROJECT_FOLDER, RunningSandbox, SandboxError, forked_sandboxes, start_sandbox

PARENT = """
import sys, time
from pathlib import Path
from connectors.sandbox.process import start_sandbox
sandbox = start_sandbox(Path(sys.argv[1]))
print(sandbox.url, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small world, made by the command line in a folder that was not there."""
    path = tmp_path_factory.mktemp("world") / "sandbox" / "world.duckdb"
    made = CliRunner().invoke(cli, ["create", "--world", str(path), "--size", "small", "--plants", "none"])
    assert made.exit_code == 0, made.output
    assert "its clock at 2026-03-17T02:00:00+00:00" in made.output
    return path


@pytest.fixture(scope="module", params=[False, True], ids=["on its own", "forked"], autouse=True)
def is_forked(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Both ways to start one, each for all tests of this module."""
    with forked_sandboxes(is_wanted=request.param):
        yield request.param


@pytest.fixture(scope="module")
def sandbox(world: Path, is_forked: bool) -> Iterator[RunningSandbox]:
    """One running sandbox for all tests of this module that leave it as it was."""
    with start_sandbox(world) as running:
        yield running


def log_in(url: str) -> requests.Session:
    """A session with Salesforce."""
    form = {"grant_type": "client_credentials", "client_id": "sandbox-client", "client_secret": "sandbox-secret"}
    session = requests.Session()
    token = session.post(f"{url}/services/oauth2/token", data=form, timeout=10).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def count(session: requests.Session, url: str, object_name: str) -> requests.Response:
    """SELECT COUNT() of an object, deleted rows included."""
    soql = {"q": f"SELECT COUNT() FROM {object_name}"}
    return session.get(f"{url}/services/data/v62.0/queryAll", params=soql, timeout=10)


def test_one_server_answers_as_both_crms(sandbox: RunningSandbox) -> None:
    with log_in(sandbox.url) as session:
        opportunities = count(session, sandbox.url, "Opportunity")
    owners = requests.get(
        f"{sandbox.url}/crm/v3/owners", headers={"Authorization": "Bearer pat-sandbox-0000"}, timeout=10
    )

    assert opportunities.json()["totalSize"] == len(sandbox.truth("salesforce/Opportunity"))
    assert owners.status_code == 200
    assert opportunities.headers["Date"] == owners.headers["Date"] == "Tue, 17 Mar 2026 02:00:00 GMT"


def test_faults_and_counters_are_steered_from_outside(sandbox: RunningSandbox) -> None:
    sandbox.reset_stats()
    sandbox.set_faults([Fault("status", "salesforce.query", at=(1,), status=503)], hidden=["Lead"])

    with log_in(sandbox.url) as session:
        statuses = [count(session, sandbox.url, name).status_code for name in ("Account", "Account", "Lead")]
        sandbox.clear_faults()
        statuses.append(count(session, sandbox.url, "Lead").status_code)

    assert statuses == [503, 200, 400, 200]
    assert sandbox.stats()["calls"] == {"salesforce.query": 4, "salesforce.token": 1}
    with pytest.raises(SandboxError, match=r"no table salesforce\.Nope"):
        sandbox.truth("salesforce/Nope")


@pytest.mark.parametrize(("size", "said"), [("small", "exists. Delete it"), ("tiny", "tiny")])
def test_a_world_that_cannot_be_made_is_a_sentence(world: Path, tmp_path: Path, size: str, said: str) -> None:
    path = world if size == "small" else tmp_path / "world.duckdb"

    refused = CliRunner().invoke(cli, ["create", "--world", str(path), "--size", size])

    assert refused.exit_code == 1
    assert said in refused.output


def test_a_tick_plays_a_day_and_the_world_file_keeps_it(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "world.duckdb"
    copy.write_bytes(world.read_bytes())

    with start_sandbox(copy) as running:
        before = {row["id"]: row["hash"] for row in running.truth("salesforce/Opportunity")}
        clock = running.tick()["clock"]
        after = {row["id"]: row["hash"] for row in running.truth("salesforce/Opportunity")}
    again = CliRunner().invoke(cli, ["tick", "--world", str(copy)])

    assert clock == "2026-03-18T02:00:00+00:00"
    assert before != after
    assert "now 2026-03-19T02:00:00+00:00" in again.output


def test_the_server_ends_when_its_parent_is_killed(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "world.duckdb"
    copy.write_bytes(world.read_bytes())
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(copy)], cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        address = urlsplit(parent.stdout.readline().strip())
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            parent.send_signal(signal.SIGKILL)
            # the kernel closes our connection when the server is gone
            assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname or "", address.port or 0), timeout=5)


def test_a_world_that_another_sandbox_serves_is_refused_by_name(world: Path, sandbox: RunningSandbox) -> None:
    with pytest.raises(SandboxError, match=r"world\.duckdb cannot be opened as a world"):
        start_sandbox(world)


def test_a_world_that_cannot_be_served_is_an_error_with_the_server_s_last_words(tmp_path: Path) -> None:
    broken = tmp_path / "world.duckdb"
    broken.write_text("not a database", encoding="utf-8")

    with pytest.raises(SandboxError, match=r"did not start[\s\S]+world\.duckdb"):
        start_sandbox(broken)


def test_edits_are_made_refused_and_asked_for_from_outside(world: Path, tmp_path: Path) -> None:
    copy = tmp_path / "world.duckdb"
    copy.write_bytes(world.read_bytes())
    with start_sandbox(copy) as own, log_in(own.url) as session:
        before = len(own.truth("salesforce/Account"))
        made = own.edit(crm="salesforce", kind="insert", object="Account", fields={"Name": "New"})
        with pytest.raises(SandboxError, match="no kind 'gremlin'"):
            own.edit(crm="salesforce", kind="gremlin")
        with pytest.raises(SandboxError, match="no crm"):
            own.edit(crm="other", kind="insert")
        counted = count(session, own.url, "Account").json()["totalSize"]

        assert str(made["id"]).startswith("001ed")
        assert (counted, len(own.truth("salesforce/Account"))) == (before + 1, before + 1)
        assert "SELECT COUNT() FROM Account" in str(own.requests("salesforce.query", last=1)[0]["target"])
        own.tick()
        assert any(row["id"] == made["id"] for row in own.truth("salesforce/Account"))
    with start_sandbox(copy) as again:
        assert any(row["id"] == made["id"] for row in again.truth("salesforce/Account"))
