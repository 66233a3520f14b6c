"""Definitions as they were: pipelines and stages over time, and the words that stand for each property's values.

HubSpot keeps an audit of each pipeline and stage. It is asked for where the definition has changed since the last
time; what has been read stays, whatever HubSpot forgets later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import orjson

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.client import results_of
from connectors.hubspot.definition_sources import (
    AUDIT,
    OPTION,
    STAGE_AUDIT,
    audit_source,
    options_source,
    stage_audit_source,
)
from connectors.hubspot.objects import (
    AUDIT_COLUMNS,
    OBJECT_TYPES,
    OPTION_COLUMNS,
    PIPELINE_AUDIT,
    STAGE_AUDIT_COLUMNS,
)
from connectors.hubspot.session import Session
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

_GONE = 404


class AuditLane:
    """Plans and fetches the audits of deal pipelines and of their stages."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """Which definitions moved is known when the pipelines are read."""
        columns = AUDIT_COLUMNS if stream.object_name == PIPELINE_AUDIT else STAGE_AUDIT_COLUMNS
        return PlanLine(stream, window, TableSchema.of(columns), "audit")

    def estimate(self, line: PlanLine) -> PlanLine:
        """The same with a call for each definition that moved: the pipelines say which."""
        is_pipelines = line.stream.object_name == PIPELINE_AUDIT
        return replace(line, calls=len(list(self._moved(line.window, is_pipelines=is_pipelines))))

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land every state that HubSpot knows of the definitions that changed in the window."""
        if load.parts:
            load.restart()
        client = self._session.client
        is_pipelines = line.stream.object_name == PIPELINE_AUDIT
        pages: list[tuple[str, Path]] = []
        for pipeline_id, stage_id in self._moved(load.window, is_pipelines=is_pipelines):
            path = client.paths.pipeline_audit("deals", pipeline_id, stage_id)
            try:
                body = client.get("audit", path).body
            except RejectedRequestError as error:
                if isinstance(error, NoAccessError) or error.status != _GONE:
                    raise
                continue  # removed while we looked
            file = load.spool(f"{len(pages):06d}.json")
            file.write_bytes(body)
            pages.append((pipeline_id, file))
        if pages and is_pipelines:
            load.land(audit_source(pages), AUDIT)
        elif pages:
            load.land(stage_audit_source(pages), STAGE_AUDIT)
        return Fetched()

    def _moved(self, window: Window, *, is_pipelines: bool) -> Iterator[tuple[str, str | None]]:
        pipelines = orjson.loads(self._session.read_pipelines())
        for pipeline in results_of(pipelines):
            stages = pipeline.get("stages")
            moved = [stage for stage in (stages if isinstance(stages, list) else []) if _is_moved(stage, window)]
            if not is_pipelines:
                yield from ((str(pipeline["id"]), str(stage["id"])) for stage in moved)
            elif moved or _is_moved(pipeline, window):  # its audit has its stages, and its own stamp may stay
                yield str(pipeline["id"]), None


class OptionsLane:
    """Plans and fetches what stands for each value of an enumeration: from definitions that are read already."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """One way only."""
        return PlanLine(stream, window, TableSchema.of(OPTION_COLUMNS), "properties", calls=0)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the options of all properties that are read."""
        if load.parts:
            load.restart()
        rows = [row for kind in [*OBJECT_TYPES, *self._session.discovered] for row in self._options(kind)]
        file = load.spool("options.json")
        file.write_bytes(orjson.dumps(rows))
        load.land(options_source(file), OPTION)
        return Fetched(expected_rows=len(rows))

    def _options(self, kind_name: str) -> Iterator[Mapping[str, object]]:
        try:
            properties = self._session.catalogue.read(self._session.kind(kind_name))
        except NoAccessError:
            return
        for name, options in properties.options:
            values: set[str] = set()
            for option in _unique(options, values):
                yield {
                    "object": kind_name,
                    "field": name,
                    "value": str(option["value"]),
                    "label": option.get("label"),
                    "is_active": not option.get("hidden", False),
                    "sort_order": option.get("displayOrder"),
                }


def _unique(options: Sequence[Mapping[str, object]], seen: set[str]) -> Iterator[Mapping[str, object]]:
    for option in options:
        value = str(option.get("value"))
        if value not in seen:
            seen.add(value)
            yield option


def _is_moved(definition: Mapping[str, object], window: Window) -> bool:
    stamp = definition.get("updatedAt")
    return window.lo is None or not isinstance(stamp, str) or datetime.fromisoformat(stamp) >= window.lo
