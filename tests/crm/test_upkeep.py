"""What is done to log and raw tables without asking a CRM: compact, erase, rules; and what a status says of it."""

from pathlib import Path

import duckdb
import pytest

from connectors.landing import LandingLog
from connectors.sandbox.process import RunningSandbox
from tests.crm.command import Crm


@pytest.fixture
def with_contacts(fresh: Crm) -> Crm:
    fresh.ask("sync", "--object", "contacts")
    return fresh


def rows(crm: Crm, query: str) -> list[dict[str, object]]:
    with duckdb.connect(str(crm.data_dir / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(query)
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def test_a_compacted_log_gives_the_same_tables(with_contacts: Crm) -> None:
    query = "select id, email, _is_deleted from raw_hubspot.contacts order by id"
    before = rows(with_contacts, query)
    document = with_contacts.ask("log", "compact", "--warehouse")
    with_contacts.ask("replay")

    hubspot = document["crms"]["hubspot"]
    assert hubspot["loads_after"] <= hubspot["loads_before"]
    assert document["warehouse"]["after"] > 0
    assert rows(with_contacts, query) == before


def test_a_person_is_erased_only_by_a_yes_and_stays_erased_after_a_replay(with_contacts: Crm) -> None:
    person = rows(with_contacts, "select id, email from raw_hubspot.contacts where email is not null order by id")[0]
    refused = with_contacts.ask("erase", "contacts", str(person["id"]), "--crm", "hubspot", exit_code=2)
    untouched = rows(with_contacts, f"select email from raw_hubspot.contacts where id = '{person['id']}'")
    document = with_contacts.ask("erase", "Contacts", str(person["id"]), "--crm", "hubspot", "--yes")
    with_contacts.ask("replay")

    assert "--yes" in refused["error"]["message"]
    assert untouched == [{"email": person["email"]}]
    assert document["records"] == 1
    assert rows(with_contacts, f"select email from raw_hubspot.contacts where id = '{person['id']}'") == [
        {"email": None}
    ]


def test_rules_that_came_later_are_shown_and_carried_out_by_a_yes(with_contacts: Crm, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[hubspot.columns.contacts]\nemail = "hash"\n')
    settings = {"CRM_READING_RULES": str(rules), "CRM_HASH_KEY": "a key that is long enough"}
    keyless = with_contacts.ask("doctor", "--crm", "hubspot", exit_code=1, CRM_READING_RULES=str(rules))
    shown = with_contacts.ask("log", "rules", **settings)
    clear = rows(with_contacts, "select email from raw_hubspot.contacts where email like '%@%'")
    with_contacts.ask("log", "rules", "--yes", **settings)

    assert any(f["name"] == "reading rules" and f["status"] == "failed" for f in keyless["findings"])
    assert shown["crms"]["hubspot"] == {"columns": {"contacts": {"email": "hash"}}, "rewritten": []}
    assert clear
    assert rows(with_contacts, "select email from raw_hubspot.contacts where email like '%@%'") == []
    assert with_contacts.ask("log", "rules", **settings)["crms"]["hubspot"]["columns"] == {}


def test_a_status_says_what_is_not_read_and_who_is_busy(fresh: Crm, sandbox: RunningSandbox) -> None:
    sandbox.set_faults(hidden=["OpportunityContactRole"])
    synced = fresh.ask("sync", "--object", "OpportunityContactRole")
    with LandingLog(fresh.data_dir / "landing").lease("salesforce"):
        busy = fresh.ask("status", "--crm", "salesforce", "--offline")["crms"]["salesforce"]["busy"]
    status = fresh.ask("status", "--crm", "salesforce", "--offline")["crms"]["salesforce"]

    assert {line["outcome"] for line in synced["crms"]["salesforce"]["objects"]} == {"no_access"}
    assert {(row["object"], row["status"]) for row in status["coverage"]} == {("OpportunityContactRole", "no_access")}
    assert "busy since" in busy
    assert status["busy"] is None
