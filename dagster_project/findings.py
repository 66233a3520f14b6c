"""Open findings of a warehouse or published file, as checks and terminals show them."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from connectors.engine import read_warehouse

SHOWN_PER_CHECK = 10


@dataclass(frozen=True)
class OpenFinding:
    """One open finding; `open_amount` is money of the open deals it touches, in the corporate currency."""

    check_id: str
    severity: str
    entity_id: str
    observed: str
    expected: str
    action: str
    opportunity_count: int
    open_amount: Decimal
    first_seen_at: str
    sample_sql: str


def read_open_findings(file: Path) -> dict[str, list[OpenFinding]]:
    """Open findings by check id, those with the most money first."""
    query = """
        select
            check_id, severity, entity_id, observed, expected, action, opportunity_count, open_amount,
            strftime(first_seen_at, '%Y-%m-%d') as first_seen_at, sample_sql
        from quality.stage_definition_findings
        where status = 'open'
        order by check_id, open_amount desc, opportunity_count desc, entity_id
    """
    findings: dict[str, list[OpenFinding]] = {}
    with read_warehouse(file) as connection:
        for row in connection.execute(query).fetchall():
            findings.setdefault(row[0], []).append(OpenFinding(*row))
    return findings
