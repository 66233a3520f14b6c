"""Evidence rows become findings: one per rule, place and entity, with a stable key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from expectations.rules import FINDING_COLUMNS, AsOf, Rule, Severity

EVIDENCE_LIMIT = 20  # rows kept in a finding; the total stands beside them, and sample_sql returns all
OBSERVED_LIMIT = 5  # distinct observations spelled out in one sentence

Row = Mapping[str, object]


@dataclass(frozen=True)
class Finding:
    """One thing that breaks a rule, as of one evaluation."""

    key: str
    rule: Rule
    severity: Severity
    columns: tuple[str | None, ...]
    """Values of FINDING_COLUMNS."""
    observed: str
    expected: str
    evidence: str
    sample_sql: str
    stage_keys: frozenset[str]
    opportunity_ids: frozenset[str]

    @property
    def entity_id(self) -> str:
        return str(self.columns[FINDING_COLUMNS.index("entity_id")])


def gather(rule: Rule, rows: Sequence[Row], *, severity: Severity, as_of: AsOf) -> list[Finding]:
    """Findings of `rule` from its evidence rows, by key."""
    grouped: dict[tuple[str | None, ...], list[Row]] = {}
    for row in rows:
        columns = tuple(_text_or_none(row[name]) for name in FINDING_COLUMNS)
        grouped.setdefault(columns, []).append(row)
    findings = [_finding(rule, columns, group, severity, as_of) for columns, group in grouped.items()]
    return sorted(findings, key=lambda finding: finding.key)


def finding_key(check_id: str, columns: Sequence[str | None]) -> str:
    """Hash of check and entity; the owner is left out, because a finding survives a change of owner."""
    values = dict(zip(FINDING_COLUMNS, columns, strict=True))
    named = [values[name] for name in ("crm", "pipeline_id", "source_stage_id", "entity_type", "entity_id")]
    text = json.dumps([check_id, *named], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _finding(rule: Rule, columns: tuple[str | None, ...], rows: list[Row], severity: Severity, as_of: AsOf) -> Finding:
    shown = sorted((_shown(row) for row in rows), key=lambda row: json.dumps(row, sort_keys=True))
    evidence = {"total": len(shown), "rows": shown[:EVIDENCE_LIMIT]}
    return Finding(
        key=finding_key(rule.id, columns),
        rule=rule,
        severity=severity,
        columns=columns,
        observed=_sentence(row["observed"] for row in rows),
        expected=_sentence(row["expected"] for row in rows),
        evidence=json.dumps(evidence, ensure_ascii=False),
        sample_sql=_sample_sql(rule, columns, as_of),
        stage_keys=_named(rows, "touched_stage_key"),
        opportunity_ids=_named(rows, "touched_opportunity_id"),
    )


def _shown(row: Row) -> dict[str, object]:
    """An evidence row without what its finding already says, as JSON can hold it: money and times as text."""
    hidden = {*FINDING_COLUMNS, "expected", "touched_stage_key"}
    return {name: _plain(value) for name, value in row.items() if name not in hidden}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _named(rows: list[Row], column: str) -> frozenset[str]:
    return frozenset(str(row[column]) for row in rows if row.get(column) is not None)


def _sentence(texts: Iterable[object]) -> str:
    distinct = sorted({str(text) for text in texts})
    more = len(distinct) - OBSERVED_LIMIT
    return "; ".join(distinct[:OBSERVED_LIMIT]) + (f"; and {more} more" if more > 0 else "")


def _sample_sql(rule: Rule, columns: tuple[str | None, ...], as_of: AsOf) -> str:
    """A query for the work file that returns the evidence of this finding."""
    values = dict(zip(FINDING_COLUMNS, columns, strict=True))
    conditions = [
        f"{name} = {_literal(values[name])}" if values[name] is not None else f"{name} is null"
        for name in ("crm", "pipeline_id", "source_stage_id", "entity_id")
    ]
    return f"select * from (\n{rule.query(rule.table, as_of)}\n) as evidence\nwhere " + " and ".join(conditions)


def _literal(value: str | None) -> str:
    return "'" + (value or "").replace("'", "''") + "'"
