"""Property definitions: what is asked of a type of record, and the columns that the answers become."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from connectors.errors import NoAccessError
from connectors.hubspot.client import Client, fields_of, results_of
from connectors.hubspot.objects import NUMBER, RECORD_COLUMNS, ObjectType
from connectors.schema import META_NAMES, TableSchema

_TYPES = {"number": NUMBER, "datetime": "TIMESTAMP", "date": "DATE", "bool": "BOOLEAN"}
_NUMBERS_THAT_ARE_IDS = frozenset(["associatedcompanyid"])

# bodies of messages are nobody's metric, and personal
_BODIES = frozenset(
    [
        "hs_body_preview",
        "hs_body_preview_html",
        "hs_call_body",
        "hs_call_transcription_id",
        "hs_email_headers",
        "hs_email_html",
        "hs_email_text",
        "hs_internal_meeting_notes",
        "hs_meeting_body",
        "hs_note_body",
        "hs_task_body",
    ]
)
# one column per stage and measure, hundreds in all: the history of dealstage says the same and more
_PER_STAGE = ("hs_date_entered_", "hs_date_exited_", "hs_time_in_", "hs_v2_")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PropertySet:
    """What a portal has for one type of record. `asked` are the names to request, `columns` the table's, in order."""

    kind: ObjectType
    asked: tuple[str, ...]
    columns: Mapping[str, str]

    @cached_property
    def schema(self) -> TableSchema:
        """The raw table's columns: the record's own, then the properties."""
        return TableSchema.of({**RECORD_COLUMNS, **self.columns})

    @property
    def history(self) -> tuple[str, ...]:
        """Properties whose history is read and that the portal has."""
        return tuple(name for name in self.kind.history if name in self.asked)


class PropertyCatalogue:
    """Definitions of each type, read once per run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, PropertySet | NoAccessError] = {}

    def read(self, kind: ObjectType) -> PropertySet:
        """The properties of `kind`.

        Raises:
            NoAccessError: the token may not read this type.
        """
        if kind.name not in self._known:
            try:
                reply = self._client.get("properties", self._client.paths.properties(kind.name))
                self._known[kind.name] = choose_properties(kind, results_of(fields_of(reply)))
            except NoAccessError as error:
                self._known[kind.name] = error
        known = self._known[kind.name]
        if isinstance(known, NoAccessError):
            raise known
        return known

    def forget(self) -> None:
        """Read everything anew at the next question."""
        self._known.clear()


def choose_properties(kind: ObjectType, definitions: Sequence[Mapping[str, object]]) -> PropertySet:
    """Every property that the portal has, but for bodies and columns per stage; declared columns are always there."""
    types: dict[str, str] = {}
    for definition in definitions:
        name = str(definition["name"])
        if name.lower() in META_NAMES or name.lower() in RECORD_COLUMNS:
            _log.warning("HubSpot's property %s of %s is left out: the warehouse uses that name.", name, kind.name)
        elif name not in _BODIES and not name.startswith(_PER_STAGE):
            types[name] = _duckdb_type(name, str(definition["type"]))
    others = sorted(types.keys() - kind.columns.keys())
    columns = {name: types.get(name, declared) for name, declared in kind.columns.items()}
    columns |= {name: types[name] for name in others}
    return PropertySet(kind, tuple(name for name in columns if name in types), columns)


def _duckdb_type(name: str, hubspot_type: str) -> str:
    if hubspot_type == "number" and (name.endswith("_id") or name in _NUMBERS_THAT_ARE_IDS):
        return "VARCHAR"
    return _TYPES.get(hubspot_type, "VARCHAR")
