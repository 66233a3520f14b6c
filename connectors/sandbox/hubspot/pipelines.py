"""Pipelines of deals with their stages, and what the audit knows of them."""

from datetime import datetime

import duckdb

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
    """Creation and last change of a pipeline, newest first; older states are not kept."""
    pipeline = _pick(_read_pipelines(portal, call), call.path_params["pipeline_id"])
    actions = [("CREATE", pipeline["createdAt"])]
    if pipeline["updatedAt"] != pipeline["createdAt"]:
        actions.insert(0, ("UPDATE", pipeline["updatedAt"]))
    return Answer.of(
        {
            "results": [
                {
                    "portalId": portal.portal_id,
                    "identifier": pipeline["id"],
                    "action": action,
                    "timestamp": timestamp,
                    "rawObject": pipeline,
                }
                for action, timestamp in actions
            ]
        }
    )


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
