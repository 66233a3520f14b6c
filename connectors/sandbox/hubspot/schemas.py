"""Custom object types: what the schemas endpoints say of them."""

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.definitions import CustomSchema
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal, missing_scope
from connectors.sandbox.hubspot.properties import describe_property
from connectors.sandbox.hubspot.replies import iso, not_found, read_flag

_FIRST_ASSOCIATION = 1


def list_schemas(portal: Portal, call: Call) -> Answer:
    """Every custom object type, or the deleted ones."""
    is_archived = read_flag(call, "archived")
    _check_scope(portal)
    return Answer.of(
        {
            "results": [
                _schema(portal, name, schema)
                for name, schema in portal.definitions.schemas.items()
                if schema.is_archived == is_archived and not portal.state.is_hidden(name)
            ]
        }
    )


def read_schema(portal: Portal, call: Call) -> Answer:
    """One custom object type by name, type id or full name."""
    _check_scope(portal)
    kind = portal.definitions.find(call.path_params["kind"])
    if kind is None or not kind.is_custom:
        raise not_found(f"Unable to infer object type from: {call.path_params['kind']}")
    return Answer.of(_schema(portal, kind.plural, portal.definitions.schemas[kind.plural]))


def _check_scope(portal: Portal) -> None:
    if portal.state.is_hidden("schemas"):
        raise missing_scope("crm.schemas.custom.read")


def _schema(portal: Portal, name: str, schema: CustomSchema) -> dict[str, object]:
    kind = portal.definitions.find(name) or ObjectType(name, name, schema.object_type_id, (), ())
    return {
        "id": schema.object_type_id.removeprefix("2-"),
        "objectTypeId": schema.object_type_id,
        "name": name,
        "fullyQualifiedName": f"p{portal.portal_id}_{name}",
        "labels": {"singular": schema.singular, "plural": schema.plural},
        "primaryDisplayProperty": schema.primary_property,
        "secondaryDisplayProperties": [],
        "searchableProperties": [schema.primary_property],
        "requiredProperties": [schema.primary_property],
        "archived": schema.is_archived,
        "createdAt": iso(schema.created_at),
        "updatedAt": iso(schema.updated_at),
        "properties": [
            describe_property(portal, kind, prop)
            for prop in portal.definitions.live_properties(kind)
            if not portal.state.is_hidden(name, prop.name)
        ],
        "associations": _associations(portal, name, schema),
    }


def _associations(portal: Portal, name: str, schema: CustomSchema) -> list[dict[str, object]]:
    kinds = [portal.definitions.find(other) for other in schema.associated]
    ends = [
        (one, other, f"{first}_to_{second}")
        for kind in kinds
        if kind is not None
        for one, other, first, second in (
            (schema.object_type_id, kind.type_id, name, kind.singular),
            (kind.type_id, schema.object_type_id, kind.singular, name),
        )
    ]
    return [
        {
            "fromObjectTypeId": one,
            "toObjectTypeId": other,
            "name": label,
            "id": str(place),
            "createdAt": iso(schema.created_at),
            "updatedAt": iso(schema.updated_at),
        }
        for place, (one, other, label) in enumerate(ends, start=_FIRST_ASSOCIATION)
    ]
