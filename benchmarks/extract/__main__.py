"""`python -m benchmarks.extract`: every extractor on the same world, a first load and the next day; one table.

Each works in an environment of its own (made once below data/benchmark/), on its own copy of the world, served by a
sandbox process of its own. CPU seconds are the extractor's alone, children included, the sandbox's left out.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.extract.extractors import Extractor, Place, every_extractor
from benchmarks.extract.judge import Verdict, count_rows, judge
from benchmarks.extract.measure import Used, run_measured, sandbox_environment
from benchmarks.extract.page import write_page
from benchmarks.extract.traps import play_next_day, prepare_world
from connectors.sandbox.process import start_sandbox

PROJECT_DIR = Path(__file__).resolve().parents[2]
FOLDER = PROJECT_DIR / "data" / "benchmark" / "extract"
RESULTS = PROJECT_DIR / "benchmarks" / "results" / "extract.md"

CLOCK_SETTER = "time-machine==3.2.0"  # redirect/sitecustomize.py


@dataclass(frozen=True)
class Night:
    """One run of one extractor."""

    used: Used
    rows: int


@dataclass(frozen=True)
class Result:
    """What one extractor did on both nights."""

    extractor: Extractor
    nights: tuple[Night, ...]
    verdict: Verdict | None


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="20000", help="deals of the world that all read (default 20000)")
    parser.add_argument("--ours", default="100000", help="deals of a world that only ours reads, 0 for none")
    parser.add_argument("--only", action="append", help="name of an extractor; repeat for more")
    arguments = parser.parse_args()
    chosen = [one for one in every_extractor() if not arguments.only or one.name in arguments.only]
    world = _world(arguments.size)
    results = [_measure(extractor, world) for extractor in chosen]
    alone: list[Result] = []
    if arguments.ours != "0":
        alone = [_measure(one, _world(arguments.ours)) for one in chosen if one.name.startswith("ours")]
    write_page(RESULTS, results, alone, sizes=(arguments.size, arguments.ours), machine=_machine())
    sys.stdout.write(RESULTS.read_text())


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


def _measure(extractor: Extractor, world: Path) -> Result:
    sys.stderr.write(f"{extractor.name} on {world.stem} ...\n")
    _install(extractor)
    folder = FOLDER / extractor.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    copy = folder / "world.duckdb"
    shutil.copy(world, copy)
    nights: list[Night] = []
    with start_sandbox(copy, log=folder / "sandbox.log") as sandbox:
        prepare_world(sandbox)
        for number in (1, 2):
            place = Place(folder, FOLDER / "environments", number)
            if number == 2:
                play_next_day(sandbox)
            *prepare, command = extractor.commands(place)
            environment = {**extractor.environment(place), **sandbox_environment(sandbox)}
            for step in prepare:
                subprocess.run(  # noqa: S603 - commands of extractors.py
                    step, cwd=PROJECT_DIR, check=True, env={**os.environ, **environment}
                )
            used = run_measured(command, sandbox, output=place.output, environment=environment, folder=folder)
            total = count_rows(extractor, place)
            nights.append(Night(used, total - sum(night.rows for night in nights)))
            sys.stderr.write(
                f"  {nights[-1].rows} rows, {used.calls} calls, {used.cpu_seconds:.1f} CPU s {used.failure}\n"
            )
    return Result(extractor, tuple(nights), judge(extractor, place, copy))


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
    day = datetime.now(UTC).date().isoformat()
    return f"{day}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"


if __name__ == "__main__":
    main()
