"""A sync that kills its own process: `python -m tests.connectors.hubspot.killed_run FOLDER URL answer:17 [OBJECT …]`.

The moment is `answer:<number of answered requests>` or `<event kind>:<object>:<lane>`.
"""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from connectors.hubspot.client import open_client
from connectors.hubspot.extract import HubSpotConnector
from connectors.hubspot.objects import STREAMS
from connectors.landing import LandingLog
from connectors.sandbox.state import Credentials
from connectors.secret import Secret
from connectors.streams import SyncEvent
from connectors.sync import run_sync


def die() -> None:
    """As if the power went."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingAt(logging.Handler):
    """Dies at the n-th request that the transport has logged as answered."""

    def __init__(self, answers: int) -> None:
        super().__init__(logging.DEBUG)
        self._left = answers

    def emit(self, record: logging.LogRecord) -> None:
        self._left -= 1
        if not self._left:
            die()


def main(folder: Path, url: str, moment: str, objects: Sequence[str]) -> None:
    """Run until `moment`."""
    kind, _, rest = moment.partition(":")
    if kind == "answer":
        log = logging.getLogger("connectors.transport")
        log.setLevel(logging.DEBUG)
        log.addHandler(DyingAt(int(rest)))

    def listen(event: SyncEvent) -> None:
        if (event.kind, f"{event.object_name}:{event.lane}") == (kind, rest):
            die()

    connector = HubSpotConnector(open_client(Secret(Credentials().hubspot_private_token), host=url), pages_per_part=1)
    streams = [stream for stream in STREAMS if not objects or stream.object_name in objects]
    with LandingLog(folder / "landing") as landing:
        run_sync(connector, landing, folder / "warehouse.duckdb", streams, listener=listen)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
