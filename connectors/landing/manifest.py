"""What a load says about itself: lane, mode, the manifest and the progress of an open load."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

import orjson

from connectors.errors import ConfigurationError, UnexpectedReplyError
from connectors.landing.window import Window, format_utc, parse_utc
from connectors.schema import TableSchema

FORMAT = 1  # of manifest.json; raise it when a reader of old manifests must do something else

Lane = Literal["rows", "history", "associations", "deletes", "calculated", "metadata", "backfill", "erasures"]
ApplyMode = Literal[
    "upsert", "append", "replace_children", "tombstone", "snapshot", "presence", "release", "patch", "erase", "none"
]
"""How a load becomes rows of its raw table.

upsert            newest by source stamp wins; equal content is a no-op; an older version never overwrites a newer
append            rows with a new record id are added, known ones are left alone (history)
replace_children  the load holds all children of the parents it covers; children not in it become tombstones
tombstone         the load holds deletions: flags are set, values kept; a newer version of the record clears them
snapshot          the load is the full list; records not in it become tombstones
presence          the load is the full list of ids only; missing ones become tombstones, listed ones are revived
release           the tombstones that the brake held back in an earlier load, let through by a person
patch             rows hold some columns of known records; differing values are put, unless a newer version is known
erase             the load lists people to forget: tombstones, and every value but ids and stamps is blanked
none              no rows: the object cannot be read
"""

Withheld = Literal["absent", "hidden", "blocked", "denied", "unsupported", "vanished"]
"""Why a column is not read.

