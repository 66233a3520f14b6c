"""One small world, built once by the whole dbt project with all of its own tests; the tests here read it or copies."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from connectors.sandbox.world import World
from expectations import create_quality_tables
from tests.support.raw_tables import load_raw_tables
from tests.support.warehouse import run_dbt

VERSIONS = "+int_opportunity_versions"
INCREMENTAL_TABLES = ("intermediate.int_opportunity_states", "intermediate.int_opportunity_versions")


@dataclass(frozen=True)
class Built:
    """A world, the warehouse built from it, and the moment that both stand at."""

    world: Path
    warehouse: Path
    as_of: datetime
    target: Path

    def copy_to(self, folder: Path) -> Built:
        """The same again in another folder, to be changed freely."""
        world, warehouse = folder / "world.duckdb", folder / "warehouse.duckdb"
        shutil.copyfile(self.world, world)
        shutil.copyfile(self.warehouse, warehouse)
        return Built(world, warehouse, self.as_of, self.target)

    def rows(self, query: str, rebuilt: Path | None = None) -> list[tuple[object, ...]]:
        """What a query of the warehouse gives; the world is attached as `world`, the file `rebuilt` by that name."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            connection.execute(f"attach '{self.world}' as world (read_only)")
            if rebuilt is not None:
                connection.execute(f"attach '{rebuilt}' as rebuilt (read_only)")
            return connection.execute(query).fetchall()

    def execute(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)

    def build_versions(self, as_of: datetime) -> None:
        """The incremental models and all that they read, on top of what is there."""
        run_dbt(self.warehouse, as_of, target=self.target, select=VERSIONS)

    def rebuilt(self, folder: Path, as_of: datetime) -> Built:
        """The same raw tables in a new file, built from nothing."""
        # the same file name, so that dbt need not parse the project for another database
        fresh = Built(self.world, folder / "rebuilt" / "warehouse.duckdb", as_of, self.target)
        fresh.warehouse.parent.mkdir()
        with duckdb.connect(str(fresh.warehouse)) as connection:
            connection.execute(f"attach '{self.warehouse}' as built (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() "
                "where database_name = 'built' and schema_name like 'raw_%'"
            ).fetchall()
            for schema, table in tables:
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(f'create table {schema}."{table}" as from built.{schema}."{table}"')
        fresh.build_versions(as_of)
        return fresh

    def incremental_rows(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of the incremental tables, in one order."""
        return {table: self.rows(f"from {table} order by all") for table in INCREMENTAL_TABLES}


@pytest.fixture(scope="session")
def built(
    shared_folder: Path,
    first_of_all: Callable[[str], AbstractContextManager[bool]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Built:
    """All models of the project in a small world, with every data test passed on the way; nobody may write to it."""
    folder, target = shared_folder / "built", tmp_path_factory.mktemp("target")
    world, warehouse = folder / "world.duckdb", folder / "warehouse.duckdb"
    with first_of_all("built") as is_first:
        if is_first:
            folder.mkdir()
            World.create(world, size="small").close()
            as_of = load_raw_tables(world, warehouse)
            create_quality_tables(warehouse)
            command = ("build", "--exclude-resource-type", "unit_test")
            run_dbt(warehouse, as_of, target=target, select="*", command=command)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        ((moment,),) = connection.execute("select distinct as_of from marts.dim_opportunity").fetchall()
    return Built(world, warehouse, moment.replace(tzinfo=UTC), target)
