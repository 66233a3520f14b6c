"""The tables of the quality schema: what was found, which deals it touches, and what was judged when."""

from __future__ import annotations

import duckdb

FINDINGS = "quality.stage_definition_findings"
TOUCHED = "quality.finding_opportunities"
RUNS = "quality.check_runs"

DEFINITIONS = (
    "create schema if not exists quality",
    f"""
create table if not exists {FINDINGS} (
    finding_key varchar not null,
    check_id varchar not null,
    severity varchar not null,
    policy varchar not null,
    crm varchar,
    pipeline_id varchar,
    source_stage_id varchar,
    stage_key varchar,
    entity_type varchar not null,
    entity_id varchar not null,
    owner_id varchar,
    observed varchar not null,
    expected varchar not null,
    action varchar not null,
    opportunity_count bigint not null,
    open_amount decimal(18, 2) not null,
    evidence varchar not null,
    sample_sql varchar not null,
    first_seen_at timestamp not null,
    last_seen_at timestamp not null,
    status varchar not null,
    resolved_at timestamp
)""",
    f"""
create table if not exists {TOUCHED} (
    finding_key varchar not null,
    opportunity_id varchar not null
)""",
    f"""
create table if not exists {RUNS} (
    check_id varchar not null,
    as_of timestamp not null,
    severity varchar not null,
    evaluated_rows bigint not null,
    finding_count bigint not null,
    status varchar not null
)""",
)

COMMENTS = (
    f"comment on table {FINDINGS} is 'One row per finding ever seen; times are as_of times.'",
    f"comment on table {TOUCHED} is 'One row per open error finding and deal that it touches.'",
    f"comment on table {RUNS} is 'One row per check and as_of: ok, failed or broken.'",
)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing; existing tables and rows stay."""
    for statement in (*DEFINITIONS, *COMMENTS):
        connection.execute(statement)