absent       this org or portal does not have it
hidden       the CRM does not show it to this user
blocked      the reading rules keep its values out, since they are personal
denied       the reading rules leave it out
unsupported  it has a type that is not read
vanished     it was there, and is no longer
"""

Checkpoint = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True)
class LoadRequest:
    """Everything that must stay equal for an open load to be continued, plus its window."""

    connection: str
    object_name: str
    lane: Lane
    window: Window
    schema: TableSchema
    mode: ApplyMode
    raw_table: str
    identity: str
    """Org id or portal id that the CRM itself reported."""
    parent_column: str | None = None
    """replace_children: the CRM column of the raw table that holds the parent's id."""
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    """Columns that this load does not really read, and why: raw keeps what it has of them."""
    hashed: frozenset[str] = frozenset()
    """Columns that are landed as a keyed hash."""
    ids: tuple[str, ...] = ()
    """The records that were asked for by id; () if the window says what was asked for."""
    moves_watermark: bool = True
    watched: tuple[str, ...] = ()
    """Columns of which raw keeps every version, from this load on."""
    kept_for: timedelta | None = None
    """How long the CRM keeps the object's records at least: one that is missing and older has aged out, and stays."""
    reason: str = ""
    """Mode none: why the object cannot be read."""

    def __post_init__(self) -> None:
        """Refuse combinations that could not be applied."""
        if self.mode not in get_args(ApplyMode) or self.lane not in get_args(Lane):
            raise ConfigurationError(f"{self.object_name} asks for lane {self.lane!r}, mode {self.mode!r}: unknown.")
        if (self.mode == "replace_children") != (self.parent_column is not None):
            raise ConfigurationError(
                f"{self.object_name}: parent_column belongs to mode replace_children, and only there."
            )
        if self.parent_column is not None and self.parent_column not in self.schema.names:
            raise ConfigurationError(f"{self.object_name}: parent column {self.parent_column} is not in the schema.")

    def as_json(self) -> dict[str, object]:
        """Plain values for progress and manifest."""
        return {
            "connection": self.connection,
            "object": self.object_name,
            "lane": self.lane,
            "window": self.window.as_json(),
            "schema": self.schema.as_json(),
            "schema_hash": self.schema.hash,
            "mode": self.mode,
            "raw_table": self.raw_table,
            "identity": self.identity,
            "parent_column": self.parent_column,
            "withheld": dict(self.withheld),
            "hashed": sorted(self.hashed),
            "ids": list(self.ids),
            "moves_watermark": self.moves_watermark,
            "watched": list(self.watched),
            "kept_for_seconds": None if self.kept_for is None else int(self.kept_for.total_seconds()),
            "reason": self.reason,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "LoadRequest":
        """The reverse of `as_json`."""
        parent = values["parent_column"]
        kept_for = values.get("kept_for_seconds")
        return cls(
            connection=str(values["connection"]),
            object_name=str(values["object"]),
            lane=cast("Lane", values["lane"]),
            window=Window.from_json(cast("Mapping[str, str | None]", values["window"])),
            schema=TableSchema.from_json(cast("list[list[str]]", values["schema"])),
            mode=cast("ApplyMode", values["mode"]),
            raw_table=str(values["raw_table"]),
            identity=str(values["identity"]),
            parent_column=None if parent is None else str(parent),
            # loads that were written before these were known have none of them
            withheld=cast("Mapping[str, Withheld]", values.get("withheld", {})),
            hashed=frozenset(cast("list[str]", values.get("hashed", []))),
            ids=tuple(cast("list[str]", values.get("ids", []))),
            moves_watermark=bool(values.get("moves_watermark", True)),
            watched=tuple(cast("list[str]", values.get("watched", []))),
            kept_for=None if kept_for is None else timedelta(seconds=float(str(kept_for))),
            reason=str(values.get("reason", "")),
        )


@dataclass(frozen=True)
class Part:
    """One Parquet file of a load, in landing order; `parents_name` lists the parents it covers, if any."""

    name: str
    rows: int
    bytes: int
    checkpoint: Checkpoint | None = None
    parents_name: str | None = None
    replaced: int = 0
    """Bytes that were no text."""
    cut: int = 0
    """Texts that were longer than any field can be."""

    def as_json(self) -> dict[str, object]:
        """As progress and manifest keep it."""
        return {
            "name": self.name,
            "rows": self.rows,
            "bytes": self.bytes,
            "checkpoint": dict(self.checkpoint) if self.checkpoint is not None else None,
            "parents_name": self.parents_name,
            "replaced": self.replaced,
            "cut": self.cut,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> "Part":
        """The reverse of `as_json`."""
        return cls(
            name=str(values["name"]),
            rows=cast("int", values["rows"]),
            bytes=cast("int", values["bytes"]),
            checkpoint=cast("Checkpoint | None", values["checkpoint"]),
            parents_name=cast("str | None", values["parents_name"]),
            replaced=cast("int", values.get("replaced", 0)),
            cut=cast("int", values.get("cut", 0)),
        )


@dataclass(frozen=True)
class Manifest:
    """A committed load: complete, final, and the only source of watermarks.

    `sequence` numbers the committed loads of a connection from 1 without gaps; loads are applied in this order.
    """

    load_id: str
    sequence: int
    request: LoadRequest
    parts: tuple[Part, ...]
    rows_expected: int | None
    calls: Mapping[str, int] = field(default_factory=dict)
    code_version: str = ""
    releases: str | None = None
    """Mode release: the load id whose held tombstones this one lets through."""
    rewritten_at: datetime | None = None
    """When values were last taken out of the parts, by `connectors.landing.erase`; None for parts as they came."""
    rewritten_by: str = ""
    """What took them out: the erasing load's id, or the rule that changed."""
    misfits: Mapping[str, int] = field(default_factory=dict)
    """Values per column that did not fit its type; `(text)` counts bytes that are no text, `(cut)` texts too long."""
    absorbed: tuple[str, ...] = ()
    """Ids of loads of earlier nights whose rows are in the parts now, each row with its own `_known_until`."""

    @property
    def rows_landed(self) -> int:
        """Rows over all parts; a record that came twice counts twice."""
        return sum(part.rows for part in self.parts)

    @property
    def trail(self) -> tuple[Checkpoint, ...]:
        """The checkpoints, in landing order."""
        return tuple(part.checkpoint for part in self.parts if part.checkpoint is not None)

    def to_bytes(self) -> bytes:
        """JSON for people and programs."""
        values = {
            "format": FORMAT,
            "load_id": self.load_id,
            "sequence": self.sequence,
            **self.request.as_json(),
            "rows_expected": self.rows_expected,
            "rows_landed": self.rows_landed,
            "calls": dict(self.calls),
            "code_version": self.code_version,
            "releases": self.releases,
            "misfits": dict(self.misfits),
            "rewritten_at": format_utc(self.rewritten_at) if self.rewritten_at else None,
            "rewritten_by": self.rewritten_by,
            "absorbed": list(self.absorbed),
            "parts": [part.as_json() for part in self.parts],
        }
        return orjson.dumps(values, option=orjson.OPT_INDENT_2)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Manifest":
        """The reverse of `to_bytes`.

        Raises:
            UnexpectedReplyError: written by a newer version of this program.
        """
        values = orjson.loads(content)
        if values["format"] != FORMAT:
            raise UnexpectedReplyError(f"Manifest format {values['format']} is not {FORMAT}; update this program.")
        return cls(
            load_id=values["load_id"],
            sequence=values["sequence"],
            request=LoadRequest.from_json(values),
            parts=tuple(Part.from_json(part) for part in values["parts"]),
            rows_expected=values["rows_expected"],
            calls=values["calls"],
            code_version=values["code_version"],
            releases=values["releases"],
            rewritten_at=parse_utc(values["rewritten_at"]) if values.get("rewritten_at") else None,
            rewritten_by=values.get("rewritten_by", ""),
            misfits=values.get("misfits", {}),
            absorbed=tuple(values.get("absorbed", ())),
        )
