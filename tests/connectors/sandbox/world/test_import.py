"""Exports become worlds: the developer org's numbers survive, and bad input is named by file, row and column."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import ImportRefusedError, World

EXPORT = Path(__file__).parents[5] / "shared" / "data" / "salesforce_devorg_earthfink"
needs_export = pytest.mark.skipif(
    not EXPORT.is_dir(),
    reason=f"no developer-org export at ../shared/data/{EXPORT.name} beside the repository (issue 2, section 2.3)",
)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.import_folder(tmp_path_factory.mktemp("org") / "org.duckdb", EXPORT)


def value(world: World, query: str) -> object:
    with world.cursor() as cursor:
        row = cursor.execute(query).fetchone()
    assert row is not None
    return row if len(row) > 1 else row[0]


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


@needs_export
def test_the_opportunities_of_the_export_survive(org: World) -> None:
    stages = """
        select count(*), count(*) filter (where "StageName" = 'Closed Won' and "IsClosed" and "IsWon"),
            count(*) filter (where "StageName" = 'Closed Lost' and "IsClosed" and not "IsWon")
        from salesforce."Opportunity" """

    assert value(org, stages) == (36, 12, 8)
    assert value(org, 'select sum("Amount") from salesforce."Opportunity"') == value_of_csv(
        'sum(cast("Amount" as decimal(18, 2)))'
    )


def value_of_csv(expression: str) -> object:
    row = duckdb.sql(
        f"select {expression} from read_csv('{EXPORT / 'Opportunity.csv'}', all_varchar = true)"
    ).fetchone()
    assert row is not None
    return row[0]


@needs_export
def test_the_history_of_the_export_survives_in_order(org: World) -> None:
    moves = """
        with life as (
            select *, lag("StageName") over (partition by "OpportunityId" order by "CreatedDate") as before,
                lag("CloseDate") over (partition by "OpportunityId" order by "CreatedDate") as due_before
            from salesforce."OpportunityHistory"
        )
        select count(*), count(*) filter (where "StageName" <> before),
            count(*) filter (where before = 'Closed Won' and "StageName" = 'Closed Lost'),
            count(*) filter (where "CloseDate" > due_before), count(*) filter (where "CloseDate" < due_before)
        from life"""
    assert value(org, moves) == (48, 12, 7, 6, 1)
    assert (
        value(
            org,
            """
        select count(*) from salesforce."Opportunity" as deals
        where "StageName" <> (select arg_max(rows."StageName", rows."CreatedDate")
            from salesforce."OpportunityHistory" as rows
            where rows."OpportunityId" = deals."Id")""",
        )
        == 0
    )


@needs_export
def test_seconds_come_from_the_history_key(org: World) -> None:
    rows = value(
        org,
        """
        select list("CreatedDate" order by "CreatedDate") from salesforce."OpportunityHistory"
            where "OpportunityId" = '006bm00000LKJNbAAP'""",
    )
    superseded = value(
        org, """select "SystemModstamp" from salesforce."OpportunityHistory" where "Id" = '008bm00000UoqP0AAJ'"""
    )

    assert rows == [datetime(2026, 2, 23, 20, 55), datetime(2026, 3, 7, 20, 59, 57)]  # noqa: DTZ001 - the world is naive UTC
    assert superseded == datetime(2026, 3, 7, 20, 59, 57)  # noqa: DTZ001


@needs_export
def test_what_nobody_exports_is_derived_and_what_is_left_out_is_told(org: World) -> None:
    assert org.clock == datetime(2026, 3, 8, 2, tzinfo=UTC)
    assert value(org, 'select count(*), count(distinct "ForecastCategory") from salesforce."OpportunityStage"') == (
        10,
        3,
    )
    assert value(
        org,
        """select "DefaultProbability", "ForecastCategory" from salesforce."OpportunityStage"
        where "MasterLabel" = 'Negotiation/Review'""",
    ) == (90, "Pipeline")
    assert value(org, 'select "Id" from salesforce."User"') == "005bm00000NCJmQAAX"
    assert value(org, 'select count(*) from salesforce."Organization"') == 1
    summary = org.import_summary
    assert summary is not None
    assert summary.rows == {"Account": 18, "Contact": 25, "Lead": 22, "Opportunity": 36, "OpportunityHistory": 48}
    assert summary.ignored_files == ["LICENSE", "OpportunityHistoryGroup.csv", "SOURCE.md"]
    assert summary.ignored_columns["Opportunity.csv"] == [
        "Opportunity Lifecycle (Days)",
        "Opp Creation Date_Simulated",
        "Opp Close Date_Simulated",
    ]


@needs_export
def test_an_imported_world_ticks_without_inventing_anything(tmp_path: Path) -> None:
    world = World.import_folder(tmp_path / "org.duckdb", EXPORT)

    assert world.tick(2) == {}
    assert world.clock == datetime(2026, 3, 10, 2, tzinfo=UTC)
    assert value(world, 'select count(*) from salesforce."Opportunity"') == 36


ID, OTHER_ID = "006bm00000LKJNNAA5", "006bm00000LKJNOAA5"


def test_rows_of_one_minute_keep_their_order_by_what_superseded_them(tmp_path: Path) -> None:
    key = "008bm00000UoqO{0}AAJ" + ID + "3720269{1}PM"
    folder = write(tmp_path / "export", "OpportunityHistory.csv", "\n".join([
        "Id,OpportunityId,CreatedDate,StageName,SystemModstamp,OpportunityHistoryKey",
        f"008bm00000UoqOcAAJ,{ID},03/07/26 09:00 PM,Closed Won,03/07/26 09:00 PM," + key.format("c", "0041"),
        f"008bm00000UoqObAAJ,{ID},03/07/26 09:00 PM,Qualification,03/07/26 09:00 PM," + key.format("b", "0041"),
        f"008bm00000UoqOaAAJ,{ID},03/07/26 09:00 PM,Prospecting,03/07/26 09:00 PM," + key.format("a", "0014"),
    ]))  # fmt: skip
    write(folder, "Opportunity.csv", f"Id,Name,StageName,LastModifiedDate\n{ID},A,Closed Won,03/07/26 09:00 PM\n")

    world = World.import_folder(tmp_path / "world.duckdb", folder)

    order = value(world, """select list("StageName" order by "CreatedDate") from salesforce."OpportunityHistory" """)
    assert order == ["Prospecting", "Qualification", "Closed Won"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"Id,Name,CloseDate\n{ID},A,02/03/24\n{OTHER_ID},B,31/12/2024\n",
            "Opportunity.csv, row 3, column CloseDate: '31/12/2024' is not a date",
        ),
        (f"Id,Amount\n{ID},12 thousand\n", "Opportunity.csv, row 2, column Amount: '12 thousand' is not a number"),
        (f"Id,IsClosed\n{ID},maybe\n", "Opportunity.csv, row 2, column IsClosed: 'maybe' is not true or false"),
        ("Id,Name\n006,A\n", "Opportunity.csv, row 2, column Id: '006' is not a Salesforce id"),
        (f"Id,Name\n{ID},A\n,B\n", "Opportunity.csv, row 3, column Id: '' is no id"),
        (f"Id,Name\n{ID},A\n{ID},B\n", f"Opportunity.csv, row 3, column Id: '{ID}' is there twice"),
        ("Name,Amount\nA,1\n", "Opportunity.csv has no column Id"),
        (f'Id,Name\n{ID},"A\n', "Opportunity.csv is not a CSV file that can be read"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing_behind(tmp_path: Path, text: str, message: str) -> None:
    folder = write(tmp_path / "export", "Opportunity.csv", text)

    with pytest.raises(ImportRefusedError) as refused:
        World.import_folder(tmp_path / "world.duckdb", folder)

    assert message in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export"]


def test_a_folder_without_known_files_says_how_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"Name files like: Organization\.csv, Opportunity\.csv"):
        World.import_folder(tmp_path / "world.duckdb", write(tmp_path / "export", "notes.txt", "hello"))


def test_ids_of_fifteen_characters_get_their_checksum_and_iso_times_are_read(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "export",
        "opportunity.csv",
        f"id,STAGENAME,LastModifiedDate,IsDeleted\n{ID[:15]},Own Stage,2026-03-01T10:00:00.000+0200,1\n",
    )

    world = World.import_folder(tmp_path / "world.duckdb", folder)

    assert value(world, 'select "Id", "StageName", "IsDeleted" from salesforce."Opportunity"') == (
        ID,
        "Own Stage",
        True,
    )
    assert value(world, 'select "SystemModstamp" from salesforce."Opportunity"') == datetime(2026, 3, 1, 8)  # noqa: DTZ001
    assert value(world, """select count(*) from salesforce."OpportunityStage" where "MasterLabel" = 'Own Stage'""") == 1


def test_hubspot_records_come_with_their_history(tmp_path: Path) -> None:
    deal = {
        "id": "77", "createdAt": "2026-02-01T09:00:00.250Z", "updatedAt": "2026-02-03T09:00:00Z", "archived": False,
        "properties": {"dealname": "A", "dealstage": "closedwon", "pipeline": "default", "amount": "12.50",
                       "hubspot_owner_id": "5", "own": "x"},
        "propertiesWithHistory": {"dealstage": [
            {"value": "closedwon", "timestamp": "2026-02-03T09:00:00Z", "sourceType": "CRM_UI"},
            {"value": "contractsent", "timestamp": "2026-02-01T09:00:00.250Z", "sourceType": "CRM_UI"},
        ]},
    }  # fmt: skip
    folder = write(tmp_path / "export", "deals.json", json.dumps({"results": [deal]}))
    write(
        folder,
        "companies.csv",
        "id,name,createdate,hs_lastmodifieddate\n9,Acme,2026-01-01T00:00:00Z,2026-01-02T00:00:00Z\n",
    )

    world = World.import_folder(tmp_path / "world.duckdb", folder)

    assert world.clock == datetime(2026, 2, 4, 2, tzinfo=UTC)
    assert value(world, "select id, dealstage, amount, hs_object_id from hubspot.deals") == (
        "77",
        "closedwon",
        "12.50",
        "77",
    )
    assert value(world, "select name from hubspot.companies") == "Acme"
    history = value(
        world, "select list(value order by timestamp) from hubspot._property_history where property = 'dealstage'"
    )
    assert history == ["contractsent", "closedwon"]
    assert value(world, "select count(*) from hubspot._stages where pipeline_id = 'default'") == 7
    assert value(world, "select id from hubspot._owners") == "5"
    summary = world.import_summary
    assert summary is not None
    assert summary.ignored_columns == {"deals.json": ["own"]}


def test_a_hubspot_record_without_a_time_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path / "export", "deals.json", json.dumps([{"id": "1", "properties": {}}]))

    with pytest.raises(
        ImportRefusedError, match=r"deals.json, record 1: none of createdAt, createdate, hs_createdate is there"
    ):
        World.import_folder(tmp_path / "world.duckdb", folder)
