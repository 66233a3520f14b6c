"""Every state that HubSpot's pipelines and stages had: what the audit endpoints answer from."""

from datetime import datetime

import duckdb

_STAMPS = """
    'createdAt': strftime(created_at, '%Y-%m-%dT%H:%M:%S.%gZ'), 'updatedAt': strftime(updated_at,
    '%Y-%m-%dT%H:%M:%S.%gZ'), 'archived': archived"""
_STAGE = f"""
    select pipeline_id, id as stage_id, created_at, updated_at, archived, cast({{
        'label': label, 'displayOrder': display_order, 'metadata': {{'isClosed': is_closed,
        'probability': probability}}, 'id': id, {_STAMPS}}} as json) as raw_object
    from hubspot._stages"""
_PIPELINE = f"""
    select id as pipeline_id, cast(null as varchar) as stage_id, created_at, updated_at, archived, cast({{
        'label': label, 'displayOrder': display_order, 'id': id, {_STAMPS}}} as json) as raw_object
    from hubspot._pipelines"""


def record_audit(connection: duckdb.DuckDBPyConnection, at: datetime, *, user_id: str | None = None) -> int:
    """Add a row for every pipeline and stage that stands otherwise than the audit's last word; returns how many.

    A first row is the creation, dated as the record says; later ones are dated by the record's `updated_at`, or `at`
    where that did not move.
    """
    count = connection.execute(
        f"""
        insert into hubspot._audit
        with standing as ({_PIPELINE} union all {_STAGE}),
        known as (
            select pipeline_id, stage_id, max(changed_at) as changed_at,
                arg_max(raw_object, changed_at) as raw_object, count(*) as entries,
                arg_max(action, changed_at) as action
            from hubspot._audit group by all
        )
        select standing.pipeline_id, standing.stage_id,
            case when known.entries is null then 'CREATE'
                when standing.archived and known.action <> 'DELETE' then 'DELETE' else 'UPDATE' end,
            case when known.entries is null then standing.created_at
                when standing.updated_at > known.changed_at then standing.updated_at else $at end,
            standing.raw_object, $user
        from standing left join known
            on known.pipeline_id = standing.pipeline_id and known.stage_id is not distinct from standing.stage_id
        where known.entries is null or cast(known.raw_object as varchar) <> cast(standing.raw_object as varchar)
        order by all""",
        {"at": at, "user": user_id},
    ).fetchone()
    return int(count[0]) if count else 0
