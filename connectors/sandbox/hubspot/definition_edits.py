"""Edits of definitions: properties come, go, change their type; object types are made; scopes are withdrawn."""

import re
from collections.abc import Mapping

import orjson

from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.replies import iso

FIELD_TYPES = {
    "string": "text",
    "number": "number",
    "date": "date",
    "datetime": "date",
    "bool": "booleancheckbox",
    "enumeration": "select",
    "phone_number": "phonenumber",
    "json": "text",
}
FIRST_CUSTOM_TYPE = 2_000_001  # the number behind "2-" of a custom object type
_NO_OBJECTS = ("currencies", "deal_splits")  # what has a scope of its own and is no object type
_ACCOUNT = ("time_zone", "currency", "ten_secondly", "daily", "searches_per_second")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
_OWN_PROPERTIES = (
    ("hs_object_id", "number", True),
    ("hs_createdate", "datetime", True),
    ("hs_lastmodifieddate", "datetime", True),
    ("hubspot_owner_id", "enumeration", False),
    ("hs_merged_object_ids", "enumeration", False),
)


def add_property(edit: Edit) -> dict[str, object]:
    """Define `name` of `value_type`, or bring it back with the values it had.

    `field_type` (checkbox for a multi-select), `label`, `options` ([{"value", "label"}]), `calculated`, and `default`,
    a value that every live record has at once without being modified.
    """
    kind, name = edit.kind, edit.text("name")
    standing = edit.definitions.properties[kind.plural].get(name)
    if standing is not None and not standing.is_archived:
        raise ValueError(f"{kind.plural} have a property {name} already")
    value_type = str(edit.fields.get("value_type") or (standing.type if standing else "string"))
    _define(edit, kind, name, value_type)
    if edit.fields.get("default") is not None:
        edit.cursor.execute(
            f'UPDATE {kind.table} SET "{name}" = ? WHERE NOT archived AND merged_into IS NULL',
            [str(edit.fields["default"])],
        )
    return {"name": name, "stamp": iso(edit.stamp)}


def drop_property(edit: Edit) -> dict[str, object]:
    """Archive a property: it is not listed or answered any more, and search refuses it."""
    kind, name = edit.kind, edit.text("name")
    standing = _standing_type(edit, kind, name)
    _define(edit, kind, name, standing, is_archived=True)
    return {"name": name, "stamp": iso(edit.stamp)}


def retype_property(edit: Edit) -> dict[str, object]:
    """Give a property another `value_type`; the stored texts stay, unless `values` ({id: value}) says otherwise."""
    kind, name = edit.kind, edit.text("name")
    _standing_type(edit, kind, name)
    _define(edit, kind, name, edit.text("value_type"))
    for key, value in edit.values("values").items():
        edit.cursor.execute(f'UPDATE {kind.table} SET "{name}" = ? WHERE id = ?', [value, key])
        edit.mark_edited(kind, key, links_to=key)
    return {"name": name, "stamp": iso(edit.stamp)}


def add_object(edit: Edit) -> dict[str, object]:
    """Make a custom object type `name` with `properties` ([{"name", "value_type", …}]) and `associated` types."""
    name = _checked(edit.text("name"))
    if edit.definitions.find(name) is not None or name in edit.definitions.schemas:
        raise ValueError(f"the portal has an object type {name} already")
    given = edit.fields.get("properties") or [{"name": "name", "value_type": "string"}]
    properties = [entry for entry in given if isinstance(entry, Mapping)] if isinstance(given, list) else []
    primary = str(edit.fields.get("primary_property") or properties[0]["name"])
    own = ", ".join(f'"{own_name}" VARCHAR' for own_name, _, _ in _OWN_PROPERTIES)
    edit.cursor.execute(
        f"CREATE TABLE hubspot.{name} (id VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP, archived BOOLEAN,"
        f" archived_at TIMESTAMP, merged_into VARCHAR, {own})"
    )
    type_id = f"2-{FIRST_CUSTOM_TYPE + len(edit.definitions.schemas)}"
    title = name.replace("_", " ").capitalize()
    labels = [str(edit.fields.get("singular") or title), str(edit.fields.get("plural") or f"{title}s")]
    associated = edit.fields.get("associated") or ["deals"]
    edit.cursor.execute(
        "INSERT INTO hubspot._schemas VALUES (?, ?, ?, ?, ?, ?, FALSE, ?, ?)",
        [name, type_id, *labels, primary, associated, edit.stamp, edit.stamp],
    )
    kind = ObjectType(name, name, type_id, (), (primary,), full_name=name)
    for own_name, value_type, is_calculated in _OWN_PROPERTIES:
        _write_definition(edit, kind, own_name, value_type, {"calculated": is_calculated}, is_custom=False)
    for entry in properties:
        _add_column(edit, kind, str(entry["name"]))
        _write_definition(edit, kind, str(entry["name"]), str(entry.get("value_type", "string")), entry)
    return {"name": name, "object_type_id": type_id}


