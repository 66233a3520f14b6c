"""Bars while long work goes on: drawn for who looks at a terminal, and for nobody else."""

import json

import pytest

from tests.crm.command import Crm

BAR = "━"
SOME = ("--object", "owners", "--object", "contacts")


@pytest.fixture
def with_contacts(fresh: Crm) -> Crm:
    """Two nights in the log, so that there is something to merge."""
    fresh.ask("sync", *SOME)
    fresh.ask("sync", *SOME)
    return fresh


def test_a_sync_draws_its_lanes_and_then_the_whole(fresh: Crm) -> None:
    ended, drawn = fresh.watch("sync", *SOME)

    assert ended.returncode == 0
    assert BAR in drawn
    assert "lanes planned" in drawn
    assert "contacts rows" in drawn
    assert "rows" in drawn
    assert "calls" in drawn
    # the bars are taken away again, and the lines are for logs
    assert " landed, " not in drawn
    assert BAR not in ended.stdout.decode()


@pytest.mark.parametrize(
    ("command", "shown"),
    [(("replay",), "hubspot loads"), (("log", "compact"), "hubspot log")],
    ids=["replay", "compact"],
)
def test_work_on_the_log_draws_how_far_it_is(with_contacts: Crm, command: tuple[str, ...], shown: str) -> None:
    ended, drawn = with_contacts.watch(*command)

    assert ended.returncode == 0
    assert shown in drawn
    assert BAR in drawn
    assert " of " in drawn
    assert "contacts" in drawn
    assert BAR not in ended.stdout.decode()


@pytest.mark.parametrize(
    "command", [("sync", *SOME), ("replay",), ("log", "compact")], ids=["sync", "replay", "compact"]
)
def test_programs_get_no_bars_though_a_terminal_is_there(with_contacts: Crm, command: tuple[str, ...]) -> None:
    ended, drawn = with_contacts.watch(*command, "--json")

    assert json.loads(ended.stdout)["exit_code"] == ended.returncode == 0
    assert BAR not in drawn


def test_a_log_file_gets_a_line_for_each_load_and_no_bars(fresh: Crm) -> None:
    ended = fresh.run("sync", *SOME, columns=120)

    assert "hubspot contacts rows: " in ended.stderr
    assert " landed, " in ended.stderr
    assert BAR not in ended.stderr


def test_what_cannot_be_read_is_said_above_the_bars(fresh: Crm) -> None:
    _, drawn = fresh.watch("sync", *SOME, CRM_API_BUDGET="6")

    assert BAR in drawn
    assert "cap of 6 API calls" in " ".join(drawn.split())
