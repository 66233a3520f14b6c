"""`python -m benchmarks.extract`: every extractor on the same world, a first load and the next day; one table.

Each works in an environment of its own (made once below data/benchmark/), on its own copy of the world, served by a
sandbox process of its own. CPU seconds are the extractor's alone, children included, the sandbox's left out. What was
measured is kept there as well, and the page is written from all of it: runs may be made one by one.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.extract.compared import every_extractor
from benchmarks.extract.extractors import Extractor, Place
from benchmarks.extract.judge import count_rows, judge
from benchmarks.extract.measure import run_measured, sandbox_environment
from benchmarks.extract.page import write_page
from benchmarks.extract.results import QUIET, Night, Result, is_own, keep_result, read_results
from benchmarks.extract.traps import play_next_day, prepare_world
from connectors.sandbox.process import start_sandbox
from connectors.sandbox.world.scale import parse_size

PROJECT_DIR = Path(__file__).resolve().parents[2]
FOLDER = PROJECT_DIR / "data" / "benchmark" / "extract"
RESULTS = PROJECT_DIR / "benchmarks" / "results" / "extract.md"

FEWEST_OF_NOTE = 1_000  # deals of a CRM that make its extraction worth a measurement

CLOCK_SETTER = "time-machine==3.2.0"  # redirect/sitecustomize.py


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="20000", help="deals of the world that all read (default 20000)")
    parser.add_argument(
        "--ours", action="append", help="deals of a world that only ours and the floor read; repeat for more"
    )
    parser.add_argument("--only", action="append", help="name of an extractor; repeat for more")
    parser.add_argument("--first-load", action="store_true", help="no next day")
    parser.add_argument(
        "--quiet-day", action="store_true", help="a next day that changes about 1 %% of the HubSpot deals"
    )
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page from what was measured")
    arguments = parser.parse_args()
    if not arguments.page:
        chosen = [one for one in every_extractor() if not arguments.only or one.name in arguments.only]
        nights, is_quiet = 1 if arguments.first_load else 2, arguments.quiet_day
        runs = [(arguments.size, extractor) for extractor in chosen if arguments.size != "0"]
        runs += [(size, extractor) for size in arguments.ours or () for extractor in _ours_of(size, chosen)]
        for size, extractor in runs:
            result = _measure(extractor, _world(size), nights=nights, is_quiet=is_quiet)
            keep_result(FOLDER, f"{size}{QUIET}" if is_quiet else size, result)
    write_page(RESULTS, read_results(FOLDER, [one.name for one in every_extractor()]))
    sys.stdout.write(RESULTS.read_text())


def _ours_of(size: str, chosen: Sequence[Extractor]) -> list[Extractor]:
    """Ours and the floor, for the CRMs of which a world of this size has many deals."""
    scale = parse_size(size, seed=1)
    deals = {"salesforce": scale.salesforce_deals, "hubspot": scale.hubspot_deals}
    return [one for one in chosen if is_own(one.name) and deals[one.crm] >= FEWEST_OF_NOTE]


def _world(size: str) -> Path:
    """A world file of `size`, made once."""
    path = FOLDER / f"world-{size}.duckdb"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        making = path.with_suffix(".making")
        making.unlink(missing_ok=True)
        command = [sys.executable, "-m", "connectors.sandbox", "create", "--world", str(making), "--size", size]
        subprocess.run(command, cwd=PROJECT_DIR, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own module
        making.rename(path)
    return path


def _measure(extractor: Extractor, world: Path, *, nights: int, is_quiet: bool) -> Result:
    sys.stderr.write(f"{extractor.name} on {world.stem} ...\n")
    _install(extractor)
    folder = FOLDER / extractor.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / "world.duckdb"
    shutil.copy(world, copy)
    measured: list[Night] = []
    before, day = _machine(), ""
    with start_sandbox(copy, log=folder / "sandbox.log") as sandbox:
        prepare_world(sandbox, is_quiet=is_quiet)
        for number in range(1, min(nights, extractor.nights) + 1):
            place = Place(folder, FOLDER / "environments", number, sandbox.url)
            if number == 2:
                day = play_next_day(sandbox, extractor.crm, is_quiet=is_quiet)
            *prepare, command = extractor.commands(place)
            environment = {**extractor.environment(place), **sandbox_environment(sandbox)}
            for step in prepare:
                subprocess.run(  # noqa: S603 - commands of extractors.py
                    step, cwd=PROJECT_DIR, check=True, env={**os.environ, **environment}
                )
            used = run_measured(command, sandbox, output=place.output, environment=environment, folder=folder)
            total = count_rows(extractor, place)
            measured.append(Night(used, total - sum(night.rows for night in measured)))
            sys.stderr.write(
                f"  {measured[-1].rows} rows, {used.calls} calls, {used.cpu_seconds:.1f} CPU s {used.failure}\n"
            )
    verdict = judge(extractor, place, copy)
    (folder / "world.duckdb").unlink()
    return Result(extractor.name, tuple(measured), verdict, before, day)


def _install(extractor: Extractor) -> None:
    environment = FOLDER / "environments" / extractor.name
    if not extractor.requirement or (environment / "ready").exists():
        return
    shutil.rmtree(environment, ignore_errors=True)
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", str(environment)], check=True)  # noqa: S603
    python = str(environment / "bin" / "python")
    install = [*uv, "pip", "install", "--quiet", "--python", python, extractor.requirement, CLOCK_SETTER]
    subprocess.run(install, check=True)  # noqa: S603
    (environment / "ready").touch()


def _machine() -> str:
    """Day, cores, and how busy others keep the machine: CPU seconds bear that better than wall seconds do."""
    day, load = datetime.now(UTC).date().isoformat(), os.getloadavg()[0]
    return f"{day}, {os.cpu_count()} cores, load {load:.0f}, Python {platform.python_version()}, {platform.system()}"


if __name__ == "__main__":
    main()
