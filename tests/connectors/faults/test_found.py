"""What the search of `tests.search` found, each as the smallest history that shows it."""

from connectors.sandbox.faults import Fault
from connectors.streams import SyncRequest
from tests.connectors.faults.conftest import Crms

TO_A_NEW_WEEK = 7


def test_contacts_of_merged_companies_name_the_company_that_is_left(crms: Crms) -> None:
    crms.sync("hubspot", "companies", "contacts")
    contacts = crms.sandbox.truth("hubspot/contacts", full=True)
    companies = sorted({str(row["associatedcompanyid"]) for row in contacts if row["associatedcompanyid"]})
    crms.edit("hubspot", "merge", type="companies", ids=companies[:2])
    crms.sandbox.tick(TO_A_NEW_WEEK)

    crms.sync("hubspot", "companies", "contacts").raise_for_failure()

    assert crms.differences("hubspot", "companies", "contacts") == []


def test_records_that_a_batch_did_not_answer_for_come_the_next_night(crms: Crms) -> None:
    crms.sync("hubspot", "deals")
    deals = crms.ids("hubspot/deals")
    for deal in deals[:4]:
        crms.edit("hubspot", "set_properties", type="deals", id=deal, properties={"dealname": "new", "amount": "7"})
    crms.sandbox.tick()
    crms.sandbox.set_faults([Fault("bad_id", "hubspot.batch_read", rate=1.0, code=deals[0])])
    during = crms.sync("hubspot", "deals")
    crms.sandbox.clear_faults()
    crms.sandbox.tick()

    crms.sync("hubspot", "deals").raise_for_failure()

    assert during.exit_code == 0
    assert crms.differences("hubspot", "deals", "deal_property_history") == []


def test_a_first_reading_of_everything_dates_archived_records_by_when_they_were(crms: Crms) -> None:
    crms.edit("hubspot", "archive", type="contacts", id=crms.ids("hubspot/contacts")[0])
    crms.sandbox.tick()

    crms.sync("hubspot", "contacts", request=SyncRequest(full=True)).raise_for_failure()

    assert crms.differences("hubspot", "contacts") == []
