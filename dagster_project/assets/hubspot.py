"""HubSpot's objects as assets: one per raw table, one process, token and call budget for all."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.crms import OTHERS, OTHERS_DESCRIPTION, asset_specs, check_specs, sync_tables
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
    "pipeline_audit": "Each change of a deal pipeline, with the definition as it was.",
    "stage_audit": "Each change of a deal stage, with the definition as it was.",
    "company_currency": "The currency that HubSpot sums deals in.",
    "exchange_rates": "What other currencies are worth in it, each rate from its date on.",
    "option_labels": "What the values of choice fields are called, inactive ones included.",
}


@dg.multi_asset(
    name="hubspot",
    specs=asset_specs("hubspot", {**TABLES, OTHERS: OTHERS_DESCRIPTION}),
    check_specs=check_specs("hubspot", TABLES),
    can_subset=True,
    pool="hubspot",
)
def hubspot(
    context: dg.AssetExecutionContext, crms: dg.ResourceParam[Crms], warehouse: WarehouseFile
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read what changed in HubSpot into the landing log and the raw tables."""
    yield from sync_tables(context, "hubspot", TABLES, crms, warehouse)
