"""The day's calls where no answer tells them: they are asked for, so that what is left to other apps stays left."""

import pytest

from connectors.hubspot.client import USAGE
from connectors.hubspot.limits import UNTOLD_AT_MOST, Limits, new_pacing
from connectors.sandbox.faults import Fault
from tests.connectors.hubspot.conftest import Night, streams_of

UNMETERED = Fault("no_meter", "hubspot.*", rate=1.0)


def test_a_fifth_of_the_days_calls_is_left_to_others_though_no_answer_tells_them(night: Night) -> None:
    night.sandbox.edit(crm="hubspot", kind="set_account", daily=40)
    night.sandbox.set_faults([UNMETERED])
    others = 12
    for _ in range(others):
        night.connect().identity()
    connector = night.connect()

    report = night.sync(connector=connector)

    quota = connector.quota()
    assert report.exit_code == 75
    assert connector.calls.total() + others == 32
    assert connector.calls[USAGE] == 1
    assert quota is not None
    assert (quota.maximum, quota.available) == (40, 0)
    assert report.resume_at == quota.resets_at is not None


def test_answers_that_tell_the_days_calls_are_enough(first_night: Night) -> None:
    connector = first_night.connect()

    first_night.sync(streams_of("owners", "contacts"), connector=connector).raise_for_failure()

    assert connector.calls[USAGE] == 0


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_portal_that_does_not_tell_is_read_all_the_same(first_night: Night, status: int) -> None:
    first_night.sandbox.set_faults([UNMETERED, Fault("status", "hubspot.usage", rate=1.0, status=status)])
    connector = first_night.connect()

    report = first_night.sync(streams_of("owners"), connector=connector)

    assert report.exit_code == 0
    assert connector.quota() is None
    assert first_night.differences("owners") == {}


def test_after_hundreds_of_silent_answers_the_meter_is_due_again_and_never_lowers_our_own_count() -> None:
    pacing = new_pacing(run_cap=None, searches_per_second=None)
    limits = Limits(pacing)
    before_any_answer = limits.is_meter_due

    limits.note_usage({"results": [{"currentUsage": 10, "usageLimit": 1000}]})
    told = limits.is_meter_due
    for _ in range(UNTOLD_AT_MOST):
        with pacing.turn("list"):
            limits.note("list", 200, {})
    silent = limits.is_meter_due
    limits.note_usage({"results": [{"currentUsage": 15, "usageLimit": 1000}]})

    assert (before_any_answer, told, silent) == (True, False, True)
    assert pacing.used == 10 + UNTOLD_AT_MOST
