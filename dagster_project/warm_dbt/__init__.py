"""One warm dbt process for all builds of a run, see docs/decisions/0006.

run ──starts──► server.py: imports dbt, parses the project ──forks──► build ─┐
 └─dagster-dbt starts──► relay.py ──arguments, output──► server.py           │
        ▲────────────────────── output of the build, exit code ◄─────────────┘
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dagster_project.warm_dbt.relay import SOCKET_VARIABLE

SERVER = Path(__file__).with_name("server.py")
# what stands in for the dbt command: an interpreter (ours) with these arguments before dbt's own
RELAY_ARGUMENTS = ("-I", "-S", str(Path(__file__).with_name("relay.py")))
END_SECONDS = 10


class WarmDbt:
    """A started warm process; relays find it by an environment variable of this process until it is closed."""

    def __init__(
        self,
        project: Path,
        environment: Mapping[str, str],
        arguments: Sequence[str] = (),
        *,
        target: Path,
        keeps_target: bool,
    ) -> None:
        """Start it; being warm takes seconds, in which the caller works on.

        Args:
            project: folder of the dbt project and its profiles.
            environment: what the project reads from the environment when it is parsed.
            arguments: what builds give dbt and parsing depends on (`--vars`).
            target: folder in which parsed projects are kept; a project that is there is not parsed again.
            keeps_target: whether this parse leaves dbt's artifacts there, too; then it parses in any case.
        """
        # short, because the path of a socket may have about a hundred characters; its own, because two may run at once
        self._folder = Path(tempfile.mkdtemp(prefix="dbt-"))
        socket_path = self._folder / "socket"
        folders = {
            "DBT_PROJECT_DIR": str(project),
            "DBT_PROFILES_DIR": str(project),
            "DBT_TARGET_PATH": str(target if keeps_target else self._folder),
            "DBT_LOG_PATH": str(self._folder),
        }
        with socket.socket(socket.AF_UNIX) as listener:
            # here and not there, so that a call in the next instant waits, too
            listener.bind(str(socket_path))
            listener.listen()
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-I", str(SERVER), str(listener.fileno()), str(self._folder), str(target), *arguments],
                cwd=project,
                env={**os.environ, **environment, **folders},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[listener.fileno()],
            )
        os.environ[SOCKET_VARIABLE] = str(socket_path)

    def close(self) -> None:
        """End it, and whatever it still builds."""
        os.environ.pop(SOCKET_VARIABLE, None)
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def is_warm() -> bool:
    """Whether relays that this process starts find a warm one."""
    return SOCKET_VARIABLE in os.environ
