"""Somebody who mends an export as its refusals say, and keeps account of every row that had to go."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path

from connectors.sandbox.world import ImportRefusedError, World

# a person would not go on for longer
PATIENCE = 50
_PLACE = re.compile(r"(?P<file>[\w.]+), (row|record) (?P<number>\d+)(, column (?P<column>\w+))?: (?P<trouble>.*)")


@dataclass
class Export:
    """The rows of each file by name, and what became of them; a row is a heading -> text."""

    files: dict[str, list[dict[str, str]]]
    headings: dict[str, list[str]]
    emptied: set[str] = field(default_factory=set)
    dropped: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, **sources: Path) -> Export:
        """`Opportunity=path`: the CSV at `path` as the file of that object."""
        files, headings = {}, {}
        for name, path in sources.items():
            with path.open(newline="", encoding="utf-8-sig") as file:
                reader = csv.DictReader(file)
                files[f"{name}.csv"], headings[f"{name}.csv"] = list(reader), list(reader.fieldnames or ())
        return cls(files, headings)

    def world(self, folder: Path) -> World:
        """The world that comes of it after as many corrections as the messages ask for."""
        export = folder / "export"
        export.mkdir(parents=True, exist_ok=True)
        for _ in range(PATIENCE):
            self._write(export)
            try:
                return World.import_folder(folder / "world.duckdb", export)
            except ImportRefusedError as refused:
                self._obey(str(refused))
        raise AssertionError(f"{PATIENCE} corrections were not enough; the last: {self.dropped[-1:]} {self.emptied}")

    def add(self, name: str, column: str, like: str) -> None:
        """Give a file another column, with the values that the column `like` has."""
        self.headings[name].append(column)
        for row in self.files[name]:
            row[column] = row[like]

    def _write(self, folder: Path) -> None:
        for name, rows in self.files.items():
            with (folder / name).open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, self.headings[name])
                writer.writeheader()
                writer.writerows(rows)

    def _obey(self, message: str) -> None:
        said = _PLACE.match(message)
        assert said is not None, f"this says not what to mend: {message}"
        rows = self.files[said["file"]]
        column = said["column"]
        if column and column.lower() != "id":
            # a value that its field cannot hold: whoever made the file made the whole column so
            self.emptied.add(f"{said['file']}: {column}")
            for row in rows:
                row[column] = ""
            return
        self.dropped.append(message)
        # the heading is row 1 of a file, and records are counted from 1
        rows.pop(int(said["number"]) - (2 if column else 1))
