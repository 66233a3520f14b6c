"""What an administrator does to the org's objects and fields, as edits."""

from collections.abc import Callable, Mapping

import duckdb

from connectors.sandbox.catalogue import SALESFORCE, salesforce_fields
from connectors.sandbox.salesforce.currencies import enable_currencies
from connectors.sandbox.salesforce.definitions import add_object, make_field, remember
from connectors.sandbox.salesforce.schema import OrgSchema, SalesforceObject, field_of
from connectors.sandbox.salesforce.values import long_id
from connectors.sandbox.state import EditError, SandboxState

Given = Mapping[str, object]


def _drop_object(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """A custom object, with its records."""
    found = _known(cursor, given)
    if not found.is_custom:
        raise EditError(f"{found.name} is a standard object; hide_object takes it from the integration user")
    cursor.execute(f'DROP TABLE salesforce."{found.name}"')
    cursor.execute("DELETE FROM salesforce._schema WHERE object = ?", [found.name])
    return {"object": found.name}


def _add_field(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """`object`, `name`, `type` and what the type needs; no stamp moves.

    `values`: a picklist's entries, or {record id: value}; `default` fills every record. An address makes its parts.
    """
    found = _known(cursor, given)
    name = str(given.get("name") or given.get("field"))
    if found.has_field(name):
        raise EditError(f"{found.name} has a field {name} already")
    values = given.get("values")
    definition = {**given, **({"picklist": values} if isinstance(values, list) else {})}
    make_field(cursor, found.name, name, definition)
    if "default" in given:
        cursor.execute(f'UPDATE salesforce."{found.name}" SET "{name}" = ?', [given["default"]])
    if isinstance(values, Mapping):
        for identity, value in values.items():
            cursor.execute(
                f'UPDATE salesforce."{found.name}" SET "{name}" = ? WHERE "Id" = ?', [value, long_id(identity)]
            )
    return {"object": found.name, "field": name}


def _drop_field(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """A custom field goes with its values; a standard one is only gone from every answer."""
    found, name = _known_field(cursor, given)
    remember(cursor, found.name, name, {"dropped": True})
    field = next(one for one in found.fields if one.name == name)
    if field.is_custom and not field.is_compound and name.endswith("__c") and not _in_catalogue(found.name, name):
        cursor.execute(f'ALTER TABLE salesforce."{found.name}" DROP COLUMN "{name}"')
    return {"object": found.name, "field": name}


def _retype_field(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """`type` and its size; values that do not fit the new type are lost, as in Salesforce."""
    found, name = _known_field(cursor, given)
    old = next(one for one in found.fields if one.name == name)
    values = given.get("values")
    definition = {"reference_to": old.reference_to, "label": old.label, **given}
    made = field_of(name, {**definition, **({"picklist": values} if isinstance(values, list) else {})})
    if made.is_compound or old.is_compound:
        raise EditError(f"{found.name}.{name}: compound fields keep their type")
    # written anew: ALTER COLUMN loses what was updated while others read an older state (DuckDB 1.5.5)
    cursor.execute(
        f'CREATE OR REPLACE TABLE salesforce."{found.name}" AS'
        f' SELECT * REPLACE (TRY_CAST("{name}" AS {made.duckdb_type}) AS "{name}") FROM salesforce."{found.name}"'
    )
    remember(cursor, found.name, name, definition)
    return {"object": found.name, "field": name}


def _known(cursor: duckdb.DuckDBPyConnection, given: Given) -> SalesforceObject:
    name = str(given.get("object") or given.get("name"))
    found = OrgSchema.read(cursor).objects.get(name)
    if found is None:
        raise EditError(f"there is no object {name!r}")
    return found


def _known_field(cursor: duckdb.DuckDBPyConnection, given: Given) -> tuple[SalesforceObject, str]:
    found = _known(cursor, given)
    name = str(given.get("name") or given.get("field"))
    if not found.has_field(name):
        raise EditError(f"{found.name} has no field {name!r}")
    return found, name


def _change_org(cursor: duckdb.DuckDBPyConnection, given: Given) -> dict[str, object]:
    """Another org answers under the same address: `id`, `instance`, `is_sandbox`."""
    identity = long_id(str(given.get("id", "00Ded0000000002")))
    if identity is None:
        raise EditError(f"{given.get('id')!r} is no id")
    cursor.execute('UPDATE salesforce."Organization" SET "Id" = ?', [identity])
    for key, column in (("instance", "InstanceName"), ("is_sandbox", "IsSandbox")):
        if key in given:
            cursor.execute(f'UPDATE salesforce."Organization" SET "{column}" = ?', [given[key]])
    return {"id": identity}


def _register_certificate(state: SandboxState, given: Given) -> dict[str, object]:
    """`public_key` in PEM: from now on a JWT login must be signed with its private half; null forgets it."""
    key = given.get("public_key")
    state.salesforce_certificate = str(key) if key is not None else None
    return {"registered": key is not None}


def _in_transaction(
    make: Callable[[duckdb.DuckDBPyConnection, Given], dict[str, object]],
) -> Callable[[SandboxState, Given], dict[str, object]]:
    def made(state: SandboxState, given: Given) -> dict[str, object]:
        with state.cursor() as cursor:
            cursor.begin()
            try:
                answer = make(cursor, given)
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()
        return answer

    return made


def _visibility(*, hidden: bool, of_field: bool) -> Callable[[SandboxState, Given], dict[str, object]]:
    """Field-level security and object permissions of the integration user."""

    def changed(state: SandboxState, given: Given) -> dict[str, object]:
        with state.cursor() as cursor:
            found = _known_field(cursor, given) if of_field else (_known(cursor, given), "")
        name = f"{found[0].name}.{found[1]}" if of_field else found[0].name
        (state.hidden.add if hidden else state.hidden.discard)(name)
        return {"hidden": sorted(state.hidden)}

    return changed


def _in_catalogue(object_name: str, field_name: str) -> bool:
    return object_name in SALESFORCE and any(one.name == field_name for one in salesforce_fields(object_name))


SCHEMA_EDITS: dict[str, Callable[[SandboxState, Given], dict[str, object]]] = {
    "add_object": _in_transaction(add_object),
    "drop_object": _in_transaction(_drop_object),
    "add_field": _in_transaction(_add_field),
    "drop_field": _in_transaction(_drop_field),
    "retype_field": _in_transaction(_retype_field),
    "enable_currencies": _in_transaction(enable_currencies),
    "change_org": _in_transaction(_change_org),
    "register_certificate": _register_certificate,
    "hide_field": _visibility(hidden=True, of_field=True),
    "show_field": _visibility(hidden=False, of_field=True),
    "hide_object": _visibility(hidden=True, of_field=False),
    "show_object": _visibility(hidden=False, of_field=False),
}
