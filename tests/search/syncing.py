"""One sync of one CRM as `crm sync` makes it, or one compaction of its log; runs in a child of `runner.py`."""

import logging
import sys
from pathlib import Path
from typing import Any

import hubspot  # noqa: F401 - half a second that children need not spend

from connectors.errors import CrmError
from connectors.hubspot.client import open_client
from connectors.hubspot.extract import HubSpotConnector
from connectors.landing import LandingLog, compact
from connectors.reading_rules import ReadingRules
from connectors.salesforce.extract import SalesforceConnector, connect
from connectors.sandbox.state import Credentials
from connectors.secret import Secret
from connectors.streams import SyncEvent, SyncRequest
from connectors.sync import run_sync
from tests.search.runner import RULES, Death

BULK_PATIENCE = 1.0


def work(asked: dict[str, Any]) -> dict[str, object]:
    """What the sync came to, as fields of `runner.Outcome`."""
    folder = Path(asked["folder"])
    death = Death(asked.get("kill") or "")
    if asked.get("work") == "compact":
        if death.kind == "instant":
            sys.setprofile(death.profile)
        with LandingLog(folder / "landing") as log, log.lease(asked["crm"]) as lease:
            compact(log, lease, asked["crm"])
        return {"exit_code": 0}
    if death.kind == "answer":
        wire = logging.getLogger("connectors.transport")
        wire.setLevel(logging.DEBUG)
        wire.addHandler(death)
    if death.kind == "instant":
        sys.setprofile(death.profile)

    def listen(_: SyncEvent) -> None:
        if death.kind == "event":
            death.count()

    try:
        connector = _connector(asked, folder)
        connector.identity()
        request = SyncRequest(full=bool(asked.get("full")))
        with LandingLog(folder / "landing") as log:
            report = run_sync(
                connector, log, folder / "warehouse.duckdb", connector.streams(), request=request, listener=listen
            )
        connector.close()
    except CrmError as error:
        return {"refused": f"{type(error).__name__}: {error}"}
    return {
        "exit_code": report.exit_code,
        "is_complete": report.is_complete,
        "is_partial": report.is_partial,
        "held": len(report.held),
        "streams": [
            f"{line.stream.object_name}/{line.stream.lane}: {line.outcome} {type(line.error).__name__}: {line.error}"
            for line in report.streams
            if line.outcome not in ("synced", "not_due")
        ],
    }


def _connector(asked: dict[str, Any], folder: Path) -> SalesforceConnector | HubSpotConnector:
    rules_file = folder / "rules.toml"
    rules_file.write_text(RULES)
    rules = ReadingRules.read(rules_file)
    budget = asked.get("budget")
    page_rows = int(asked.get("page_rows") or 0)
    if asked["crm"] == "salesforce":
        return connect(
            login_url=asked["url"],
            client_id="sandbox-client",
            client_secret=Secret("sandbox-secret"),
            api_budget=budget,
            rules=rules,
            bulk_patience=BULK_PATIENCE,
            bulk_page_rows=page_rows or 100,
        )
    client = open_client(Secret(Credentials().hubspot_private_token), host=asked["url"], api_budget=budget)
    return HubSpotConnector(client, pages_per_part=1 if page_rows else 2, rules=rules)
