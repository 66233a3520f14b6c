"""What the integration user may not see for a night: raw keeps what it has, and catches up when it may again."""

import pytest

from connectors.hubspot.extract import HubSpotConnector
from connectors.landing import OpenLoad
from connectors.streams import Fetched, PlanLine
from tests.connectors.faults.conftest import Crms

TO_A_NEW_WEEK = 7
OBJECTS = {
    "salesforce": ("hide_object", "show_object", {"object": "OpportunityContactRole"}, "opportunity_contact_role"),
    "hubspot": ("hide", "show", {"type": "calls"}, "calls"),
}
FIELDS = {
    "salesforce": ("hide_field", "show_field", {"object": "Opportunity", "name": "NextStep"}),
    "hubspot": ("hide", "show", {"type": "deals", "name": "hs_next_step"}),
}


@pytest.mark.parametrize("crm", OBJECTS)
def test_an_object_that_is_hidden_for_a_night_is_kept_and_complete_afterwards(crms: Crms, crm: str) -> None:
    hide, show, target, table = OBJECTS[crm]
    name = next(iter(target.values()))
    crms.sync(crm, name).raise_for_failure()
    alive = f"select count(*) from raw_{crm}.{table} where not _is_deleted"
    before = crms.rows(alive)
    crms.edit(crm, hide, **target)
    crms.sandbox.tick()

    hidden = crms.sync(crm, name)
    kept = crms.rows(alive)
    crms.edit(crm, show, **target)
    crms.sandbox.tick()
    crms.sync(crm, name).raise_for_failure()

    assert (hidden.exit_code, hidden.is_partial) == (0, True)
    assert kept == before != [(0,)]
    assert crms.differences(crm, name) == []


@pytest.mark.parametrize("crm", FIELDS)
def test_a_field_that_is_hidden_for_a_night_is_filled_afterwards(crms: Crms, crm: str) -> None:
    hide, show, target = FIELDS[crm]
    name = "Opportunity" if crm == "salesforce" else "deals"
    crms.sync(crm, name).raise_for_failure()
    crms.edit(crm, hide, **target)
    if crm == "salesforce":
        fields = {"NextStep": "call them"}
        crms.edit(crm, "set_fields", object="Opportunity", id=crms.ids("salesforce/Opportunity")[0], fields=fields)
    else:
        properties = {"hs_next_step": "call them"}
        crms.edit(crm, "set_properties", type="deals", id=crms.ids("hubspot/deals")[0], properties=properties)
    crms.sandbox.tick()
    hidden = crms.sync(crm, name)
    crms.edit(crm, show, **target)
    crms.sandbox.tick()

    crms.sync(crm, name).raise_for_failure()

    assert hidden.exit_code == 0
    assert crms.differences(crm, name) == []


def test_links_to_a_type_that_was_hidden_for_a_night_are_complete_within_the_week(crms: Crms) -> None:
    crms.edit("hubspot", "hide", type="calls")
    crms.sync("hubspot", "calls", "deals").raise_for_failure()
    crms.edit("hubspot", "show", type="calls")
    crms.sandbox.tick(TO_A_NEW_WEEK)

    crms.sync("hubspot", "calls", "deals").raise_for_failure()

    assert crms.rows("select count(*) from raw_hubspot.deal_associations where to_object_type = 'calls'") != [(0,)]
    assert crms.differences("hubspot", "calls", "deals", "deal_associations") == []


def test_a_property_that_goes_between_its_listing_and_its_reading_stops_one_run_at_most(
    crms: Crms, monkeypatch: pytest.MonkeyPatch
) -> None:
    crms.edit("hubspot", "add_property", type="contacts", name="shoe_size", default="44")
    crms.sync("hubspot", "contacts").raise_for_failure()
    crms.edit("hubspot", "burst", type="contacts", count=40, existing=True, properties={"firstname": "New"})
    crms.sandbox.tick()
    read = HubSpotConnector.fetch
    dropped = []

    def drop_first(self: HubSpotConnector, line: PlanLine, load: OpenLoad) -> Fetched:
        if not dropped:
            dropped.append(crms.edit("hubspot", "drop_property", type="contacts", name="shoe_size"))
        return read(self, line, load)

    monkeypatch.setattr(HubSpotConnector, "fetch", drop_first)
    crms.sync("hubspot", "contacts")
    crms.sync("hubspot", "contacts").raise_for_failure()

    assert crms.rows("select count(*) from raw_hubspot.contacts where shoe_size = '44'") != [(0,)]
    assert crms.differences("hubspot", "contacts") == []
