"""What an admin does to pipelines and stages; every state that they had is kept for the audit."""

from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.hubspot.replies import iso
from connectors.sandbox.world.hubspot_audit import record_audit


def edit_pipeline(edit: Edit) -> dict[str, object]:
    """Change `label`, `display_order` or `archived` of the pipeline `id`."""
    key = edit.text("id")
    _require_pipeline(edit, key)
    _update(edit, "hubspot._pipelines", "id = $id", {"id": key}, ("label", "display_order", "archived"))
    edit.mark("_pipelines", key, links_to=key)
    record_audit(edit.cursor, edit.stamp, user_id=_user(edit))
    return {"id": key, "stamp": iso(edit.stamp)}


def edit_stage(edit: Edit) -> dict[str, object]:
    """Change `label`, `probability`, `is_closed`, `display_order` or `archived` of the stage `id`.

    With `touch_deals` true every live deal of the pipeline is modified in the same millisecond, as HubSpot does.
    """
    pipeline, key = edit.text("pipeline_id"), edit.text("id")
    found = edit.cursor.execute(
        "SELECT 1 FROM hubspot._stages WHERE pipeline_id = ? AND id = ?", [pipeline, key]
    ).fetchone()
    if found is None:
        raise ValueError(f"pipeline {pipeline} has no stage {key}")
    _update(
        edit,
        "hubspot._stages",
        "pipeline_id = $pipeline AND id = $id",
        {"pipeline": pipeline, "id": key},
        ("label", "probability", "is_closed", "display_order", "archived"),
    )
    _touch_pipeline(edit, pipeline)
    edit.mark("_stages", f"{pipeline}/{key}", links_to=key)
    record_audit(edit.cursor, edit.stamp, user_id=_user(edit))
    touched = _touch_deals(edit, pipeline) if edit.flag("touch_deals", default=False) else 0
    return {"id": key, "stamp": iso(edit.stamp), "touched": touched}


def add_stage(edit: Edit) -> dict[str, object]:
    """Add the stage `id` with `label`, `probability` and `is_closed` at the end of a pipeline."""
    pipeline, key = edit.text("pipeline_id"), edit.text("id")
    _require_pipeline(edit, pipeline)
    record_audit(edit.cursor, edit.stamp)
    edit.cursor.execute(
        """
        INSERT INTO hubspot._stages
        SELECT $pipeline, $id, $label, coalesce(max(display_order), -1) + 1, $probability, $is_closed, FALSE, $at, $at
        FROM hubspot._stages WHERE pipeline_id = $pipeline""",
        {
            "pipeline": pipeline,
            "id": key,
            "label": str(edit.fields.get("label") or key),
            "probability": str(edit.fields.get("probability") or "0.5"),
            "is_closed": str(edit.flag("is_closed", default=False)).lower(),
            "at": edit.stamp,
        },
    )
    _touch_pipeline(edit, pipeline)
    edit.mark("_stages", f"{pipeline}/{key}", links_to=key)
    record_audit(edit.cursor, edit.stamp, user_id=_user(edit))
    return {"id": key, "stamp": iso(edit.stamp)}


PLAYS: dict[str, Play] = {play.__name__: play for play in (edit_pipeline, edit_stage, add_stage)}


def _update(edit: Edit, table: str, where: str, key: dict[str, object], names: tuple[str, ...]) -> None:
    given = {name: edit.fields[name] for name in names if name in edit.fields}
    if not given:
        raise ValueError(f"{edit.fields.get('kind')} changes one or more of {', '.join(names)}")
    # the world keeps what HubSpot sends: probability and is_closed are texts
    values = {
        name: str(value).lower() if name in ("probability", "is_closed") else value for name, value in given.items()
    }
    # the states before the first edit of a world that never ticked are recorded before they change
    record_audit(edit.cursor, edit.stamp)
    assignments = ", ".join(f"{name} = ${name}" for name in values)
    edit.cursor.execute(
        f"UPDATE {table} SET {assignments}, updated_at = $stamp WHERE {where}", {**values, **key, "stamp": edit.stamp}
    )


def _touch_pipeline(edit: Edit, pipeline: str) -> None:
    # a change of a stage is one of its pipeline
    edit.cursor.execute("UPDATE hubspot._pipelines SET updated_at = ? WHERE id = ?", [edit.stamp, pipeline])
    edit.mark("_pipelines", pipeline, links_to=pipeline)


def _touch_deals(edit: Edit, pipeline: str) -> int:
    row = edit.cursor.execute(
        "UPDATE hubspot.deals SET updated_at = $stamp,"
        " hs_lastmodifieddate = strftime($stamp::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ')"
        " WHERE pipeline = $pipeline AND NOT archived AND merged_into IS NULL",
        {"stamp": edit.stamp, "pipeline": pipeline},
    ).fetchone()
    return int(row[0]) if row else 0


def _require_pipeline(edit: Edit, key: str) -> None:
    if edit.cursor.execute("SELECT 1 FROM hubspot._pipelines WHERE id = ?", [key]).fetchone() is None:
        raise ValueError(f"the portal has no pipeline {key}")


def _user(edit: Edit) -> str:
    return str(edit.fields.get("user_id") or "52000000")
