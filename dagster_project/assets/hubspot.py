"""HubSpot's objects as assets: one per raw table, one process, token and call budget for all."""

from collections.abc import Iterator

import dagster as dg

from connectors.hubspot.objects import STREAMS
from dagster_project.assets.crms import asset_specs, check_specs, sync_tables
from dagster_project.resources import Crms, WarehouseFile

TABLES = {
    "deals": "Deals as HubSpot last sent them, archived and merged ones included.",
    "deal_property_history": "One row per change of stage, amount, close date, owner, pipeline or forecast category.",
    "deal_associations": "Which companies, contacts and activities belong to a deal.",
    "companies": "Companies, archived and merged ones included.",
    "contacts": "Contacts, archived and merged ones included.",
    "calls": "Logged calls.",
    "meetings": "Meetings with their outcome.",
    "emails": "Logged emails, incoming and outgoing; bodies are not read.",
    "tasks": "Tasks with their completion.",
    "owners": "Owners, archived ones included.",
    "pipelines": "Deal pipelines.",
    "pipeline_stages": "Stages of deal pipelines with probability and closed flag.",
}


@dg.multi_asset(
    name="hubspot",
    specs=asset_specs("hubspot", TABLES),
    check_specs=check_specs("hubspot", TABLES),
    can_subset=True,
    pool="hubspot",
)
def hubspot(
    context: dg.AssetExecutionContext, crms: dg.ResourceParam[Crms], warehouse: WarehouseFile
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read what changed in HubSpot into the landing log and the raw tables."""
    yield from sync_tables(context, "hubspot", STREAMS, crms, warehouse)