def drop_object(edit: Edit) -> dict[str, object]:
    """Archive a custom object type: its paths answer as if it had never been."""
    kind = edit.kind
    if not kind.is_custom:
        raise ValueError(f"{kind.plural} are HubSpot's own and cannot be deleted")
    edit.cursor.execute(
        "UPDATE hubspot._schemas SET archived = TRUE, updated_at = ? WHERE name = ?", [edit.stamp, kind.plural]
    )
    return {"name": kind.plural}


def hide(edit: Edit) -> dict[str, object]:
    """Withdraw the scope of a type (or of `currencies`, `deal_splits`), or access to one property (`name`) of it."""
    target = _target(edit)
    edit.state.hidden.add(target)
    return {"hidden": target}


def show(edit: Edit) -> dict[str, object]:
    """Grant again what `hide` withdrew."""
    target = _target(edit)
    edit.state.hidden.discard(target)
    return {"shown": target}


def set_account(edit: Edit) -> dict[str, object]:
    """Change `time_zone` (IANA name), `currency`, `portal_id`, or the limits that the `rate_limits` fault enforces:
    `ten_secondly`, `daily`, `searches_per_second`."""
    given = {name: str(edit.fields[name]) for name in _ACCOUNT if name in edit.fields}
    if edit.fields.get("portal_id") is not None:
        edit.cursor.execute("UPDATE state.world SET portal_id = ?", [int(edit.text("portal_id"))])
    for name, value in given.items():
        edit.cursor.execute("DELETE FROM hubspot._account WHERE name = ?", [name])
        edit.cursor.execute("INSERT INTO hubspot._account VALUES (?, ?)", [name, value])
    return dict(given)


PLAYS: dict[str, Play] = {
    play.__name__: play
    for play in (add_property, drop_property, retype_property, add_object, drop_object, hide, show, set_account)
}


def _target(edit: Edit) -> str:
    name = edit.fields.get("name")
    if edit.fields.get("type") in _NO_OBJECTS:
        return edit.text("type")
    return f"{edit.kind.plural}.{name}" if name else edit.kind.plural


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name HubSpot takes: lower-case letters, digits and _, a letter first")
    return name


def _standing_type(edit: Edit, kind: ObjectType, name: str) -> str:
    standing = edit.definitions.properties[kind.plural].get(name)
    if standing is None or standing.is_archived:
        raise ValueError(f"{kind.plural} have no property {name}")
    return standing.type


def _define(edit: Edit, kind: ObjectType, name: str, value_type: str, *, is_archived: bool = False) -> None:
    standing = edit.definitions.properties[kind.plural].get(_checked(name))
    given = dict(edit.fields)
    if standing is not None:
        given.setdefault("label", standing.label)
        given.setdefault("calculated", standing.is_calculated)
        if value_type == standing.type:
            given.setdefault("field_type", standing.field_type)
            given.setdefault("options", standing.options)
    _add_column(edit, kind, name)
    is_custom = standing is None or standing.is_custom
    _write_definition(edit, kind, name, value_type, given, is_custom=is_custom, is_archived=is_archived)


def _write_definition(
    edit: Edit,
    kind: ObjectType,
    name: str,
    value_type: str,
    given: Mapping[str, object],
    *,
    is_custom: bool = True,
    is_archived: bool = False,
) -> None:
    if value_type not in FIELD_TYPES:
        raise ValueError(f"HubSpot has no property type {value_type!r}; it has {', '.join(FIELD_TYPES)}")
    standing = edit.definitions.properties.get(kind.plural, {}).get(name)
    options = given.get("options")
    if options is None and is_custom and value_type == "enumeration":
        options = []
    edit.cursor.execute("DELETE FROM hubspot._properties WHERE object_type = ? AND name = ?", [kind.plural, name])
    edit.cursor.execute(
        "INSERT INTO hubspot._properties VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(kind.plural, name, value_type, given.get("field_type") or FIELD_TYPES[value_type], given.get("label")),
            *(bool(given.get("calculated")), is_custom, None if options is None else orjson.dumps(options).decode()),
            *(is_archived, standing.created_at.replace(tzinfo=None) if standing else edit.stamp, edit.stamp),
        ],
    )


def _add_column(edit: Edit, kind: ObjectType, name: str) -> None:
    edit.cursor.execute(f'ALTER TABLE {kind.table} ADD COLUMN IF NOT EXISTS "{_checked(name)}" VARCHAR')
