"""How much was searched: a row of a page, so that it can be shown and repeated."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.search.drawing import Scenario
from tests.search.playing import Played

PAGE = """# Searched

A row for each search (`make search`): histories that were drawn and played, each followed by nights without trouble,
after which raw must equal truth, lose no row of a history and equal a replay of the log. *Faults* are calls at which
one was due, by kind; *killed* are runs and compactions that died by `kill -9`, *stopped* those that ended by
themselves with another exit code than 0 (paused, failed, refused); *found* are histories after which something was
wrong. The command draws the same histories again, as far as its minutes reach, while the code that draws them stays
the same.

| day | command | minutes | histories | steps | days played | edits | runs | killed | stopped | faults | found |
|---|---|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass
class Tally:
    """What one search came to. `command` repeats it."""

    command: str
    histories: int = 0
    steps: int = 0
    found: int = 0
    _sums: Counter[str] = field(default_factory=Counter)
    _faults: Counter[str] = field(default_factory=Counter)
    _began: float = field(default_factory=time.monotonic)

    def add(self, scenario: Scenario, played: Played) -> None:
        """Count a history that was played."""
        self.histories += 1
        self.steps += len(scenario.steps)
        self.found += bool(played.problems)
        self._faults.update(played.faults)
        made = played.edits - played.refused_edits
        self._sums.update(days=played.days, edits=made, runs=played.runs, kills=played.kills, failures=played.failures)

    def row(self) -> str:
        """A line of the page's table."""
        faults = ", ".join(f"{kind} {count:,}" for kind, count in sorted(self._faults.items()) if count)
        sums = [self._sums[name] for name in ("days", "edits", "runs", "kills", "failures")]
        minutes = (time.monotonic() - self._began) / 60
        cells = [
            datetime.now(UTC).date().isoformat(),
            f"`{self.command}`",
            f"{minutes:.0f}",
            *(f"{number:,}" for number in (self.histories, self.steps, *sums)),
            faults or "none",
            str(self.found),
        ]
        return f"| {' | '.join(cells)} |"

    def append_to(self, page: Path) -> None:
        """Write the row below the others of `page`, which is made if there is none."""
        page.parent.mkdir(parents=True, exist_ok=True)
        if not page.exists():
            page.write_text(PAGE)
        with page.open("a") as file:
            file.write(self.row() + "\n")
