"""What a drawn edit means in the world as it stands: which record it picks, which values it writes."""

from typing import Any

from connectors.sandbox.process import RunningSandbox, SandboxError

Edit = dict[str, Any]
_TEXTS = {
    "Opportunity": "NextStep", "Account": "Name", "Contact": "LastName", "Lead": "Company", "Task": "Subject",
    "Event": "Subject", "OpportunityLineItem": "Description", "OpportunityContactRole": "Role", "Project__c": "Name",
    "deals": "dealname", "contacts": "firstname", "companies": "name", "calls": "hs_call_title",
    "meetings": "hs_meeting_title", "emails": "hs_email_subject", "tasks": "hs_task_subject",
}  # fmt: skip
_PARENTS = {"OpportunityLineItem": "OpportunityId", "OpportunityContactRole": "OpportunityId"}


def salesforce_edit(sandbox: RunningSandbox, drawn: Edit) -> Edit | None:
    """The edit to send; None if there is nothing that it could be about."""
    kind, name = drawn["kind"], drawn["object"]
    if kind in ("hide_field", "show_field", "hide_object", "show_object"):
        return {"kind": kind, "object": name, **({"name": drawn["name"]} if "name" in drawn else {})}
    if kind == "add_object":
        return {"kind": kind, "name": name, "fields": [{"name": "Budget__c", "type": "currency"}]}
    rows = _rows(sandbox, f"salesforce/{name}")
    if rows is None:
        return None
    if kind in ("add_field", "drop_field"):
        return _field_edit(drawn, _live(rows))
    if kind == "insert":
        return {"kind": kind, "object": name, "count": drawn["count"], "fields": _new_values(sandbox, drawn)}
    chosen = _live(rows) if kind != "undelete" else _binned(rows)
    picked = _pick(chosen, drawn["pick"])
    if picked is None:
        return None
    if kind == "merge":
        other = _pick([key for key in chosen if key != picked], drawn["other"])
        return other and {"kind": kind, "object": name, "winner": picked, "losers": [other]}
    return {"kind": kind, "object": name, "id": picked} | _salesforce_values(drawn)


def _salesforce_values(drawn: Edit) -> Edit:
    kind, name = drawn["kind"], drawn["object"]
    made: Edit = {}
    if kind in ("set_fields", "late_commit"):
        made["fields"] = {_TEXTS[name]: f"text {drawn['value']}"}
    if name == "Opportunity" and kind == "set_fields":
        made["fields"] = {"Amount": drawn["value"], **made["fields"]}
    if drawn.get("calculated"):
        made |= {"fields": {"ExpectedRevenue": drawn["value"]}, "move_stamp": False}
    if kind == "late_commit":
        made["minutes"] = drawn["minutes"]
    return made


def hubspot_edit(sandbox: RunningSandbox, drawn: Edit) -> Edit | None:
    """The edit to send; None if there is nothing that it could be about."""
    kind = drawn["kind"]
    if kind in ("add_stage", "edit_stage", "edit_pipeline"):
        return _definition_edit(sandbox, drawn)
    if kind == "add_object":
        return {"kind": kind, "name": "machines", "properties": [{"name": "model", "value_type": "string"}]}
    name = drawn.get("type", "deals")
    if kind in ("hide", "show", "add_property", "drop_property", "burst"):
        return _type_edit(drawn, name)
    rows = sandbox.truth(f"hubspot/{name}", full=True)
    if kind == "insert":
        return _hubspot_insert(sandbox, drawn, name)
    standing = [row for row in rows if row["merged_into"] is None]
    chosen = sorted(str(row["id"]) for row in standing if bool(row["archived"]) == (kind == "restore"))
    picked = _pick(chosen, drawn["pick"])
    if picked is None:
        return None
    if kind == "merge":
        other = _pick([key for key in chosen if key != picked], drawn["other"])
        return other and {"kind": kind, "type": name, "ids": [picked, other]}
    if kind.endswith("association"):
        return _link_edit(sandbox, drawn, picked)
    made = {"kind": kind, "type": name, "id": picked}
    if kind == "late_index":  # what lags behind is what has just changed
        changed = {"kind": "set_properties", "type": name, "id": picked, "properties": {_TEXTS[name]: "not yet found"}}
        sandbox.edit(crm="hubspot", **changed)
    if kind == "set_properties":
        made |= _hubspot_values(sandbox, drawn, name, next(row for row in rows if row["id"] == picked))
    return made


def _type_edit(drawn: Edit, name: str) -> Edit:
    kind = drawn["kind"]
    if kind in ("hide", "show"):
        return {"kind": kind, "type": name, **({"name": _TEXTS[name]} if drawn["named"] else {})}
    if kind in ("add_property", "drop_property"):
        made: Edit = {"kind": kind, "type": name, "name": f"extra_{drawn['number']}"}
        return made | ({"default": "to begin with"} if kind == "add_property" else {})
    return {"kind": kind, "type": name, "count": drawn["count"], "existing": drawn["existing"],
            "properties": {_TEXTS[name]: f"text {drawn['value']}"}}  # fmt: skip


