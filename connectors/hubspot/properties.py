"""Property definitions: what is asked of a type of record, what is not and why, and the columns of the answers."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.client import Client, fields_of, results_of
from connectors.hubspot.objects import NUMBER, RECORD_COLUMNS, ObjectType
from connectors.landing import Withheld
from connectors.reading_rules import ReadingRules
from connectors.schema import META_NAMES, TableSchema

CRM = "hubspot"
CHOICES = "VARCHAR[]"

_TYPES = {"number": NUMBER, "datetime": "TIMESTAMP", "date": "DATE", "bool": "BOOLEAN"}
_NUMBERS_THAT_ARE_IDS = frozenset(["associatedcompanyid"])
# HubSpot derives it from the contact's primary company; a merge of companies changes it in every contact of theirs
_FOLLOWS_LINKS = frozenset(["associatedcompanyid"])
_STAMPS = frozenset(["createdate", "hs_createdate", "hs_lastmodifieddate", "lastmodifieddate", "hs_object_id"])

# one column per stage and measure, hundreds in all: the history of dealstage says the same and more
_PER_STAGE = ("hs_date_entered_", "hs_date_exited_", "hs_time_in_", "hs_v2_")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PropertySet:
    """What a portal has for one type of record. `asked` are the names to request, `columns` the table's, in order.

    `withheld` says of columns and of properties that are not asked for why they are not. `calculated` are the
    properties that HubSpot computes, and that may change without the record's stamp.
    """

    kind: ObjectType
    asked: tuple[str, ...]
    columns: Mapping[str, str]
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    hashed: frozenset[str] = frozenset()
    calculated: tuple[str, ...] = ()
    options: tuple[tuple[str, Sequence[Mapping[str, object]]], ...] = field(default=(), repr=False)

    @cached_property
    def schema(self) -> TableSchema:
        """The raw table's columns: the record's own, then the properties."""
        return TableSchema.of({**RECORD_COLUMNS, **self.columns})

    @property
    def history(self) -> tuple[str, ...]:
        """Properties whose history is read and that the portal has."""
        return tuple(name for name in self.kind.history if name in self.asked and name not in self.hashed)

    def only(self, names: Sequence[str]) -> "PropertySet":
        """The same for some of the properties."""
        chosen = tuple(name for name in self.asked if name in names)
        return PropertySet(
            self.kind, chosen, {name: self.columns[name] for name in chosen}, hashed=self.hashed & set(chosen)
        )


class PropertyCatalogue:
    """Definitions of each type, read once per run."""

    def __init__(self, client: Client, rules: ReadingRules) -> None:
        self._client = client
        self._rules = rules
        self._known: dict[str, PropertySet | NoAccessError] = {}

    def read(self, kind: ObjectType) -> PropertySet:
        """The properties of `kind`.

        Raises:
            NoAccessError: the token may not read this type, or the portal has none of that name.
        """
        if kind.name not in self._known:
            self._known[kind.name] = self._ask(kind)
        known = self._known[kind.name]
        if isinstance(known, NoAccessError):
            raise known
        return known

    def forget(self) -> None:
        """Read everything anew at the next question."""
        self._known.clear()

    def _ask(self, kind: ObjectType) -> PropertySet | NoAccessError:
        try:
            reply = self._client.get("properties", self._client.paths.properties(kind.name))
        except NoAccessError as error:
            return error
        except RejectedRequestError as error:
            if error.status not in (400, 404):
                raise
            return NoAccessError(
                f"HubSpot knows no records of type {kind.name} (HTTP {error.status}). Leave it out of the reading "
                "rules, or look up its name in HubSpot's data model.",
                status=error.status,
                code=error.code,
            )
        return choose_properties(kind, results_of(fields_of(reply)), self._rules)


def choose_properties(
    kind: ObjectType, definitions: Sequence[Mapping[str, object]], rules: ReadingRules | None = None
) -> PropertySet:
    """Every property that the portal has and the rules allow, but for columns per stage.

    Declared columns are always there, null where they are not read.
    """
    chosen = _Choice(kind, rules or ReadingRules.default())
    live = [definition for definition in definitions if not definition.get("archived")]
    for definition in live:
        chosen.take(definition)
    types = chosen.types
    others = sorted(types.keys() - kind.columns.keys())
    columns = {name: types.get(name, declared) for name, declared in kind.columns.items()}
    columns |= {name: types[name] for name in others}
    absent: dict[str, Withheld] = {
        name: "absent" for name in kind.columns if name not in types and name not in chosen.withheld
    }
    return PropertySet(
        kind,
        tuple(name for name in columns if name in types),
        columns,
        withheld={**absent, **chosen.withheld},
        hashed=frozenset(chosen.hashed),
        calculated=tuple(name for name in columns if name in chosen.calculated),
        options=tuple(_options(live, types.keys())),
    )


@dataclass
class _Choice:
    """What becomes of each property."""

    kind: ObjectType
    rules: ReadingRules
    types: dict[str, str] = field(default_factory=dict)
    withheld: dict[str, Withheld] = field(default_factory=dict)
    hashed: set[str] = field(default_factory=set)
    calculated: set[str] = field(default_factory=set)

    def take(self, definition: Mapping[str, object]) -> None:
        name = str(definition["name"])
        why = self._why_not(name)
        if why is not None:
            self.withheld[name] = why
            return
        self.types[name] = self._type(name, definition)
        if (_is_calculated(definition) and name not in _STAMPS) or name in _FOLLOWS_LINKS:
            self.calculated.add(name)

    def _why_not(self, name: str) -> Withheld | None:
        if name.lower() in META_NAMES or name.lower() in RECORD_COLUMNS:
            _log.warning("HubSpot's property %s of %s is left out: the warehouse uses that name.", name, self.kind.name)
            return "unsupported"
        if not self.rules.allows_column(CRM, self.kind.name, name):
            return "denied"
        if self.rules.treatment(CRM, self.kind.name, name) == "block":
            return "blocked"
        return "unsupported" if name.startswith(_PER_STAGE) else None

    def _type(self, name: str, definition: Mapping[str, object]) -> str:
        if self.rules.treatment(CRM, self.kind.name, name) == "hash":
            self.hashed.add(name)
            return "VARCHAR"
        hubspot_type = str(definition["type"])
        if hubspot_type == "number" and (name.endswith("_id") or name in _NUMBERS_THAT_ARE_IDS):
            return "VARCHAR"
        # declared columns keep the one text that the models split
        if hubspot_type == "enumeration" and definition.get("fieldType") == "checkbox":
            return self.kind.columns.get(name, CHOICES)
        return _TYPES.get(hubspot_type, "VARCHAR")


def _is_calculated(definition: Mapping[str, object]) -> bool:
    return definition.get("calculated") is True or str(definition.get("fieldType", "")).startswith("calculation")


def _options(
    definitions: Sequence[Mapping[str, object]], names: object
) -> Iterator[tuple[str, Sequence[Mapping[str, object]]]]:
    for definition in definitions:
        options = definition.get("options")
        if isinstance(options, list) and options and definition["name"] in names:  # type: ignore[operator]
            yield str(definition["name"]), [option for option in options if isinstance(option, dict)]
