"""The published file: complete or absent, swapped at once, readable by an old reader, and nothing private in it."""

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.publishing import (
    KEPT_VERSIONS,
    PublicationError,
    TableName,
    current_version,
    last_published_before,
    publish,
)

AS_OF = datetime(2026, 3, 17, 1, tzinfo=UTC)
TABLES = [TableName("marts", "dim_stage"), TableName("quality", "stage_definition_findings")]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema quality; create schema raw_hubspot")
        connection.execute("create table raw_hubspot.contacts as select 'ada@example.com' as email")
        connection.execute(
            "create table marts.dim_stage as select 'default' as pipeline_id, 0.5 as default_probability"
        )
        connection.execute(
            "comment on column marts.dim_stage.default_probability is 'Fraction; \"even\" is 0.5, an admin''s choice';"
            "comment on table marts.dim_stage is 'One row per stage'"
        )
        connection.execute("create table quality.stage_definition_findings as select 'C01' as check_id")
    return path


def _publish(warehouse: Path, folder: Path) -> Path:
    return publish(warehouse, folder, as_of=AS_OF, tables=TABLES, facts={"untrusted_open_share": "0.01"}).path


def test_readers_find_the_allowed_tables_and_the_facts_of_the_version(warehouse: Path, tmp_path: Path) -> None:
    _publish(warehouse, tmp_path / "published")

    with duckdb.connect(str(tmp_path / "published" / "crm.duckdb"), read_only=True) as reader:
        tables = reader.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        facts = dict(reader.execute("select fact, value from quality.publication").fetchall())
        comment = reader.execute(
            "select comment from duckdb_columns() where column_name = 'default_probability'"
        ).fetchone()
        description = reader.execute("select comment from duckdb_tables() where table_name = 'dim_stage'").fetchone()

    assert tables == [("marts.dim_stage",), ("quality.publication",), ("quality.stage_definition_findings",)]
    assert facts["untrusted_open_share"] == "0.01"
    assert facts["as_of"] == "2026-03-17T01:00:00+00:00"
    assert comment == ('Fraction; "even" is 0.5, an admin\'s choice',)
    assert description == ("One row per stage",)


def test_nothing_of_the_raw_tables_is_left_in_the_files_bytes(warehouse: Path, tmp_path: Path) -> None:
    path = _publish(warehouse, tmp_path / "published")

    assert b"ada@example.com" not in path.read_bytes()


def test_a_reader_keeps_the_version_it_opened_while_the_next_is_published(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    first = _publish(warehouse, folder)
    held = duckdb.connect(str((folder / "crm.duckdb").resolve()), read_only=True)

    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into marts.dim_stage values ('71200001', 0.1)")
    second = _publish(warehouse, folder)

    counted = held.execute("select count(*) from marts.dim_stage").fetchone()
    held.close()
    assert counted == (1,)
    assert (folder / "crm.duckdb").resolve() == second != first
    with duckdb.connect(str(folder / "crm.duckdb"), read_only=True) as reader:
        assert reader.execute("select count(*) from marts.dim_stage").fetchone() == (2,)


def test_a_missing_table_leaves_yesterdays_file_in_place_and_no_debris(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    yesterday = _publish(warehouse, folder)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table marts.dim_stage")

    with pytest.raises(PublicationError, match=r"marts\.dim_stage is not in the warehouse.*Readers keep crm-"):
        _publish(warehouse, folder)

    assert current_version(folder) == yesterday.stem
    assert sorted(path.name for path in folder.iterdir()) == sorted([yesterday.name, "crm.duckdb"])


def test_what_a_killed_publication_left_is_removed_by_the_next(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    for name in ("crm-20260316T010000Z-001.building", "crm-20260316T010000Z-001.building.wal"):
        (folder / name).write_bytes(b"half a file")

    published = _publish(warehouse, folder)

    assert sorted(path.name for path in folder.iterdir()) == sorted([published.name, "crm.duckdb"])


def test_a_view_stays_a_view_on_the_published_tables(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create view marts.active_stage as select pipeline_id from marts.dim_stage")
    tables = [TableName("marts", "active_stage"), *TABLES]

    published = publish(warehouse, tmp_path / "published", as_of=AS_OF, tables=tables, facts={})

    assert published.rows["marts.active_stage"] == 1
    with duckdb.connect(str(published.path), read_only=True) as reader:
        assert reader.execute("select view_name from duckdb_views() where not internal").fetchall() == [
            ("active_stage",)
        ]
        assert reader.execute("from marts.active_stage").fetchall() == [("default",)]


def test_a_view_of_what_is_not_published_is_refused(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create view marts.leak as select email from raw_hubspot.contacts")

    with pytest.raises(PublicationError, match="Readers keep nothing"):
        publish(warehouse, tmp_path / "p", as_of=AS_OF, tables=[TableName("marts", "leak")], facts={})


def test_a_first_publication_that_fails_says_that_readers_have_nothing(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table marts.dim_stage")

    with pytest.raises(PublicationError, match="Readers keep nothing: no version was published yet"):
        _publish(warehouse, tmp_path / "published")


def test_the_file_is_read_only_and_in_the_format_every_reader_of_version_one_opens(
    warehouse: Path, tmp_path: Path
) -> None:
    path = _publish(warehouse, tmp_path / "published")

    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    # bytes 12 to 20 of a DuckDB file are its storage version; 64 is what releases since 1.0 write and read
    assert int.from_bytes(path.read_bytes()[12:20], "little") == 64


def test_old_versions_are_kept_for_rollback_up_to_a_limit(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    paths = [_publish(warehouse, folder) for _ in range(KEPT_VERSIONS + 2)]

    kept = sorted(path.name for path in folder.glob("crm-*.duckdb"))

    assert kept == [path.name for path in paths[2:]]


def test_a_night_is_compared_with_the_last_published_instant_before_it(warehouse: Path, tmp_path: Path) -> None:
    folder = tmp_path / "published"
    _publish(warehouse, folder)

    assert last_published_before(folder, AS_OF) is None
    assert last_published_before(folder, AS_OF + timedelta(days=1)) == AS_OF
