"""One run per connection: an operating-system lock that dies with its holder."""

import contextlib
import json
import os
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from connectors.errors import BusyError, ConfigurationError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        # a byte far behind the text, so that the holder's line stays readable to others
        file.seek(1 << 20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        # flock, not lockf: it belongs to the open file, so two runs inside one process exclude each other too
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class Lease:
    """The right to write to one connection's part of the landing log; taken at once or not at all.

    The kernel frees it when the process ends in any way, `kill -9` included. Closing frees it early.

    Raises:
        BusyError: another run holds it; the message says who, on which host, since when.
    """

    def __init__(self, path: Path, connection: str) -> None:
        self.connection = connection
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] | None = path.open("a+b")
        try:
            _lock(self._file)
        except (BlockingIOError, PermissionError) as error:  # POSIX, Windows
            holder = _read_holder(self._file)
            self._file.close()
            self._file = None
            raise BusyError(
                f"{connection} is busy since {holder.get('since', 'a moment ago')}, held by process "
                f"{holder.get('pid', '(starting)')} on {holder.get('host', 'this host')}. "
                "Nothing was changed; run again when it has ended."
            ) from error
        _write_holder(self._file)

    @property
    def is_open(self) -> bool:
        """Whether it is held still."""
        return self._file is not None

    def check(self, connection: str) -> None:
        """Refuse to go on without the lease.

        Raises:
            ConfigurationError: the lease is closed, or is another connection's.
        """
        if self._file is None or connection != self.connection:
            raise ConfigurationError(f"Writing to {connection} needs its open lease: LandingLog.lease.")

    def close(self) -> None:
        """Let the next run in."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _write_holder(file: IO[bytes]) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    file.truncate(0)
    file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}).encode())
    file.flush()


def _read_holder(file: IO[bytes]) -> dict[str, object]:
    file.seek(0)
    try:
        holder = json.loads(file.read() or b"{}")
    except ValueError:  # the holder is writing its line right now
        return {}
    return holder if isinstance(holder, dict) else {}
