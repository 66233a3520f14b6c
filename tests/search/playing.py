"""Plays a drawn history against a sandbox process of its own, and says how raw differs from truth at its end."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import duckdb

from connectors.sandbox.faults import Fault
from connectors.sandbox.process import RunningSandbox, SandboxError, start_sandbox
from connectors.sandbox.world import World
from tests.search.drawing import Scenario, Step
from tests.search.edits import hubspot_edit, salesforce_edit
from tests.search.runner import Outcome, Runner
from tests.support.raw_truth import CRMS, differences, histories, lost_history, replay_differences

DAYS_OF_A_WEEK = 7


@dataclass
class Played:
    """What a history came to. `problems` is empty if all is well."""

    problems: list[str] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    days: int = 0
    runs: int = 0
    kills: int = 0
    failures: int = 0
    edits: int = 0
    refused_edits: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    """Calls at which a fault was due, by its kind."""


class Worlds:
    """Generated worlds, each made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy(self, seed: int, size: str, to: Path) -> datetime:
        """A world of one's own; what its clock says."""
        file = self._folder / f"{size}-{seed}.duckdb"
        if not file.exists():
            World.create(file, size=size, seed=seed).close()
        shutil.copy(file, to)
        with duckdb.connect(str(file), read_only=True) as world:
            ((clock,),) = world.execute("select clock from state.world").fetchall()
        return cast(datetime, clock)


def play(scenario: Scenario, worlds: Worlds, runner: Runner) -> Played:
    """Play all steps, then nights without trouble, and compare."""
    with tempfile.TemporaryDirectory(prefix="history-") as name:
        folder = Path(name)
        clock = worlds.copy(scenario.seed, scenario.size, folder / "world.duckdb")
        with start_sandbox(folder / "world.duckdb") as sandbox:
            history = _History(folder, sandbox, runner, clock)
            for step in scenario.steps:
                history.play(step)
                if history.played.problems:
                    history.count_faults()
                    return history.played
            history.end_well()
        if not history.played.problems:
            history.compare()
        return history.played


class _History:
    def __init__(self, folder: Path, sandbox: RunningSandbox, runner: Runner, clock: datetime) -> None:
        self.folder = folder
        self.clock = clock
        self.sandbox = sandbox
        self.runner = runner
        self.played = Played()
        self.without: set[str] = set()
        self.landed: dict[str, set[str]] = {}
        self._known: dict[str, Callable[..., object]] = {
            "edit": self._edit,
            "tick": self._tick,
            "faults": self._faults,
            "clear": self._clear,
            "sync": self._sync,
            "compact": self._compact,
            "nights": self._nights,
        }

    def play(self, step: Step) -> None:
        kind, *arguments = step
        self._known[kind](*arguments)

    def end_well(self) -> None:
        """Nothing goes wrong any more, and days pass: each run has to succeed."""
        self._clear()
        # what a lag hides comes in a day; links and computed values of closed deals have their turn in a new week
        self._tick(DAYS_OF_A_WEEK - self.clock.weekday())
        for crm in CRMS:
            outcome = self._run(crm, {})
            if outcome.exit_code != 0 or not outcome.is_complete or outcome.held:
                self.played.problems.append(f"{crm}: the last run did not succeed: {outcome}")

    def compare(self) -> None:
        """Raw with truth, with the log, and with what it had before."""
        warehouse = self.folder / "warehouse.duckdb"
        problems = differences(self.folder / "world.duckdb", warehouse, without=self.without)
        problems += lost_history(self.landed, histories(warehouse))
        problems += replay_differences(self.folder / "landing", warehouse)
        self.played.problems += problems

    def count_faults(self) -> None:
        """Take down how often those were due that are set."""
        for switch in self.sandbox.faults():
            self.played.faults[str(switch["kind"])] += int(str(switch["fired"]))

    def _edit(self, crm: str, drawn: dict[str, Any]) -> None:
        resolve = salesforce_edit if crm == "salesforce" else hubspot_edit
        made = resolve(self.sandbox, drawn)
        if made is None:
            return
        self.played.edits += 1
        try:
            self.sandbox.edit(crm=crm, **made)
        except SandboxError as error:
            self.played.refused_edits += 1
            self.played.journal.append(f"refused: {error}")
            return
        self.played.journal.append(f"{crm} {made}")
        if made["kind"] == "drop_field":
            self.without.add(f"salesforce.{made['object']}.{made['name']}")
        if made["kind"] == "add_field":
            self.without.discard(f"salesforce.{made['object']}.{made['name']}")

    def _tick(self, days: int) -> None:
        self.played.days += days
        self.clock = datetime.fromisoformat(str(self.sandbox.tick(days)["clock"]))

    def _faults(self, drawn: list[dict[str, Any]], limits: dict[str, int]) -> None:
        self.sandbox.set_faults([Fault.from_json(fault) for fault in drawn], limits=limits)

    def _clear(self) -> None:
        self.count_faults()
        self.sandbox.clear_faults()

    def _compact(self, crm: str, kill: str = "") -> None:
        outcome = self.runner.run(self.folder, work="compact", crm=crm, kill=kill)
        self._judge(f"compaction of {crm} {kill}", outcome)

    def _nights(self, crm: str, count: int) -> None:
        """Usual nights, one after the other: their loads may become one."""
        for _ in range(count):
            self._tick(1)
            self._run(crm, {})

    def _sync(self, crm: str, options: dict[str, Any]) -> None:
        self._run(crm, options)

    def _run(self, crm: str, options: dict[str, Any]) -> Outcome:
        outcome = self.runner.run(self.folder, url=self.sandbox.url, crm=crm, **options)
        self._judge(f"sync of {crm} {options}", outcome)
        if outcome.exit_code == 0:
            with suppress(FileNotFoundError):
                now = histories(self.folder / "warehouse.duckdb")
                self.played.problems += lost_history(self.landed, now)
                self.landed = now
        return outcome

    def _judge(self, what: str, outcome: Outcome) -> None:
        self.played.runs += 1
        self.played.kills += outcome.was_killed
        self.played.failures += bool(outcome.exit_code or outcome.refused)
        self.played.journal.append(f"{what}: {outcome}")
        if not outcome.is_sound:
            self.played.problems.append(f"{what} crashed (status {outcome.status}): {outcome.crash}")
