"""One evaluation: judge the rules, gather the evidence, write the findings, say what came of each rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from expectations.errors import BrokenExpectationError, UnknownCheckError
from expectations.findings import Finding, gather
from expectations.judge import Verdict, judge
from expectations.ledger import Run, Tally, record, record_broken, tally
from expectations.rules import AsOf, Rule, Severity, Suite
from expectations.suites import SUITES, rules
from expectations.tables import create_tables


@dataclass(frozen=True)
class CheckResult:
    """What one check found at one as_of."""

    rule: Rule
    severity: Severity
    """Severity of its findings; the rule's own unless they were enough to escalate."""
    evaluated_rows: int
    finding_count: int
    tally: Tally

    @property
    def passed(self) -> bool:
        return self.finding_count == 0

    @property
    def check_id(self) -> str:
        return self.rule.id


def create_quality_tables(warehouse: Path) -> None:
    """Create the quality schema and its empty tables where they are missing; marts read them before any evaluation."""
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)


def evaluate(
    warehouse: Path, as_of: datetime, checks: Sequence[str] | None = None, *, time_zone: str = "UTC"
) -> list[CheckResult]:
    """Judge the conformed tables of `warehouse` at `as_of` and write the quality tables; results are in check order.

    `checks` are check ids such as C01, None means all; findings of checks not asked for stay as they are.
    `time_zone` decides which calendar day `as_of` falls on. The file is opened here and no connection stays open.

    Raises:
        UnknownCheckError: no suite holds one of `checks`.
        BrokenExpectationError: a rule could not be judged; the findings stay those of the last evaluation.
    """
    moment = AsOf(as_of, time_zone)
    return evaluate_suites(warehouse, _selected(checks), moment)


def _selected(checks: Sequence[str] | None) -> list[Suite]:
    known = [rule.id for rule in rules()]
    wanted = set(known if checks is None else checks)
    for check_id in sorted(wanted.difference(known)):
        raise UnknownCheckError(check_id, known)
    picked = (replace(suite, rules=tuple(rule for rule in suite.rules if rule.id in wanted)) for suite in SUITES)
    return [suite for suite in picked if suite.rules]


def evaluate_suites(warehouse: Path, suites: Sequence[Suite], as_of: AsOf) -> list[CheckResult]:
    """`evaluate` for given suites."""
    try:
        verdicts = judge(warehouse, suites, as_of)
    except BrokenExpectationError as error:
        _note_broken(warehouse, suites, error, as_of)
        raise
    with duckdb.connect(str(warehouse)) as connection:
        judged = [_gather(connection, verdict, as_of) for verdict in verdicts]
        findings = [finding for _, found in judged for finding in found]
        record(connection, findings, [run for run, _ in judged], as_of)
        pairs = zip(verdicts, judged, strict=True)
        results = [_result(connection, verdict.rule, run, as_of) for verdict, (run, _) in pairs]
    return sorted(results, key=lambda result: result.check_id)


def _note_broken(warehouse: Path, suites: Sequence[Suite], error: BrokenExpectationError, as_of: AsOf) -> None:
    broken = next(rule for suite in suites for rule in suite.rules if rule.id == error.check_id)
    with duckdb.connect(str(warehouse)) as connection:
        record_broken(connection, Run(broken.id, broken.severity, 0, 0, "broken"), as_of)


def _gather(connection: duckdb.DuckDBPyConnection, verdict: Verdict, as_of: AsOf) -> tuple[Run, list[Finding]]:
    """The findings behind a verdict; Great Expectations cuts its rows at 200, so the same SQL reads them here."""
    rule = verdict.rule
    cursor = connection.execute(rule.query(rule.table, as_of))
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
    if len(rows) != verdict.evidence_count:
        raise BrokenExpectationError(
            rule.id, rule.name, f"it counted {verdict.evidence_count} rows and then returned {len(rows)}."
        )
    (evaluated,) = connection.execute(rule.count_query()).fetchone() or (0,)
    severity = rule.severity_at(len(rows), evaluated)
    findings = gather(rule, rows, severity=severity, as_of=as_of)
    return Run(rule.id, severity, evaluated, len(findings), "failed" if findings else "ok"), findings


def _result(connection: duckdb.DuckDBPyConnection, rule: Rule, run: Run, as_of: AsOf) -> CheckResult:
    return CheckResult(
        rule=rule,
        severity=run.severity,
        evaluated_rows=run.evaluated_rows,
        finding_count=run.finding_count,
        tally=tally(connection, rule.id, as_of),
    )
