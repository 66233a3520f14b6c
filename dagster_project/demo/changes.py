"""What a night changed: the version readers had, and the one they have now, side by side."""

from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

SHOWN = 8


def show_changes(console: Console, before: Path, after: Path, played: dict[str, int]) -> None:
    """Print what the CRMs did since the version `before`, deal by deal, and what it moved."""
    with duckdb.connect(":memory:") as hub:
        hub.execute(f"attach '{before}' as earlier (read_only)")
        hub.execute(f"attach '{after}' as later (read_only)")
        console.print("\n[bold]What changed since yesterday[/bold]")
        for crm in ("salesforce", "hubspot"):
            rows = {kind.removeprefix(f"{crm}."): count for kind, count in played.items() if kind.startswith(f"{crm}.")}
            # the sandbox's own bookkeeping starts with an underscore
            happened = ", ".join(f"{count} {name}" for name, count in rows.items() if count and name[0] != "_")
            if happened:
                console.print(f"  Written in {crm}: {happened}.")
        _show_totals(console, hub)
        _show_deals(console, hub)
        _show_findings(console, hub)


def _show_totals(console: Console, hub: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*), coalesce(sum(amount), 0) from {version}.marts.dim_opportunity
        where outcome_class = 'open' and not is_deleted and is_primary_record
    """
    deals_before, amount_before = _one(hub, query.format(version="earlier"))
    deals_after, amount_after = _one(hub, query.format(version="later"))
    console.print(
        f"  Open pipeline: {deals_before:,} deals, {amount_before:,.0f} → {deals_after:,} deals, {amount_after:,.0f} "
        f"({amount_after - amount_before:+,.0f})."
    )


def _show_deals(console: Console, hub: duckdb.DuckDBPyConnection) -> None:
    rows = hub.execute(
        """
        select
            later_deals.opportunity_id,
            case
                when earlier_deals.opportunity_id is null then 'new'
                when later_deals.is_deleted and not earlier_deals.is_deleted then 'deleted'
                when later_deals.outcome_class <> earlier_deals.outcome_class then later_deals.outcome_class
                when later_deals.close_date > earlier_deals.close_date then 'pushed'
                when later_deals.close_date < earlier_deals.close_date then 'pulled in'
                when later_deals.amount is distinct from earlier_deals.amount then 'amount'
                else 'stage'
            end as what,
            case
                when earlier_stages.source_label <> later_stages.source_label
                    then earlier_stages.source_label || ' → ' || later_stages.source_label
                else later_stages.source_label
            end as stage,
            later_deals.amount
        from later.marts.dim_opportunity as later_deals
        left join earlier.marts.dim_opportunity as earlier_deals
            on later_deals.opportunity_id = earlier_deals.opportunity_id
        left join later.marts.dim_stage as later_stages
            on later_deals.stage_key = later_stages.stage_key and later_stages.is_current
        left join earlier.marts.dim_stage as earlier_stages
            on earlier_deals.stage_key = earlier_stages.stage_key and earlier_stages.is_current
        where
            earlier_deals.opportunity_id is null
            or later_deals.is_deleted <> earlier_deals.is_deleted
            or later_deals.outcome_class <> earlier_deals.outcome_class
            or later_deals.close_date is distinct from earlier_deals.close_date
            or later_deals.amount is distinct from earlier_deals.amount
            or later_deals.stage_key <> earlier_deals.stage_key
        order by coalesce(later_deals.amount, 0) desc, later_deals.opportunity_id
        """
    ).fetchall()
    table = Table(
        title=f"  {len(rows):,} deals moved; the {min(SHOWN, len(rows))} largest",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for heading in ("  deal", "what", "stage", "amount"):
        table.add_column(heading, justify="right" if heading == "amount" else "left", no_wrap=heading != "stage")
    for deal, what, stage, amount in rows[:SHOWN]:
        table.add_row(f"  {deal}", what, stage, "" if amount is None else f"{amount:,.0f}")
    console.print(table)


def _show_findings(console: Console, hub: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*) from {first}.quality.stage_definition_findings as found
        where found.status = 'open' and not exists (
            select 1 from {second}.quality.stage_definition_findings as other
            where other.finding_key = found.finding_key and other.status = 'open'
        )
    """
    (new,) = _one(hub, query.format(first="later", second="earlier"))
    (gone,) = _one(hub, query.format(first="earlier", second="later"))
    console.print(f"  Findings: {new} new, {gone} resolved.")


def _one(hub: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    row = hub.execute(query).fetchone()
    return tuple(row) if row else (0,)
