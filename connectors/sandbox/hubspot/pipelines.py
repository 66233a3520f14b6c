"""Pipelines of deals with their stages, and what the audit knows of them."""

from datetime import datetime

import duckdb
import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.replies import iso, not_found

Entry = dict[str, object]


def list_pipelines(portal: Portal, call: Call) -> Answer:
    """Every pipeline, archived ones too, in display order."""
    return Answer.of({"results": _read_pipelines(portal, call)})


def read_pipeline(portal: Portal, call: Call) -> Answer:
    """One pipeline with its stages."""
    return Answer.of(_pick(_read_pipelines(portal, call), call.path_params["pipeline_id"]))


def list_stages(portal: Portal, call: Call) -> Answer:
    """The stages of one pipeline."""
    return Answer.of({"results": _stages(portal, call)})


def read_stage(portal: Portal, call: Call) -> Answer:
    """One stage."""
    return Answer.of(_pick(_stages(portal, call), call.path_params["stage_id"]))


def read_audit(portal: Portal, call: Call) -> Answer:
    """Every state that a pipeline had, with its stages then, newest first."""
    return _audit(portal, call, _pick(_read_pipelines(portal, call), call.path_params["pipeline_id"]), None)


def read_stage_audit(portal: Portal, call: Call) -> Answer:
    """Every state that a stage had, newest first."""
    stage = _pick(_stages(portal, call), call.path_params["stage_id"])
    return _audit(portal, call, stage, str(stage["id"]))


def _audit(portal: Portal, call: Call, standing: Entry, stage_id: str | None) -> Answer:
    rows: list[tuple[str, str, Entry, str | None]] = []
    if portal.definitions.has_edits:
        with portal.state.cursor() as cursor:
            rows = [
                (action, iso(changed_at), orjson.loads(raw), user)
                for action, changed_at, raw, user in cursor.execute(
                    "SELECT action, changed_at, raw_object::VARCHAR, user_id FROM hubspot._audit WHERE pipeline_id = ?"
                    " AND stage_id IS NOT DISTINCT FROM ? ORDER BY changed_at DESC, rowid DESC",
                    [call.path_params["pipeline_id"], stage_id],
                ).fetchall()
            ]
    if not rows:  # a world that keeps no account of changes knows the first and the last
        rows = [("CREATE", str(standing["createdAt"]), standing, None)]
        if standing["updatedAt"] != standing["createdAt"]:
            rows.insert(0, ("UPDATE", str(standing["updatedAt"]), standing, None))
    results = [
        {
            "portalId": portal.portal_id,
            "identifier": standing["id"],
            "action": action,
            "timestamp": timestamp,
            **({"fromUserId": int(user)} if user else {}),
            "rawObject": raw,
        }
        for action, timestamp, raw, user in rows
    ]
    return Answer.of({"results": results})


def _read_pipelines(portal: Portal, call: Call) -> list[Entry]:
    kind = portal.object_type(call)
    if kind.plural != "deals":
        return []  # this portal has pipelines of deals only
    with portal.state.cursor() as cursor:
        stages = _read_stages(cursor)
        rows = cursor.execute(
            "SELECT id, label, display_order, archived, created_at, updated_at FROM hubspot._pipelines"
            " ORDER BY display_order, id"
        ).fetchall()
    return [
        {
            "label": label,
            "displayOrder": display_order,
            "id": key,
            "stages": stages.get(key, []),
            **_stamps(created_at, updated_at, is_archived=archived),
        }
        for key, label, display_order, archived, created_at, updated_at in rows
    ]


def _read_stages(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[Entry]]:
    rows = cursor.execute(
        "SELECT pipeline_id, id, label, display_order, probability, is_closed, archived, created_at, updated_at"
        " FROM hubspot._stages ORDER BY pipeline_id, display_order, id"
    ).fetchall()
    stages: dict[str, list[Entry]] = {}
    for pipeline_id, key, label, display_order, probability, is_closed, archived, created_at, updated_at in rows:
        stages.setdefault(pipeline_id, []).append(
            {
                "label": label,
                "displayOrder": display_order,
                "metadata": {"isClosed": is_closed, "probability": probability},
                "id": key,
                **_stamps(created_at, updated_at, is_archived=archived),
                "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
            }
        )
    return stages


def _stages(portal: Portal, call: Call) -> list[Entry]:
    pipeline = _pick(_read_pipelines(portal, call), call.path_params["pipeline_id"])
    stages = pipeline["stages"]
    return stages if isinstance(stages, list) else []


def _stamps(created_at: datetime, updated_at: datetime, *, is_archived: bool) -> Entry:
    stamps: Entry = {"createdAt": iso(created_at), "updatedAt": iso(updated_at), "archived": is_archived}
    return {**stamps, "archivedAt": iso(updated_at)} if is_archived else stamps


def _pick(entries: list[Entry], key: str) -> Entry:
    for entry in entries:
        if entry["id"] == key:
            return entry
    raise not_found()
