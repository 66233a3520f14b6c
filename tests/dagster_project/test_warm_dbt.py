"""The warm dbt process: builds as a plain dbt does, whoever dies, and leaves neither a process nor a lock behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from dagster_project.warm_dbt import RELAY_ARGUMENTS, SERVER, WarmDbt
from dagster_project.warm_dbt.relay import SOCKET_VARIABLE

FILES = {
    "dbt_project.yml": "{name: little, version: '1.0.0', profile: little, model-paths: [models]}",
    "profiles.yml": "little: {target: it, outputs: {it: {type: duckdb, path: \"{{ env_var('CRM_WAREHOUSE') }}\"}}}",
    "models/moment.sql": "select '{{ env_var(\"CRM_AS_OF\", \"\") }}' as moment, {{ var('factor', 1) }} as factor",
    "models/wrong.sql": "select no_such_column from {{ ref('moment') }}",
    # counts for minutes, and says first that it does
    "models/long.sql": "{{ config(materialized='table') }} {{ log('counting', info=True) if execute }} "
    "select count(*) as rows from range(1000000000000) as numbers(n) where hash(n) = n",
}
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class Place:
    """A dbt project with a warm process."""

    folder: Path
    warm: WarmDbt

    @property
    def warehouse(self) -> Path:
        """Where it was parsed for."""
        return self.folder / "warehouse.duckdb"

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Call dbt as dagster-dbt does."""
        return subprocess.Popen(
            [sys.executable, *RELAY_ARGUMENTS, *arguments],
            cwd=self.folder,
            env={**os.environ, **_variables(self.folder), **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **more: str) -> tuple[int, str]:
        """Exit code and output of a call."""
        with self.start(*arguments, **more) as process:
            try:
                text, _ = process.communicate(timeout=WAIT_SECONDS)
            finally:
                process.kill()
        return process.returncode, text

    def rows(self, table: str, warehouse: Path | None = None) -> list[tuple[object, ...]]:
        """Rows of a table; opens the file for writing, which works only where nobody else has it open."""
        with duckdb.connect(str(warehouse or self.warehouse)) as connection:
            return connection.execute(f"from {table}").fetchall()


def _variables(folder: Path) -> dict[str, str]:
    return {
        "CRM_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "DBT_PROJECT_DIR": str(folder),
        "DBT_PROFILES_DIR": str(folder),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DO_NOT_TRACK": "1",
    }


def _make_project(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content + "\n")


def _is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    if not Path("/proc/self").exists():
        return subprocess.run(["/bin/ps", "-p", str(process)], capture_output=True, check=False).returncode == 0
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_until(is_so: object, what: str) -> None:
    assert callable(is_so)
    give_up = time.monotonic() + WAIT_SECONDS
    while not is_so():
        assert time.monotonic() < give_up, what
        time.sleep(0.02)


def _is_free(warehouse: Path) -> bool:
    try:
        duckdb.connect(str(warehouse)).close()
    except duckdb.IOException:
        return False
    return True


def _await_counting(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "counting" in line:
            return
    raise AssertionError(f"the long build never began:\n{said}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("little")
    _make_project(folder)
    warm = WarmDbt(folder, _variables(folder), target=folder / "target", keeps_target=False)
    yield Place(folder, warm)
    warm.close()
    assert SOCKET_VARIABLE not in os.environ


def test_each_build_has_its_own_environment_and_frees_the_file(place: Place) -> None:
    for moment in ("one", "two"):
        code, text = place.run("build", "--select", "moment", CRM_AS_OF=moment)

        assert code == 0, text
        assert "PASS=1" in text
        assert place.rows("moment") == [(moment, 1)]


def test_builds_are_forks_of_the_warm_process(place: Place, tmp_path: Path) -> None:
    code, text = place.run("build", "--select", "moment", DBT_TARGET_PATH=str(tmp_path))

    assert code == 0, text
    # who parses leaves what it parsed; to a fork it was given
    assert (tmp_path / "run_results.json").exists()
    assert not (tmp_path / "partial_parse.msgpack").exists()


def test_a_build_that_fails_says_why_and_the_next_one_works(place: Place) -> None:
    code, text = place.run("build", "--select", "wrong")

    assert code == 1
    assert "no_such_column" in text
    assert place.run("build", "--select", "moment")[0] == 0


def test_an_argument_that_dbt_does_not_know_is_refused_as_by_dbt(place: Place) -> None:
    code, text = place.run("build", "--no-such-option")

    assert code == 2
    assert "No such option" in text


@pytest.mark.parametrize("given", ["warehouse", "vars"])
def test_what_the_project_was_not_parsed_for_is_parsed_anew(place: Place, tmp_path: Path, given: str) -> None:
    other = tmp_path / "other.duckdb"
    if given == "warehouse":
        code, text = place.run("build", "--select", "moment", CRM_WAREHOUSE=str(other))
        expected = (other, [("", 1)])
    else:
        code, text = place.run("build", "--select", "moment", "--vars", "{factor: 3}")
        expected = (place.warehouse, [("", 3)])

    assert code == 0, text
    assert place.rows("moment", expected[0]) == expected[1]


def test_two_builds_at_once_run_side_by_side(place: Place, tmp_path: Path) -> None:
    with place.start("build", "--select", "long") as long:
        try:
            _await_counting(long)
            code, text = place.run("build", "--select", "moment", CRM_WAREHOUSE=str(tmp_path / "other.duckdb"))
            long.send_signal(signal.SIGTERM)
            long.communicate(timeout=WAIT_SECONDS)
        finally:
            long.kill()

    assert code == 0, text
    assert long.returncode not in (0, None)
    assert _is_free(place.warehouse)


def test_a_killed_call_takes_its_build_with_it(place: Place) -> None:
    with place.start("build", "--select", "long") as long:
        _await_counting(long)
        assert not _is_free(place.warehouse)
        long.kill()

    _wait_until(lambda: _is_free(place.warehouse), "the build of a killed call still has the file open")
    assert place.run("build", "--select", "moment")[0] == 0


def test_a_project_that_was_parsed_before_is_read_back_until_a_file_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SOCKET_VARIABLE, raising=False)
    project, target = tmp_path / "project", tmp_path / "target"
    _make_project(project)

    def build(data: str) -> tuple[list[tuple[object, ...]], set[int]]:
        """What is built in a data folder, and which files with parsed projects there are then."""
        warehouse = tmp_path / data / "warehouse.duckdb"
        warehouse.parent.mkdir(exist_ok=True)
        variables = {**_variables(project), "CRM_WAREHOUSE": str(warehouse)}
        place = Place(project, WarmDbt(project, variables, target=target, keeps_target=False))
        try:
            code, text = place.run("build", "--select", "moment", CRM_WAREHOUSE=str(warehouse), CRM_AS_OF=data)
        finally:
            place.warm.close()
        assert code == 0, text
        # a plain dbt, which takes over where the warm process dies, would leave it
        assert not (project / "target" / "partial_parse.msgpack").exists()
        return place.rows("moment", warehouse), {kept.stat().st_ino for kept in target.glob("parsed-*")}

    rows, parsed = build("here")
    assert rows == [("here", 1)]
    # a file that is written anew is another one
    assert build("moved") == ([("moved", 1)], parsed)
    for kept in target.glob("parsed-*"):
        kept.write_bytes(b"cut off")
    rows, parsed_again = build("moved")
    assert rows == [("moved", 1)]
    assert parsed_again != parsed
    (project / "models/moment.sql").write_text("select 'other' as moment, 2 as factor\n")
    rows, more = build("moved")
    assert rows == [("other", 2)]
    assert len(more - parsed_again) == 1


STARTER = """
import os, sys, time
from pathlib import Path
from dagster_project.warm_dbt import WarmDbt
folder = Path(sys.argv[1])
variables = {name: os.environ[name] for name in os.environ if name.startswith(("CRM_", "DBT_"))}
warm = WarmDbt(folder, variables, target=folder / "target", keeps_target=False)
print(warm._process.pid, os.environ["CRM_WARM_DBT"], flush=True)
time.sleep(600)
"""


def test_a_killed_run_leaves_no_process_and_no_lock(tmp_path: Path) -> None:
    _make_project(tmp_path)
    run = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)],
        cwd=SERVER.parents[2],
        env={**os.environ, **_variables(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert run.stdout is not None
        server, socket_path = run.stdout.readline().split()
        place = Place(tmp_path, None)  # type: ignore[arg-type]  # the other process holds it
        with place.start("build", "--select", "long", **{SOCKET_VARIABLE: socket_path}) as long:
            try:
                _await_counting(long)
                run.kill()
                text, _ = long.communicate(timeout=WAIT_SECONDS)
            finally:
                long.kill()
    finally:
        run.kill()
        run.communicate()

    assert long.returncode != 0, text
    _wait_until(lambda: _is_free(place.warehouse), "the build of a killed run still has the file open")
    _wait_until(lambda: not _is_running(int(server)), "the warm process outlived the run")
    assert not Path(socket_path).parent.exists()


@pytest.mark.parametrize("socket_path", ["", "nobody/listens/here"])
def test_without_a_warm_process_the_plain_dbt_builds(place: Place, socket_path: str) -> None:
    code, text = place.run("build", "--select", "moment", **{SOCKET_VARIABLE: socket_path})

    assert code == 0, text
    assert "PASS=1" in text