def _hubspot_values(sandbox: RunningSandbox, drawn: Edit, name: str, record: Edit) -> Edit:
    if drawn.get("calculated"):
        return {"properties": {"num_notes": str(drawn["value"])}, "move_stamp": False}
    if "stage" in drawn:
        stages = sandbox.truth("hubspot/_stages", full=True)
        here = sorted(str(row["id"]) for row in stages if row["pipeline_id"] == record["pipeline"])
        return {"properties": {"dealstage": _pick(here, drawn["stage"])}}
    values = {_TEXTS[name]: f"text {drawn['value']}"}
    return {"properties": values | ({"amount": str(drawn["value"])} if name == "deals" else {})}


def _hubspot_insert(sandbox: RunningSandbox, drawn: Edit, name: str) -> Edit:
    made: Edit = {"kind": "insert", "type": name, "properties": {_TEXTS[name]: f"text {drawn['value']}"}}
    if name == "deals":
        stage = _pick(sandbox.truth("hubspot/_stages", full=True), drawn["value"]) or {}
        made["properties"] |= {"pipeline": stage["pipeline_id"], "dealstage": stage["id"]}
        other = _pick(_live_of(sandbox, "contacts"), drawn["linked"])
        made["associations"] = [{"type": "contacts", "id": other}] if other else []
    return made


def _link_edit(sandbox: RunningSandbox, drawn: Edit, deal: str) -> Edit | None:
    kind, to_type = drawn["kind"], drawn["to_type"]
    others = _live_of(sandbox, to_type)
    links = sandbox.truth("hubspot/_associations", full=True)
    mine = sorted(str(row["to_id"]) for row in links if (row["from_id"], row["to_type"]) == (deal, to_type))
    new, old = _pick([key for key in others if key not in mine], drawn["other"]), _pick(mine, drawn["other"])
    made = {"kind": kind, "type": "deals", "id": deal, "to_type": to_type}
    if kind == "add_association":
        return new and made | {"to_id": new}
    if kind == "remove_association":
        return old and made | {"to_id": old}
    return old and new and made | {"from_id": old, "to_id": new}


def _definition_edit(sandbox: RunningSandbox, drawn: Edit) -> Edit | None:
    stages = sandbox.truth("hubspot/_stages", full=True)
    stage: Edit = _pick(sorted(stages, key=str), drawn["pick"]) or {}
    label = f"Label {drawn['value']}"
    if drawn["kind"] == "edit_pipeline":
        return {"kind": "edit_pipeline", "id": stage["pipeline_id"], "label": label}
    made = {"kind": drawn["kind"], "pipeline_id": stage["pipeline_id"], "label": label}
    if drawn["kind"] == "add_stage":
        return made | {"id": f"8{drawn['value']:07d}"}
    return made | {"id": stage["id"], "touch_deals": drawn["touch_deals"]}


def _new_values(sandbox: RunningSandbox, drawn: Edit) -> Edit:
    name = drawn["object"]
    values: Edit = {_TEXTS[name]: f"text {drawn['value']}"}
    if name in _PARENTS:
        values[_PARENTS[name]] = _pick(_live(_rows(sandbox, "salesforce/Opportunity") or []), drawn["value"])
    if name == "Opportunity":
        values |= {"Name": "new", "StageName": "Prospecting", "Amount": drawn["value"], "CloseDate": "2026-06-30"}
    return values


def _field_edit(drawn: Edit, live: list[str]) -> Edit:
    made = {"kind": drawn["kind"], "object": drawn["object"], "name": f"Extra{drawn['number']}__c"}
    if drawn["kind"] == "drop_field":
        return made
    values = {"string": "text", "currency": "12.5", "date": "2026-03-01", "multipicklist": "red"}
    picked = _pick(live, drawn["pick"])
    return made | {"type": drawn["type"], "values": {picked: values[drawn["type"]]} if picked else {}}


def _rows(sandbox: RunningSandbox, path: str) -> list[Edit] | None:
    try:
        return sandbox.truth(path, full=True)
    except SandboxError:
        return None


def _live(rows: list[Edit]) -> list[str]:
    return sorted(str(row["Id"]) for row in rows if not row.get("IsDeleted"))


def _binned(rows: list[Edit]) -> list[str]:
    return sorted(str(row["Id"]) for row in rows if row.get("IsDeleted") and not row.get("MasterRecordId"))


def _live_of(sandbox: RunningSandbox, name: str) -> list[str]:
    rows = sandbox.truth(f"hubspot/{name}", full=True)
    return sorted(str(row["id"]) for row in rows if not row["archived"] and row["merged_into"] is None)


def _pick(among: Any, number: int) -> Any:
    return among[number % len(among)] if among else None
