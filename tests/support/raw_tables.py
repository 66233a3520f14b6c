"""The raw tables of a warehouse, filled straight from a sandbox world: what a complete first sync would have landed.

For tests of what comes after the connectors; the connectors themselves are tested over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from connectors.engine import create_warehouse
from connectors.sandbox.catalogue import (
    HUBSPOT,
    SALESFORCE,
    HubSpotProperty,
    SalesforceField,
    hubspot_properties,
    salesforce_fields,
)

# HubSpot calls these numbers; they are ids, and the connector keeps them as text
ID_PROPERTIES = {
    "hs_object_id", "hubspot_owner_id", "associatedcompanyid", "hs_parent_company_id", "hs_created_by_user_id",
}  # fmt: skip
HUBSPOT_TYPES = {"number": "decimal(28, 6)", "date": "date", "bool": "boolean"}


def load_raw_tables(world: Path, warehouse: Path) -> datetime:
    """Fill `raw_salesforce` and `raw_hubspot`; returns the world's clock, up to which the tables are complete."""
    create_warehouse(warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(f"attach '{world}' as world (read_only)")
        for table, query in _queries():
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(f"create or replace table {table} as {query}")
        (clock,) = connection.execute("select clock from world.state.world").fetchone() or (None,)
    assert isinstance(clock, datetime)
    return clock.replace(tzinfo=UTC)


def _queries() -> Iterator[tuple[str, str]]:
    for name in SALESFORCE:
        yield f'raw_salesforce."{_table_name(name)}"', _salesforce_object(name)
    for name in HUBSPOT:
        yield f"raw_hubspot.{name}", _hubspot_object(name)
    yield (
        "raw_hubspot.deal_property_history",
        _select(
            "object_id as deal_id, property, value, cast(timestamp as timestamp) as timestamp, source_type, source_id, "
            "updated_by_user_id",
            "world.hubspot._property_history where object_type = 'deals'",
            record_id="concat_ws('/', object_id, property, strftime(cast(timestamp as timestamp), '%Y%m%dT%H%M%S.%g'))",
            modified_at="timestamp",
        ),
    )
    yield (
        "raw_hubspot.deal_associations",
        _select(
            "from_id as deal_id, to_type as to_object_type, to_id as to_object_id, category, type_id, label",
            "world.hubspot._associations where from_type = 'deals'",
            record_id="concat_ws('/', from_id, to_type, to_id, category, type_id)",
            modified_at="null",
        ),
    )
    yield (
        "raw_hubspot.owners",
        _select(
            "* replace (cast(teams as varchar) as teams)",
            "world.hubspot._owners",
            record_id="id",
            modified_at="updated_at",
            is_deleted="archived",
            deleted_at="case when archived then updated_at end",
        ),
    )
    for name, record_id in (("pipelines", "id"), ("stages", "pipeline_id || '/' || id")):
        types = "cast(display_order as bigint) as display_order"
        if name == "stages":
            types += ", cast(probability as decimal(5, 4)) as probability, cast(is_closed as boolean) as is_closed"
        yield (
            f"raw_hubspot.{name.replace('stages', 'pipeline_stages')}",
            _select(
                f"* replace ({types})",
                f"world.hubspot._{name}",
                record_id=record_id,
                modified_at="updated_at",
                is_deleted="archived",
                deleted_at="case when archived then updated_at end",
            ),
        )


def _salesforce_object(name: str) -> str:
    fields = salesforce_fields(name)
    names = {field.name for field in fields}
    deleted_at = f"(select max(deleted_at) from world.salesforce._deleted where object = '{name}' and id = record.Id)"
    return _select(
        ", ".join(_salesforce_value(field) for field in fields),
        f'world.salesforce."{name}" as record',
        record_id="Id",
        modified_at="SystemModstamp" if "SystemModstamp" in names else "CreatedDate",
        is_deleted="IsDeleted" if "IsDeleted" in names else "false",
        deleted_at=f"case when IsDeleted then coalesce({deleted_at}, SystemModstamp) end"
        if {"IsDeleted", "SystemModstamp"} <= names
        else "null",
        merged_into="MasterRecordId" if "MasterRecordId" in names else "null",
    )


def _salesforce_value(field: SalesforceField) -> str:
    # describe says int, the connector lands the widest whole number
    return f'cast("{field.name}" as bigint) as "{field.name}"' if field.type == "int" else f'"{field.name}"'


def _hubspot_object(name: str) -> str:
    is_gone = "(archived or merged_into is not null)"
    values = ", ".join(_hubspot_value(prop) for prop in hubspot_properties(name))
    return _select(
        f"id, created_at, updated_at, archived, archived_at, {values}",
        f"world.hubspot.{name}",
        record_id="id",
        modified_at="updated_at",
        is_deleted=is_gone,
        deleted_at=f"case when {is_gone} then coalesce(archived_at, updated_at) end",
        merged_into="merged_into",
    )


def _hubspot_value(prop: HubSpotProperty) -> str:
    text = f"nullif(\"{prop.name}\", '')"
    if prop.type == "datetime":
        return f"cast(cast({text} as timestamptz) at time zone 'UTC' as timestamp) as \"{prop.name}\""
    if prop.type in HUBSPOT_TYPES and prop.name not in ID_PROPERTIES:
        return f'cast({text} as {HUBSPOT_TYPES[prop.type]}) as "{prop.name}"'
    return f'{text} as "{prop.name}"'


def _select(
    columns: str,
    source: str,
    *,
    record_id: str,
    modified_at: str,
    is_deleted: str = "false",
    deleted_at: str = "null",
    merged_into: str = "null",
) -> str:
    """The columns of the CRM and those that every raw table ends with."""
    return (
        f"select {columns}, {record_id} as _record_id, cast({modified_at} as timestamp) as _modified_at, "
        f"coalesce({is_deleted}, false) as _is_deleted, cast({deleted_at} as timestamp) as _deleted_at, "
        f"cast({merged_into} as varchar) as _merged_into, 'test' as _load_id, 'test' as _content_hash from {source}"
    )


def _table_name(object_name: str) -> str:
    """OpportunityHistory becomes opportunity_history; custom objects keep their name in lower case."""
    if object_name.endswith("__c"):
        return object_name.lower()
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", object_name).lower()
