"""The findings of a night go into the quality tables: one transaction, keeping when each was first seen.

findings ─► incoming ─┬─► touched deals ─► counts and amounts
                      └─► merged with what was known: open, resolved or opened again
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import duckdb

from expectations.findings import Finding
from expectations.rules import FINDING_COLUMNS, AsOf, Severity, Touch
from expectations.tables import FINDINGS, RUNS, TOUCHED, create_tables

TEXTS = ("finding_key", "check_id", "severity", "policy", *FINDING_COLUMNS, "observed", "expected", "action")
INCOMING = (*TEXTS, "evidence", "sample_sql")
NAMED = ("finding_key", "touch", "stage_key", "opportunity_id")


@dataclass(frozen=True)
class Run:
    """How one check went at one as_of."""

    check_id: str
    severity: Severity
    evaluated_rows: int
    finding_count: int
    status: str
    """ok, failed or broken."""


@dataclass(frozen=True)
class Tally:
    """What the findings of one check amount to."""

    new_count: int
    """Findings first seen at this as_of."""
    opportunity_count: int
    """Distinct live deals that the findings touch."""
    open_amount: Decimal
    """Open money of these deals."""
    example_ids: tuple[str, ...]
    """Entity ids of up to two findings, those with the most open money first."""


def record(
    connection: duckdb.DuckDBPyConnection, findings: Sequence[Finding], runs: Sequence[Run], as_of: AsOf
) -> None:
    """Write the findings of the checks in `runs`; findings of other checks stay as they are.

    A finding that no longer appears is resolved; one that comes back keeps its first_seen_at. Recording the same
    findings at the same as_of again changes nothing.
    """
    connection.execute("begin")
    try:
        create_tables(connection)
        _stage(connection, findings)
        _merge(connection, [run.check_id for run in runs], as_of.utc)
        _write_runs(connection, runs, as_of.utc)
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def record_broken(connection: duckdb.DuckDBPyConnection, run: Run, as_of: AsOf) -> None:
    """Note that a check could not be evaluated, and leave every finding as it was."""
    connection.execute("begin")
    create_tables(connection)
    _write_runs(connection, [run], as_of.utc)
    connection.execute("commit")


def tally(connection: duckdb.DuckDBPyConnection, check_id: str, as_of: AsOf) -> Tally:
    """Sum up one check of the record just written through this connection."""
    new_count, deals, amount = connection.execute(
        """
        with deals as (
            select distinct touched.opportunity_id
            from touched
            inner join incoming on touched.finding_key = incoming.finding_key
            where incoming.check_id = $check_id
        )
        select
            (select count(*) from merged where check_id = $check_id and status = 'open' and first_seen_at = $as_of),
            count(*),
            coalesce(sum(case when not opportunities.is_closed then opportunities.amount end), 0)
        from deals
        inner join intermediate.int_opportunities_conformed as opportunities
            on deals.opportunity_id = opportunities.opportunity_id
        """,
        {"check_id": check_id, "as_of": as_of.utc},
    ).fetchone() or (0, 0, Decimal(0))
    examples = connection.execute(
        "select entity_id from incoming where check_id = $check_id order by open_amount desc, entity_id limit 2",
        {"check_id": check_id},
    ).fetchall()
    return Tally(new_count, deals, amount, tuple(row[0] for row in examples))


def _stage(connection: duckdb.DuckDBPyConnection, findings: Sequence[Finding]) -> None:
    """Temporary tables: the findings, and the deals that each touches."""
    _load(connection, "incoming_rows", INCOMING, [_incoming(finding) for finding in findings])
    _load(connection, "named", NAMED, [row for finding in findings for row in _named(finding)])
    connection.execute(
        f"""
        create or replace temporary table touched as
        with live_opportunities as (
            select * from intermediate.int_opportunities_conformed where not is_deleted
        )
        select named.finding_key, live_opportunities.opportunity_id
        from named
        inner join live_opportunities on named.opportunity_id = live_opportunities.opportunity_id
        union
        select named.finding_key, live_opportunities.opportunity_id
        from named
        inner join live_opportunities on named.stage_key = live_opportunities.stage_key
        union
        select named.finding_key, live_opportunities.opportunity_id
        from named
        inner join intermediate.int_stage_visits as visits on named.stage_key = visits.stage_key
        inner join live_opportunities on visits.opportunity_id = live_opportunities.opportunity_id
        where named.touch = '{Touch.STAGE_EVER.name}'
        """
    )
    connection.execute(
        """
        create or replace temporary table incoming as
        with counts as (
            select
                touched.finding_key,
                count(*) as opportunity_count,
                sum(case when not opportunities.is_closed then opportunities.amount end) as open_amount
            from touched
            inner join intermediate.int_opportunities_conformed as opportunities
                on touched.opportunity_id = opportunities.opportunity_id
            group by touched.finding_key
        )
        select
            incoming_rows.*,
            coalesce(counts.opportunity_count, 0) as opportunity_count,
            cast(coalesce(counts.open_amount, 0) as decimal(18, 2)) as open_amount
        from incoming_rows
        left join counts on incoming_rows.finding_key = counts.finding_key
        """
    )


def _load(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: list[dict[str, str | None]]
) -> None:
    """A temporary table of text columns."""
    import pyarrow as pa  # takes longer to load than the rest of the package

    schema = pa.schema([(column, pa.string()) for column in columns])
    connection.register("rows_to_load", pa.Table.from_pylist(rows, schema=schema))
    connection.execute(f"create or replace temporary table {table} as select * from rows_to_load")
    connection.unregister("rows_to_load")


def _incoming(finding: Finding) -> dict[str, str | None]:
    return {
        "finding_key": finding.key,
        "check_id": finding.rule.id,
        "severity": finding.severity.value,
        "policy": finding.rule.policy.value,
        **dict(zip(FINDING_COLUMNS, finding.columns, strict=True)),
        "observed": finding.observed,
        "expected": finding.expected,
        "action": finding.rule.action,
        "evidence": finding.evidence,
        "sample_sql": finding.sample_sql,
    }


def _named(finding: Finding) -> list[dict[str, str | None]]:
    touch = finding.rule.touch.name
    stages = [
        {"finding_key": finding.key, "touch": touch, "stage_key": key, "opportunity_id": None}
        for key in sorted(finding.stage_keys)
    ]
    deals = [
        {"finding_key": finding.key, "touch": touch, "stage_key": None, "opportunity_id": key}
        for key in sorted(finding.opportunity_ids)
    ]
    return [*stages, *deals]


def _merge(connection: duckdb.DuckDBPyConnection, check_ids: Collection[str], as_of: datetime) -> None:
    """Replace what the quality tables say about these checks."""
    judged = list(check_ids)
    connection.execute(
        f"""
        create or replace temporary table merged as
        select
            incoming.*,
            least(coalesce(known.first_seen_at, $as_of), $as_of) as first_seen_at,
            $as_of as last_seen_at,
            'open' as status,
            cast(null as timestamp) as resolved_at
        from incoming
        left join {FINDINGS} as known on incoming.finding_key = known.finding_key
        union all by name
        select
            known.* exclude (status, resolved_at),
            'resolved' as status,
            coalesce(known.resolved_at, $as_of) as resolved_at
        from {FINDINGS} as known
        anti join incoming on known.finding_key = incoming.finding_key
        where known.check_id in (select unnest($judged))
        """,
        {"as_of": as_of, "judged": judged},
    )
    connection.execute(
        f"delete from {TOUCHED} where finding_key in "
        f"(select finding_key from {FINDINGS} where check_id in (select unnest($judged)))",
        {"judged": judged},
    )
    connection.execute(f"delete from {FINDINGS} where check_id in (select unnest($judged))", {"judged": judged})
    connection.execute(f"insert into {FINDINGS} by name select * from merged order by check_id, finding_key")
    connection.execute(
        f"""
        insert into {TOUCHED}
        select touched.finding_key, touched.opportunity_id
        from touched
        inner join merged on touched.finding_key = merged.finding_key
        where merged.severity = '{Severity.ERROR}'
        order by all
        """
    )


def _write_runs(connection: duckdb.DuckDBPyConnection, runs: Sequence[Run], as_of: datetime) -> None:
    for run in runs:
        connection.execute(f"delete from {RUNS} where check_id = ? and as_of = ?", [run.check_id, as_of])
        connection.execute(
            f"insert into {RUNS} values (?, ?, ?, ?, ?, ?)",
            [run.check_id, as_of, run.severity.value, run.evaluated_rows, run.finding_count, run.status],
        )
