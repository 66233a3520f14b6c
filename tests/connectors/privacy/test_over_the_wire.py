"""Rules over the wire, both CRMs: what is blocked is never asked for, what is hashed is never kept in clear text."""

import hashlib
import hmac
from contextlib import closing

import pytest

from connectors.compaction import compact_warehouse
from connectors.errors import ConfigurationError
from connectors.forget import apply_rules
from connectors.landing import LandingLog
from connectors.reading_rules import ReadingRules
from dagster_project.crms import connect
from dagster_project.settings import read_settings
from tests.connectors.privacy.clear_text import places_with
from tests.connectors.privacy.conftest import ADDRESS, BODY, KEY, Crm

HASH = hmac.new(KEY.reveal().encode(), ADDRESS.lower().encode(), hashlib.sha256).hexdigest()
HASH_RULES = '[salesforce.columns.Contact]\nEmail = "hash"\n[hubspot.columns.contacts]\nemail = "hash"\n'
CONTACTS = {"hubspot": ("contacts", "email"), "salesforce": ("contact", "Email")}


@pytest.fixture(params=["hubspot", "salesforce"])
def crm(request: pytest.FixtureRequest) -> Crm:
    """Each CRM in turn."""
    found = request.getfixturevalue("portal" if request.param == "hubspot" else "org")
    assert isinstance(found, Crm)
    return found


def emails(crm: Crm) -> set[object]:
    """Addresses in the raw table."""
    table, column = CONTACTS[crm.name]
    return {value for (value,) in crm.rows(f'select "{column}" from raw_{crm.name}.{table}')}


def test_a_body_is_never_asked_for_never_sent_and_nowhere_kept(crm: Crm) -> None:
    crm.sync()

    asked_for = "hs_email_text" if crm.name == "hubspot" else "Description"
    assert crm.wire.asked_for("email" if crm.name == "hubspot" else "Subject") != []
    assert crm.wire.asked_for(asked_for) == []
    assert crm.wire.shown(BODY) == 0
    assert places_with(BODY, crm.folder) == []


def test_a_rule_of_one_s_own_lets_a_body_through(crm: Crm) -> None:
    own = crm.rules(
        '[hubspot.columns.emails]\nhs_email_text = "keep"\n[salesforce.columns.Task]\nDescription = "keep"\n'
    )

    crm.sync(own)

    assert crm.wire.shown(BODY) > 0
    assert places_with(BODY, crm.landing) != []


def test_a_blocked_column_is_null_and_the_rest_of_the_record_is_there(crm: Crm) -> None:
    own = crm.rules(HASH_RULES.replace("hash", "block"))

    crm.sync(own)

    table, column = CONTACTS[crm.name]
    assert emails(crm) == {None}
    name = "firstname" if crm.name == "hubspot" else "FirstName"
    assert crm.rows(f"select count({name}) > 0 from raw_{crm.name}.{table}") == [(True,)]
    with LandingLog(crm.landing) as log:
        loads = [load for load in log.manifests(crm.name) if load.request.raw_table == table]
    assert loads[0].request.withheld.get(column) == "blocked"
    assert crm.wire.shown(ADDRESS) == 0


def test_a_hashed_address_is_asked_for_and_nowhere_in_clear_text(crm: Crm) -> None:
    crm.sync(crm.rules(HASH_RULES))

    assert crm.wire.shown(ADDRESS) > 0
    assert places_with("Personname@Private", crm.folder) == []
    assert HASH in emails(crm)


def test_one_address_has_one_hash_in_both_crms(portal: Crm, org: Crm) -> None:
    for crm in (portal, org):
        crm.sync(crm.rules(HASH_RULES))

    assert HASH in emails(portal) & emails(org)


def test_a_hash_rule_without_a_key_lands_nothing(crm: Crm) -> None:
    own = crm.rules(HASH_RULES)

    with pytest.raises(ConfigurationError, match="CRM_HASH_KEY"):
        crm.sync(own, key=None)

    assert places_with("Personname@Private", crm.folder) == []
    assert list(crm.landing.rglob("*.parquet")) == []


def test_settings_with_a_hash_rule_and_no_key_are_refused_before_anything_is_sent(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.rules(HASH_RULES)
    monkeypatch.setenv("CRM_SOURCE", "sandbox")
    monkeypatch.setenv("CRM_READING_RULES", str(crm.folder.with_suffix(".toml")))
    monkeypatch.setenv("CRM_HASH_KEY", "")

    with pytest.raises(ConfigurationError, match="CRM_HASH_KEY"):
        connect(read_settings(), crm.name, crm.wire.url)

    assert crm.wire.asked == []


@pytest.mark.parametrize("treatment", ["hash", "block"])
def test_a_rule_that_comes_later_reaches_what_was_landed_and_the_days_to_come(crm: Crm, treatment: str) -> None:
    crm.sync()
    assert ADDRESS in emails(crm)
    own = crm.rules(HASH_RULES.replace('"hash"', f'"{treatment}"'))

    with LandingLog(crm.landing) as log:
        apply_rules(log, crm.warehouse, crm.name, own, key=KEY)
    compact_warehouse(crm.warehouse)
    crm.sandbox.tick()
    crm.sync(own)

    assert places_with("Personname@Private", crm.folder) == []
    expected = {HASH} if treatment == "hash" else {None}
    assert expected <= emails(crm)
    assert not [value for value in emails(crm) if "@" in str(value)]


def test_objects_that_are_denied_are_not_read(crm: Crm) -> None:
    own = crm.rules('[hubspot.objects]\ndeny = ["contacts"]\n[salesforce.objects]\ndeny = ["Contact"]\n')

    with closing(crm.connect(own)) as connector:
        connector.identity()
        read = {stream.object_name for stream in connector.streams()}

    assert not read & {"contacts", "Contact"}
    assert read & {"emails", "Task"}
    assert ReadingRules.default().allows_object(crm.name, "contacts", is_custom=False)
