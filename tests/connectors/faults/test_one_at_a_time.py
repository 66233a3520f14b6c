"""Two runs at once, and a warehouse that somebody else keeps open: one gives way, and nothing is lost or doubled."""

import os

import pytest

from connectors.errors import BusyError
from connectors.streams import SyncEvent
from tests.connectors.core.test_lease import HOLD_FILE, HOLD_LEASE, end, start
from tests.connectors.faults.conftest import Crms


def _of_archived(request: dict[str, object]) -> bool:
    return "archived=true" in str(request["target"])


def test_a_run_that_another_process_keeps_out_reads_nothing_and_the_next_one_everything(crms: Crms) -> None:
    crms.sync("hubspot", "contacts").raise_for_failure()
    contact = crms.ids("hubspot/contacts")[0]
    crms.edit("hubspot", "set_properties", type="contacts", id=contact, properties={"jobtitle": "new"})
    crms.sandbox.tick()
    before = crms.warehouse.read_bytes()
    holder = start(HOLD_LEASE.replace("ledger", "hubspot"), crms.folder / "landing")
    try:
        with pytest.raises(BusyError, match=f"busy since 20.*held by process {holder.pid} on {os.uname().nodename}"):
            crms.sync("hubspot", "contacts")
        assert crms.warehouse.read_bytes() == before
    finally:
        end(holder)

    crms.sync("hubspot", "contacts").raise_for_failure()

    assert crms.differences("hubspot", "contacts") == []


def test_a_run_that_a_second_one_meets_ends_as_if_alone(crms: Crms) -> None:
    refused: list[BusyError] = []

    def meanwhile(_: SyncEvent) -> None:
        with pytest.raises(BusyError, match=f"held by process {os.getpid()}") as caught:
            crms.sync("salesforce", "Account")
        refused.append(caught.value)

    crms.sync("salesforce", "Account", listener=meanwhile).raise_for_failure()

    assert {error.exit_code for error in refused} == {75}
    assert crms.differences("salesforce", "Account") == []


def test_what_was_read_while_somebody_kept_the_warehouse_open_is_in_it_after_the_next_run(crms: Crms) -> None:
    holder = start(HOLD_FILE, crms.warehouse)
    try:
        with pytest.raises(BusyError, match=f"process {holder.pid}") as caught:
            crms.sync("hubspot", "contacts", lock_wait_seconds=0.1)
    finally:
        end(holder)
    crms.sandbox.reset_stats()

    crms.sync("hubspot", "contacts").raise_for_failure()

    assert caught.value.exit_code == 75
    # the first load was kept, and only what is new is asked for: the list of archived ones is all that is walked
    assert [request["target"] for request in crms.sandbox.requests("hubspot.list") if not _of_archived(request)] == []
    assert crms.differences("hubspot", "contacts") == []
