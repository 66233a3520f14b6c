"""What an administrator changes of objects and fields, as describe, queries, Bulk and truth then show it."""

import csv

import pytest
import requests

from tests.connectors.sandbox.salesforce.conftest import ServedOrg

FIRST = "006000000000001AAA"
PROJECT: list[dict[str, object]] = [
    {"name": "Budget__c", "type": "currency", "precision": 12, "scale": 0},
    {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
    {"name": "Weight__c", "type": "double", "precision": 18, "scale": 8},
    {"name": "Seats__c", "type": "int"},
    {"name": "Done__c", "type": "boolean"},
    {"name": "Due__c", "type": "date"},
    {"name": "Met__c", "type": "datetime"},
    {
        "name": "Phase__c",
        "type": "picklist",
        "picklist": ["Idea", {"value": "Old", "label": "Of old", "active": False}],
    },
    {"name": "Tags__c", "type": "multipicklist", "picklist": ["red", "blue"]},
    {"name": "Deal__c", "type": "reference", "reference_to": "Opportunity"},
    {"name": "Notes__c", "type": "textarea", "length": 32768},
    {"name": "Score__c", "type": "double", "precision": 18, "scale": 2, "formula": "Budget__c * 2"},
    {"name": "Key__c", "type": "string", "length": 40, "external_id": True},
    {"name": "Site__c", "type": "address"},
]
VALUES = {
    "Name": "Alpha",
    "Budget__c": 1200,
    "Share__c": "12.5",
    "Weight__c": "0.12345678",
    "Seats__c": 7,
    "Done__c": True,
    "Due__c": "2026-04-01",
    "Met__c": "2026-03-01T08:30:00Z",
    "Phase__c": "Idea",
    "Tags__c": ["red", "blue"],
    "Deal__c": FIRST,
    "Key__c": "K-1",
    "Site__City__s": "Ulm",
    "Site__Latitude__s": "48.4",
}
COLUMNS = "Name, Budget__c, Share__c, Weight__c, Seats__c, Done__c, Due__c, Met__c, Phase__c, Tags__c, Deal__r.Name"


def described(org: ServedOrg, name: str) -> dict[str, dict[str, object]]:
    """Fields of an object by name."""
    return {field["name"]: field for field in org.get(f"/sobjects/{name}/describe").json()["fields"]}


def download(org: ServedOrg, soql: str) -> list[dict[str, str]]:
    """Rows of a Bulk job."""
    made = org.post("/jobs/query", {"operation": "queryAll", "query": soql})
    assert made.status_code == 200, made.text
    job = f"/jobs/query/{made.json()['id']}"
    org.get(job)
    return list(csv.DictReader(org.get(f"{job}/results").text.splitlines()))


@pytest.fixture
def project(own_org: ServedOrg) -> ServedOrg:
    """The org with a custom object that has a field of every type, and one record."""
    own_org.edit("add_object", name="Project__c", label="Project", fields=PROJECT)
    own_org.edit("insert", object="Project__c", fields=VALUES)
    return own_org


def test_a_custom_object_is_listed_and_described_with_what_extractors_read(project: ServedOrg) -> None:
    listed = {entry["name"]: entry for entry in project.get("/sobjects").json()["sobjects"]}["Project__c"]
    fields = described(project, "Project__c")

    assert (listed["keyPrefix"], listed["custom"], listed["queryable"], listed["label"]) == (
        "a00",
        True,
        True,
        "Project",
    )
    assert (listed["replicateable"], listed["customSetting"], listed["deprecatedAndHidden"]) == (True, False, False)
    assert (fields["Weight__c"]["precision"], fields["Weight__c"]["scale"]) == (18, 8)
    assert (fields["Score__c"]["calculated"], fields["Score__c"]["calculatedFormula"]) == (True, "Budget__c * 2")
    assert fields["Phase__c"]["picklistValues"][1] == {  # type: ignore[index]
        "active": False,
        "defaultValue": False,
        "label": "Of old",
        "validFor": None,
        "value": "Old",
    }
    assert (fields["Deal__c"]["relationshipName"], fields["Deal__c"]["referenceTo"]) == ("Deal__r", ["Opportunity"])
    assert (fields["Key__c"]["externalId"], fields["Key__c"]["idLookup"]) == (True, True)
    assert (fields["Notes__c"]["filterable"], fields["Notes__c"]["length"]) == (False, 32768)
    assert (fields["Site__c"]["type"], fields["Site__City__s"]["compoundFieldName"]) == ("address", "Site__c")
    assert {"Id", "OwnerId", "IsDeleted", "CreatedDate", "SystemModstamp"} <= set(fields)


def test_every_type_comes_as_the_service_prints_it_by_both_apis(project: ServedOrg) -> None:
    record = project.query(f"SELECT {COLUMNS}, Site__c FROM Project__c").json()["records"][0]
    row = download(project, f"SELECT {COLUMNS} FROM Project__c")[0]

    assert record["Site__c"]["city"] == "Ulm"
    assert (record["Site__c"]["latitude"], record["Site__c"]["street"]) == (48.4, None)
    assert [record[name] for name in ("Budget__c", "Share__c", "Weight__c", "Seats__c", "Done__c")] == [
        1200.0,
        12.5,
        0.12345678,
        7,
        True,
    ]
    assert (record["Met__c"], row["Met__c"]) == ("2026-03-01T08:30:00.000+0000", "2026-03-01T08:30:00.000Z")
    assert (record["Tags__c"], row["Tags__c"], row["Due__c"]) == ("red;blue", "red;blue", "2026-04-01")
    assert record["Deal__r"]["Name"] == row["Deal__r.Name"]


def test_bulk_refuses_a_compound_and_serves_its_parts(project: ServedOrg) -> None:
    refused = project.post("/jobs/query", {"operation": "query", "query": "SELECT Id, Site__c FROM Project__c"})

    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "FUNCTIONALITY_NOT_ENABLED")
    assert download(project, "SELECT Site__City__s FROM Project__c") == [{"Site__City__s": "Ulm"}]


