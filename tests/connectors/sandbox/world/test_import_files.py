"""What an import refuses, and what it takes and tells: nothing in a folder is lost or changed without a word."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.sandbox.world import ImportRefusedError, ImportSummary, World

ID, OTHER_ID = "006bm00000LKJNNAA5", "006bm00000LKJNOAA5"
TIMES = {"createdAt": "2026-02-01T09:00:00Z", "updatedAt": "2026-02-03T09:00:00Z"}


def write(folder: Path, **files: object) -> Path:
    """`Opportunity_csv="..."` writes a text, `deals_json=[...]` writes JSON."""
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        stem, _, suffix = name.rpartition("_")
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return folder


def deal(id_: str = "77", /, **parts: object) -> dict[str, object]:
    return {"id": id_, **TIMES, "archived": False, "properties": {}} | parts


def imported(tmp_path: Path, **files: object) -> World:
    return World.import_folder(tmp_path / "world.duckdb", write(tmp_path / "export", **files))


def summary(world: World) -> ImportSummary:
    assert world.import_summary is not None
    return world.import_summary


def rows(world: World, query: str) -> list[tuple[object, ...]]:
    with world.cursor() as cursor:
        return cursor.execute(query).fetchall()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("15,00", "column Amount: '15,00' is not a number such as 1234.5"),
        ("12.000,50", "column Amount: '12.000,50' is not a number"),
        ("1,23,456", "column Amount: '1,23,456' is not a number"),
        (
            "12345678901234567",
            "column Amount: '12345678901234567' is not a number such as 1234.5 with at most 16 digits",
        ),
    ],
)
def test_a_number_that_would_become_another_one_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        imported(tmp_path, Opportunity_csv=f'Id,Amount\n{ID},"{text}"\n')

    assert message in str(refused.value)
    assert not (tmp_path / "world.duckdb").exists()


def test_a_probability_beyond_its_field_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ImportRefusedError, match=r"column Probability: '1000' is not a number .* with at most 3 digits"
    ):
        imported(tmp_path, Opportunity_csv=f"Id,Probability\n{ID},1000\n")


def test_a_count_with_a_fraction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"column NumberOfEmployees: '12\.7' is not a whole number"):
        imported(tmp_path, Account_csv="Id,NumberOfEmployees\n001bm00001ZL8U9AAL,12.7\n")


def test_numbers_as_reports_write_them_are_read_and_rounding_is_told(tmp_path: Path) -> None:
    world = imported(
        tmp_path, Opportunity_csv=f'Id,Amount,ExpectedRevenue\n{ID},"1,234,567.5",10.005\n{OTHER_ID},1e3,7\n'
    )

    values = rows(
        world, 'select "Amount"::varchar, "ExpectedRevenue"::varchar from salesforce."Opportunity" order by 1'
    )
    assert values == [("1000.00", "7.00"), ("1234567.50", "10.01")]
    assert summary(world).notes == ["Opportunity.csv, column ExpectedRevenue: 1 values rounded to two decimal places"]


def test_headings_as_data_pipelines_write_them_are_the_same_fields(tmp_path: Path) -> None:
    world = imported(
        tmp_path,
        Opportunity_csv=f"_synced,id,is_deleted,stage_name,loss_reason_c\n2026-01-01,{ID},true,Own Stage,Price\n",
    )

    assert rows(world, 'select "IsDeleted", "StageName", "Loss_Reason__c" from salesforce."Opportunity"') == [
        (True, "Own Stage", "Price")
    ]
    assert summary(world).ignored_columns == {"Opportunity.csv": ["_synced"]}


def test_a_column_that_is_there_twice_is_read_once_and_told(tmp_path: Path) -> None:
    world = imported(tmp_path, Opportunity_csv=f"Id,StageName,stage_name\n{ID},First,Second\n")

    assert rows(world, 'select "StageName" from salesforce."Opportunity"') == [("First",)]
    assert summary(world).ignored_columns == {"Opportunity.csv": ["stage_name"]}


def test_two_files_of_one_object_are_refused(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "opportunity.csv").write_text(f"Id\n{OTHER_ID}\n", encoding="utf-8")

    with pytest.raises(ImportRefusedError, match=r"Opportunity\.csv and opportunity\.csv both hold Opportunity"):
        imported(tmp_path, Opportunity_csv=f"Id\n{ID}\n")


def test_a_folder_within_is_told(tmp_path: Path) -> None:
    (tmp_path / "export" / "older").mkdir(parents=True)

    assert summary(imported(tmp_path, Opportunity_csv=f"Id\n{ID}\n")).ignored_files == ["older/"]


def test_a_file_without_records_makes_a_world_without_records(tmp_path: Path) -> None:
    world = imported(tmp_path, Opportunity_csv="Id,StageName\n")

    assert summary(world).rows["Opportunity"] == 0
    assert rows(world, 'select count(*) from salesforce."Opportunity"') == [(0,)]
    assert world.clock == datetime(2024, 1, 2, 2, tzinfo=UTC)


def test_rows_of_a_record_that_is_not_there_are_told(tmp_path: Path) -> None:
    world = imported(
        tmp_path,
        Opportunity_csv=f"Id\n{ID}\n",
        OpportunityHistory_csv=f"Id,OpportunityId,CreatedDate\n008bm00000UoqOaAAJ,{ID},2026-01-01\n"
        f"008bm00000UoqObAAJ,{OTHER_ID},2026-01-01\n",
    )

    assert rows(world, 'select count(*) from salesforce."OpportunityHistory"') == [(2,)]
    assert summary(world).notes == ["OpportunityHistory: 1 rows whose OpportunityId is no Opportunity of the folder"]


def test_a_history_without_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefusedError, match=r"OpportunityHistory\.csv has no column CreatedDate"):
        imported(tmp_path, OpportunityHistory_csv=f"Id,OpportunityId\n008bm00000UoqOaAAJ,{ID}\n")


def test_a_list_of_stages_is_taken_as_it_is(tmp_path: Path) -> None:
    world = imported(
        tmp_path,
        OpportunityStage_csv="Id,MasterLabel,DefaultProbability,ForecastCategory\n01Jbm0000000001,Late,0,Omitted\n"
        "01Jbm0000000002,Done,100,Closed\n01Jbm0000000003,Early,10,Pipeline\n",
        Opportunity_csv=f"Id,StageName\n{ID},Unlisted\n",
    )

    stages = rows(
        world,
        'select "MasterLabel", "SortOrder", "IsActive", "IsClosed", "IsWon", "ForecastCategoryName" '
        'from salesforce."OpportunityStage" order by "SortOrder"',
    )
    assert stages == [
        ("Late", 1, True, True, False, "Omitted"),
        ("Done", 2, True, True, True, "Closed"),
        ("Early", 3, True, False, False, "Pipeline"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([deal(), deal()], "deals.json, record 2: '77' is there twice"),
        ([deal("one")], "deals.json, record 1: 'one' is no id of HubSpot"),
        ([deal(properties=["amount"])], "record 1: its properties are no names with values"),
        ([deal(properties={"amount": {"value": "5"}})], "record 1, amount: {'value': '5'} is no single value"),
        ([deal(properties={"amount": "12,50"})], "record 1, amount: '12,50' is not a number such as 1234.5"),
        ([deal(properties={"closedate": "end of May"})], "record 1, closedate: 'end of May' is not a time"),
        ([deal(properties={"hs_is_closed": "perhaps"})], "record 1, hs_is_closed: 'perhaps' is not true or false"),
        ([deal(associations={"companies": ["9"]})], "record 1: its associations are no lists of ids"),
        (
            [deal(associations={"companies": {"results": [{"id": "9"}], "paging": {"next": {"after": "9"}}}})],
            "record 1: it has more associations than the file",
        ),
        (
            [deal(propertiesWithHistory={"dealstage": {"value": "x"}})],
            "record 1: the history of dealstage is no list of entries",
        ),
        ({"results": [deal()], "paging": {"next": {"after": "77"}}}, "deals.json is one page of several"),
        ({"total": 1}, "deals.json holds no list of records"),
    ],
)
def test_records_of_hubspot_that_would_not_arrive_whole_are_refused(
    tmp_path: Path, content: object, message: str
) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        imported(tmp_path, deals_json=content)

    assert message in str(refused.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export"]


def test_amounts_keep_every_digit_and_times_without_an_offset_are_utc(tmp_path: Path) -> None:
    text = '[{"id": 77, "createdAt": "2026-02-01 09:00:00", "updatedAt": "2026-02-03T09:00:00+02:00", "properties": '
    text += '{"amount": 1234567890.10, "closedate": "2026-05-01", "hs_is_closed": false}}]'

    world = imported(tmp_path, deals_json=text)

    assert rows(world, "select id, amount, closedate, hs_is_closed, created_at, updated_at from hubspot.deals") == [
        ("77", "1234567890.10", "2026-05-01T00:00:00.000Z", "false", at(2026, 2, 1, 9), at(2026, 2, 3, 7))
    ]


def at(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour)  # noqa: DTZ001 - the world is naive UTC


def test_tables_of_hubspot_as_data_pipelines_write_them_are_the_same_properties(tmp_path: Path) -> None:
    world = imported(
        tmp_path,
        deals_csv="deal_id,is_deleted,deal_pipeline_id,deal_pipeline_stage_id,property_amount,property_createdate,"
        "property_hs_lastmodifieddate,portal_id\n77,true,default,contractsent,12.5,2026-02-01 09:00:00,"
        "2026-02-02 09:00:00,4711\n",
    )

    assert rows(world, "select id, archived, archived_at, pipeline, dealstage, amount from hubspot.deals") == [
        ("77", True, at(2026, 2, 2, 9), "default", "contractsent", "12.5")
    ]
    assert summary(world).ignored_columns == {"deals.csv": ["portal_id"]}


def test_links_between_records_are_read_both_ways_and_once(tmp_path: Path) -> None:
    world = imported(
        tmp_path,
        deals_json=[deal(associations={
            "companies": {"results": [
                {"id": "9", "type": "deal_to_company"}, {"id": "9", "type": "deal_to_company_unlabeled"},
                {"id": "10", "type": "deal_to_company_unlabeled"},
            ]},
            "line items": {"results": [{"id": "1", "type": "deal_to_line_item"}]},
        })],
        companies_json=[deal("9", associations={"deals": {"results": [{"id": "77", "type": "company_to_deal"}]}})],
    )  # fmt: skip

    assert rows(world, "select from_type, from_id, to_id, type_id, label from hubspot._associations order by all") == [
        ("companies", "9", "77", 6, "Primary"),
        ("companies", "9", "77", 342, None),
        ("deals", "77", "9", 5, "Primary"),
        ("deals", "77", "9", 341, None),
    ]
    assert summary(world).rows["hubspot links"] == 4
    assert summary(world).notes == [
        "deals: left out links to line items",
        "deals: left out 1 links to companies that no file has",
    ]


def test_histories_that_are_left_out_or_end_otherwise_are_told(tmp_path: Path) -> None:
    entry = [{"value": "contractsent", "timestamp": "2026-02-01T09:00:00Z"}]
    world = imported(
        tmp_path,
        deals_json=[
            deal(properties={"dealstage": "closedwon"}, propertiesWithHistory={"dealstage": entry, "dealname": entry})
        ],
    )

    assert summary(world).notes == [
        "deals.json: left out the history of dealname",
        "deals.json: 1 deals whose history of dealstage ends in another value",
    ]


def test_pipelines_and_owners_are_taken_as_they_are(tmp_path: Path) -> None:
    stage = {"id": "s1", "label": "Only", "displayOrder": 0, **TIMES, "archived": False,
             "metadata": {"isClosed": "false", "probability": "0.0"}}  # fmt: skip
    world = imported(
        tmp_path,
        deals_json=[deal(properties={"pipeline": "p", "dealstage": "gone", "hubspot_owner_id": "5"})],
        pipelines_json={"results": [{"id": "p", "label": "P", "displayOrder": 1, **TIMES, "stages": [stage]}]},
        owners_json={"results": [{"id": "4", "email": "a@b.example", "firstName": "A", **TIMES}]},
    )

    assert rows(world, "select pipeline_id, id, label, probability, is_closed from hubspot._stages") == [
        ("p", "s1", "Only", "0.0", "false")
    ]
    assert rows(world, "select id, label, display_order from hubspot._pipelines") == [("p", "P", 1)]
    assert rows(world, "select id, first_name from hubspot._owners order by id") == [("4", "A"), ("5", "Imported")]
    assert summary(world).rows == {"deals": 1, "hubspot owners": 1, "hubspot pipelines": 1, "hubspot stages": 1}
    assert summary(world).derived["hubspot owners"] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([{"id": "p", "label": "P", **TIMES}], "pipelines.json, record 1: it has no list of stages"),
        ([{"id": "p", "label": "P", **TIMES, "stages": [{"id": "s", **TIMES}]}], "one of its stages has no label"),
        (
            [{"id": "p", "label": "P", **TIMES, "stages": [
                {"id": "s", "label": "S", **TIMES, "metadata": {"probability": "likely"}}]}],
            "record 1, stage s: probability 'likely' is not a number from 0 to 1",
        ),
    ],
)  # fmt: skip
def test_pipelines_without_what_a_definition_needs_are_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ImportRefusedError) as refused:
        imported(tmp_path, pipelines_json=content)

    assert message in str(refused.value)
