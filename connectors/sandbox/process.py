"""Starts the sandbox's server as a process of its own, steers it, and makes sure it ends with its parent."""

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlencode, urlsplit

from connectors.sandbox.faults import Fault
from connectors.sandbox.forking import ForkedProcess, ForkServer

START_SECONDS = 30.0
STOP_SECONDS = 5.0
PROJECT_FOLDER = Path(__file__).resolve().parents[2]


class SandboxError(RuntimeError):
    """The sandbox did not start, or refused a control request; the message says why."""


class _Forking:
    """Whether sandboxes are forked, and the process that forks them, started with the first."""

    def __init__(self) -> None:
        self.is_wanted = False
        self._running: ForkServer | None = None

    @property
    def server(self) -> ForkServer | None:
        if self.is_wanted and self._running is None:
            self._running = ForkServer(PROJECT_FOLDER)
        return self._running if self.is_wanted else None

    def close(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None


_forking = _Forking()


@contextmanager
def forked_sandboxes(*, is_wanted: bool = True) -> Iterator[None]:
    """Within the block, every sandbox that this process starts is the fork of one that has imported everything.

    A block within such a block may go without (`is_wanted=False`).
    """
    before, _forking.is_wanted = _forking.is_wanted, is_wanted
    try:
        yield
    finally:
        _forking.is_wanted = before
        if not before:
            _forking.close()


def start_sandbox(
    world: Path, *, log: Path | None = None, faults: Sequence[Fault] = (), port: int = 0
) -> "RunningSandbox":
    """Serve `world` on a free loopback port; returns once it answers.

    The process ends when the returned object is closed, and also when this process dies, `kill -9` included: it
    reads its standard input, which the kernel closes with us.

    Raises:
        SandboxError: the server stopped or stayed silent; the message carries its last lines.
    """
    folder = tempfile.TemporaryDirectory(prefix="sandbox-")
    ready = Path(folder.name) / "ready.json"
    output = log or Path(folder.name) / "server.log"
    output.parent.mkdir(parents=True, exist_ok=True)
    arguments = ["serve", "--world", str(world.resolve())]
    arguments += ["--port", str(port), "--ready-file", str(ready), "--until-stdin-closes"]
    process: _Process
    with output.open("ab") as sink:
        if (fork_server := _forking.server) is not None:
            process = fork_server.start(arguments, sink.fileno())
        else:
            process = _OwnProcess(
                [sys.executable, "-m", "connectors.sandbox", *arguments],
                cwd=PROJECT_FOLDER,
                stdin=subprocess.PIPE,
                stdout=sink,
                stderr=sink,
            )
    try:
        sandbox = RunningSandbox(_await_url(process, ready, output), process, folder)
        if faults:
            sandbox.set_faults(faults)
    except BaseException:
        process.kill()
        process.end_input()
        process.wait()
        folder.cleanup()
        raise
    return sandbox


class _OwnProcess(subprocess.Popen[bytes]):
    """A server that was started on its own."""

    def end_input(self) -> None:
        """Tell it to end."""
        if self.stdin is not None:
            self.stdin.close()


_Process = _OwnProcess | ForkedProcess


class RunningSandbox:
    """A sandbox process that answers at `url`; use it in a `with` statement."""

    def __init__(self, url: str, process: _Process, folder: "tempfile.TemporaryDirectory[str]") -> None:
        """Made by `start_sandbox`."""
        self.url = url
        self._process = process
        self._folder = folder
        self._is_stopped = False

    def __enter__(self) -> Self:
        """The sandbox itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._process.pid

    def tick(self, days: int = 1) -> dict[str, object]:
        """Play `days` days: {"clock": ISO time, "changes": {kind: count}}."""
        return cast(dict[str, object], self._control("POST", f"/__sandbox__/tick?days={days}"))

    def edit(self, **fields: object) -> dict[str, object]:
        """Do in a CRM what a person or an administrator does: `crm`, `kind` and what the kind needs; visible at once.

        Raises:
            SandboxError: the edit names something that is not there; the message says what.
        """
        return cast(dict[str, object], self._control("POST", "/__sandbox__/edit", fields))

    def stats(self) -> dict[str, object]:
        """Calls, bytes, statuses and faults by endpoint family since the start or the last reset."""
        return cast(dict[str, object], self._control("GET", "/__stats__"))

    def requests(self, family: str = "*", *, last: int | None = None) -> list[dict[str, object]]:
        """The newest requests of a family or pattern, oldest first: family, method, target, body, fault, status."""
        asked = {"family": family} if last is None else {"family": family, "last": str(last)}
        return cast(list[dict[str, object]], self._control("GET", f"/__stats__/requests?{urlencode(asked)}"))

    def reset_stats(self) -> None:
        """Start the counters at zero."""
        self._control("DELETE", "/__stats__")

    def truth(self, path: str, *, full: bool = False) -> list[dict[str, object]]:
        """Rows of a world table: `salesforce/Opportunity`, `hubspot/deals` (id, modified, hash; all columns with
        `full`), `truth/findings`. In no order."""
        return cast(list[dict[str, object]], self._control("GET", f"/__truth__/{path}?full={int(full)}"))

    def set_faults(
        self,
        faults: Iterable[Fault] = (),
        *,
        hidden: Iterable[str] | None = None,
        no_bulk: Iterable[str] | None = None,
        bulk_polls: int | None = None,
        **switches: object,
    ) -> None:
        """Add faults; `hidden` replaces what the integration user may not see, `no_bulk` what Bulk does not serve.

        `switches`: `limits` ({name: number}, names in state.DEFAULT_LIMITS), `clock_skew` (seconds by which the Date
        header is wrong), `rotate_refresh_tokens`.
        """
        body: dict[str, object] = {"faults": [asdict(fault) for fault in faults], **switches}
        if hidden is not None:
            body["hidden"] = sorted(hidden)
        if no_bulk is not None:
            body["no_bulk"] = sorted(no_bulk)
        if bulk_polls is not None:
            body["bulk_polls"] = bulk_polls
        self._control("POST", "/__sandbox__/faults", body)

    def faults(self) -> list[dict[str, object]]:
        """The faults that are set: kind, family, calls seen and how often it fired."""
        return cast(list[dict[str, object]], self._control("GET", "/__sandbox__/faults"))

    def clear_faults(self) -> None:
        """Switch every fault off and show what was hidden."""
        self._control("DELETE", "/__sandbox__/faults")

    def stop(self) -> None:
        """End the server and wait for it; a second call does nothing."""
        if self._is_stopped:
            return
        self._process.end_input()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._is_stopped = True
        self._folder.cleanup()

    def _control(self, method: str, path: str, body: object = None) -> object:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=120)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        if reply.status != http.client.OK:
            raise SandboxError(f"the sandbox refused {method} {path} (HTTP {reply.status}): {text.decode()}")
        return json.loads(text)


def _await_url(process: _Process, ready: Path, output: Path) -> str:
    give_up = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > give_up:
            last_lines = "\n".join(output.read_text(encoding="utf-8", errors="replace").splitlines()[-8:])
            raise SandboxError(f"the sandbox did not start (exit code {process.returncode}):\n{last_lines}")
        time.sleep(0.02)
    return str(json.loads(ready.read_text(encoding="utf-8"))["url"])
