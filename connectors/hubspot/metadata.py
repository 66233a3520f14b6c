"""Owners, pipelines and stages: small full lists, each a snapshot."""

from connectors.hubspot.definition_sources import (
    OWNER,
    PIPELINE,
    STAGE,
    owners_source,
    pipelines_source,
    stages_source,
)
from connectors.hubspot.objects import OWNER_COLUMNS, OWNERS, PIPELINE_COLUMNS, PIPELINES, STAGE_COLUMNS
from connectors.hubspot.parts import Group
from connectors.hubspot.session import Session
from connectors.hubspot.walks import list_pages
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema
from connectors.streams import Fetched, PlanLine, Stream

OWNERS_PAGE = 500
_SCHEMAS = {OWNERS: TableSchema.of(OWNER_COLUMNS), PIPELINES: TableSchema.of(PIPELINE_COLUMNS)}
_CALLS = {OWNERS: 2, PIPELINES: 1}  # stages come with the pipelines
_STAGE_SCHEMA = TableSchema.of(STAGE_COLUMNS)


class MetadataLane:
    """Plans and fetches the lane `metadata`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """One way only."""
        schema = _SCHEMAS.get(stream.object_name, _STAGE_SCHEMA)
        return PlanLine(stream, window, schema, "list", calls=_CALLS.get(stream.object_name, 0))

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land the full list."""
        if load.parts:
            load.restart()
        if line.stream.object_name == OWNERS:
            return self._fetch_owners(load)
        return self._fetch_pipelines(load, is_stages=line.stream.object_name != PIPELINES)

    def _fetch_owners(self, load: OpenLoad) -> Fetched:
        client = self._session.client
        group, rows = Group(load), 0
        for archived in ("false", "true"):
            query = {"limit": str(OWNERS_PAGE), "archived": archived}
            for page in list_pages(client, "owners", client.paths.owners, query):
                group.add([page.body])
                rows += len(page.ids)
        load.land(owners_source(group.files), OWNER)
        return Fetched(expected_rows=rows)

    def _fetch_pipelines(self, load: OpenLoad, *, is_stages: bool) -> Fetched:
        group = Group(load)
        group.add([self._session.read_pipelines()])
        if is_stages:
            load.land(stages_source(group.files), STAGE)
        else:
            load.land(pipelines_source(group.files), PIPELINE)
        return Fetched()
