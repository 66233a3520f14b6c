"""Catalogs of the other extractors: everything that was discovered, of the objects that are compared."""

import json
import sys
from pathlib import Path

from benchmarks.extract.extractors import SALESFORCE_OBJECTS

HUBSPOT_STREAMS = ("deals", "companies", "contacts", "owners", "deal_pipelines", "engagements")


def select(found: Path, catalog: Path) -> None:
    """A Singer catalog with the compared streams selected, incremental wherever the tap can be."""
    streams = []
    for stream in json.loads(found.read_text())["streams"]:
        if stream["tap_stream_id"] not in (*SALESFORCE_OBJECTS, *HUBSPOT_STREAMS):
            continue
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = entry["metadata"].get("inclusion") != "unsupported"
            keys = entry["metadata"].get("valid-replication-keys")
            if not entry["breadcrumb"] and keys:
                entry["metadata"] |= {"replication-method": "INCREMENTAL", "replication-key": keys[0]}
        streams.append(stream)
    catalog.write_text(json.dumps({"streams": streams}))


def configure(found: Path, catalog: Path) -> None:
    """An Airbyte catalog, incremental wherever the source can be."""
    streams = []
    for line in found.read_text().splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        for stream in message.get("catalog", {}).get("streams", []):
            if stream["name"] not in SALESFORCE_OBJECTS:
                continue
            mode = "incremental" if "incremental" in stream["supported_sync_modes"] else "full_refresh"
            streams.append(
                {
                    "stream": stream,
                    "sync_mode": mode,
                    "destination_sync_mode": "append" if mode == "incremental" else "overwrite",
                    **({"cursor_field": stream["default_cursor_field"]} if mode == "incremental" else {}),
                }
            )
    catalog.write_text(json.dumps({"streams": streams}))


if __name__ == "__main__":
    {"select": select, "configure": configure}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
