"""Old pages of the warehouse file: a value that was erased is not in its bytes either."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from connectors.compaction import compact_warehouse
from connectors.errors import BusyError

PERSON = b"Orsolya Personname"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """A file whose table has forgotten a person whom its old pages still show."""
    path = tmp_path / "warehouse.duckdb"
    # uncompressed, so that a search in the bytes can find what is there
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "pragma force_compression = 'uncompressed'; create schema raw_crm; create table raw_crm.contacts "
            "(id varchar primary key, name varchar not null, seen timestamp); "
            "insert into raw_crm.contacts select cast(i as varchar), "
            f"case when i = 777 then '{PERSON.decode()}' else 'Name ' || i end, timestamp '2026-03-17' "
            "from range(50000) as numbers(i); "
            "create schema staging; create view staging.contacts as select * from warehouse.raw_crm.contacts; "
            "create view staging.a_names as select name from warehouse.staging.contacts"
        )
    with duckdb.connect(str(path)) as connection:
        connection.execute("pragma force_compression = 'uncompressed'")
        connection.execute("update raw_crm.contacts set name = '' where id = '777'; checkpoint")
    return path


def test_duckdb_leaves_an_erased_value_in_its_old_pages_and_compaction_does_not(warehouse: Path) -> None:
    assert PERSON in warehouse.read_bytes()

    compaction = compact_warehouse(warehouse)

    assert [path.name for path in warehouse.parent.iterdir() if PERSON in path.read_bytes()] == []
    assert compaction.after == warehouse.stat().st_size


def test_tables_views_and_keys_are_the_same_afterwards(warehouse: Path) -> None:
    def content() -> list[object]:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            return [
                connection.execute(query).fetchall()
                for query in (
                    "from raw_crm.contacts order by id",
                    "from staging.a_names order by name",
                    "select schema_name, view_name, sql from duckdb_views() where not internal order by all",
                    "select table_name, constraint_type, constraint_text from duckdb_constraints() order by all",
                )
            ]

    before = content()

    compact_warehouse(warehouse)

    assert content() == before


def test_a_half_made_copy_of_a_run_that_died_is_in_nobody_s_way(warehouse: Path) -> None:
    warehouse.with_name("warehouse.duckdb.compacting").write_bytes(b"half")

    compact_warehouse(warehouse)

    assert [path.name for path in warehouse.parent.iterdir()] == ["warehouse.duckdb"]


def test_a_file_that_another_process_writes_to_is_left_alone(warehouse: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()",
            str(warehouse),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        before = warehouse.read_bytes()

        with pytest.raises(BusyError):
            compact_warehouse(warehouse, wait_seconds=0.1)

        assert warehouse.read_bytes() == before
    finally:
        holder.communicate("\n")
