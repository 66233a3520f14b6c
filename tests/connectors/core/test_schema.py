"""Names and types on their way from a CRM into a table."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import ConfigurationError
from connectors.schema import Column, TableSchema, converted, literal, quote, raw_table, widen

TYPES = ["VARCHAR", "BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DATE", "TIMESTAMP", "DECIMAL(18,2)", "DECIMAL(38,6)"]
types = st.sampled_from([*TYPES, "VARCHAR[]", "DECIMAL(5,4)", "DECIMAL(28,6)", "DECIMAL(38,0)"])


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("Opportunity", "opportunity"),
        ("OpportunityHistory", "opportunity_history"),
        ("Quota__c", "quota__c"),
        ("deals", "deals"),
        ("deal_property_history", "deal_property_history"),
    ],
)
def test_an_objects_table_has_its_name_in_snake_case(name: str, table: str) -> None:
    assert raw_table(name) == table


@pytest.mark.parametrize("name", ["", "a b", "x;drop", "1st", "a-b"])
def test_a_name_that_is_no_objects_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError):
        raw_table(name)


@pytest.mark.parametrize(
    ("old", "new", "wide"),
    [
        ("INTEGER", "BIGINT", "BIGINT"),
        ("BIGINT", "INTEGER", "BIGINT"),
        ("DATE", "TIMESTAMP", "TIMESTAMP"),
        ("DECIMAL(18,2)", "DECIMAL(10,4)", "DECIMAL(20,4)"),
        ("DECIMAL(18,2)", "INTEGER", "DECIMAL(18,2)"),
        ("BIGINT", "DECIMAL(5,2)", "DECIMAL(21,2)"),
        ("DECIMAL(38,0)", "DECIMAL(38,6)", "VARCHAR"),
        ("BOOLEAN", "DATE", "VARCHAR"),
        ("BIGINT", "DOUBLE", "VARCHAR"),
        ("VARCHAR", "VARCHAR[]", "VARCHAR[]"),
        ("VARCHAR[]", "DECIMAL(18,2)", "VARCHAR[]"),
    ],
)
def test_two_types_meet_in_the_narrowest_that_holds_both(old: str, new: str, wide: str) -> None:
    assert widen(old, new) == wide


@pytest.mark.parametrize(
    ("old", "value", "choices"),
    [
        ("VARCHAR", "'Price'", ["Price"]),
        ("VARCHAR", "'Price;Timing'", ["Price", "Timing"]),
        ("VARCHAR", "null", None),
        ("DECIMAL(18,2)", "2.5", ["2.50"]),
        ("BOOLEAN", "true", ["true"]),
        ("VARCHAR[]", "['Price']", ["Price"]),
    ],
)
def test_what_becomes_a_list_of_choices_is_one_without_loss(old: str, value: str, choices: list[str] | None) -> None:
    row = duckdb.execute(f"select {converted(f'cast({value} as {old})', old, 'VARCHAR[]')}").fetchone()

    assert row == (choices,)


@settings(max_examples=200, database=None)
@given(types, types)
def test_widening_never_narrows_and_settles(old: str, new: str) -> None:
    wide = widen(old, new)

    assert widen(wide, old) == wide
    assert widen(wide, new) == wide
    assert widen(new, old) == wide


def test_a_schema_refuses_what_a_table_could_not_hold() -> None:
    with pytest.raises(ConfigurationError, match="case only"):
        TableSchema.of({"Name": "VARCHAR", "name": "VARCHAR"})
    with pytest.raises(ConfigurationError, match="_Record_Id"):
        Column("_Record_Id", "VARCHAR")
    with pytest.raises(ConfigurationError, match="none of ours"):
        Column("Name", "VARCHAR); drop table deals; --")


def test_the_hash_follows_names_types_and_order() -> None:
    schemas = [{"a": "VARCHAR", "b": "DATE"}, {"b": "DATE", "a": "VARCHAR"}, {"a": "VARCHAR", "b": "TIMESTAMP"}]

    assert len({TableSchema.of(schema).hash for schema in schemas}) == 3
    assert TableSchema.of({"a": "decimal(18, 2)"}).hash == TableSchema.of({"a": "DECIMAL(18,2)"}).hash


@settings(max_examples=50, database=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_quoted_so_that_it_comes_back_as_it_was(text: str) -> None:
    with duckdb.connect() as connection:
        found = connection.execute(f"select {literal(text)} as {quote(text)}")

        assert found.description is not None
        assert found.description[0][0] == text
        assert found.fetchall() == [(text,)]
