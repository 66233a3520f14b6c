"""Merges as HubSpot does them: contacts and companies become a new record, everything else one of the old ones."""

from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.outcomes import write_deal_truth
from connectors.sandbox.hubspot.record_edits import next_id, require, write_values
from connectors.sandbox.hubspot.replies import iso

NEW_RECORD_TYPES = ("contacts", "companies")  # HubSpot changelog: updated merge functionality


def merge(edit: Edit) -> dict[str, object]:
    """Merge `ids`, the first of which is the primary record: its values win, the others fill what it lacks."""
    kind, stamp = edit.kind, edit.stamp
    given = edit.fields.get("ids")
    keys = [str(key) for key in given] if isinstance(given, list) else []
    if len(set(keys)) < 2:
        raise ValueError("merge needs 'ids' of two or more records, the primary one first")
    for key in keys:
        require(edit, kind, key)
    winner = next_id(edit, kind) if kind.plural in NEW_RECORD_TYPES else keys[0]
    losers = [key for key in keys if key != winner]
    values = _combined(edit, kind, keys)
    values["hs_merged_object_ids"] = ";".join(_merged_ids(edit, kind, keys, losers))
    if winner not in keys:
        _insert_winner(edit, kind, winner, keys)
    write_values(edit, kind, winner, {**values, "hs_object_id": winner}, stamp)
    for loser in losers:
        write_values(edit, kind, loser, {}, stamp)
        edit.cursor.execute(f"UPDATE {kind.table} SET merged_into = ? WHERE id = ?", [winner, loser])
        _move_links(edit, kind, loser, winner)
        _redirect(edit, kind, loser, winner)
    if edit.has_truth():
        for loser in losers:
            edit.cursor.execute(
                "INSERT INTO truth.merges VALUES ('hubspot', ?, ?, ?, ?)", [kind.plural, loser, winner, stamp]
            )
            if kind.plural == "deals":
                write_deal_truth(edit.cursor, loser)
    return {"id": winner, "merged": losers, "stamp": iso(stamp)}


PLAYS: dict[str, Play] = {"merge": merge}


def _combined(edit: Edit, kind: ObjectType, keys: list[str]) -> dict[str, str | None]:
    """The first value of each property, in the order of `keys`."""
    skipped = {"hs_object_id", kind.created_property, kind.modified_property, "hs_merged_object_ids"}
    names = [name for name in edit.definitions.properties[kind.plural] if name not in skipped]
    columns = ", ".join(f"""arg_min("{name}", place) FILTER (WHERE "{name}" IS NOT NULL)""" for name in names)
    row = edit.cursor.execute(
        f"""
        SELECT {columns} FROM {kind.table} INNER JOIN (
            SELECT unnest($ids::VARCHAR[]) AS id, generate_subscripts($ids::VARCHAR[], 1) AS place) USING (id)""",
        {"ids": keys},
    ).fetchone()
    return dict(zip(names, row or (), strict=True))


def _merged_ids(edit: Edit, kind: ObjectType, keys: list[str], losers: list[str]) -> list[str]:
    """Ids of everything that is in the winner now, earlier merges of the merged records too."""
    rows = edit.cursor.execute(
        f"SELECT hs_merged_object_ids FROM {kind.table} WHERE id IN (SELECT unnest($ids::VARCHAR[]))"
        " ORDER BY list_position($ids::VARCHAR[], id)",
        {"ids": keys},
    ).fetchall()
    earlier = [key for (text,) in rows if text for key in text.split(";")]
    return list(dict.fromkeys([*earlier, *losers]))


def _insert_winner(edit: Edit, kind: ObjectType, winner: str, keys: list[str]) -> None:
    # the merged record is as old as the oldest of them
    edit.cursor.execute(
        f"""
        INSERT INTO {kind.table} (id, created_at, updated_at, archived, "{kind.created_property}")
        SELECT $id, min(created_at), max(updated_at), FALSE, arg_min("{kind.created_property}", created_at)
        FROM {kind.table} WHERE id IN (SELECT unnest($ids::VARCHAR[]))""",
        {"id": winner, "ids": keys},
    )


def _move_links(edit: Edit, kind: ObjectType, loser: str, winner: str) -> None:
    """Both directions of the loser's links become the winner's, none of them twice."""
    for side in ("from", "to"):
        edit.cursor.execute(
            f"UPDATE hubspot._associations SET {side}_id = ? WHERE {side}_type = ? AND {side}_id = ?",
            [winner, kind.plural, loser],
        )
        edit.cursor.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE merged_links AS
            SELECT DISTINCT * FROM hubspot._associations WHERE {side}_type = $kind AND {side}_id = $id""",
            {"kind": kind.plural, "id": winner},
        )
        edit.cursor.execute(
            f"DELETE FROM hubspot._associations WHERE {side}_type = ? AND {side}_id = ?", [kind.plural, winner]
        )
        edit.cursor.execute("INSERT INTO hubspot._associations SELECT * FROM merged_links ORDER BY ALL")
    # two merged records may have been linked with each other
    edit.cursor.execute(
        "DELETE FROM hubspot._associations WHERE from_type = $kind AND from_id = $id AND to_type = $kind"
        " AND to_id = $id",
        {"kind": kind.plural, "id": winner},
    )


def _redirect(edit: Edit, kind: ObjectType, loser: str, winner: str) -> None:
    """What was merged into the loser before leads to the winner, too."""
    edit.mark_edited(kind, loser, links_to=winner)
    edit.cursor.execute(
        "UPDATE hubspot._edited SET links_to = ? WHERE object_type = ? AND links_to = ?", [winner, kind.plural, loser]
    )
    if kind.plural == "companies":
        edit.cursor.execute(
            "UPDATE hubspot.contacts SET associatedcompanyid = ? WHERE associatedcompanyid = ?", [winner, loser]
        )
