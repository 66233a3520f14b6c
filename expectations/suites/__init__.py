"""Every suite of the project, one module per concern."""

from __future__ import annotations

from expectations.rules import Rule, Suite
from expectations.suites import (
    deal_dates,
    deal_paths,
    loss_reasons,
    stage_flags,
    stage_meaning,
    stage_probabilities,
    stage_sets,
)

SUITES: tuple[Suite, ...] = (
    stage_meaning.SUITE,
    stage_probabilities.SUITE,
    stage_flags.SUITE,
    stage_sets.SUITE,
    deal_paths.SUITE,
    deal_dates.SUITE,
    loss_reasons.SUITE,
)


def rules() -> tuple[Rule, ...]:
    """Every rule, by check id."""
    return tuple(sorted((rule for suite in SUITES for rule in suite.rules), key=lambda rule: rule.id))
