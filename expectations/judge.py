"""Great Expectations' verdict on each rule. The only module that imports it, and it does so when called.

The import takes several seconds, so listing rules, creating tables and reading findings must not pay for it.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.errors import BrokenExpectationError
from expectations.rules import AsOf, Rule, Severity, Suite

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation


@dataclass(frozen=True)
class Verdict:
    """What Great Expectations says about one rule: how many rows of evidence break it."""

    rule: Rule
    evidence_count: int


_preloads: list[threading.Thread] = []


def preload() -> None:
    """Begin to load Great Expectations in the background, for a caller that is about to wait for something else.

    `evaluate` waits until it is there. Worth several seconds while another process, such as dbt, does the work.
    """
    if not _preloads:
        _preloads.append(threading.Thread(target=importlib.import_module, args=("great_expectations",), daemon=True))
        _preloads[0].start()


def judge(warehouse: Path, suites: Collection[Suite], as_of: AsOf) -> list[Verdict]:
    """Run every suite against the warehouse, one batch per table; all connections are closed on return.

    Raises:
        BrokenExpectationError: a rule raised instead of judging.
    """
    # two threads that import the same packages could see them half made
    for thread in _preloads:
        thread.join()
    from expectations.engine import address_of  # SQLAlchemy: as heavy as it is seldom needed

    verdicts = []
    with address_of(warehouse) as address:
        source = _quiet_context().data_sources.add_sql("warehouse", connection_string=address)
        for suite in suites:
            verdicts += _judge_suite(source, suite, as_of)
    return verdicts


def _quiet_context() -> EphemeralDataContext:
    """A context that keeps nothing, reports nothing home and draws no progress bars."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    settings = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=settings)


def _judge_suite(source: Any, suite: Suite, as_of: AsOf) -> list[Verdict]:
    import great_expectations as gx

    # a query asset, because a table asset loses its schema on DuckDB
    asset = source.add_query_asset(suite.name, query=f"select * from {suite.table}")
    batch = asset.add_batch_definition_whole_table("all").get_batch()
    expectations = gx.ExpectationSuite(suite.name)
    for rule in suite.rules:
        expectations.add_expectation(_expectation(rule, as_of))
    outcome = batch.validate(expectations, result_format="BASIC")
    rules = {rule.id: rule for rule in suite.rules}
    return [_verdict(rules[result.expectation_config.meta["check_id"]], result) for result in outcome.results]


def _expectation(rule: Rule, as_of: AsOf) -> UnexpectedRowsExpectation:
    from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
    from great_expectations.expectations.metadata_types import FailureSeverity

    severities = {
        Severity.ERROR: FailureSeverity.CRITICAL,
        Severity.WARNING: FailureSeverity.WARNING,
        Severity.INFO: FailureSeverity.INFO,
    }
    return UnexpectedRowsExpectation(
        unexpected_rows_query=rule.query("{batch}", as_of),
        severity=severities[rule.severity],
        description=rule.description,
        meta={"check_id": rule.id, "rule": rule.name, "owner": rule.owner, "runbook": rule.runbook},
    )


def _verdict(rule: Rule, result: ExpectationValidationResult) -> Verdict:
    """The verdict, or the error: a query that raised comes back as an ordinary failure without a count."""
    count = (result.result or {}).get("observed_value")
    if count is None:
        raise BrokenExpectationError(rule.id, rule.name, _exception_message(result.exception_info))
    return Verdict(rule, int(count))


def _exception_message(info: Any) -> str:
    """The first message of an exception_info, which is flat or nested per metric; without the SQL that it repeats."""
    nested = [info, *info.values()] if isinstance(info, dict) else []
    messages = [part.get("exception_message") for part in nested if isinstance(part, dict)]
    first = next((str(message) for message in messages if message), "Great Expectations gave neither count nor reason.")
    return first.split("\n[SQL:")[0].strip()
