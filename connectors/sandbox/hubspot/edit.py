"""One edit on its way into the world: its fields read and checked, its transaction, its moment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb

from connectors.sandbox.hubspot.definitions import Definitions
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.state import SandboxState


@dataclass(frozen=True)
class Edit:
    """One edit on its way: what was asked, and where it is written. All of it is one transaction."""

    fields: Mapping[str, object]
    cursor: duckdb.DuckDBPyConnection
    state: SandboxState
    definitions: Definitions

    @property
    def now(self) -> datetime:
        """The virtual clock, naive UTC as the world's columns are."""
        return self.state.clock.astimezone(UTC).replace(tzinfo=None)

    @property
    def stamp(self) -> datetime:
        """When it happened: `stamp`, or now."""
        return self.now if self.fields.get("stamp") is None else self.moment("stamp")

    def moment(self, key: str) -> datetime:
        """A field that is a moment in ISO text, as naive UTC."""
        moment = datetime.fromisoformat(self.text(key))
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment

    @property
    def kind(self) -> ObjectType:
        """The object type that `type` names."""
        return self.object_type("type")

    def object_type(self, key: str) -> ObjectType:
        """The object type that a field names; ValueError for one that the portal does not have."""
        return self.find(self.text(key))

    def find(self, name: str) -> ObjectType:
        """The object type of that name; ValueError if the portal has none."""
        kind = self.definitions.find(name)
        if kind is None:
            raise ValueError(f"the portal has no object type {name!r}")
        return kind

    def text(self, key: str) -> str:
        """A field that must be there, as text."""
        if self.fields.get(key) is None:
            raise ValueError(f"{self.fields.get('kind')} needs {key!r}")
        return str(self.fields[key])

    def flag(self, key: str, *, default: bool) -> bool:
        """A true/false field."""
        given = self.fields.get(key, default)
        if not isinstance(given, bool):
            raise ValueError(f"{key!r} is true or false, not {given!r}")
        return given

    def values(self, key: str = "properties") -> dict[str, str | None]:
        """Property values as HubSpot keeps them: text, or null."""
        given = self.fields.get(key) or {}
        if not isinstance(given, Mapping):
            raise ValueError(f"{key!r} is an object of property names and values")
        return {str(name): _property_text(value) for name, value in given.items()}

    def mark_edited(self, kind: ObjectType, key: str, *, links_to: str | None) -> None:
        """Take a record out of the plan's hands."""
        self.mark(kind.plural, key, links_to=links_to)

    def mark(self, table: str, key: str, *, links_to: str | None) -> None:
        """Take a row of any table out of the plan's hands."""
        self.cursor.execute("DELETE FROM hubspot._edited WHERE object_type = ? AND id = ?", [table, key])
        self.cursor.execute("INSERT INTO hubspot._edited VALUES (?, ?, ?)", [table, key, links_to])

    def has_truth(self) -> bool:
        """Whether this world keeps account of what is true; an imported one does not."""
        found = self.cursor.execute(
            "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = 'truth'"
        ).fetchone()
        return found is not None


Play = Callable[[Edit], dict[str, object]]


def _property_text(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
