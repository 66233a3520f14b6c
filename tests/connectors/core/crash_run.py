"""Runs two nights of syncs again and again in child processes that are killed at ever later instants.

`python -m tests.connectors.core.crash_run FOLDER POINTS` prints one JSON line per killed child: the call of ours at
which it died, and whether the night after it ended with the same tables as a night that nothing disturbed.
Children are forked before DuckDB is first opened, so a hundred of them cost no hundred imports.
"""

import json
import os
import shutil
import signal
import sys
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb

from connectors.landing import LandingLog
from connectors.raw import replay
from connectors.sync import run_sync
from tests.connectors.core.ledger_crm import FIRST_NIGHT, SECOND_NIGHT, STREAMS, LedgerCrm
from tests.connectors.core.tables import read_tables, read_warehouse

# calls that touch the disk or DuckDB; in pathlib's frames only, so that str.replace is none
_FILES = frozenset(["open", "replace", "rename", "mkdir", "unlink", "rmdir"])
_OURS = frozenset(
    ["execute", "fetchone", "fetchall", "connect", "open", "write", "fsync", "truncate", "flock", "close"]
)


class Killer:
    """Counts calls from `connectors` into C code (files, DuckDB), before and after each; kills at number `at`."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        """What `sys.setprofile` calls."""
        if event not in ("c_call", "c_return"):
            return
        file, name = frame.f_code.co_filename, argument.__name__
        if not ((f"{os.sep}connectors{os.sep}" in file and name in _OURS) or ("pathlib" in file and name in _FILES)):
            return
        self.count += 1
        if self.count == self.at:
            os.write(2, f"{event} {name} in {frame.f_code.co_name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


def night(folder: Path, clock: datetime) -> None:
    """One run of the whole protocol."""
    with LandingLog(folder / "landing") as log:
        report = run_sync(LedgerCrm(clock), log, folder / "warehouse.duckdb", STREAMS)
        report.raise_for_failure()


def in_child(folder: Path, clock: datetime, killer: Killer | None = None) -> tuple[int, str]:
    """Run a night in a forked child; its wait status, and what it said: the calls it counted, or where it died."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 2)
        if killer is not None:
            sys.setprofile(killer)
        night(folder, clock)
        sys.setprofile(None)
        os.write(2, str(killer.count if killer else "").encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read().strip()
    _, status = os.waitpid(child, 0)
    return status, text


def tables_after(folder: Path) -> tuple[bool, str]:
    """Whether a replay gives the same tables, and the tables as text; in a child, since DuckDB starts threads."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        live = read_warehouse(folder / "warehouse.duckdb", "raw_ledger")
        with duckdb.connect() as memory, LandingLog(folder / "landing") as log:
            replay(memory, log, "ledger")
            is_same = read_tables(memory, "raw_ledger") == live
        with os.fdopen(writer, "w") as out:
            out.write(json.dumps([is_same, repr(_without_load_ids(live))]))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    is_same, tables = json.loads(text)
    return is_same, tables


def _without_load_ids(tables: dict[str, Any]) -> object:
    """A load that was begun twice has another number; everything else must agree."""
    kept = {}
    for name, (columns, rows) in tables.items():
        at = [column.split()[0] for column in columns].index("_load_id")
        kept[name] = (columns, [row[:at] + row[at + 1 :] for row in rows])
    return kept


def main(folder: Path, points: int) -> None:
    """Kill at `points` instants spread evenly over both nights."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / "undisturbed"
    _, first_length = in_child(whole, FIRST_NIGHT, Killer(None))
    shutil.copytree(whole, folder / "after-first")
    _, second_length = in_child(whole, SECOND_NIGHT, Killer(None))
    _, expected = tables_after(whole)
    for index in range(points):
        is_first = index % 2 == 0
        clock, length = (FIRST_NIGHT, int(first_length)) if is_first else (SECOND_NIGHT, int(second_length))
        place = folder / f"killed-{index}"
        if not is_first:
            shutil.copytree(folder / "after-first", place)
        status, where = in_child(place, clock, Killer(1 + (length - 2) * (index // 2) // max(1, (points - 1) // 2)))
        rerun, said = in_child(place, clock)
        if is_first and not rerun:
            rerun, said = in_child(place, SECOND_NIGHT)
        is_replayed, tables = tables_after(place)
        line = {
            "night": 1 if is_first else 2,
            "where": where,
            "was_killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "rerun": said if rerun else "",
            "is_same": tables == expected,
            "is_replayed": is_replayed,
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
