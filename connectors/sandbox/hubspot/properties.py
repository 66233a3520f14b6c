"""Property definitions: what extractors learn names and types from."""

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.definitions import Property
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.replies import iso, not_found, read_flag

_KEPT_UPPER = {"hs": "", "id": "ID"}
_FORECAST_CATEGORIES = {
    "OMIT": "Not forecasted",
    "PIPELINE": "Pipeline",
    "BEST_CASE": "Best case",
    "COMMIT": "Commit",
    "CLOSED": "Closed won",
}


def list_properties(portal: Portal, call: Call) -> Answer:
    """All live, or all archived, properties of an object type by name."""
    kind = portal.object_type(call)
    is_archived = read_flag(call, "archived")
    shown = [
        prop
        for prop in sorted(portal.definitions.properties[kind.plural].values(), key=lambda prop: prop.name)
        if prop.is_archived == is_archived and not portal.state.is_hidden(kind.plural, prop.name)
    ]
    return Answer.of({"results": [describe_property(portal, kind, prop) for prop in shown]})


def read_property(portal: Portal, call: Call) -> Answer:
    """One property definition."""
    kind = portal.object_type(call)
    prop = portal.definitions.properties[kind.plural].get(call.path_params["name"])
    is_there = prop is not None and prop.is_archived == read_flag(call, "archived")
    if prop is None or not is_there or portal.state.is_hidden(kind.plural, prop.name):
        raise not_found(f"Property {call.path_params['name']} does not exist")
    return Answer.of(describe_property(portal, kind, prop))


def describe_property(portal: Portal, kind: ObjectType, prop: Property) -> dict[str, object]:
    """One property as the properties and the schemas endpoint have it."""
    definition: dict[str, object] = {
        "updatedAt": iso(prop.updated_at),
        "createdAt": iso(prop.created_at),
        "name": prop.name,
        "label": prop.label or _label(prop.name),
        "type": prop.type,
        "fieldType": prop.field_type,
        "description": "",
        "groupName": f"{kind.singular}information",
        "options": _options(portal, kind, prop) if prop.type in ("enumeration", "bool") else [],
        "displayOrder": -1,
        "calculated": prop.is_calculated,
        "externalOptions": prop.name == "hubspot_owner_id",
        "archived": prop.is_archived,
        "hasUniqueValue": prop.name == "hs_object_id",
        "hidden": False,
        "hubspotDefined": not prop.is_custom,
        "modificationMetadata": {
            "archivable": prop.is_custom,
            "readOnlyDefinition": not prop.is_custom,
            "readOnlyOptions": not prop.is_custom,
            "readOnlyValue": prop.is_calculated or prop.name == "hs_object_id",
        },
        "formField": not prop.is_calculated and not prop.name.startswith("hs_"),
    }
    if prop.is_archived:
        definition["archivedAt"] = iso(prop.updated_at)
    if prop.name == "hubspot_owner_id":
        definition["referencedObjectType"] = "OWNER"
    return definition


def _options(portal: Portal, kind: ObjectType, prop: Property) -> list[dict[str, object]]:
    if prop.options is not None:
        return [{"displayOrder": order, "hidden": False, **option} for order, option in enumerate(prop.options)]
    pairs = _option_pairs(portal, kind, prop)
    return [
        {"label": label, "value": value, "displayOrder": order, "hidden": False}
        for order, (value, label) in enumerate(pairs)
    ]


def _option_pairs(portal: Portal, kind: ObjectType, prop: Property) -> list[tuple[str, str]]:
    if prop.type == "bool":
        return [("true", "True"), ("false", "False")]
    if prop.name in ("hubspot_owner_id", "hs_merged_object_ids"):
        return []  # the owners API lists the first; the second is filled by merges
    if prop.name == "hs_manual_forecast_category":
        return list(_FORECAST_CATEGORIES.items())
    with portal.state.cursor() as cursor:
        if prop.name == "pipeline":
            return cursor.execute("SELECT id, label FROM hubspot._pipelines ORDER BY display_order, id").fetchall()
        if prop.name == "dealstage":
            return cursor.execute(
                "SELECT stage.id, stage.label FROM hubspot._stages stage"
                " INNER JOIN hubspot._pipelines pipeline ON pipeline.id = stage.pipeline_id"
                " ORDER BY pipeline.display_order, stage.display_order, stage.id"
            ).fetchall()
        # other lists have what the records use
        rows = cursor.execute(
            f"SELECT DISTINCT unnest(string_split(\"{prop.name}\", ';')) AS value FROM {kind.table}"
            f' WHERE "{prop.name}" IS NOT NULL ORDER BY value'
        ).fetchall()
    return [(value, _label(value.lower())) for (value,) in rows]


def _label(name: str) -> str:
    words = [_KEPT_UPPER.get(word, word) for word in name.split("_")]
    text = " ".join(word for word in words if word)
    return text[:1].upper() + text[1:]
