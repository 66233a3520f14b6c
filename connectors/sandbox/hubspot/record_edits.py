"""Edits of records: values, new records, archiving, privacy deletion, and records that search does not know yet."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from connectors.sandbox.catalogue import HUBSPOT_HISTORY_PROPERTIES
from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.link_edits import link
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.outcomes import derive_from_stage, write_deal_truth
from connectors.sandbox.hubspot.replies import iso

FIRST_EDITED_ID = 990_000_000_001  # the plan's ids stay far below
SOURCE_TYPES = ("CRM_UI", "INTEGRATION", "IMPORT", "WORKFLOWS", "API", "CALCULATED", "MERGE_OBJECTS")


def set_properties(edit: Edit) -> dict[str, object]:
    """Change values of one record. `move_stamp` false is a calculated value that settles without a modification."""
    kind, key = edit.kind, edit.text("id")
    values = derive_from_stage(edit.cursor, kind, key, edit.values())
    stamp, moves = edit.stamp, edit.flag("move_stamp", default=True)
    write_values(edit, kind, key, values, stamp if moves else None)
    return {"id": key, "stamp": iso(stamp)}


def insert(edit: Edit) -> dict[str, object]:
    """Make a record: `id`, `properties` and `associations` ([{"type", "id"}]) are all optional."""
    kind, stamp = edit.kind, edit.stamp
    key = str(edit.fields.get("id") or next_id(edit, kind))
    _insert_rows(edit, kind, [key], stamp)
    write_values(edit, kind, key, derive_from_stage(edit.cursor, kind, key, edit.values()), stamp)
    linked = edit.fields.get("associations") or []
    for other in linked if isinstance(linked, list) else []:
        link(edit, kind, key, edit.find(str(other["type"])), str(other["id"]))
    return {"id": key, "stamp": iso(stamp)}


def burst(edit: Edit) -> dict[str, object]:
    """`count` records in one millisecond: new ones, or with `existing` true the first ones by id touched at once."""
    kind, stamp, count = edit.kind, edit.stamp, int(edit.text("count"))
    if edit.flag("existing", default=False):
        rows = edit.cursor.execute(
            f"SELECT id FROM {kind.table} WHERE NOT archived AND merged_into IS NULL ORDER BY id::BIGINT LIMIT ?",
            [count],
        ).fetchall()
        keys = [key for (key,) in rows]
    else:
        first = int(next_id(edit, kind))
        keys = [str(first + place) for place in range(count)]
        _insert_rows(edit, kind, keys, stamp)
    edit.cursor.execute(
        f"UPDATE {kind.table} SET {_assignments(kind, edit.values())}{_stamping(kind)}"
        " WHERE id IN (SELECT unnest($ids::VARCHAR[]))",
        {"stamp": stamp, "ids": keys, **_numbered(edit.values())},
    )
    edit.cursor.execute(
        "DELETE FROM hubspot._edited WHERE object_type = $kind AND id IN (SELECT unnest($ids::VARCHAR[]))",
        {"kind": kind.plural, "ids": keys},
    )
    edit.cursor.execute(
        "INSERT INTO hubspot._edited SELECT $kind, id, id FROM (SELECT unnest($ids::VARCHAR[]) AS id)",
        {"kind": kind.plural, "ids": keys},
    )
    return {"first_id": keys[0] if keys else None, "count": len(keys), "stamp": iso(stamp)}


def archive(edit: Edit) -> dict[str, object]:
    """Delete a record as a user does: restorable, in the archived list, and its modification stamp stands still."""
    kind, key, stamp = edit.kind, edit.text("id"), edit.stamp
    require(edit, kind, key)
    edit.cursor.execute(f"UPDATE {kind.table} SET archived = TRUE, archived_at = ? WHERE id = ?", [stamp, key])
    if edit.flag("move_stamp", default=False):
        write_values(edit, kind, key, {}, stamp)
    edit.mark_edited(kind, key, links_to=key)
    _write_deletion(edit, kind, key, "archived")
    return {"id": key, "archived_at": iso(stamp)}


def restore(edit: Edit) -> dict[str, object]:
    """Bring an archived record back, which is a modification."""
    kind, key, stamp = edit.kind, edit.text("id"), edit.stamp
    require(edit, kind, key)
    edit.cursor.execute(f"UPDATE {kind.table} SET archived = FALSE, archived_at = NULL WHERE id = ?", [key])
    write_values(edit, kind, key, {}, stamp if edit.flag("move_stamp", default=True) else None)
    if edit.has_truth():
        edit.cursor.execute(
            "DELETE FROM truth.deletions WHERE crm = 'hubspot' AND object = ? AND id = ?", [kind.plural, key]
        )
    return {"id": key, "stamp": iso(stamp)}


def privacy_delete(edit: Edit) -> dict[str, object]:
    """Delete a record for good, with its history and links; no list will ever show it again."""
    kind, key = edit.kind, edit.text("id")
    require(edit, kind, key)
    edit.cursor.execute(f"DELETE FROM {kind.table} WHERE id = ?", [key])
    edit.cursor.execute(
        "DELETE FROM hubspot._property_history WHERE object_type = ? AND object_id = ?", [kind.plural, key]
    )
    edit.cursor.execute(
        "DELETE FROM hubspot._associations WHERE (from_type = $kind AND from_id = $id)"
        " OR (to_type = $kind AND to_id = $id)",
        {"kind": kind.plural, "id": key},
    )
    edit.mark_edited(kind, key, links_to=None)
    _write_deletion(edit, kind, key, "privacy")
    return {"id": key, "deleted_at": iso(edit.stamp)}


def late_index(edit: Edit) -> dict[str, object]:
    """Keep a record out of search until the clock has reached `until`, an hour from now if absent."""
    kind, key = edit.kind, edit.text("id")
    require(edit, kind, key)
    until = edit.moment("until") if edit.fields.get("until") else edit.now + timedelta(hours=1)
    edit.cursor.execute("INSERT INTO hubspot._unindexed VALUES (?, ?, ?)", [kind.plural, key, until])
    return {"id": key, "until": iso(until)}


PLAYS: dict[str, Play] = {
    play.__name__: play for play in (set_properties, insert, burst, archive, restore, privacy_delete, late_index)
}


def write_values(
    edit: Edit, kind: ObjectType, key: str, values: Mapping[str, str | None], stamp: datetime | None
) -> None:
    """Write values, history rows of those whose history is kept, and truth; a `stamp` is the new modification time."""
    require(edit, kind, key)
    known = edit.definitions.properties[kind.plural]
    unknown = sorted(name for name in values if name not in known)
    if unknown:
        raise ValueError(f"{kind.plural} have no property {', '.join(unknown)}")
    _write_history(edit, kind, key, values, stamp or edit.stamp)
    assignments = _assignments(kind, values) + (_stamping(kind) if stamp else "")
    if assignments:
        parameters: dict[str, object] = {"id": key, **_numbered(values)}
        edit.cursor.execute(
            f"UPDATE {kind.table} SET {assignments.removesuffix(', ')} WHERE id = $id",
            parameters | ({"stamp": stamp} if stamp else {}),
        )
    edit.mark_edited(kind, key, links_to=key)
    if kind.plural == "deals" and edit.has_truth():
        write_deal_truth(edit.cursor, key)


def next_id(edit: Edit, kind: ObjectType) -> str:
    """An id that no record of the type has or will get from the plan."""
    row = edit.cursor.execute(
        f"SELECT max(id::BIGINT) FROM {kind.table} WHERE id::BIGINT >= {FIRST_EDITED_ID}"
    ).fetchone()
    return str(FIRST_EDITED_ID if row is None or row[0] is None else int(row[0]) + 1)


def require(edit: Edit, kind: ObjectType, key: str) -> None:
    """ValueError unless the record is there and was not merged away."""
    row = edit.cursor.execute(f"SELECT merged_into FROM {kind.table} WHERE id = ?", [key]).fetchone()
    if row is None:
        raise ValueError(f"there is no {kind.singular} {key}")
    if row[0] is not None:
        raise ValueError(f"{kind.singular} {key} was merged into {row[0]}; edit that one")


def _insert_rows(edit: Edit, kind: ObjectType, keys: list[str], stamp: datetime) -> None:
    taken = edit.cursor.execute(
        f"SELECT id FROM {kind.table} WHERE id IN (SELECT unnest($ids::VARCHAR[])) LIMIT 1", {"ids": keys}
    ).fetchone()
    if taken is not None:
        raise ValueError(f"there is a {kind.singular} {taken[0]} already")
    created = f'"{kind.created_property}"'
    edit.cursor.execute(
        f"""
        INSERT INTO {kind.table} (id, created_at, updated_at, archived, hs_object_id, {created})
        SELECT id, $stamp, $stamp, FALSE, id, strftime($stamp::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ')
        FROM (SELECT unnest($ids::VARCHAR[]) AS id)""",
        {"stamp": stamp, "ids": keys},
    )


def _write_history(edit: Edit, kind: ObjectType, key: str, values: Mapping[str, str | None], stamp: datetime) -> None:
    user = str(edit.fields.get("user_id") or "52000000")
    for name, value in values.items():
        if name not in HUBSPOT_HISTORY_PROPERTIES or kind.plural != "deals":
            continue
        before = edit.cursor.execute(f'SELECT "{name}" FROM {kind.table} WHERE id = ?', [key]).fetchone()
        if before is None or before[0] != value or edit.flag("force_history", default=False):
            edit.cursor.execute(
                "INSERT INTO hubspot._property_history VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    *(kind.plural, key, name, value, stamp),
                    *(str(edit.fields.get("source_type") or SOURCE_TYPES[0]), f"userId:{user}", user),
                ],
            )


def _write_deletion(edit: Edit, kind: ObjectType, key: str, how: str) -> None:
    if not edit.has_truth():
        return
    edit.cursor.execute(
        "INSERT INTO truth.deletions VALUES ('hubspot', ?, ?, ?, ?)", [kind.plural, key, edit.stamp, how]
    )
    edit.cursor.execute(
        "UPDATE truth.opportunities SET is_deleted = TRUE WHERE crm = 'hubspot' AND id = ? AND ? = 'deals'",
        [key, kind.plural],
    )


def _assignments(kind: ObjectType, values: Mapping[str, str | None]) -> str:
    return "".join(f'"{name}" = $value{place}, ' for place, name in enumerate(values))


def _numbered(values: Mapping[str, str | None]) -> dict[str, object]:
    return {f"value{place}": value for place, value in enumerate(values.values())}


def _stamping(kind: ObjectType) -> str:
    text = "strftime($stamp::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ')"
    return f'updated_at = $stamp, "{kind.modified_property}" = {text}'
