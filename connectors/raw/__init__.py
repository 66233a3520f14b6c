"""The merge of committed loads into DuckDB: raw tables hold the newest version of every record ever seen."""

from connectors.raw.apply import (
    Applied,
    apply_loads,
    last_sync_upper_bound,
    record_sync,
    release_held,
    replay,
    schema_name,
)
from connectors.raw.deletions import BRAKE_ROWS, BRAKE_SHARE
from connectors.raw.incoming import Counts

__all__ = [
    "BRAKE_ROWS",
    "BRAKE_SHARE",
    "Applied",
    "Counts",
    "apply_loads",
    "last_sync_upper_bound",
    "record_sync",
    "release_held",
    "replay",
    "schema_name",
]
