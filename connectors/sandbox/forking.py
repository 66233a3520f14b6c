"""Sandboxes as forks of one process that has imported everything: for who starts hundreds, as the tests do.

A start of its own costs a second and a half of imports; a fork costs two hundredths. The forks are servers like any
other, each with a lifeline of its own.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

MOST_BYTES = 1 << 16


class ForkServer:
    """The process that forks; it ends with this object, or with this process."""

    def __init__(self, folder: Path) -> None:
        """Start it, in `folder`."""
        self._asking = threading.Lock()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "connectors.sandbox.forking", str(theirs.fileno())],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(self, arguments: Sequence[str], output: int) -> "ForkedProcess":
        """A fork that is `python -m connectors.sandbox` with these arguments, and prints to `output`."""
        ours, theirs = socket.socketpair()
        with theirs, self._asking:
            socket.send_fds(self._socket, [json.dumps(list(arguments)).encode()], [theirs.fileno(), output])
            pid = int(self._socket.recv(MOST_BYTES))
        return ForkedProcess(pid, ours)

    def close(self) -> None:
        """End it; its forks live on until their own end."""
        self._socket.close()
        self._process.wait()


class ForkedProcess:
    """A fork, with what `start_sandbox` needs of a `subprocess.Popen`. Its exit code is not known."""

    returncode = None

    def __init__(self, pid: int, lifeline: socket.socket) -> None:
        """The other end of `lifeline` is the fork's standard input, open until it has ended."""
        self.pid = pid
        self._lifeline = lifeline

    def poll(self) -> bool | None:
        """None while it runs."""
        self._lifeline.setblocking(False)
        try:
            return True if self._lifeline.recv(1) == b"" else None
        except BlockingIOError:
            return None

    def end_input(self) -> None:
        """Tell it to end."""
        with suppress(OSError):  # it has ended already
            self._lifeline.shutdown(socket.SHUT_WR)

    def wait(self, timeout: float | None = None) -> None:
        """Return once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, within `timeout` seconds.
        """
        self._lifeline.settimeout(timeout)
        try:
            self._lifeline.recv(1)
        except TimeoutError:
            raise subprocess.TimeoutExpired("a sandbox", timeout or 0.0) from None
        self._lifeline.close()

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def serve_forks(requests: socket.socket) -> None:
    """Fork for every request until there are no more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a fork: who has its lifeline sees its end
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, MOST_BYTES, 2)
        if not request:
            return
        lifeline, output = descriptors
        pid = os.fork()
        if pid == 0:
            requests.close()
            _become_sandbox(json.loads(request), lifeline, output)
        os.close(lifeline)
        os.close(output)
        requests.sendall(str(pid).encode())


def _become_sandbox(arguments: Sequence[str], lifeline: int, output: int) -> NoReturn:
    from connectors.sandbox.__main__ import cli

    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for stream, descriptor in ((0, lifeline), (1, output), (2, output)):
            os.dup2(descriptor, stream)
        os.close(lifeline)
        os.close(output)
        cli(list(arguments), standalone_mode=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    from connectors.sandbox.__main__ import hide_pandas

    hide_pandas()
    with socket.socket(fileno=int(sys.argv[1])) as requests_:
        serve_forks(requests_)
