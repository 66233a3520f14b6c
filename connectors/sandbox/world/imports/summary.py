"""What an import says: a refusal that names file, row, column and value, or a summary that leaves nothing untold."""

from dataclasses import dataclass, field


class ImportRefusedError(ValueError):
    """A file cannot become part of a world: the message names file, row, column and value. The exporter must act."""


@dataclass
class ImportSummary:
    """What an import took and what it left out; whatever was in the folder is in one of these."""

    rows: dict[str, int] = field(default_factory=dict)
    ignored_files: list[str] = field(default_factory=list)
    ignored_columns: dict[str, list[str]] = field(default_factory=dict)
    derived: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """Values that are not as the file has them, and rows that other rows do not know."""

    def lines(self) -> list[str]:
        """The same for a terminal, one fact per line."""
        told = [f"{count} rows of {name}" for name, count in self.rows.items()]
        told += [f"{count} rows of {name} derived" for name, count in self.derived.items() if count]
        told += [f"{name}: left out {', '.join(columns)}" for name, columns in self.ignored_columns.items()]
        return told + self.notes + [f"{name}: left out, no API object has that name" for name in self.ignored_files]
