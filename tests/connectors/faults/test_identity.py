"""Another org or portal behind a connection, a sandbox that was refreshed, and a clock that is wrong for a night."""

import pytest

from connectors.errors import IdentityError
from tests.connectors.faults.conftest import Crms
from tests.support.raw_truth import CRMS

ONE = {"salesforce": "Opportunity", "hubspot": "contacts"}
OTHERS = {
    "salesforce": ("change_org", {"id": "00Ded0000000009AAA"}),
    "sandbox refreshed": ("change_org", {"id": "00Ded0000000007AAA", "instance": "CS9", "is_sandbox": True}),
    "hubspot": ("set_account", {"portal_id": 4711}),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_org_or_portal_is_refused_and_changes_no_row(crms: Crms, other: str) -> None:
    crm = other if other in CRMS else "salesforce"
    name = ONE[crm]
    crms.sync(crm, name).raise_for_failure()
    own_id = crms.connect(crm).identity()
    files = sorted(path.name for path in (crms.folder / "landing").rglob("manifest.json"))
    before = crms.warehouse.read_bytes()
    kind, fields = OTHERS[other]
    crms.edit(crm, kind, **fields)
    crms.sandbox.tick()

    with pytest.raises(IdentityError, match=r"resync|another|was filled"):
        crms.sync(crm, name)

    assert sorted(path.name for path in (crms.folder / "landing").rglob("manifest.json")) == files
    assert crms.warehouse.read_bytes() == before
    crms.edit(crm, kind, **{next(iter(fields)): own_id})
    crms.sync(crm, name).raise_for_failure()
    assert crms.differences(crm, name) == []


@pytest.mark.parametrize("crm", CRMS)
def test_a_clock_that_is_wrong_for_a_night_loses_nothing(crms: Crms, crm: str) -> None:
    name = ONE[crm]
    crms.sync(crm, name).raise_for_failure()
    crms.sandbox.tick()
    crms.sandbox.set_faults(clock_skew=-3 * 3600.0)
    behind = crms.sync(crm, name)
    crms.sandbox.clear_faults()
    crms.sandbox.tick()

    crms.sync(crm, name).raise_for_failure()

    assert behind.exit_code == 0
    assert crms.differences(crm, name) == []
