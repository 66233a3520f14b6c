"""How much open money the findings touch, and whether that holds publication back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb

from expectations.rules import Policy, Severity
from expectations.suites import rules
from expectations.tables import FINDINGS, RUNS, TOUCHED, create_tables


@dataclass(frozen=True)
class UntrustedMoney:
    """Open pipeline, and the part of it in deals that an open error finding touches; corporate currency."""

    open_opportunity_count: int
    open_amount: Decimal
    untrusted_opportunity_count: int
    untrusted_amount: Decimal

    @property
    def untrusted_share(self) -> float | None:
        """Untrusted part of the open amount, 0 to 1; None when nothing is open."""
        return float(self.untrusted_amount / self.open_amount) if self.open_amount else None

    def as_metadata(self) -> dict[str, str | int | float | None]:
        """For the metadata of the published file; money as text."""
        return {
            "open_opportunity_count": self.open_opportunity_count,
            "open_amount": str(self.open_amount),
            "untrusted_opportunity_count": self.untrusted_opportunity_count,
            "untrusted_amount": str(self.untrusted_amount),
            "untrusted_share": self.untrusted_share,
        }


@dataclass(frozen=True)
class HoldReason:
    """Why nothing may be published, in figures and in words."""

    kind: str
    """untrusted_share, policy or not_judged."""
    check_ids: tuple[str, ...]
    finding_count: int
    untrusted_amount: Decimal
    untrusted_share: float | None
    message: str
    """What holds, how much it touches, and who does what about it."""


def untrusted_money(warehouse: Path) -> UntrustedMoney:
    """Open money and its untrusted part, by the findings as they stand."""
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
        return _untrusted_money(connection)


def hold_reasons(warehouse: Path, *, untrusted_share_limit: float) -> list[HoldReason]:
    """Every reason to keep yesterday's file; an empty list means that nothing stands against publishing.

    `untrusted_share_limit` is a fraction of the open amount: touched deals may reach it, not exceed it.
    """
    with duckdb.connect(str(warehouse)) as connection:
        create_tables(connection)
        money = _untrusted_money(connection)
        reasons = [
            _share_reason(connection, money, untrusted_share_limit),
            *_policy_reasons(connection, money),
            _not_judged_reason(connection, money),
        ]
    return [reason for reason in reasons if reason is not None]


def _untrusted_money(connection: duckdb.DuckDBPyConnection) -> UntrustedMoney:
    row = connection.execute(
        f"""
        with touched as (
            select distinct opportunity_id from {TOUCHED}
        )
        select
            count(*),
            coalesce(sum(opportunities.amount), 0),
            count(touched.opportunity_id),
            coalesce(sum(case when touched.opportunity_id is not null then opportunities.amount end), 0)
        from intermediate.int_opportunities_conformed as opportunities
        left join touched on opportunities.opportunity_id = touched.opportunity_id
        where not opportunities.is_deleted and not opportunities.is_closed
        """
    ).fetchone()
    return UntrustedMoney(*(row or (0, Decimal(0), 0, Decimal(0))))


def _share_reason(connection: duckdb.DuckDBPyConnection, money: UntrustedMoney, limit: float) -> HoldReason | None:
    share = money.untrusted_share
    if share is None or share <= limit:
        return None
    findings = connection.execute(
        "select check_id, count(*), sum(open_amount), min(action), max_by(entity_id, open_amount) "
        f"from {FINDINGS} where status = 'open' and severity = ? "
        "group by check_id order by sum(open_amount) desc, check_id",
        [Severity.ERROR.value],
    ).fetchall()
    parts = ", ".join(f"{check_id} {amount:,.0f}" for check_id, _, amount, _, _ in findings)
    largest, _, _, action, example = findings[0]
    return HoldReason(
        kind="untrusted_share",
        check_ids=tuple(check_id for check_id, *_ in findings),
        finding_count=sum(count for _, count, *_ in findings),
        untrusted_amount=money.untrusted_amount,
        untrusted_share=share,
        message=(
            f"Errors touch {money.untrusted_opportunity_count} open deals worth {money.untrusted_amount:,.0f}, "
            f"{share:.1%} of the open pipeline of {money.open_amount:,.0f}; the limit is {limit:.1%} "
            f"(open money by check: {parts}). Clear {largest} first, such as {example!r}: {action} "
            f"Then run the build again; the column action of {FINDINGS} says the same for the others."
        ),
    )


def _policy_reasons(connection: duckdb.DuckDBPyConnection, money: UntrustedMoney) -> list[HoldReason]:
    rows = connection.execute(
        f"""
        select check_id, count(*), sum(open_amount), min(entity_id), min(action)
        from {FINDINGS}
        where status = 'open' and policy = ?
        group by check_id
        order by check_id
        """,
        [Policy.HOLD.value],
    ).fetchall()
    return [
        HoldReason(
            kind="policy",
            check_ids=(check_id,),
            finding_count=count,
            untrusted_amount=amount,
            untrusted_share=float(amount / money.open_amount) if money.open_amount else None,
            message=(
                f"{check_id} holds publication by its policy: {count} findings, such as {example}, "
                f"with open deals worth {amount:,.0f}. {action}"
            ),
        )
        for check_id, count, amount, example, action in rows
    ]


def _not_judged_reason(connection: duckdb.DuckDBPyConnection, money: UntrustedMoney) -> HoldReason | None:
    """Checks without a verdict: what nobody judged must not look trusted."""
    rows = connection.execute(
        f"select check_id from {RUNS} group by check_id having arg_max(status, as_of) <> 'broken'"
    ).fetchall()
    missing = sorted({rule.id for rule in rules()}.difference(check_id for (check_id,) in rows))
    if not missing:
        return None
    return HoldReason(
        kind="not_judged",
        check_ids=tuple(missing),
        finding_count=0,
        untrusted_amount=money.untrusted_amount,
        untrusted_share=money.untrusted_share,
        message=(
            f"{', '.join(missing)} gave no verdict, so nobody knows what they would have found. "
            "Run the checks again; if one is broken, the error of its last run says which SQL to repair."
        ),
    )
