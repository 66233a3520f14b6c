"""Ticks: a played world equals one written afresh at its clock, and worlds of one seed are alike."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import World
from connectors.sandbox.world.scale import parse_size
from connectors.sandbox.world.visible import BEGINNING, create_tables
from connectors.sandbox.world.world import show

FIRST_CLOCK = datetime(2026, 3, 17, 2, tzinfo=UTC)


def contents(connection: duckdb.DuckDBPyConnection, *, without: tuple[str, ...] = ()) -> dict[str, tuple[object, ...]]:
    """Row count and an order-free hash of all values, by table of the visible schemas and the truth."""
    tables = connection.execute("""
        select schema_name, table_name from duckdb_tables() where schema_name in ('salesforce', 'hubspot', 'truth',
            'state')"""
    ).fetchall()  # fmt: skip
    result = {}
    for schema, table in tables:
        if table not in without:
            query = f'select count(*), bit_xor(hash(rows)), sum(hash(rows) % 1000003) from {schema}."{table}" as rows'
            result[f"{schema}.{table}"] = connection.execute(query).fetchone() or ()
    return result


def contents_of(path: Path) -> dict[str, tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return contents(connection)


def test_the_same_seed_gives_the_same_world_and_the_same_days(tmp_path: Path, small_path: Path) -> None:
    World.create(tmp_path / "again.duckdb").close()
    shutil.copy(small_path, tmp_path / "copy.duckdb")
    assert contents_of(tmp_path / "again.duckdb") == contents_of(small_path)

    for name in ("again", "copy"):
        world = World.open(tmp_path / f"{name}.duckdb")
        world.tick(2)
        world.close()

    assert contents_of(tmp_path / "again.duckdb") == contents_of(tmp_path / "copy.duckdb")


def test_days_played_at_once_are_the_days_played_one_by_one(tmp_path: Path, small_path: Path) -> None:
    at_once, one_by_one = tmp_path / "at_once.duckdb", tmp_path / "one_by_one.duckdb"
    for path, steps in ((at_once, (4,)), (one_by_one, (1, 1, 1, 1))):
        shutil.copy(small_path, path)
        world = World.open(path)
        for days in steps:
            world.tick(days)
        world.close()

    assert contents_of(at_once) == contents_of(one_by_one)


def test_another_seed_gives_another_world(tmp_path: Path, small_path: Path) -> None:
    World.create(tmp_path / "other.duckdb", seed=8).close()

    assert contents_of(tmp_path / "other.duckdb")["hubspot.deals"] != contents_of(small_path)["hubspot.deals"]


def test_a_played_world_equals_one_written_afresh_at_its_clock(tmp_path: Path, played_path: Path) -> None:
    shutil.copy(played_path, tmp_path / "fresh.duckdb")
    world = World.open(tmp_path / "fresh.duckdb")
    # a log of what left for good is only written as it happens
    logs = ("_deleted", "deletions", "merges", "opportunities")
    with world.cursor() as cursor:
        played = contents(cursor, without=logs)
        _, plants = (
            cursor.execute(
                "drop schema salesforce cascade; drop schema hubspot cascade; select clock, plants from state.world"
            ).fetchone()
            or ()
        )
        create_tables(cursor)
        show(cursor, frozenset(plants), BEGINNING, world.clock.replace(tzinfo=None))

        afresh = contents(cursor, without=logs)
    world.close()

    assert {name for name in played if played[name] != afresh[name]} == set()


def test_a_tick_moves_the_clock_a_day_and_counts_what_it_wrote(tmp_path: Path, small_path: Path) -> None:
    shutil.copy(small_path, tmp_path / "world.duckdb")
    world = World.open(tmp_path / "world.duckdb")
    assert world.clock == FIRST_CLOCK

    written = world.tick()

    assert world.clock == FIRST_CLOCK + timedelta(days=1)
    assert written["salesforce.Opportunity"] > 0
    assert written["hubspot.deals"] > 0
    with world.cursor() as cursor:
        stamped = cursor.execute("""
            select count(*) from salesforce."Opportunity", state.world
                where "SystemModstamp" > clock - interval 1 day""").fetchone()
    world.close()
    assert stamped == (written["salesforce.Opportunity"],)


def test_rows_that_a_tick_does_not_stamp_stay_as_they_were(tmp_path: Path, small_path: Path) -> None:
    shutil.copy(small_path, tmp_path / "world.duckdb")
    world = World.open(tmp_path / "world.duckdb")
    world.tick(3)
    with world.cursor() as cursor:
        cursor.execute(f"attach '{small_path}' as before (read_only)")
        for name in (
            "Opportunity",
            "OpportunityHistory",
            "OpportunityLineItem",
            "Account",
            "Contact",
            "Lead",
            "Task",
            "Event",
            "User",
        ):
            changed = cursor.execute(f"""
                select now."Id" from salesforce."{name}" as now inner join before.salesforce."{name}"
                    as old using ("Id")
                where now."SystemModstamp" = old."SystemModstamp" and now is distinct from old""").fetchall()
            assert not changed, (name, changed[:3])
        for name in ("deals", "companies", "contacts", "meetings", "tasks"):
            changed = cursor.execute(f"""
                select id from hubspot.{name} as now inner join before.hubspot.{name} as old using (id)
                where now.updated_at = old.updated_at and now is distinct from old""").fetchall()
            # a merge or a deletion shows in merged_into and archived_at alone
            assert not changed, (name, changed[:3])
    world.close()


def test_admins_edit_stages_as_days_go_by(small_path: Path, played_path: Path) -> None:
    def read(path: Path) -> tuple[object, ...]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return (
                connection.execute("""
                select
                    (select "DefaultProbability" from salesforce."OpportunityStage"
                        where "MasterLabel" = 'Needs Analysis'),
                    (select "IsActive" from salesforce."OpportunityStage" where "MasterLabel" = 'Perception Analysis'),
                    (select label from hubspot._stages where id = '71200015')""").fetchone()
                or ()
            )

    assert read(small_path) == (10 * 2, True, "Commercial Offer")
    assert read(played_path) == (25, False, "Commercial Proposal")


def test_people_leave_and_join(small_path: Path, played_path: Path) -> None:
    def read(path: Path) -> tuple[int, int, int]:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute("""
                select (select count(*) from salesforce."User" where not "IsActive"),
                    (select count(*) from hubspot._owners where archived),
                    (select count(*) from salesforce."User")""").fetchone()
        assert row is not None
        return row

    before, after = read(small_path), read(played_path)
    assert before[0] > 0
    assert before[1] > 0
    assert after[0] > before[0]
    assert after[1] > before[1]


def test_open_and_create_say_what_is_wrong(tmp_path: Path, small_path: Path) -> None:
    with pytest.raises(FileExistsError, match="Delete it, or open it"):
        World.create(small_path)
    with pytest.raises(FileNotFoundError, match="Make one"):
        World.open(tmp_path / "none.duckdb")
    with pytest.raises(ValueError, match="'huge' is neither small, demo"):
        World.create(tmp_path / "huge.duckdb", size="huge")
    with pytest.raises(ValueError, match="No such plant: C99"):
        World.create(tmp_path / "odd.duckdb", plants=frozenset(["C99"]))


def test_sizes_are_named_or_counted() -> None:
    assert parse_size("2k", 7) == parse_size("2000", 7)
    assert parse_size("1M", 7).salesforce_deals == 600_000
    with pytest.raises(ValueError, match="such as 5000, 100k or 1M"):
        parse_size("big", 7)
