"""What dagster-dbt runs in place of dbt: hands its arguments to the warm process and is dbt to whoever watches it.

Its output is the warm build's own (the file descriptors travel with the request), its exit code is the build's, and
signals pass through. Without a warm process it becomes the plain dbt command. Standard library alone, and run with
`-I -S`, so that it starts in a hundredth of a second.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress

TYPE_CHECKING = False  # typing itself would take longer to import than all else
if TYPE_CHECKING:
    from typing import NoReturn

SOCKET_VARIABLE = "CRM_WARM_DBT"


def main(arguments: list[str]) -> int:
    """Run dbt with these arguments; the exit code is dbt's."""
    path = os.environ.get(SOCKET_VARIABLE)
    if path:
        with socket.socket(socket.AF_UNIX) as warm:
            request = {"arguments": arguments, "environment": dict(os.environ), "folder": os.getcwd()}  # noqa: PTH109
            build = _begin(warm, path, json.dumps(request).encode() + b"\n")
            if build is not None:
                return _end(warm, build)
    return _become_plain(arguments)


def _begin(warm: socket.socket, path: str, request: bytes) -> int | None:
    """Process id of the build, once the warm process is warm; None where there is no such process (any more)."""
    with suppress(OSError):
        warm.connect(path)
        # the reader of the other end gets both with its first piece
        sent = socket.send_fds(warm, [request], [1, 2])
        warm.sendall(request[sent:])
        begun = _read_line(warm)
        if begun:
            return int(json.loads(begun)["process"])
    return None


def _end(warm: socket.socket, build: int) -> int:
    """Exit code of the build, once it has ended."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: os.kill(build, received))
    ended = b""
    with suppress(OSError):
        ended = _read_line(warm)
    if ended:
        return int(json.loads(ended)["code"])
    with suppress(ProcessLookupError):
        os.kill(build, signal.SIGKILL)
    sys.stderr.write("The process that ran dbt was killed.\n")
    return 1


def _read_line(warm: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        received = warm.recv(1)
        if not received:
            return b""
        line += received
    return line


def _become_plain(arguments: list[str]) -> "NoReturn":
    dbt = os.path.join(os.path.dirname(sys.executable), "dbt")  # noqa: PTH118, PTH120 - pathlib takes twice the start
    os.execv(dbt, [dbt, *arguments])  # noqa: S606 - our own environment's dbt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
