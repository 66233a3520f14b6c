"""What a night ends with: forecast outcomes beside the studies, the funnel, the findings, and what to do next.

Every number is read from the published file, as BI would read it.
"""

from pathlib import Path

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

import expectations
from dagster_project.demo.changes import show_changes
from dagster_project.findings import OpenFinding, read_open_findings

EXAMPLES = 2
_INDENT = (0, 0, 0, 11)
_STYLES = {"error": "red", "warning": "yellow", "info": "dim"}
NEXT_COMMANDS = (
    ("make demo", "play the next day: the CRMs change, only the changes are read, see what moved"),
    ("make dev", "open Dagster: lineage from both CRMs to the published file, checks with their evidence"),
    (
        """.venv/bin/python -c "import duckdb; duckdb.connect('data/published/crm.duckdb', read_only=True)"""
        """.sql('from marts.fct_forecast_outcome limit 20').show()\"""",
        "query the published file",
    ),
)


def show_report(console: Console, published: Path, *, before: Path | None, changes: dict[str, int]) -> None:
    """Print the night's result. `before` is the version readers had until now, None on the first night."""
    with duckdb.connect(str(published.resolve()), read_only=True) as reader:
        console.print()
        _show_forecast_outcomes(console, reader)
        _show_funnel(console, reader)
        _show_findings(console, published.resolve())
        _show_trust(console, reader)
    if before is not None:
        show_changes(console, before, published.resolve(), changes)
    console.print("\n[bold]Next[/bold]")
    for command, purpose in NEXT_COMMANDS:
        console.print(f"  [cyan]{command}[/cyan]\n    {purpose}", soft_wrap=True)


def show_held_back(console: Console, description: str) -> None:
    """Say why nothing was published."""
    console.print(Panel(description, title="Not published", border_style="red"))


def _show_forecast_outcomes(console: Console, reader: duckdb.DuckDBPyConnection) -> None:
    rows = reader.execute(
        """
        select
            case when population = 'this warehouse' then 'these CRMs' else 'study ' || study_year end as label,
            decided_deal_count, won_rate, competitive_loss_rate, no_decision_rate
        from (
            -- a study that two sources quote is shown once; the mart has both
            select *, row_number() over (partition by population, study_year order by source_text) as source_no
            from marts.rpt_forecast_outcome_rates
            where crm = 'all' and fiscal_quarter = 'all' or is_exact and competitive_loss_rate is not null
        ) as rates
        where
            (
                population = 'this warehouse' and crm = 'all' and fiscal_quarter = 'all'
                and forecast_category = 'commit'
            )
            or (population = 'published study' and source_no = 1)
        order by population desc, study_year
        """
    ).fetchall()
    console.print("[bold]What became of the deals that were forecast[/bold] (in commit, completed quarters)")
    table = _table()
    for heading in ("", "decided deals", "won", "to a competitor", "no decision"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for label, decided, *rates in rows:
        table.add_row(label, "" if decided is None else f"{decided:,}", *(_percent(rate) for rate in rates))
    console.print(table)


def _show_funnel(console: Console, reader: duckdb.DuckDBPyConnection) -> None:
    rows = reader.execute(
        """
        select
            canonical_stage_name, reached_count, conversion_to_next, median_days_in_stage, open_count, open_amount
        from marts.rpt_funnel_stages
        where crm = 'all'
        order by canonical_stage
        """
    ).fetchall()
    console.print("\n[bold]The funnel, both CRMs in one vocabulary[/bold]")
    table = _table()
    for heading in ("stage", "reached", "go on to next", "median days", "open now", "open amount"):
        table.add_column(heading, justify="left" if heading == "stage" else "right")
    for name, reached, conversion, days, open_count, amount in rows:
        table.add_row(
            name,
            f"{reached:,}",
            _percent(conversion),
            "" if days is None else f"{days:.0f}",
            f"{open_count:,}",
            f"{amount:,.0f}",
        )
    console.print(table)


def _show_findings(console: Console, published: Path) -> None:
    findings = read_open_findings(published)
    console.print("\n[bold]Where stage definitions contradict each other, or the deals[/bold]")
    for rule in expectations.rules():
        found = findings.get(rule.id, [])
        if not found:
            console.print(f"  [green]ok[/green]       {rule.id} {rule.description}")
            continue
        severity = found[0].severity
        console.print(
            f"  [{_STYLES[severity]}]{severity:<8}[/] {rule.id} {rule.name}: [bold]{len(found):,}[/bold] "
            f"{'finding' if len(found) == 1 else 'findings'}"
        )
        for finding in found[:EXAMPLES]:
            console.print(Padding(f"e.g. {escape(_example(finding))}", _INDENT))
        console.print(Padding(f"→ {escape(rule.action)}", _INDENT, style="dim"))
    console.print()


def _show_trust(console: Console, reader: duckdb.DuckDBPyConnection) -> None:
    facts = dict(reader.execute("select fact, value from quality.publication").fetchall())
    console.print(
        f"Published [bold]{facts['version']}[/bold], as of {facts['as_of']}. "
        f"{facts['untrusted_opportunity_count']} open deals with {float(facts['untrusted_amount']):,.0f} of "
        f"{float(facts['open_amount']):,.0f} ({_percent(facts['untrusted_share'] or 0)}) are touched by an error "
        "finding; every mart flags them (is_stage_trusted).\n"
    )


def _example(finding: OpenFinding) -> str:
    return f"{finding.entity_id}: {finding.observed}"


def _percent(fraction: object) -> str:
    return "" if fraction is None else f"{float(str(fraction)):.1%}"


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
