"""What a query means, and in which words Salesforce refuses one that means nothing."""

import pytest

from connectors.sandbox.salesforce.values import long_id
from tests.connectors.sandbox.salesforce.conftest import ServedOrg

ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("StageName = 'closed WON'", [3, 6, 9]),
        ("StageName != 'Closed Won'", [1, 2, 4, 5, 7, 8, 10]),
        ("StageName NOT IN ('Closed Won', 'Prospecting')", [7]),
        ("StageName IN (null, 'Closed Won')", [3, 6, 7, 9]),
        ("StageName = null AND Amount != null", [7]),
        ("NOT StageName = 'Prospecting'", [3, 6, 7, 9]),
        ("NOT (Amount > 5000)", [1, 3, 4]),
        ("Name LIKE 'deal _'", [2, 3, 6, 7, 8, 9]),
        ("Name LIKE '50\\%\\_%'", [5]),
        ("Name = 'Say \"hi\", O\\'Brien \\\\ co'", [1]),
        ("Name = 'two\\nlines'", [4]),
        ("Id > '006000000000008'", [9, 10]),
        ("Id IN ('006000000000001', '006000000000002AAA')", [1, 2]),
        ("Amount >= 8004.0 AND (IsClosed = true OR Probability < 45)", [2, 8, 9]),
        ("CloseDate < 2026-03-13", [1, 2]),
        ("SystemModstamp >= 2026-03-10T12:00:00+02:00", [9, 10]),
        ("SystemModstamp > 2026-03-10T10:00:00Z AND SystemModstamp <= 2026-03-11T10:00:00.000Z", [10]),
        ("CloseDate = TODAY", [7]),
        ("CloseDate > YESTERDAY", [7, 8, 9, 10]),
        ("CloseDate = LAST_N_DAYS:2", [5, 6, 7]),
        ("CloseDate != THIS_MONTH", []),
        ("CreatedDate = LAST_MONTH", []),
        ("CreatedDate <= THIS_QUARTER", ALL),
        ("Account.Name = 'alpha'", [2, 4, 6, 8, 10]),
        ("Opportunity.Id != null", ALL),
        ("IsDeleted = true", []),
    ],
)
def test_a_condition_holds_for_the_rows_it_holds_for_in_salesforce(
    org: ServedOrg, condition: str, expected: list[int]
) -> None:
    assert org.ids(condition) == expected


