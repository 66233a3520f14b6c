"""A person who is deleted for good in the CRM, over the wire: nowhere here afterwards, whatever died on the way."""

from contextlib import closing

import duckdb

from connectors.compaction import compact_warehouse
from connectors.forget import forget_people
from connectors.landing import LandingLog
from connectors.landing.erase import is_waiting
from connectors.raw import replay
from tests.connectors.core.tables import read_tables, read_warehouse
from tests.connectors.hubspot.truth import Comparison
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.conftest import Crm

PERSON = "Ottilie"
BEFORE, AFTER = {"firstname": PERSON, "email": "otti@one.example"}, {"email": "otti@two.example"}


def _a_person_of_two_nights(portal: Crm) -> str:
    """Made on one day, changed on the next; both versions are in the log."""
    made = portal.sandbox.edit(crm="hubspot", kind="insert", type="contacts", properties=BEFORE)
    portal.sandbox.tick()
    portal.sync()
    portal.sandbox.edit(crm="hubspot", kind="set_properties", type="contacts", id=made["id"], properties=AFTER)
    portal.sandbox.tick()
    portal.sync()
    return str(made["id"])


def test_a_privacy_deletion_in_hubspot_is_carried_out_by_the_next_sync_for_good(portal: Crm) -> None:
    person = _a_person_of_two_nights(portal)
    assert len(places_with(PERSON, portal.landing)) == 2
    others = portal.rows(f"select * from raw_hubspot.contacts where id <> '{person}' order by id")

    portal.sandbox.edit(crm="hubspot", kind="privacy_delete", type="contacts", id=person)
    portal.sandbox.tick()
    portal.sync()
    compact_warehouse(portal.warehouse)

    assert [places_with(text, portal.folder) for text in (PERSON, "otti@")] == [[], []]
    assert portal.rows(f"select firstname, email, _is_deleted from raw_hubspot.contacts where id = '{person}'") == [
        (None, None, True)
    ]
    assert portal.rows("select count(*) from raw_hubspot.contacts where firstname is not null")[0][0] != 0
    assert len(portal.rows(f"select 1 from raw_hubspot.contacts where id <> '{person}'")) >= len(others)
    with LandingLog(portal.landing) as log, duckdb.connect() as memory:
        assert not any(is_waiting(load) for load in log.manifests("hubspot"))
        replay(memory, log, "hubspot")
        assert read_tables(memory, "raw_hubspot") == read_warehouse(portal.warehouse, "raw_hubspot")

    portal.sandbox.tick()
    portal.sync()
    assert places_with(PERSON, portal.folder) == []
    with closing(Comparison(portal.warehouse, portal.sandbox.url, portal.folder, ["contacts"])) as comparison:
        assert comparison.differences() == {}


def test_a_person_hard_deleted_in_salesforce_is_forgotten_on_request(org: Crm) -> None:
    fields = {"FirstName": PERSON, "LastName": "Personname", "Email": "otti@one.example"}
    made = org.sandbox.edit(crm="salesforce", kind="insert", object="Contact", fields=fields)
    person = str(made["ids"][0] if isinstance(made.get("ids"), list) else made["id"])  # type: ignore[index]
    org.sandbox.tick()
    org.sync()
    org.sandbox.edit(crm="salesforce", kind="hard_delete", object="Contact", id=person)
    org.sandbox.tick()
    org.sync()
    assert len(places_with(PERSON, org.folder)) > 0

    with LandingLog(org.landing) as log:
        done = forget_people(log, org.warehouse, "salesforce", "Contact", [person])
    compact_warehouse(org.warehouse)
    org.sandbox.tick()
    org.sync()

    assert done.records == 1
    assert places_with(PERSON, org.folder) == []
    assert org.rows(f"""select "Id", "Email", _is_deleted from raw_salesforce.contact where "Id" = '{person}'""") == [
        (person, None, True)
    ]