def test_a_standard_address_is_one_object_by_rest(own_org: ServedOrg) -> None:
    own_org.edit("set_fields", object="Account", id="001000000000001AAA", fields={"BillingCity": "Bonn"})

    fields = described(own_org, "Account")
    rows = own_org.query("SELECT BillingAddress FROM Account ORDER BY Id").json()["records"]

    assert fields["BillingCity"]["compoundFieldName"] == "BillingAddress"
    assert [row["BillingAddress"] and row["BillingAddress"]["city"] for row in rows] == ["Bonn", None]


def test_deletes_of_a_custom_object_are_listed(project: ServedOrg) -> None:
    row = project.query("SELECT Id FROM Project__c").json()["records"][0]["Id"]

    project.edit("soft_delete", object="Project__c", id=row, stamp="2026-03-17T01:00:00Z")

    assert project.deleted_ids("Project__c") == [row]


def test_a_new_field_is_there_at_once_and_moves_no_stamp(own_org: ServedOrg) -> None:
    newest = own_org.query("SELECT MAX(SystemModstamp) newest FROM Opportunity").json()["records"][0]["newest"]

    own_org.edit("add_field", object="Opportunity", name="Fit__c", type="string", values={FIRST: "good"})

    assert own_org.rows("SELECT Fit__c FROM Opportunity", FIRST)[0]["Fit__c"] == "good"
    assert described(own_org, "Opportunity")["Fit__c"]["custom"] is True
    assert own_org.query("SELECT MAX(SystemModstamp) newest FROM Opportunity").json()["records"][0]["newest"] == newest
    assert "Fit__c" in own_org.get("/__truth__/salesforce/Opportunity?full=1").json()[0]


@pytest.mark.parametrize("name", ["Competitor__c", "Probability"])
def test_a_dropped_field_is_gone_from_describe_queries_and_truth(own_org: ServedOrg, name: str) -> None:
    own_org.edit("drop_field", object="Opportunity", name=name)

    refused = own_org.query(f"SELECT Id, {name} FROM Opportunity")
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert name not in described(own_org, "Opportunity")
    assert name not in own_org.get("/__truth__/salesforce/Opportunity?full=1").json()[0]


def test_a_retyped_field_keeps_what_fits(own_org: ServedOrg) -> None:
    own_org.edit("add_field", object="Opportunity", name="Fit__c", type="string", values={FIRST: "12.5"})
    own_org.edit("set_fields", object="Opportunity", id="006000000000002AAA", fields={"Fit__c": "good"})

    own_org.edit("retype_field", object="Opportunity", name="Fit__c", type="double", precision=18, scale=2)

    assert described(own_org, "Opportunity")["Fit__c"]["type"] == "double"
    assert own_org.rows("SELECT Fit__c FROM Opportunity", FIRST)[0]["Fit__c"] == 12.5
    assert own_org.rows("SELECT Fit__c FROM Opportunity", "006000000000002AAA")[0]["Fit__c"] is None


def test_hidden_things_do_not_exist_for_the_integration_user(own_org: ServedOrg) -> None:
    own_org.edit("hide_field", object="Opportunity", name="Amount")
    own_org.edit("hide_object", object="Lead")

    assert "Amount" not in described(own_org, "Opportunity")
    assert own_org.get("/sobjects/Lead/describe").status_code == 404
    own_org.edit("show_field", object="Opportunity", name="Amount")
    own_org.edit("show_object", object="Lead")
    assert "Amount" in described(own_org, "Opportunity")
    assert own_org.get("/sobjects/Lead/describe").status_code == 200


def test_currency_tables_exist_in_a_multi_currency_org_only(own_org: ServedOrg) -> None:
    def ask() -> requests.Response:
        return own_org.query("SELECT IsoCode, ConversionRate, IsCorporate FROM CurrencyType ORDER BY IsoCode")

    refused = ask()
    own_org.edit("enable_currencies", rates={"EUR": 0.92}, each=2)

    assert refused.json()[0]["errorCode"] == "INVALID_TYPE"
    assert "sObject type 'CurrencyType' is not supported." in refused.json()[0]["message"]
    rows = [(row["IsoCode"], row["ConversionRate"], row["IsCorporate"]) for row in ask().json()["records"]]
    assert rows == [("EUR", 0.92, False), ("USD", 1.0, True)]
    dated = own_org.query("SELECT COUNT() FROM DatedConversionRate WHERE IsoCode = 'EUR'").json()["totalSize"]
    assert dated == 24
    codes = own_org.query("SELECT CurrencyIsoCode, COUNT(Id) n FROM Opportunity GROUP BY CurrencyIsoCode").json()
    assert {row["CurrencyIsoCode"] for row in codes["records"]} == {"EUR", "USD"}


def test_another_org_answers_with_its_own_id(own_org: ServedOrg) -> None:
    before = own_org.query("SELECT Id FROM Organization").json()["records"][0]["Id"]

    own_org.edit("change_org", instance="CS99")

    row = own_org.query("SELECT Id, InstanceName FROM Organization").json()["records"][0]
    assert row["Id"] != before
    assert row["InstanceName"] == "CS99"
