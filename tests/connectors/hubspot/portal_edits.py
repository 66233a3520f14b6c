"""A day's work in the portal that the generated world seldom does, as statements over the world's tables.

Each touches what HubSpot touches: archiving leaves the modification stamp alone, merging moves the winner's.
"""

_AT = "strftime(this_morning, '%Y-%m-%dT%H:%M:%S.%gZ')"
_NEW_ID = "(select (max(id::bigint) + {step})::varchar from hubspot.{kind})"


def modified(kind: str, condition: str, *changes: str) -> str:
    """An edit by hand."""
    stamp = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    settings = ", ".join([f"updated_at = this_morning, {stamp} = {_AT}", *changes])
    return f"update hubspot.{kind} set {settings} where {condition}"


def archived(kind: str, condition: str) -> str:
    """Records into the recycle bin."""
    return f"update hubspot.{kind} set archived = true, archived_at = this_morning where {condition}"


def created_like(kind: str, record_id: str, *, step: int = 1) -> str:
    """A new record with the values of another and its own id: the highest so far and `step`."""
    new_id = _NEW_ID.format(kind=kind, step=step)
    return (
        f"insert into hubspot.{kind} select * replace ({new_id} as id, {new_id} as hs_object_id, "
        f"this_morning as created_at) from hubspot.{kind} where id = '{record_id}'"
    )


def merged(kind: str, losers: list[str], winner: str) -> list[str]:
    """Records taken into another."""
    listed = ", ".join(f"'{loser}'" for loser in losers)
    return [
        f"update hubspot.{kind} set merged_into = '{winner}' where id in ({listed})",
        modified(kind, f"id = '{winner}'", f"hs_merged_object_ids = '{';'.join(losers)}'"),
    ]


def moved(deal_id: str, *stages: str) -> list[str]:
    """A deal through these stages, a minute each."""
    visits = [
        f"insert into hubspot._property_history values ('deals', '{deal_id}', 'dealstage', '{stage}', "
        f"this_morning + interval {minute} minute, 'CRM_UI', 'userId:7', '7')"
        for minute, stage in enumerate(stages)
    ]
    return [*visits, modified("deals", f"id = '{deal_id}'", f"dealstage = '{stages[-1]}'")]
