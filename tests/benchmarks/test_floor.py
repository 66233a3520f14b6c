"""The floor of the extraction benchmark downloads everything that it is measured by."""

import subprocess
from pathlib import Path

import duckdb
import pytest

from benchmarks.extract.extractors import HUBSPOT_TYPES, SALESFORCE_OBJECTS, Place
from benchmarks.extract.floor import Floor
from benchmarks.extract.judge import count_rows
from connectors.sandbox.process import start_sandbox
from connectors.sandbox.world import World

LIVE = "not archived and merged_into is null"
IN_THE_WORLD = {
    "salesforce": [f'select count(*) from salesforce."{name}"' for name in SALESFORCE_OBJECTS],
    "hubspot": [
        *(f"select count(*) from hubspot.{name} where {LIVE}" for name in HUBSPOT_TYPES),
        *(
            f"select count(*) from hubspot.{table} where {key[0]} = 'deals' and {key[1]} in "
            f"(select id from hubspot.deals where {LIVE})"
            for table, key in (
                ("_property_history", ("object_type", "object_id")),
                ("_associations", ("from_type", "from_id")),
            )
        ),
    ],
}


@pytest.mark.parametrize("crm", IN_THE_WORLD)
def test_the_floor_has_every_row_in_its_files(tmp_path: Path, crm: str) -> None:
    World.create(tmp_path / "world.duckdb", size="120").close()
    floor = Floor(crm)
    with start_sandbox(tmp_path / "world.duckdb") as sandbox:
        place = Place(tmp_path, tmp_path, 1, sandbox.url)
        (command,) = floor.commands(place)
        subprocess.run(command, check=True)
    with duckdb.connect(str(tmp_path / "world.duckdb"), read_only=True) as world:
        rows = [world.execute(query).fetchone() for query in IN_THE_WORLD[crm]]

    assert count_rows(floor, place) == sum(row[0] for row in rows if row)
