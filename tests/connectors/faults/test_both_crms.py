"""Merges of merged records, late commits and rotated tokens: what both CRMs do, each in its own way."""

from pathlib import Path
from typing import Any

import pytest

from connectors.hubspot.auth import OAuthRefresh
from connectors.salesforce.auth import RefreshToken
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.portal import REFRESH_TOKEN
from connectors.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET
from connectors.sandbox.salesforce.tokens import FIRST_REFRESH_TOKEN
from connectors.secret import Secret
from tests.connectors.faults.conftest import Crms
from tests.support.raw_truth import CRMS


class PowerCutError(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("crm", CRMS)
def test_records_that_were_merged_twice_lead_to_the_one_that_is_left(crms: Crms, crm: str) -> None:
    name = "Account" if crm == "salesforce" else "contacts"
    crms.sync(crm, name).raise_for_failure()
    if crm == "salesforce":
        first, second, third = crms.ids("salesforce/Account")[:3]
        crms.edit(crm, "merge", object="Account", winner=second, losers=[first])
        crms.sandbox.tick()
        crms.sync(crm, name).raise_for_failure()
        crms.edit(crm, "merge", object="Account", winner=third, losers=[second])
    else:
        first, second, third = crms.ids("hubspot/contacts")[:3]
        winner = crms.edit(crm, "merge", type="contacts", ids=[second, first])["id"]
        crms.sandbox.tick()
        crms.sync(crm, name).raise_for_failure()
        crms.edit(crm, "merge", type="contacts", ids=[third, winner])
    crms.sandbox.tick()

    crms.sync(crm, name).raise_for_failure()

    assert crms.differences(crm, name) == []


@pytest.mark.parametrize("crm", CRMS)
def test_what_is_committed_with_a_stamp_of_the_past_is_read(crms: Crms, crm: str) -> None:
    name = "Lead" if crm == "salesforce" else "contacts"
    crms.sync(crm, name).raise_for_failure()
    if crm == "salesforce":
        lead = crms.ids("salesforce/Lead")[0]
        crms.edit(crm, "late_commit", object="Lead", id=lead, fields={"Company": "Late"}, minutes=14)
    else:
        # the window of the last run ended an hour ago; the overlap reaches ten minutes further back
        clock = crms.sandbox.tick()["clock"]
        crms.sync(crm, name).raise_for_failure()
        stamp = f"{str(clock)[:10]}T00:51:00Z"
        contact = crms.ids("hubspot/contacts")[0]
        crms.edit(crm, "set_properties", type="contacts", id=contact, properties={"firstname": "Late"}, stamp=stamp)
    crms.sandbox.tick()

    crms.sync(crm, name).raise_for_failure()

    assert crms.differences(crm, name) == []


def _login(crms: Crms, crm: str, store: Path) -> Any:
    if crm == "salesforce":
        secret, first = Secret("sandbox-secret"), Secret(FIRST_REFRESH_TOKEN)
        return RefreshToken(crms.sandbox.url, "sandbox-client", secret, first, store=store)
    return OAuthRefresh(CLIENT_ID, Secret(CLIENT_SECRET), Secret(REFRESH_TOKEN), store=store)


@pytest.mark.parametrize("crm", CRMS)
def test_a_token_that_rotated_before_a_crash_is_used_by_the_next_run(crms: Crms, crm: str) -> None:
    store, name = crms.folder / "secrets" / "token.json", "Account" if crm == "salesforce" else "contacts"
    if crm == "hubspot":
        crms.sandbox.set_faults([Fault("rotate_tokens", "hubspot.token", rate=1.0)])

    def die(_: object) -> None:
        raise PowerCutError

    for _ in range(2):
        with pytest.raises(PowerCutError):
            crms.sync(crm, name, connector=crms.connect(crm, login=_login(crms, crm, store)), listener=die)

    crms.sync(crm, name, connector=crms.connect(crm, login=_login(crms, crm, store))).raise_for_failure()

    assert crms.differences(crm, name) == []
