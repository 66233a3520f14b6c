"""First load, next day, rerun: the raw tables are the org's own rows, and what that costs."""

import duckdb

from connectors.salesforce.extract import ensure_tables
from connectors.streams import SyncEvent
from tests.connectors.salesforce.conftest import ServedOrg


def test_a_first_sync_lands_every_object_as_it_is(org: ServedOrg) -> None:
    report = org.sync()

    report.raise_for_failure()
    assert org.differences() == []
    assert report.is_complete
    assert not report.is_partial
    assert report.identity.startswith("00D")


def test_the_comparison_with_the_org_sees_each_kind_of_difference(org: ServedOrg) -> None:
    org.sync("UserRole", "User")
    with duckdb.connect(str(org.warehouse)) as connection:
        connection.execute("update raw_salesforce.user_role set name = name || '!' where _record_id = (select min(id) "
                           "from raw_salesforce.user_role)")  # fmt: skip
        connection.execute(
            "delete from raw_salesforce.user where _record_id = (select min(id) from raw_salesforce.user)"
        )

    found = org.differences("UserRole", "User")

    assert [line.split(", such")[0] for line in found] == [
        "UserRole: 1 rows that the warehouse lacks",
        "UserRole: 1 rows that the world lacks",
        "User: 1 rows that the warehouse lacks",
    ]


def test_a_first_load_reads_windowed_objects_by_bulk_and_metadata_by_rest(org: ServedOrg) -> None:
    report = org.sync()

    apis = {line.stream.object_name: line.api for line in report.streams if line.stream.lane == "rows"}
    assert apis["OpportunityHistory"] == "Bulk 2.0"
    assert {name for name, api in apis.items() if api == "REST"} == {
        "Organization",
        "OpportunityStage",
        "RecordType",
        "UserRole",
    }
    assert org.state.stats.calls["salesforce.bulk_delete"] == 11  # no finished job is left behind


