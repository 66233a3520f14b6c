"""HubSpot's wire: CRM v3 objects, associations v4, metadata and account endpoints, also under date-based paths.

portal.py        who may call, how often, how every answer is dressed
objects.py       list · read · batch read          search.py        search, filters.py its filters
records.py       records to JSON, inside DuckDB    associations.py  batch read of links
splits.py        who shares a deal         currencies.py    company currency, exchange rates
definitions.py   object types and properties now   tokens.py        OAuth
pipelines.py · owners.py · properties.py · schemas.py · account.py
edits.py         what people do, from outside      troubles.py      faults that only HubSpot has
    rendered.py      pages kept in memory              legacy.py        what older extractors still call
"""

from starlette.routing import Route

from connectors.sandbox.hubspot import (
    account,
    associations,
    currencies,
    legacy,
    objects,
    owners,
    pipelines,
    properties,
    schemas,
    splits,
    tokens,
)
from connectors.sandbox.hubspot.portal import Portal, Respond
from connectors.sandbox.hubspot.quota import Quota
from connectors.sandbox.hubspot.search import search
from connectors.sandbox.state import SandboxState

# order matters where a literal segment stands beside a parameter
ENDPOINTS: dict[str, Respond] = {
    "token": tokens.issue_token,
    "access_token": tokens.read_access_token,
    "refresh_token": tokens.read_refresh_token,
    "introspect": tokens.introspect,
    "details": account.read_details,
    "usage": account.read_usage,
    "usage_of_all": account.read_usage,
    "property_counts": account.read_property_counts,
    "pipeline_counts": account.read_pipeline_counts,
    "object_type_counts": account.read_object_type_counts,
    "schemas": schemas.list_schemas,
    "schema": schemas.read_schema,
    "records": account.read_record_counts,
    "company_currency": currencies.read_company_currency,
    "exchange_rates": currencies.list_exchange_rates,
    "owners": owners.list_owners,
    "owner": owners.read_owner,
    "properties": properties.list_properties,
    "property": properties.read_property,
    "pipelines": pipelines.list_pipelines,
    "pipeline": pipelines.read_pipeline,
    "pipeline_audit": pipelines.read_audit,
    "stage_audit": pipelines.read_stage_audit,
    "stages": pipelines.list_stages,
    "stage": pipelines.read_stage,
    "search": search,
    "deal_splits": splits.batch_read,
    "batch_read": objects.batch_read,
    "list": objects.list_page,
    "object": objects.read_one,
    "associations": associations.batch_read,
    "object_associations": associations.read_page,
    "legacy_properties": legacy.list_properties,
    "legacy_deals": legacy.list_deals,
    "legacy_companies": legacy.list_companies,
    "legacy_company": legacy.read_company,
    "legacy_pipelines": legacy.list_pipelines,
    "legacy_engagements": legacy.list_engagements,
    "legacy_associations": legacy.read_associations,
}


def routes(state: SandboxState, quota: Quota | None = None) -> list[Route]:
    """Every HubSpot route of the sandbox; a `quota` of one's own may run on another clock than the wall's."""
    return Portal(state, quota).routes(ENDPOINTS)
