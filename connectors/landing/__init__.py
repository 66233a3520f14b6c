"""Loads, parts, manifests, leases, resume: how bytes from a CRM are kept so that no crash can lose or double them.

```
LandingLog.lease ─► LandingLog.open_load ─► OpenLoad.land (part by part) ─► OpenLoad.commit ─► Manifest
```
"""

from connectors.landing.compact import Compacted, compact
from connectors.landing.lease import Lease
from connectors.landing.load import OpenLoad
from connectors.landing.log import MAX_RESUME_AGE, LandingLog
from connectors.landing.manifest import (
    ApplyMode,
    Checkpoint,
    Lane,
    LoadRequest,
    Manifest,
    Part,
    Withheld,
)
from connectors.landing.parts import RecordRule
from connectors.landing.window import Window, format_utc, parse_utc

__all__ = [
    "MAX_RESUME_AGE",
    "ApplyMode",
    "Checkpoint",
    "Compacted",
    "LandingLog",
    "Lane",
    "Lease",
    "LoadRequest",
    "Manifest",
    "OpenLoad",
    "Part",
    "RecordRule",
    "Window",
    "Withheld",
    "compact",
    "format_utc",
    "parse_utc",
]
