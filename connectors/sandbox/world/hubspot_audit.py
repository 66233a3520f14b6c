"""Every state that HubSpot's pipelines and stages had: what the audit endpoints answer from."""

from datetime import datetime

import duckdb


def _iso(column: str) -> str:
    return f"strftime({column}, '%Y-%m-%dT%H:%M:%S.%gZ')"


_STAMPS = f"'createdAt': {_iso('created_at')}, 'updatedAt': {_iso('updated_at')}, 'archived': archived"
_STANDING = f"""
    with stages as (
        select pipeline_id, id as stage_id, display_order, created_at, updated_at, archived, cast({{
            'label': label, 'displayOrder': display_order, 'metadata': {{'isClosed': is_closed,
            'probability': probability}}, 'id': id, {_STAMPS}}} as json) as raw_object
        from hubspot._stages
    ),
    of_pipeline as (
        select pipeline_id, list(raw_object order by display_order, stage_id) as stages from stages group by all
    ),
    standing as (
        select pipeline_id, stage_id, created_at, updated_at, archived, raw_object from stages
        union all
        select id, null, created_at, updated_at, archived, cast({{'label': label, 'displayOrder': display_order,
            'id': id, 'stages': coalesce(stages, []), {_STAMPS}}} as json)
        from hubspot._pipelines left join of_pipeline on of_pipeline.pipeline_id = _pipelines.id
    ),
    known as (
        select pipeline_id, stage_id, max(changed_at) as changed_at, arg_max(action, _audit.rowid) as action,
            arg_max(raw_object, _audit.rowid) as raw_object
        from hubspot._audit group by pipeline_id, stage_id
    )"""


def record_audit(connection: duckdb.DuckDBPyConnection, at: datetime, *, user_id: str | None = None) -> None:
    """Add a row for every pipeline and stage that stands otherwise than the audit's last word.

    What was never seen gets its creation and, if it was modified since, that; a later state is dated by the
    record's `updated_at`, or `at` where that did not move.
    """
    parameters = {"user": user_id}
    new = "known.pipeline_id is null"
    joined = """
        from standing left join known
            on known.pipeline_id = standing.pipeline_id and known.stage_id is not distinct from standing.stage_id"""
    connection.execute(
        f"""
        insert into hubspot._audit
        {_STANDING},
        rows as (
            select standing.pipeline_id, standing.stage_id, 'CREATE' as action, standing.created_at as changed_at,
                standing.raw_object
            {joined} where {new}
            union all
            select standing.pipeline_id, standing.stage_id, case when standing.archived then 'DELETE' else 'UPDATE' end,
                standing.updated_at, standing.raw_object
            {joined} where {new} and standing.updated_at > standing.created_at
            union all
            select standing.pipeline_id, standing.stage_id,
                case when standing.archived and known.action <> 'DELETE' then 'DELETE' else 'UPDATE' end,
                case when standing.updated_at > known.changed_at then standing.updated_at else $at end,
                standing.raw_object
            {joined} where cast(known.raw_object as varchar) <> cast(standing.raw_object as varchar)
        )
        select *, $user from rows order by changed_at, pipeline_id, stage_id nulls first, action""",
        {**parameters, "at": at},
    )
