"""What an error does to publication: flagged below the limit, held back above it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from expectations import SUITES, BrokenExpectationError, Policy, evaluate, hold_reasons, untrusted_money
from expectations.evaluation import evaluate_suites
from expectations.rules import AsOf
from tests.expectations.conftest import AS_OF
from tests.expectations.frames import Frame


@pytest.fixture
def unmapped(frame: Frame) -> Frame:
    """1,000 of 20,000 open is in a stage without mapping: 5 percent."""
    frame.add_stage("verbal", canonical_stage=None, default_probability=Decimal("0.8"))
    frame.add_deal("salesforce:1", path=("new", "verbal"), amount=Decimal(1000))
    frame.add_deal("salesforce:2", path=("new",), amount=Decimal(18000))
    return frame


def test_a_sound_warehouse_may_be_published(frame: Frame) -> None:
    evaluate(frame.path, AS_OF)

    assert hold_reasons(frame.path, untrusted_share_limit=0.0) == []


def test_untrusted_money_stands_beside_the_open_pipeline(unmapped: Frame) -> None:
    evaluate(unmapped.path, AS_OF)

    assert untrusted_money(unmapped.path).as_metadata() == {
        "open_opportunity_count": 3,
        "open_amount": "20000.00",
        "untrusted_opportunity_count": 1,
        "untrusted_amount": "1000.00",
        "untrusted_share": 0.05,
    }


def test_a_share_at_the_limit_is_flagged_and_published(unmapped: Frame) -> None:
    evaluate(unmapped.path, AS_OF)

    assert hold_reasons(unmapped.path, untrusted_share_limit=0.05) == []


def test_a_share_above_the_limit_holds_and_says_what_to_do(unmapped: Frame) -> None:
    evaluate(unmapped.path, AS_OF)

    (reason,) = hold_reasons(unmapped.path, untrusted_share_limit=0.049)

    assert (reason.kind, reason.check_ids, reason.finding_count) == ("untrusted_share", ("C01",), 1)
    assert (reason.untrusted_amount, reason.untrusted_share) == (Decimal("1000.00"), 0.05)
    assert "1 open deals worth 1,000, 5.0% of the open pipeline of 20,000; the limit is 4.9%" in reason.message
    assert "Sales operations:" in reason.message


def test_a_deal_under_two_errors_counts_once(unmapped: Frame) -> None:
    # the same deal entered a stage before it was created
    unmapped.change(
        "update intermediate.int_opportunities_conformed set created_at = created_at + interval 1 day "
        "where opportunity_id = 'salesforce:1'"
    )

    evaluate(unmapped.path, AS_OF)

    assert untrusted_money(unmapped.path).untrusted_amount == Decimal("1000.00")


def test_closed_and_deleted_deals_touch_no_open_money(unmapped: Frame) -> None:
    unmapped.add_deal("salesforce:3", path=("verbal", "lost"), loss_class="other", amount=Decimal(9000))
    unmapped.add_deal("salesforce:4", path=("verbal",), is_deleted=True, amount=Decimal(9000))

    evaluate(unmapped.path, AS_OF)

    money = untrusted_money(unmapped.path)
    assert (money.open_amount, money.untrusted_amount) == (Decimal("20000.00"), Decimal("1000.00"))


def test_warnings_leave_deals_trusted(frame: Frame) -> None:
    frame.add_deal("salesforce:1", path=("new", "demo"), skipped={2: "2"})
    evaluate(frame.path, AS_OF)

    assert hold_reasons(frame.path, untrusted_share_limit=0.0) == []


def test_without_open_deals_there_is_no_share(unmapped: Frame) -> None:
    unmapped.change("update intermediate.int_opportunities_conformed set is_closed = true")
    evaluate(unmapped.path, AS_OF)

    assert untrusted_money(unmapped.path).untrusted_share is None
    assert hold_reasons(unmapped.path, untrusted_share_limit=0.05) == []


def test_a_rule_with_the_hold_policy_holds_with_any_finding(unmapped: Frame) -> None:
    strict = [replace(s, rules=tuple(rule.with_policy(Policy.HOLD) for rule in s.rules)) for s in SUITES]
    evaluate_suites(unmapped.path, strict, AsOf(AS_OF))

    (reason,) = hold_reasons(unmapped.path, untrusted_share_limit=1.0)

    assert (reason.kind, reason.check_ids) == ("policy", ("C01",))
    assert "1 findings, such as verbal, with open deals worth 1,000" in reason.message


def test_checks_that_were_never_judged_hold(frame: Frame) -> None:
    evaluate(frame.path, AS_OF, ["C01"])

    (reason,) = hold_reasons(frame.path, untrusted_share_limit=1.0)

    assert reason.kind == "not_judged"
    assert "C01" not in reason.check_ids
    assert "C17" in reason.check_ids


def test_a_warehouse_that_nobody_judged_is_not_published(frame: Frame) -> None:
    (reason,) = hold_reasons(frame.path, untrusted_share_limit=1.0)

    assert reason.kind == "not_judged"
    assert len(reason.check_ids) == 15


def test_a_check_that_broke_last_night_holds(frame: Frame) -> None:
    evaluate(frame.path, AS_OF)
    frame.change("alter table intermediate.int_opportunities_conformed rename loss_class to renamed")
    with pytest.raises(BrokenExpectationError):
        evaluate(frame.path, AS_OF + timedelta(days=1))

    (reason,) = hold_reasons(frame.path, untrusted_share_limit=1.0)

    assert (reason.kind, reason.check_ids) == ("not_judged", ("C24",))
