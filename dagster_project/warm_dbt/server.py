"""The warm dbt process: imports dbt and parses the project while the CRMs are read, then forks itself for each build.

Each build is a process of its own, as a plain `dbt` is: nothing of one build reaches the next, and the warehouse file
is free the moment the build ends. The forking process never opens it.

Its standard input is its lifeline: whoever started it holds the other end, so that it ends with them, however they
end, and takes running builds with it.
"""

import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

# the modules beside this file, whichever checkout the environment belongs to
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from dagster_project.warm_dbt.parsed import parsed_project

RECEIVED_AT_ONCE = 1 << 16
# dbt's own exit code for what it did not foresee
UNFORESEEN = 2


@dataclass
class Build:
    """A relay that is connected, and the build that it asked for once it runs."""

    relay: socket.socket
    received: bytes = b""
    outputs: tuple[int, ...] = ()
    process: int | None = None


class WarmServer:
    """Forks a build for each relay that connects to `listener`."""

    def __init__(self, listener: socket.socket, manifest: Any, parsed_for: Sequence[str]) -> None:
        """`manifest` holds for requests whose `basis` is `parsed_for`; others are declined."""
        self._listener = listener
        self._manifest = manifest
        self._parsed_for = parsed_for
        self._builds: dict[int, Build] = {}
        self._ended, ended = socket.socketpair()
        self._ended.setblocking(False)
        ended.setblocking(False)
        signal.set_wakeup_fd(ended.fileno(), warn_on_full_buffer=False)
        self._on_ended = ended
        self._selector = selectors.DefaultSelector()

    def serve(self) -> None:
        """Serve until standard input ends."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for source in (sys.stdin, self._listener, self._ended):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    self._end_all()
                    return
                if key.fileobj is self._listener:
                    relay, _ = self._listener.accept()
                    self._builds[relay.fileno()] = Build(relay)
                    self._selector.register(relay, selectors.EVENT_READ)
                elif key.fileobj is self._ended:
                    self._ended.recv(RECEIVED_AT_ONCE)
                    self._report_ended()
                elif key.fd in self._builds:
                    self._hear(self._builds[key.fd])

    def _hear(self, build: Build) -> None:
        received, outputs, _, _ = socket.recv_fds(build.relay, RECEIVED_AT_ONCE, 2)
        build.outputs += tuple(outputs)
        if not received:
            # the relay was killed: so is what it stood for
            self._forget(build)
            if build.process is not None:
                os.kill(build.process, signal.SIGKILL)
            return
        build.received += received
        if build.process is None and build.received.endswith(b"\n"):
            self._begin(build)

    def _begin(self, build: Build) -> None:
        request = json.loads(build.received)
        if basis(request["arguments"], request["environment"]) != self._parsed_for:
            # not ours to answer: the relay becomes a plain dbt, which parses for itself
            for output in build.outputs:
                os.close(output)
            self._forget(build)
            return
        build.process = os.fork()
        if build.process == 0:
            self._become(build, request)
        for output in build.outputs:
            os.close(output)
        build.outputs = ()
        build.relay.sendall(json.dumps({"process": build.process}).encode() + b"\n")

    def _become(self, build: Build, request: dict[str, Any]) -> NoReturn:
        """In the fork: be the build, and never return into the loop of the process it was forked from."""
        code = UNFORESEEN
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for stream, output in zip((1, 2), build.outputs, strict=True):
                os.dup2(output, stream)
                os.close(output)
            self._selector.close()
            self._listener.close()
            for other in self._builds.values():
                other.relay.close()
            os.environ.clear()
            os.environ.update(request["environment"])
            os.chdir(request["folder"])
            code = run_dbt(request["arguments"], self._manifest)
        finally:
            if sys.exc_info()[0] is not None:
                traceback.print_exc()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _report_ended(self) -> None:
        for build in list(self._builds.values()):
            if build.process is None:
                continue
            process, status = os.waitpid(build.process, os.WNOHANG)
            if process:
                code = os.waitstatus_to_exitcode(status)
                build.relay.sendall(json.dumps({"code": code if code >= 0 else 128 - code}).encode() + b"\n")
                self._forget(build)

    def _forget(self, build: Build) -> None:
        self._selector.unregister(build.relay)
        del self._builds[build.relay.fileno()]
        build.relay.close()

    def _end_all(self) -> None:
        for build in self._builds.values():
            if build.process is not None:
                os.kill(build.process, signal.SIGKILL)


def basis(arguments: Sequence[str], environment: dict[str, str]) -> list[str]:
    """What a parsed project depends on besides its files: the warehouse (dbt names it) and the given vars."""
    given = arguments[arguments.index("--vars") + 1] if "--vars" in arguments else ""
    return [environment.get("CRM_WAREHOUSE", ""), given]


def run_dbt(arguments: Sequence[str], manifest: Any) -> int:
    """The dbt command line with a project that is parsed already; its exit code."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import cli

    try:
        cli.main(args=list(arguments), prog_name="dbt", obj={"manifest": manifest})
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else UNFORESEEN
    finally:
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    return 0


def main(listener_number: int, folder: Path, target: Path, arguments: Sequence[str]) -> None:
    """Be warm, while builds may wait already; serve; leave no `folder`. `target` is where parsed projects are kept."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the build and who started us; they end us
    with socket.socket(fileno=listener_number) as listener:
        try:
            gc.disable()  # a parsed project is half a million objects that all stay
            environment = dict(os.environ)
            keeps_target = Path(environment["DBT_TARGET_PATH"]) == target
            manifest = parsed_project(Path.cwd(), arguments, environment, kept_in=target, writes_artifacts=keeps_target)
            # what lives for ever is not looked at again: neither by us nor, page by page, by each fork
            gc.collect()
            gc.freeze()
            gc.enable()
            WarmServer(listener, manifest, basis(arguments, environment)).serve()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
