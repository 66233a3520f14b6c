"""Salesforce's objects as assets: one per raw table, one process, login and call budget for all."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.assets.crms import OTHERS, OTHERS_DESCRIPTION, asset_specs, check_specs, sync_tables
from dagster_project.resources import Crms, WarehouseFile

TABLES = {
    "opportunity": "Opportunities as Salesforce last sent them, deleted and merged ones included.",
    "opportunity_history": "One row per change of stage, amount, probability or close date, kept for ever.",
    "opportunity_field_history": "Tracked field changes of opportunities; empty where the org does not track any.",
    "opportunity_stage": "The stage picklist with probability, forecast category and flags, inactive ones included.",
    "opportunity_line_item": "Products on opportunities with list and sales price.",
    "opportunity_contact_role": "Which contact plays which part in an opportunity.",
    "account": "Accounts, deleted and merged ones included.",
    "contact": "Contacts, deleted and merged ones included.",
    "lead": "Leads with what they were converted into.",
    "user": "Users, inactive ones included.",
    "user_role": "The role tree.",
    "task": "Tasks, logged calls and emails.",
    "event": "Meetings and other calendar entries.",
    "record_type": "Record types of all objects.",
    "organization": "The org itself: id, currency and time zone.",
    "currency_type": "Currencies of an org with several of them, with the rate of today.",
    "dated_conversion_rate": "Exchange rates by period, of an org with dated rates.",
    "option_labels": "What the values of choice fields are called, inactive ones included.",
}


@dg.multi_asset(
    name="salesforce",
    specs=asset_specs("salesforce", {**TABLES, OTHERS: OTHERS_DESCRIPTION}),
    check_specs=check_specs("salesforce", TABLES),
    can_subset=True,
    pool="salesforce",
)
def salesforce(
    context: dg.AssetExecutionContext, crms: dg.ResourceParam[Crms], warehouse: WarehouseFile
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read what changed in Salesforce into the landing log and the raw tables."""
    yield from sync_tables(context, "salesforce", TABLES, crms, warehouse)