@pytest.mark.parametrize(
    ("soql", "code", "words"),
    [
        ("SELECT Id FORM Opportunity", "MALFORMED_QUERY", "ERROR at Row:1:Column:11\nunexpected token: 'FORM'"),
        ("SELECT Id FROM Opportunity WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ('SELECT Id FROM Opportunity WHERE Name = "x"', "MALFORMED_QUERY", "no viable alternative at character"),
        ("SELECT Id FROM Opportunity WHERE IsWon = true AND IsClosed = true OR Amount = 1", "MALFORMED_QUERY", "'OR'"),
        ("SELECT Id FROM Opportunity WHERE Name = 'a\\q'", "MALFORMED_QUERY", "Illegal escape sequence"),
        ("SELECT Id, id FROM Opportunity", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Id, COUNT(Name) FROM Opportunity", "MALFORMED_QUERY", "Field must be grouped or aggregated: Id"),
        ("SELECT FIELDS(ALL) FROM Opportunity", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT Nope FROM Opportunity", "INVALID_FIELD", "No such column 'Nope' on entity 'Opportunity'"),
        ("SELECT Nope.Id FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Nope'"),
        ("SELECT Campaign.Name FROM Opportunity", "INVALID_FIELD", "Didn't understand relationship 'Campaign'"),
        ("SELECT Id FROM Opportunity WHERE Amount = 'x'", "INVALID_FIELD", "must be of type double and should not be"),
        ("SELECT Id FROM Opportunity WHERE CreatedDate = '2026-01-01T00:00:00Z'", "INVALID_FIELD", "of type dateTime"),
        ("SELECT Id FROM Opportunity WHERE CloseDate = 2026-02-30", "INVALID_FIELD", "invalid date: 2026-02-30"),
        ("SELECT Id FROM Opportunity WHERE Name = 12", "INVALID_FIELD", "must be of type string"),
        ("SELECT Id FROM Opportunity WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Opportunity ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM Opportunity WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: abc"),
        ("SELECT Id FROM Opportunity OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset"),
        ("SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not supported"),
        ("SELECT Id, (SELECT Id FROM Tasks) FROM Account", "INVALID_TYPE", "Didn't understand relationship 'Tasks'"),
    ],
)
def test_a_query_that_means_nothing_is_refused_in_salesforce_s_words(
    org: ServedOrg, soql: str, code: str, words: str
) -> None:
    reply = org.query(soql)

    (error,) = reply.json()
    assert (reply.status_code, error["errorCode"]) == (400, code)
    assert words in error["message"]


def test_names_come_back_in_the_api_s_spelling_whatever_the_query_wrote(org: ServedOrg) -> None:
    (record,) = org.query("select ID, account.NAME from OPPORTUNITY where id = '006000000000002'").json()["records"]

    assert list(record) == ["attributes", "Id", "Account"]
    assert record["Account"]["Name"] == "Alpha"


def test_nulls_come_first_in_both_directions_unless_asked_otherwise(org: ServedOrg) -> None:
    def order(how: str) -> list[object]:
        rows = org.query(f"SELECT Amount FROM Opportunity WHERE CloseDate < 2026-03-14 ORDER BY Amount {how}")
        return [record["Amount"] for record in rows.json()["records"]]

    assert order("") == [None, 1000.5, 12345678.9]
    assert order("DESC") == [None, 12345678.9, 1000.5]
    assert order("ASC NULLS LAST") == [1000.5, 12345678.9, None]


def test_numbers_are_printed_as_java_does(org: ServedOrg) -> None:
    text = org.query("SELECT Amount, Probability FROM Opportunity WHERE CloseDate <= 2026-03-14 ORDER BY Id").text

    assert '"Amount":1000.5,"Probability":5.0' in text
    assert '"Amount":1.23456789E7,"Probability":10.0' in text
    assert '"Amount":-2.0E7,"Probability":20.0' in text


def test_history_values_are_numbers_where_the_field_is_a_number(org: ServedOrg) -> None:
    records = org.query("SELECT Field, OldValue, NewValue FROM OpportunityFieldHistory ORDER BY Id").json()["records"]

    assert [(record["OldValue"], record["NewValue"]) for record in records] == [(1000.5, 2000.0), ("Prospecting", None)]


def test_aggregates_answer_aggregate_results(org: ServedOrg) -> None:
    soql = "SELECT IsClosed, COUNT(Id) deals, MAX(SystemModstamp), SUM(Probability) FROM Opportunity GROUP BY IsClosed"

    (won,) = [record for record in org.query(soql).json()["records"] if record["IsClosed"]]

    assert won["attributes"] == {"type": "AggregateResult"}
    assert (won["deals"], won["expr0"], won["expr1"]) == (3, "2026-03-10T10:00:00.000+0000", 90.0)


def test_field_sets_answer_every_field_or_the_custom_ones(org: ServedOrg) -> None:
    everything = org.query("SELECT FIELDS(ALL) FROM Opportunity LIMIT 1").json()["records"][0]
    custom = org.query("SELECT FIELDS(CUSTOM) FROM Opportunity LIMIT 1").json()["records"][0]

    assert "StageName" in everything
    assert set(custom) == {"attributes", "Loss_Reason__c", "Competitor__c", "HubSpot_Deal_Id__c"}


def test_limit_and_offset_count_in_total_size(org: ServedOrg) -> None:
    reply = org.query("SELECT Id FROM Opportunity ORDER BY Id LIMIT 2 OFFSET 8").json()

    assert reply["totalSize"] == 2
    assert [record["Id"] for record in reply["records"]] == ["006000000000009AAA", "006000000000010AAA"]


def test_a_hidden_object_or_field_does_not_exist_for_anyone(org: ServedOrg) -> None:
    org.state.hidden = {"OpportunityFieldHistory", "Opportunity.Amount"}

    refused = [org.query("SELECT Id FROM OpportunityFieldHistory"), org.query("SELECT Amount FROM Opportunity")]
    described = org.get("/sobjects/Opportunity/describe").json()["fields"]

    assert [reply.json()[0]["errorCode"] for reply in refused] == ["INVALID_TYPE", "INVALID_FIELD"]
    assert org.get("/sobjects/OpportunityFieldHistory/describe").status_code == 404
    assert "Amount" not in [entry["name"] for entry in described]


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("006000000000001", "006000000000001AAA"),
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),  # the pair that Salesforce's help shows
        ("not an id", None),
    ],
)
def test_ids_of_fifteen_letters_get_their_checksum(short: str, long: str | None) -> None:
    assert long_id(short) == long
