"""Edits of associations, which no record's modification stamp tells of."""

from collections.abc import Mapping

from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.object_types import ObjectType

# HubSpot's own unlabelled association types: (from, to) -> type id
TYPE_IDS: Mapping[tuple[str, str], int] = {
    ("deals", "contacts"): 3,
    ("contacts", "deals"): 4,
    ("deals", "companies"): 341,
    ("companies", "deals"): 342,
    ("contacts", "companies"): 279,
    ("companies", "contacts"): 280,
    ("deals", "calls"): 205,
    ("calls", "deals"): 206,
    ("deals", "emails"): 209,
    ("emails", "deals"): 210,
    ("deals", "meetings"): 211,
    ("meetings", "deals"): 212,
    ("deals", "notes"): 213,
    ("notes", "deals"): 214,
    ("deals", "tasks"): 215,
    ("tasks", "deals"): 216,
    ("contacts", "calls"): 193,
    ("calls", "contacts"): 194,
    ("contacts", "emails"): 197,
    ("emails", "contacts"): 198,
    ("contacts", "meetings"): 199,
    ("meetings", "contacts"): 200,
    ("contacts", "notes"): 201,
    ("notes", "contacts"): 202,
    ("contacts", "tasks"): 203,
    ("tasks", "contacts"): 204,
}
_FIRST_CUSTOM_TYPE = 1_000  # types that a portal defines itself


def add_association(edit: Edit) -> dict[str, object]:
    """Link `id` with `to_id` of `to_type`, both ways; `type_id`, `category` and `label` if it is no plain link."""
    kind, to_kind = edit.kind, edit.object_type("to_type")
    link(edit, kind, edit.text("id"), to_kind, edit.text("to_id"))
    return {"id": edit.text("id"), "to_id": edit.text("to_id")}


def remove_association(edit: Edit) -> dict[str, object]:
    """Remove every link between `id` and `to_id`, or only those of `type_id`."""
    return {"removed": _unlink(edit, edit.text("to_id"))}


def move_association(edit: Edit) -> dict[str, object]:
    """The link of `id` to `from_id` leads to `to_id` from now on, with the labels that it had."""
    kind, to_kind, key = edit.kind, edit.object_type("to_type"), edit.text("id")
    old, new = edit.text("from_id"), edit.text("to_id")
    moved = edit.cursor.execute(
        "SELECT category, type_id, label FROM hubspot._associations WHERE from_type = ? AND from_id = ?"
        " AND to_type = ? AND to_id = ?",
        [kind.plural, key, to_kind.plural, old],
    ).fetchall()
    if not moved:
        raise ValueError(f"{kind.singular} {key} has no link to {to_kind.singular} {old}")
    for mine, theirs in ((("from", "to"), key), (("to", "from"), key)):
        here, there = mine
        edit.cursor.execute(
            f"UPDATE hubspot._associations SET {there}_id = ? WHERE {here}_type = ? AND {here}_id = ?"
            f" AND {there}_type = ? AND {there}_id = ?",
            [new, kind.plural, theirs, to_kind.plural, old],
        )
    _mark(edit, kind, to_kind)
    return {"id": key, "moved": len(moved)}


PLAYS: dict[str, Play] = {play.__name__: play for play in (add_association, remove_association, move_association)}


def link(edit: Edit, kind: ObjectType, key: str, to_kind: ObjectType, to_id: str) -> None:
    """Store a link both ways, once."""
    category = str(edit.fields.get("category") or "HUBSPOT_DEFINED")
    for (one, one_id), (other, other_id) in (((kind, key), (to_kind, to_id)), ((to_kind, to_id), (kind, key))):
        number = edit.fields.get("type_id")
        type_id = int(str(number)) if number else TYPE_IDS.get((one.plural, other.plural), _FIRST_CUSTOM_TYPE)
        row = [one.plural, one_id, other.plural, other_id, category, type_id, edit.fields.get("label")]
        edit.cursor.execute(
            "DELETE FROM hubspot._associations WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?"
            " AND category = ? AND type_id = ?",
            row[:6],
        )
        edit.cursor.execute("INSERT INTO hubspot._associations VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    _mark(edit, kind, to_kind, key)


def _unlink(edit: Edit, to_id: str) -> int:
    kind, to_kind, key = edit.kind, edit.object_type("to_type"), edit.text("id")
    removed = 0
    for (one, one_id), (other, other_id) in (((kind, key), (to_kind, to_id)), ((to_kind, to_id), (kind, key))):
        row = edit.cursor.execute(
            "DELETE FROM hubspot._associations WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ?"
            " AND (?::INTEGER IS NULL OR type_id = ?::INTEGER)",
            [one.plural, one_id, other.plural, other_id, *[edit.fields.get("type_id")] * 2],
        ).fetchone()
        removed = int(row[0]) if row else removed
    _mark(edit, kind, to_kind)
    return removed


def _mark(edit: Edit, kind: ObjectType, to_kind: ObjectType, key: str | None = None) -> None:
    # the plan draws links from the deal's side only
    if kind.plural == "deals":
        edit.mark_edited(kind, key or edit.text("id"), links_to=key or edit.text("id"))
    elif to_kind.plural == "deals" and edit.fields.get("to_id"):
        edit.mark_edited(to_kind, edit.text("to_id"), links_to=edit.text("to_id"))
