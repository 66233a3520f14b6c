"""Searches for a history after which raw is not truth: `python -m tests.search --minutes 30 [--seed N]`.

Every failing history is reduced to the fewest steps that still fail and written as JSON, which `--play FILE` repeats.
How much was searched, and what was found, becomes a row of benchmarks/results/search.md.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from connectors.sandbox.process import forked_sandboxes
from tests.search.drawing import SMALL, TINY, Scenario, scenarios, short_scenarios
from tests.search.playing import Played, Worlds, play
from tests.search.reducing import reduce_steps
from tests.search.runner import PROJECT, Runner
from tests.search.tally import Tally

MOST_STEPS = 24
BATCH = 25
REDUCING_SECONDS = 240
TALLY = PROJECT / "benchmarks" / "results" / "search.md"


def main() -> int:
    """The exit code: 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.search", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=None, help="begins the search where an earlier one did")
    parser.add_argument("--steps", type=int, default=MOST_STEPS, help="the most steps of a history")
    parser.add_argument("--found", type=Path, default=Path("data/search"), help="folder for what fails")
    parser.add_argument("--tally", type=Path, default=TALLY, help="Markdown page that gets a row for this search")
    parser.add_argument("--play", type=Path, help="play one history again")
    asked = parser.parse_args()
    asked.found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, Runner() as runner, forked_sandboxes():
        worlds = Worlds(Path(folder))
        if asked.play:
            return _show(play(Scenario(**json.loads(asked.play.read_text())), worlds, runner))
        return _search(asked, worlds, runner)


def _show(played: Played) -> int:
    print(*played.journal, "", *(played.problems or ["raw is truth"]), sep="\n")
    return bool(played.problems)


def _search(asked: argparse.Namespace, worlds: Worlds, runner: Runner) -> int:
    end = time.monotonic() + 60 * asked.minutes
    first = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10**6)
    tally = Tally(f"python -m tests.search --minutes {asked.minutes:g} --seed {first} --steps {asked.steps}")
    try:
        _play_batches(asked, first, end, tally, worlds, runner)
    finally:  # what was searched until somebody stopped it was searched
        tally.append_to(asked.tally)
        print(tally.row())
    return bool(tally.found)


def _play_batches(
    asked: argparse.Namespace, first: int, end: float, tally: Tally, worlds: Worlds, runner: Runner
) -> None:
    batch = 0
    while time.monotonic() < end:

        @seed(first + batch)
        @settings(max_examples=BATCH, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(st.one_of(scenarios(most_steps=asked.steps, sizes=[TINY] * 5 + [SMALL]), short_scenarios()))
        def one_batch(scenario: Scenario) -> None:
            if time.monotonic() >= end:
                return
            played = play(scenario, worlds, runner)
            tally.add(scenario, played)
            if played.problems:
                _report(asked.found, scenario, played, worlds, runner, tally.found, end)
            print(tally.row(), file=sys.stderr, flush=True)

        one_batch()
        batch += 1


def _report(
    folder: Path, scenario: Scenario, played: Played, worlds: Worlds, runner: Runner, number: int, end: float
) -> None:
    file = folder / f"found-{time.time_ns() // 10**9}-{number}.json"
    file.write_text(json.dumps(asdict(scenario)))
    print(f"\nFOUND, see {file}", *played.problems, sep="\n  ", flush=True)
    until = min(end, time.monotonic() + REDUCING_SECONDS)
    small = reduce_steps(scenario, lambda fewer: bool(play(fewer, worlds, runner).problems), until=until)
    file.write_text(json.dumps(asdict(small)))
    again = play(small, worlds, runner)
    print(
        f"reduced to {len(small.steps)} steps:", *map(json.dumps, small.steps), *again.problems, sep="\n  ", flush=True
    )


if __name__ == "__main__":
    sys.exit(main())
