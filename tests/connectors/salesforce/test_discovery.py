"""What an org has beside the standard: custom objects, choices, currencies; and what of it is not read, and why."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.landing import LandingLog, Window
from connectors.reading_rules import ReadingRules
from connectors.salesforce.objects import STREAMS
from connectors.secret import Secret
from connectors.streams import PlanLine, Stream
from connectors.sync import run_sync
from tests.connectors.salesforce.conftest import ServedOrg

PROJECT: list[dict[str, object]] = [
    {"name": "Budget__c", "type": "currency", "precision": 18, "scale": 2},
    {"name": "Share__c", "type": "percent", "precision": 5, "scale": 2},
    {"name": "Weight__c", "type": "double", "precision": 18, "scale": 8},
    {"name": "Seats__c", "type": "int"},
    {"name": "Done__c", "type": "boolean"},
    {"name": "Due__c", "type": "date"},
    {"name": "Met__c", "type": "datetime"},
    {"name": "Phase__c", "type": "picklist",
     "picklist": ["Idea", {"value": "Old", "label": "Of old", "active": False}]},
    {"name": "Tags__c", "type": "multipicklist", "picklist": ["red", "blue"]},
    {"name": "Notes__c", "type": "textarea", "length": 32768},
    {"name": "Site__c", "type": "address"},
]  # fmt: skip
ROWS: list[dict[str, object]] = [
    {"Name": "plain", "Budget__c": 1200, "Share__c": "12.5", "Weight__c": "0.12345678", "Seats__c": 7, "Done__c": True,
     "Due__c": "2026-04-01", "Met__c": "2026-03-01T08:30:00Z", "Phase__c": "Idea", "Tags__c": ["red", "blue"],
     "Site__City__s": "Ulm", "Site__Latitude__s": "48.4"},
    {"Name": "large", "Budget__c": "1234567890123.45", "Weight__c": "-12345678.5", "Seats__c": -1, "Tags__c": ["red"]},
    {"Name": '"quoted", and, commas', "Notes__c": "two\nlines\n\nand \"more\"", "Met__c": "2026-03-01T23:59:59.999Z"},
    {"Name": " spaces ", "Notes__c": "", "Due__c": "1999-12-31", "Budget__c": "0.01"},
    {"Name": "empty"},
]  # fmt: skip


def rules(folder: Path, text: str = '[salesforce.custom_objects]\nallow = ["*__c"]\n') -> ReadingRules:
    """Rules of a person's own file."""
    file = folder / "rules.toml"
    file.write_text(text)
    return ReadingRules.read(file)


@pytest.fixture
def project(org: ServedOrg) -> ServedOrg:
    """An org with a custom object of every type."""
    org.edit("add_object", name="Project__c", label="Project", fields=PROJECT)
    org.edit("insert", object="Project__c", rows=ROWS, stamp="2026-03-16T12:00:00Z")
    return org


def planned(org: ServedOrg, stream: Stream, chosen: ReadingRules | None = None) -> PlanLine:
    """The plan of a first load."""
    connector = org.connect(rules=chosen)
    connector.identity()
    line = connector.plan(stream, Window(None, org.world.clock - timedelta(minutes=5)))
    connector.close()
    return line


def test_a_custom_object_is_read_where_the_rules_allow_it_and_nowhere_else(project: ServedOrg) -> None:
    project.sync_discovered("Project__c", "UserRole")
    assert project.rows("select count(*) from duckdb_tables() where table_name = 'project__c'") == [(0,)]

    project.sync_discovered("Project__c", rules=ReadingRules.default())
    assert project.rows("select count(*) from duckdb_tables() where table_name = 'project__c'") == [(0,)]

    report = project.sync_discovered("Project__c", rules=rules(project.folder))

    report.raise_for_failure()
    assert [line.stream.lane for line in report.streams] == ["rows", "deletes"]
    assert project.rows("select count(*) from raw_salesforce.project__c") == [(len(ROWS),)]


def test_each_type_of_field_lands_as_its_value(project: ServedOrg) -> None:
    project.sync_discovered("Project__c", rules=rules(project.folder))

    assert project.rows(
        "select budget__c::varchar, share__c::varchar, weight__c::varchar, seats__c, done__c, due__c::varchar, "
        "met__c, phase__c, tags__c, site__city__s, site__latitude__s::double "
        "from raw_salesforce.project__c where name = 'plain'"
    ) == [("1200.00", "12.50", "0.12345678", 7, True, "2026-04-01", datetime(2026, 3, 1, 8, 30),  # noqa: DTZ001
           "Idea", ["red", "blue"], "Ulm", 48.4)]  # fmt: skip


def test_a_value_is_the_same_by_rest_and_by_bulk(project: ServedOrg) -> None:
    by_bulk = project.sync_discovered("Project__c", "Opportunity", "Account", rules=rules(project.folder))
    bulk = {table: project.rows(f"select * exclude (_load_id) from raw_salesforce.{table} order by id") for table in
            ("project__c", "opportunity", "account")}  # fmt: skip
    project.warehouse.unlink()
    project.state.no_bulk = {"Project__c", "Opportunity", "Account"}
    other = ServedOrg(project.url, project.state, project.world, project.folder / "other")
    other.folder.mkdir()

    by_rest = other.sync_discovered("Project__c", "Opportunity", "Account", rules=rules(project.folder))

    by_bulk.raise_for_failure()
    by_rest.raise_for_failure()
    assert "bulk_results" not in other.calls
    for table, rows in bulk.items():
        assert len(rows) >= len(ROWS)
        assert other.rows(f"select * exclude (_load_id) from raw_salesforce.{table} order by id") == rows


