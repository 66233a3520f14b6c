"""Sandbox worlds with their warehouses built and judged, each made once per run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.sandbox.world import World
from expectations import evaluate
from tests.support.warehouse import build_conformed

Entity = tuple[str, ...]
"""Check id, crm, entity type, entity id."""
ENTITY = "check_id, crm, entity_type, entity_id"


@dataclass
class JudgedWorld:
    """A world, the warehouse built from it, and the moment that both stand at."""

    world: Path
    warehouse: Path
    as_of: datetime

    def planted(self) -> set[Entity]:
        """What the world itself says must be found."""
        return self._entities(self.world, f"select {ENTITY} from truth.findings")

    def found(self) -> set[Entity]:
        """What the checks found and still find."""
        query = f"select {ENTITY} from quality.stage_definition_findings where status = 'open'"
        return self._entities(self.warehouse, query)

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        with duckdb.connect(str(self.warehouse)) as connection:
            return connection.execute(query, parameters).fetchall()

    def _entities(self, file: Path, query: str) -> set[Entity]:
        with duckdb.connect(str(file)) as connection:
            rows: list[Entity] = connection.execute(query).fetchall()
        assert len(rows) == len(set(rows)), f"an entity of {file.name} is there twice"
        return set(rows)


class JudgedWorlds:
    """Makes judged worlds on demand and keeps them."""

    def __init__(self, folder: Path, *, size: str = "small") -> None:
        self._folder = folder
        self._size = size
        self._made: dict[frozenset[str], JudgedWorld] = {}

    def of(self, plants: frozenset[str]) -> JudgedWorld:
        """The world with exactly these plants, as `play` left it."""
        if plants not in self._made:
            folder = self._folder / f"world_{len(self._made)}"
            folder.mkdir()
            # every warehouse by the same file name: dbt parses the project once per name
            world, warehouse = folder / "world.duckdb", folder / "warehouse.duckdb"
            World.create(world, size=self._size, plants=plants).close()
            self._made[plants] = JudgedWorld(world, warehouse, self._judge(world, warehouse))
        return self._made[plants]

    def play(self, judged: JudgedWorld, *, days: int) -> None:
        """Let days pass in a world, then build its warehouse further and judge it again."""
        world = World.open(judged.world)
        world.tick(days)
        world.close()
        judged.as_of = self._judge(judged.world, judged.warehouse)

    def _judge(self, world: Path, warehouse: Path) -> datetime:
        as_of = build_conformed(world, warehouse, target=self._folder / "dbt")
        evaluate(warehouse, as_of)
        return as_of
