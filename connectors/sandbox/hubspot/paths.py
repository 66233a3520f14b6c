"""Where each endpoint lives: HubSpot serves the same answers under v3/v4 paths and under date-based ones."""

DATE_VERSIONS = ("2026-03",)

# name: (method, versioned path, date-based path with {version}); the name is also the family under `hubspot.`
_PATHS: dict[str, tuple[str, str, str]] = {
    "token": ("POST", "/oauth/v1/token", "/oauth/{version}/token"),
    "access_token": ("GET", "/oauth/v1/access-tokens/<token>", "/oauth/{version}/access-tokens/<token>"),
    "refresh_token": ("GET", "/oauth/v1/refresh-tokens/<token>", "/oauth/{version}/refresh-tokens/<token>"),
    "introspect": ("POST", "/oauth/v3/token/introspect", "/oauth/{version}/token/introspect"),
    "details": ("GET", "/account-info/v3/details", "/account-info/{version}/details"),
    "usage": (
        "GET",
        "/account-info/v3/api-usage/daily/private-apps",
        "/account-info/{version}/api-usage/daily/private-apps",
    ),
    "usage_of_all": (
        "GET",
        "/account-info/v3/api-usage/daily",
        "/account-info/{version}/api-usage/daily",
    ),
    "property_counts": ("GET", "/crm/v3/limits/custom-properties", "/crm/limits/{version}/custom-properties"),
    "pipeline_counts": ("GET", "/crm/v3/limits/pipelines", "/crm/limits/{version}/pipelines"),
    "object_type_counts": ("GET", "/crm/v3/limits/custom-object-types", "/crm/limits/{version}/custom-object-types"),
    "schemas": ("GET", "/crm/v3/schemas", "/crm-object-schemas/{version}/schemas"),
    "schema": ("GET", "/crm/v3/schemas/<kind>", "/crm-object-schemas/{version}/schemas/<kind>"),
    "records": ("GET", "/crm/v3/limits/records", "/crm/limits/{version}/records"),
    "company_currency": (
        "GET",
        "/settings/v3/currencies/company-currency",
        "/settings/currencies/{version}/company-currency",
    ),
    "exchange_rates": (
        "GET",
        "/settings/v3/currencies/exchange-rates",
        "/settings/currencies/{version}/exchange-rates",
    ),
    "owners": ("GET", "/crm/v3/owners", "/crm/owners/{version}"),
    "owner": ("GET", "/crm/v3/owners/<owner_id>", "/crm/owners/{version}/<owner_id>"),
    "properties": ("GET", "/crm/v3/properties/<kind>", "/crm/properties/{version}/<kind>"),
    "property": ("GET", "/crm/v3/properties/<kind>/<name>", "/crm/properties/{version}/<kind>/<name>"),
    "pipelines": ("GET", "/crm/v3/pipelines/<kind>", "/crm/pipelines/{version}/<kind>"),
    "pipeline": ("GET", "/crm/v3/pipelines/<kind>/<pipeline_id>", "/crm/pipelines/{version}/<kind>/<pipeline_id>"),
    "pipeline_audit": (
        "GET",
        "/crm/v3/pipelines/<kind>/<pipeline_id>/audit",
        "/crm/pipelines/{version}/<kind>/<pipeline_id>/audit",
    ),
    "stage_audit": (
        "GET",
        "/crm/v3/pipelines/<kind>/<pipeline_id>/stages/<stage_id>/audit",
        "/crm/pipelines/{version}/<kind>/<pipeline_id>/stages/<stage_id>/audit",
    ),
    "stages": (
        "GET",
        "/crm/v3/pipelines/<kind>/<pipeline_id>/stages",
        "/crm/pipelines/{version}/<kind>/<pipeline_id>/stages",
    ),
    "stage": (
        "GET",
        "/crm/v3/pipelines/<kind>/<pipeline_id>/stages/<stage_id>",
        "/crm/pipelines/{version}/<kind>/<pipeline_id>/stages/<stage_id>",
    ),
    "search": ("POST", "/crm/v3/objects/<kind>/search", "/crm/objects/{version}/<kind>/search"),
    "deal_splits": ("POST", "/crm/v3/objects/deals/splits/batch/read", "/deal-splits/{version}/batch/read"),
    "batch_read": ("POST", "/crm/v3/objects/<kind>/batch/read", "/crm/objects/{version}/<kind>/batch/read"),
    "list": ("GET", "/crm/v3/objects/<kind>", "/crm/objects/{version}/<kind>"),
    "object": ("GET", "/crm/v3/objects/<kind>/<object_id>", "/crm/objects/{version}/<kind>/<object_id>"),
    "associations": (
        "POST",
        "/crm/v4/associations/<kind>/<to_kind>/batch/read",
        "/crm/associations/{version}/<kind>/<to_kind>/batch/read",
    ),
    "object_associations": (
        "GET",
        "/crm/v4/objects/<kind>/<object_id>/associations/<to_kind>",
        "/crm/objects/{version}/<kind>/<object_id>/associations/<to_kind>",
    ),
}

# what HubSpot will switch off, and other extractors still call: (method, path), no date-based twin
_LEGACY: dict[str, tuple[str, tuple[str, ...]]] = {
    "legacy_properties": ("GET", ("/companies/v2/properties", "/properties/v1/<kind>/properties")),
    "legacy_deals": ("GET", ("/deals/v1/deal/paged",)),
    "legacy_companies": ("GET", ("/companies/v2/companies/paged",)),
    "legacy_company": ("GET", ("/companies/v2/companies/<object_id>",)),
    "legacy_pipelines": ("GET", ("/deals/v1/pipelines",)),
    "legacy_engagements": ("GET", ("/engagements/v1/engagements/modified/after",)),
    "legacy_associations": ("POST", ("/crm/v3/associations/<kind>/<to_kind>/batch/read",)),
}

NAMES = (*_PATHS, *_LEGACY)


def addresses(name: str) -> tuple[str, list[str]]:
    """Method and every path of an endpoint, in Starlette's syntax."""
    if name in _LEGACY:
        method, paths = _LEGACY[name]
        return method, [path.replace("<", "{").replace(">", "}") for path in paths]
    method, versioned, dated = _PATHS[name]
    given = [versioned, *(dated.format(version=version) for version in DATE_VERSIONS)]
    if name == "token":
        given.append("/oauth/v3/token")
    if name == "schemas":
        given.append("/crm-object-schemas/v3/schemas")
    if name == "schema":
        given.append("/crm-object-schemas/v3/schemas/<kind>")
    if name == "list":
        given.append("/crm/v4/objects/<kind>")
    if name in ("owners", "list"):
        given += [f"{path}/" for path in given]  # HubSpot's own client asks for owners with the slash
    return method, [path.replace("<", "{").replace(">", "}") for path in given]