def test_a_bulk_result_is_read_page_by_page(org: ServedOrg) -> None:
    report = org.sync("OpportunityHistory")

    rows = report.streams[0].rows
    assert org.calls["bulk_results"] == -(-rows // 100)
    assert org.rows("select count(*) from raw_salesforce.opportunity_history") == [(rows,)]


def test_the_next_day_reads_what_changed_and_nothing_else(org: ServedOrg) -> None:
    org.sync()
    won, lost = org.world.ids("Opportunity")[:2]
    org.world.will_edit("Opportunity", won, '"StageName" = \'Closed Won\', "Amount" = 12345678.9')
    org.world.will_edit("Opportunity", lost, '"Amount" = null, "NextStep" = \'Say "hi", twice\'')
    org.world.will_edit("Account", org.world.ids("Account")[0], "\"Name\" = 'two' || chr(10) || 'lines'")
    org.play_day()

    report = org.sync()

    assert org.differences() == []
    rows = {line.stream.object_name: line.rows for line in report.streams if line.rows}
    assert rows["Opportunity"] == 2
    assert rows["Account"] == 1
    assert {name for name, count in rows.items() if count} == {
        "Organization", "OpportunityStage", "RecordType", "UserRole", "Opportunity", "Account",
    }  # fmt: skip


def test_a_next_day_with_news_everywhere_costs_at_most_twenty_five_calls(org: ServedOrg) -> None:
    org.sync()
    for name in ("User", "Opportunity", "OpportunityHistory", "OpportunityLineItem", "OpportunityContactRole",
                 "Account", "Contact", "Lead", "Task", "Event"):  # fmt: skip
        org.world.will_edit(name, org.world.ids(name)[0], '"Id" = "Id"')
    org.play_day()

    org.sync()

    assert org.differences() == []
    assert sum(org.calls.values()) <= 25


def test_a_rerun_without_change_lands_nothing_new(org: ServedOrg) -> None:
    org.sync()

    report = org.sync()

    changes = [(one.counts.inserted, one.counts.updated, one.counts.tombstoned) for one in report.applied]
    assert set(changes) == {(0, 0, 0)}
    assert sum(org.calls.values()) <= 12
    assert org.differences() == []


def test_a_day_without_news_asks_for_no_row_of_a_windowed_object(org: ServedOrg) -> None:
    org.sync()
    org.play_day()

    org.sync()

    assert org.calls["composite_query"] == 1  # the metadata that is listed whole
    assert "query" not in org.calls
    assert "bulk_create" not in org.calls


def test_many_changes_are_read_by_bulk_and_fewer_by_pages(org: ServedOrg) -> None:
    org.sync("Task")
    org.world.will(f"""
        insert into salesforce."Task" ("Id", "IsDeleted", "Subject", "SystemModstamp")
        select '00T' || lpad(n::varchar, 12, '0') || 'NEW', false, 'Call ' || n, {org.world.evening}
        from range(17000) as numbers(n)""")
    org.play_day()
    many = org.sync("Task", connector=org.connect(bulk_page_rows=100_000))
    org.world.will(
        f"""update salesforce."Task" set "SystemModstamp" = {org.world.evening} where "Id" < '00T0000000045'"""
    )
    org.play_day()

    fewer = org.sync("Task")

    assert (many.streams[0].api, many.streams[0].rows) == ("Bulk 2.0", 17_000)
    assert (fewer.streams[0].api, fewer.streams[0].rows) == ("REST", 4_500)
    assert org.calls["query_more"] == 2
    assert org.rows("select count(*) from raw_salesforce.task where _record_id like '%NEW'") == [(17_000,)]


def test_an_object_that_bulk_does_not_serve_is_read_by_pages(org: ServedOrg) -> None:
    org.state.no_bulk = {"OpportunityFieldHistory"}

    report = org.sync("OpportunityFieldHistory")

    assert org.differences("OpportunityFieldHistory") == []
    assert report.is_complete


def test_an_absent_object_makes_the_run_partial_and_leaves_an_empty_table(org: ServedOrg) -> None:
    org.state.hidden = {"OpportunityFieldHistory"}

    report = org.sync("OpportunityFieldHistory", "UserRole")
    with duckdb.connect(str(org.warehouse)) as connection:
        ensure_tables(connection)

    outcomes = {line.stream.object_name: line.outcome for line in report.streams}
    assert outcomes == {"OpportunityFieldHistory": "no_access", "UserRole": "synced"}
    assert (report.is_complete, report.is_partial, report.exit_code) == (True, True, 0)
    assert org.rows("select count(createddate) from raw_salesforce.opportunity_field_history") == [(0,)]


def test_an_object_that_appears_later_is_read_from_its_beginning(org: ServedOrg) -> None:
    org.state.hidden = {"OpportunityFieldHistory"}
    org.sync("OpportunityFieldHistory")
    org.state.hidden = set()
    org.play_day()

    org.sync("OpportunityFieldHistory")

    assert org.differences("OpportunityFieldHistory") == []


def test_a_field_that_the_user_cannot_read_is_null_and_has_its_column(org: ServedOrg) -> None:
    org.state.hidden = {"Opportunity.Competitor__c", "Opportunity.Amount"}

    org.sync("Opportunity")

    assert org.rows(
        "select count(competitor__c), count(amount), count(stagename) > 0 from raw_salesforce.opportunity"
    ) == [(0, 0, True)]


def test_a_field_that_vanishes_between_describe_and_query_is_left_out(org: ServedOrg) -> None:
    def hide(event: SyncEvent) -> None:
        if event.kind == "started" and event.object_name == "Opportunity":
            org.state.hidden = {"Opportunity.NextStep"}

    report = org.sync("Opportunity", listener=hide)

    report.raise_for_failure()
    assert org.rows("select count(nextstep), count(*) > 0 from raw_salesforce.opportunity") == [(0, True)]


def test_a_new_custom_field_gets_its_column_on_the_next_day(org: ServedOrg) -> None:
    org.state.hidden = {"Opportunity.TotalOpportunityQuantity"}
    org.sync("Opportunity")
    org.state.hidden = set()
    first = org.world.ids("Opportunity")[0]
    org.world.will_edit("Opportunity", first, '"TotalOpportunityQuantity" = 3.5')
    org.play_day()

    org.sync("Opportunity")

    assert (
        org.rows(f"select totalopportunityquantity from raw_salesforce.opportunity where _record_id = '{first}'")[0][0]
        is not None
    )


def test_numbers_and_times_come_with_the_types_that_describe_declares(org: ServedOrg) -> None:
    org.sync("Opportunity")

    rows = org.rows("select column_name, column_type from (describe raw_salesforce.opportunity)")
    types = {row[0]: row[1] for row in rows}
    assert types["Amount"] == "DECIMAL(18,2)"
    assert types["PushCount"] == "BIGINT"
    assert types["CloseDate"] == "DATE"
    assert types["SystemModstamp"] == types["_modified_at"] == "TIMESTAMP"
    assert types["IsClosed"] == "BOOLEAN"
