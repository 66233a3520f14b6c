"""A mass deletion waits for a person; once it was let through, raw is truth again."""

import pytest

from connectors.landing import LandingLog
from connectors.raw import release_held
from tests.connectors.faults.conftest import Crms
from tests.support.raw_truth import CRMS

MANY = 130  # more than a hundred, and more than a twentieth


def _make_many(crms: Crms, crm: str) -> list[str]:
    if crm == "salesforce":
        made = crms.edit(crm, "insert", object="Lead", count=MANY, fields={"Company": "Bulk", "LastName": "Loaded"})
        return [str(key) for key in made["ids"]]
    made = crms.edit(crm, "burst", type="tasks", count=MANY, properties={"hs_task_subject": "loaded"})
    return [str(int(made["first_id"]) + number) for number in range(MANY)]


@pytest.mark.parametrize("crm", CRMS)
def test_a_mass_deletion_is_held_and_right_after_its_release(crms: Crms, crm: str) -> None:
    name = "Lead" if crm == "salesforce" else "tasks"
    table = name.lower()
    ids = _make_many(crms, crm)
    crms.sandbox.tick()
    crms.sync(crm, name).raise_for_failure()
    if crm == "salesforce":
        crms.edit(crm, "hard_delete", object="Lead", ids=ids)
    else:
        for key in ids:
            crms.edit(crm, "archive", type="tasks", id=key)
    crms.sandbox.tick()
    gone = f"select count(*) from raw_{crm}.{table} where _is_deleted and _record_id in ('{ids[0]}', '{ids[-1]}')"

    report = crms.sync(crm, name)
    kept = crms.rows(gone)
    with LandingLog(crms.folder / "landing") as log, log.lease(crm) as lease:
        for held in report.held:
            release_held(log, lease, crm, held.load_id)
    crms.sync(crm, name).raise_for_failure()

    assert [held.counts.held >= MANY for held in report.held] == [True]
    assert kept == [(0,)]
    assert crms.rows(gone) == [(2,)]
    assert crms.differences(crm, name) == []
