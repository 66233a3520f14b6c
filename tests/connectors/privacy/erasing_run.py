"""Erases a person, or withdraws a column, in child processes that are killed at ever later instants.

`python -m tests.connectors.privacy.erasing_run FOLDER erase|hash|block POINTS` prints one JSON line per killed child:
the call of ours at which it died, and what is left after the next run has ended. Children are forked before DuckDB is
first opened.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from connectors.landing import LandingLog
from connectors.landing.erase import finish_erasures
from connectors.landing.withdraw import withdraw_columns
from connectors.raw import replay
from connectors.secret import Secret
from tests.connectors.core.crash_run import Killer
from tests.connectors.core.tables import read_tables
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.people import CONNECTION, OBJECT, a_history

KEY = Secret("an owl, a pear and 12 long winters")
PERSON = {"erase": ("orso", "orsi@"), "hash": ("orsi@", "bertram@"), "block": ("orsi@", "bertram@")}


def prepare(folder: Path) -> None:
    """A log whose newest load is an erasure that nobody has carried out."""
    with LandingLog(folder) as log, log.lease(CONNECTION) as lease:
        a_history(log, lease)


def act(folder: Path, action: str) -> None:
    """What a run does, and what the next one does again."""
    with LandingLog(folder) as log, log.lease(CONNECTION) as lease:
        if action == "erase":
            finish_erasures(log, lease)
        elif action == "hash":
            withdraw_columns(log, lease, OBJECT, {"email": "hash"}, KEY)
        else:
            withdraw_columns(log, lease, OBJECT, {"email": "block"})


def look(folder: Path, action: str) -> list[object]:
    """Where the person still is, the rows of the raw table after a replay, and files that no manifest names."""
    with duckdb.connect() as memory, LandingLog(folder) as log:
        replay(memory, log, CONNECTION)
        _, rows = read_tables(memory, "raw_hubspot")["contacts"]
        named = {path for manifest in log.manifests(CONNECTION) for path in log.part_paths(manifest)}
    rubbish = [path.name for path in folder.rglob("*.parquet*") if path not in named]
    return [[places_with(text, folder) for text in PERSON[action]], repr(rows), rubbish]


def in_child(task: Callable[[], object], killer: Killer | None = None) -> tuple[int, str]:
    """The wait status of a child that runs `task`, and what the task returned, as JSON, or where it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 2)
        if killer is not None:
            sys.setprofile(killer)
        result = task()
        sys.setprofile(None)
        os.write(2, json.dumps(result if killer is None else killer.count).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read().strip()
    return os.waitpid(child, 0)[1], text


def main(folder: Path, action: str, points: int) -> None:
    """Kill at `points` instants spread evenly over the run."""
    fresh, whole = folder / "fresh", folder / "undisturbed"
    in_child(lambda: prepare(fresh))
    shutil.copytree(fresh, whole)
    _, length = in_child(lambda: act(whole, action), Killer(None))
    _, expected = in_child(lambda: look(whole, action))
    for index in range(points):
        place = folder / f"killed-{index}"
        shutil.copytree(fresh, place)
        at = 1 + (int(length) - 2) * index // (points - 1)
        status, where = in_child(lambda place=place: act(place, action), Killer(at))  # type: ignore[misc]
        rerun, said = in_child(lambda place=place: act(place, action))  # type: ignore[misc]
        _, found = in_child(lambda place=place: look(place, action))  # type: ignore[misc]
        line = {
            "where": where,
            "was_killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "rerun": said if rerun else "",
            "is_same": found == expected,
            "still_in": json.loads(found)[0],
            "rubbish": json.loads(found)[2],
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
