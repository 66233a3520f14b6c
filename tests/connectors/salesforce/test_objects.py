"""The list of objects: cheap to import, one asset per table, and every column that the warehouse reads."""

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from connectors.raw.tables import RawTable
from connectors.salesforce.extract import ensure_tables
from connectors.salesforce.objects import OBJECTS, STREAMS, raw_tables
from connectors.salesforce.standard_objects import OPTIONAL_OBJECTS
from connectors.schema import TableSchema

PROJECT = Path(__file__).parents[3]
STAGING = sorted((PROJECT / "dbt" / "models" / "staging" / "salesforce").glob("*.sql"))
_SOURCE = re.compile(r"\{\{\s*source_(rows|versions)\('salesforce',\s*'(\w+)'\)\s*\}\}")
_BOUNDS = ", cast(null as timestamp) as _valid_from, cast(null as timestamp) as _valid_to"  # source_versions adds them


def test_the_list_of_streams_needs_no_salesforce_library() -> None:
    code = "import sys, connectors.salesforce.extract; print('simple_salesforce' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_every_object_has_rows_before_deletions() -> None:
    lanes: dict[str, list[str]] = {}
    for stream in STREAMS:
        lanes.setdefault(stream.raw_table, []).append(stream.lane)

    assert list(lanes) == list(raw_tables())
    assert lanes.pop("opportunity") == ["rows", "deletes", "calculated"]
    assert set(map(tuple, lanes.values())) == {("rows",), ("rows", "deletes")}
    assert len(OBJECTS) == 15


@pytest.mark.parametrize("model", STAGING, ids=lambda path: path.stem)
def test_an_empty_warehouse_has_every_column_that_staging_reads(model: Path) -> None:
    def rows_of(call: re.Match[str]) -> str:
        bounds = _BOUNDS if call[1] == "versions" else ""
        return f'select *{bounds} from raw_salesforce."{call[2]}"'

    sql = _SOURCE.sub(rows_of, model.read_text())
    with duckdb.connect() as connection:
        ensure_tables(connection)
        # what an org has with several currencies only; elsewhere the macro source_rows gives it, empty
        for spec in OPTIONAL_OBJECTS:
            RawTable("raw_salesforce", spec.raw_table).fit(connection, spec.columns, has_deletes=False)
        connection.execute("alter table raw_salesforce.opportunity add column CurrencyIsoCode varchar")
        rows = connection.execute(sql).fetchall()

    assert rows == []


def test_ensuring_tables_adds_what_is_missing_and_keeps_what_is_there() -> None:
    with duckdb.connect() as connection:
        ensure_tables(connection)
        connection.execute("alter table raw_salesforce.lead drop column company")
        connection.execute("insert into raw_salesforce.lead (id, _record_id) values ('00Q1', '00Q1')")

        ensure_tables(connection)

        assert connection.execute("select id, company from raw_salesforce.lead").fetchall() == [("00Q1", None)]


def test_every_object_declares_its_id_and_the_stamp_of_its_windows() -> None:
    for spec in OBJECTS:
        assert isinstance(spec.columns, TableSchema)
        assert {"Id", spec.stamp} <= set(spec.columns.names), spec.name
