"""Deal splits: who shares a deal, read by the deals' ids; only portals in which somebody split a deal have them."""

from collections.abc import Mapping

import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.portal import Portal, missing_scope
from connectors.sandbox.hubspot.record_edits import write_values
from connectors.sandbox.hubspot.replies import batch_body, invalid, iso
from connectors.sandbox.hubspot.troubles import failed_entries, refuse_bad_id, split_failing

SCOPE = "crm.dealsplits.read_write"  # HubSpot has none that reads alone
COUNT = "hs_num_associated_deal_splits"
INPUTS = 100
_HIDDEN = "deal_splits"


def batch_read(portal: Portal, call: Call) -> Answer:
    """The splits of up to 100 deals; a deal that nobody shares has none."""
    portal.granted_type("deals")
    if portal.state.is_hidden(_HIDDEN):
        raise missing_scope(SCOPE)
    body = call.json()
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or len(inputs) > INPUTS:
        raise invalid(f"Invalid input JSON: inputs is required, a list of at most {INPUTS}")
    asked = [str(entry["id"]) for entry in inputs]
    refuse_bad_id(call, asked)
    answered, failing = split_failing(call, asked)
    with portal.state.cursor() as cursor:
        rows = cursor.execute(
            "SELECT deal_id, id, owner_id, percentage::VARCHAR, created_at, updated_at FROM hubspot._deal_splits"
            " WHERE deal_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY id",
            {"ids": answered},
        ).fetchall()
    splits: dict[str, list[object]] = {key: [] for key in answered}
    for deal_id, key, owner_id, percentage, created_at, updated_at in rows:
        properties = {"hs_deal_split_percentage": percentage.rstrip("0").rstrip("."), "hubspot_owner_id": owner_id}
        stamps = {"createdAt": iso(created_at), "updatedAt": iso(updated_at)}
        splits[deal_id].append({"id": key, "properties": properties, **stamps, "archived": False})
    results = ",".join(orjson.dumps({"id": key, "splits": found}).decode() for key, found in splits.items())
    return batch_body(results, errors=failed_entries(failing), at=portal.state.clock)


def split_deal(edit: Edit) -> dict[str, object]:
    """Share deal `id` among `splits` ([{"owner_id", "percentage"}], shares of 1); [] ends the sharing."""
    kind, key, stamp = edit.find("deals"), edit.text("id"), edit.stamp
    given = edit.fields.get("splits")
    splits: list[Mapping[str, object]] = given if isinstance(given, list) else []
    edit.cursor.execute("DELETE FROM hubspot._deal_splits WHERE deal_id = ?", [key])
    for place, split in enumerate(splits):
        row = [key, f"{key}{place:02d}", str(split["owner_id"]), str(split["percentage"]), stamp, stamp]
        edit.cursor.execute("INSERT INTO hubspot._deal_splits VALUES (?, ?, ?, ?, ?, ?)", row)
    moves = edit.flag("move_stamp", default=True)
    write_values(edit, kind, key, {COUNT: str(len(splits))}, stamp if moves else None)
    return {"id": key, "count": len(splits)}


PLAYS: dict[str, Play] = {"split_deal": split_deal}
