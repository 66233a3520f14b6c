"""Before Bulk jobs are made the org is asked what is left of its jobs and calls: others use both."""

from tests.connectors.salesforce.conftest import ServedOrg


def test_the_limits_are_asked_for_once_before_a_runs_jobs(org: ServedOrg) -> None:
    org.sync("Opportunity", "Account", "Task").raise_for_failure()

    assert org.calls["bulk_create"] > 2
    assert org.calls["limits"] == 1
    assert org.differences("Opportunity", "Account", "Task") == []


def test_a_run_without_jobs_asks_for_no_limits(org: ServedOrg) -> None:
    org.sync("UserRole").raise_for_failure()
    org.play_day()

    org.sync("UserRole").raise_for_failure()

    assert "bulk_create" not in org.calls
    assert "limits" not in org.calls


def test_the_jobs_that_are_left_to_other_programs_are_not_touched_and_rows_come_by_pages(org: ServedOrg) -> None:
    org.state.limits["bulk_jobs"] = 2  # a fifth of which is no whole job, so one may be made

    report = org.sync("Opportunity", "Account", "Task")

    assert report.exit_code == 0
    assert org.calls["bulk_create"] == 1
    assert org.differences("Opportunity", "Account", "Task") == []


def test_an_org_that_does_not_tell_its_limits_is_read_all_the_same(org: ServedOrg) -> None:
    org.fail("status", "limits", status=404, code="NOT_FOUND")

    report = org.sync("Account")

    assert report.exit_code == 0
    assert org.calls["bulk_create"] == 1
    assert org.differences("Account") == []