def test_a_rule_can_leave_out_a_standard_object_a_custom_one_and_a_column(project: ServedOrg) -> None:
    chosen = rules(
        project.folder,
        '[salesforce.objects]\ndeny = ["Lead"]\n[salesforce.custom_objects]\nallow = ["*__c"]\ndeny = ["Proj*"]\n'
        '[salesforce.deny_columns]\nAccount = ["Website"]\n[salesforce.columns.Contact]\nEmail = "block"\n',
    )
    connector = project.connect(rules=chosen)
    connector.identity()

    names = {stream.object_name for stream in connector.streams()}
    connector.close()

    assert not names & {"Lead", "Project__c"}
    account, contact = (planned(project, Stream(name), chosen) for name in ("Account", "Contact"))
    assert account.withheld["Website"] == "denied"
    assert contact.withheld["Email"] == "blocked"
    assert "Email" not in getattr(contact.details, "soql")()  # noqa: B009 - what is really asked


def test_a_plan_says_why_a_column_is_not_read(org: ServedOrg) -> None:
    org.state.hidden = {"Opportunity.NextStep", "Opportunity.Competitor__c"}

    withheld: Mapping[str, str] = planned(org, Stream("Opportunity")).withheld

    assert withheld == {"NextStep": "hidden", "Competitor__c": "absent"}


def test_labels_of_choices_are_a_table_that_costs_no_call(project: ServedOrg) -> None:
    chosen = rules(project.folder)
    report = project.sync_discovered("OptionLabels", rules=chosen)

    report.raise_for_failure()
    assert sum(project.calls.values()) == project.calls["login"] + project.calls["composite_describe"]
    assert project.rows(
        "select object, field, value, label, is_active, sort_order from raw_salesforce.option_labels "
        "where object = 'Project__c' order by field, sort_order"
    ) == [
        ("Project__c", "Phase__c", "Idea", "Idea", True, 0),
        ("Project__c", "Phase__c", "Old", "Of old", False, 1),
        ("Project__c", "Tags__c", "red", "red", True, 0),
        ("Project__c", "Tags__c", "blue", "blue", True, 1),
    ]
    assert project.rows("select count(*) > 5 from raw_salesforce.option_labels where field = 'StageName'") == [(True,)]
    assert project.differences("OptionLabels") == []


def test_currencies_and_their_dated_rates_are_read_where_the_org_has_them(org: ServedOrg) -> None:
    org.sync_discovered("Opportunity", "CurrencyType", "DatedConversionRate")
    without = org.rows("select count(*) from duckdb_tables() where table_name in ('currency_type')")
    org.edit("enable_currencies")
    org.play_day()

    report = org.sync_discovered("Opportunity", "CurrencyType", "DatedConversionRate")

    report.raise_for_failure()
    assert without == [(0,)]
    assert org.rows("select isocode from raw_salesforce.currency_type order by 1") == [("EUR",), ("GBP",), ("USD",)]
    assert org.rows("select count(*) > 24 from raw_salesforce.dated_conversion_rate") == [(True,)]
    assert org.rows("select count(*) from (describe raw_salesforce.opportunity) where column_name ilike "
                    "'CurrencyIsoCode'") == [(1,)]  # fmt: skip


def test_a_hashed_column_is_in_neither_log_nor_table_and_equal_by_both_apis(org: ServedOrg) -> None:
    chosen = rules(org.folder, '[salesforce.columns.Contact]\nLastName = "hash"\n')
    seen: list[list[tuple[object, ...]]] = []
    for folder, no_bulk in (("bulk", set[str]()), ("rest", {"Contact"})):
        org.state.no_bulk = no_bulk
        connector = org.connect(rules=chosen)
        contacts = [stream for stream in STREAMS if stream.object_name == "Contact"]
        warehouse = org.folder / folder / "warehouse.duckdb"
        with LandingLog(org.folder / folder / "landing", hash_key=Secret("0123456789abcdef" * 2)) as log:
            run_sync(connector, log, warehouse, contacts).raise_for_failure()
        connector.close()
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            seen.append(connection.execute("select id, lastname from raw_salesforce.contact order by id").fetchall())

    assert seen[0] == seen[1]
    assert {len(str(name)) for _, name in seen[0]} == {64}


def test_a_denied_object_that_is_asked_for_all_the_same_stops_nothing(org: ServedOrg) -> None:
    chosen = rules(org.folder, '[salesforce.objects]\ndeny = ["Lead"]\n')

    report = org.sync("Lead", "UserRole", connector=org.connect(rules=chosen))

    outcomes = {line.stream.object_name: line.outcome for line in report.streams}
    assert outcomes == {"UserRole": "synced", "Lead": "no_access"}
