"""What must hold for a stage, a deal and a loss reason, and what was found when it did not.

`rules()` lists the claims, `evaluate()` judges the conformed tables and writes the quality schema,
`hold_reasons()` says whether anything may be published. Great Expectations is loaded by `evaluate()` alone.
"""

from expectations.errors import BrokenExpectationError, ExpectationsError, UnknownCheckError
from expectations.evaluation import CheckResult, create_quality_tables, evaluate
from expectations.judge import preload
from expectations.ledger import Tally
from expectations.rules import Policy, Rule, Severity, Suite
from expectations.suites import SUITES, rules
from expectations.trust import HoldReason, UntrustedMoney, hold_reasons, untrusted_money

__all__ = [
    "SUITES",
    "BrokenExpectationError",
    "CheckResult",
    "ExpectationsError",
    "HoldReason",
    "Policy",
    "Rule",
    "Severity",
    "Suite",
    "Tally",
    "UnknownCheckError",
    "UntrustedMoney",
    "create_quality_tables",
    "evaluate",
    "hold_reasons",
    "preload",
    "rules",
    "untrusted_money",
]
