"""Owners: people and queues that records belong to, archived ones on request."""

from collections.abc import Sequence

import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.replies import invalid, iso, next_page, not_found, read_flag, read_limit

PAGE = 500
_COLUMNS = "id, email, first_name, last_name, user_id, type, archived, created_at, updated_at, teams"


def list_owners(portal: Portal, call: Call) -> Answer:
    """One page of active or archived owners by id."""
    limit = read_limit(call, default=100, maximum=PAGE)
    after = call.query.get("after", "0")
    if not after.isdigit():
        raise invalid(f"Invalid paging cursor {after}", code="INVALID_AFTER", propertyName="after")
    with portal.state.cursor() as cursor:
        rows = cursor.execute(
            f"""
            SELECT {_COLUMNS} FROM hubspot._owners
            WHERE archived = $archived AND id::BIGINT > $after AND ($email IS NULL OR email = $email)
            ORDER BY id::BIGINT LIMIT $count""",
            {
                "archived": read_flag(call, "archived"),
                "after": int(after),
                "email": call.query.get("email"),
                "count": limit + 1,
            },
        ).fetchall()
    body: dict[str, object] = {"results": [_owner(row) for row in rows[:limit]]}
    if len(rows) > limit:
        body["paging"] = next_page(call, rows[limit - 1][0])
    return Answer.of(body)


def read_owner(portal: Portal, call: Call) -> Answer:
    """One owner by owner id, or by user id with `idProperty=userId`."""
    id_property = call.query.get("idProperty", "id")
    columns = {"id": "id", "userId": "user_id"}
    if id_property not in columns:
        raise invalid(f"{id_property} is not one of id, userId", code="INVALID_ID_PROPERTY", propertyName="idProperty")
    with portal.state.cursor() as cursor:
        row = cursor.execute(
            f"SELECT {_COLUMNS} FROM hubspot._owners"
            f" WHERE {columns[id_property]}::VARCHAR = $key AND archived = $archived",
            {"key": call.path_params["owner_id"], "archived": read_flag(call, "archived")},
        ).fetchone()
    if row is None:
        raise not_found()
    return Answer.of(_owner(row))


def _owner(row: Sequence[object]) -> dict[str, object]:
    key, email, first_name, last_name, user_id, type_, archived, created_at, updated_at, teams = row
    owner: dict[str, object] = {
        "id": key,
        "email": email,
        "type": type_,
        "firstName": first_name,
        "lastName": last_name,
        # a deactivated user answers under the second name only
        **({} if archived or user_id is None else {"userId": int(str(user_id))}),
        **({} if user_id is None else {"userIdIncludingInactive": int(str(user_id))}),
        "createdAt": iso(created_at),  # type: ignore[arg-type]
        "updatedAt": iso(updated_at),  # type: ignore[arg-type]
        "archived": archived,
    }
    if teams and teams != "[]":
        owner["teams"] = orjson.loads(str(teams))
    return owner
