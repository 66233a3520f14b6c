"""One sync in a process of its own that dies by SIGKILL: `python -m … URL FOLDER INSTANT OBJECT …`.

INSTANT is the number of the call into files or DuckDB at which it dies; at 0 it lives and prints how many there were.
"""

import sys
from pathlib import Path

from connectors.landing import LandingLog
from connectors.salesforce.extract import STREAMS, connect
from connectors.secret import Secret
from connectors.sync import run_sync
from tests.connectors.core.crash_run import Killer


def main(url: str, folder: Path, instant: int, objects: list[str]) -> None:
    """Sync the objects named, as far as it goes."""
    streams = [stream for stream in STREAMS if stream.object_name in objects]
    secret = Secret("sandbox-secret")
    connector = connect(login_url=url, client_id="sandbox-client", client_secret=secret, bulk_page_rows=100)
    killer = Killer(instant or None)
    sys.setprofile(killer)
    with LandingLog(folder / "landing") as log:
        run_sync(connector, log, folder / "warehouse.duckdb", streams).raise_for_failure()
    sys.setprofile(None)
    print(killer.count)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
