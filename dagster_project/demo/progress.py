"""The live table of a run: objects as they are read, then each step of the build, with rows, calls and seconds."""

import time
from dataclasses import dataclass, field

import dagster as dg
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from connectors.streams import SyncEvent

STEP_TITLES = {
    "salesforce": "Sync Salesforce",
    "hubspot": "Sync HubSpot",
    "meta__coverage": "Note what is not read",
    "conformed_tables": "Shape: seeds, staging, intermediate",
    "stage_definition_findings": "Judge stage definitions",
    "marts": "Build and test the marts",
    "published__crm": "Publish",
}


@dataclass
class ObjectLine:
    """What the table shows of one object of one CRM, its lanes together; seconds are wall time."""

    crm: str
    name: str
    apis: list[str] = field(default_factory=list)
    lanes: dict[str, SyncEvent] = field(default_factory=dict)
    note: str = ""

    @property
    def rows(self) -> int:
        """Rows landed so far."""
        return sum(event.rows for event in self.lanes.values())

    @property
    def calls(self) -> int:
        """API calls spent so far, retries included."""
        return sum(event.calls for event in self.lanes.values())

    @property
    def seconds(self) -> float:
        """Wall time so far."""
        return sum(event.seconds for event in self.lanes.values())


@dataclass
class StepLine:
    """What the table shows of one step of the run."""

    title: str
    started_at: float
    ended_at: float | None = None
    has_failed: bool = False
    materialized: int = 0
    checked: int = 0

    @property
    def seconds(self) -> float:
        """Wall time so far, or in all."""
        return (self.ended_at or time.monotonic()) - self.started_at


class Progress:
    """Collects events from the sync and from Dagster and draws them; `objects` and `steps` stay for the report."""

    def __init__(self, console: Console) -> None:
        self.objects: dict[tuple[str, str], ObjectLine] = {}
        self.steps: dict[str, StepLine] = {}
        self._live = Live(
            console=console,
            refresh_per_second=4,
            get_renderable=self._draw,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> "Progress":
        """Start drawing."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing and leave the finished table on the screen."""
        self._live.stop()
        self._live.console.print(self._draw())

    def on_sync_event(self, event: SyncEvent) -> None:
        """Take an event of the extraction."""
        key = (event.connection, event.object_name)
        line = self.objects.setdefault(key, ObjectLine(event.connection, event.object_name))
        if event.kind in ("part_landed", "committed"):
            line.lanes[event.lane] = event
            line.apis += [api for api in event.api.split(", ") if api and api not in line.apis]
        elif event.kind in ("no_access", "failed", "held"):
            line.note = event.message

    def on_dagster_event(self, entry: dg.EventLogEntry) -> None:
        """Take an event of the run's log."""
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        if event.event_type is dg.DagsterEventType.STEP_START:
            title = STEP_TITLES.get(event.step_key, event.step_key)
            self.steps[event.step_key] = StepLine(title, time.monotonic())
            return
        step = self.steps.get(event.step_key)
        if step is None:
            return
        if event.event_type is dg.DagsterEventType.ASSET_MATERIALIZATION:
            step.materialized += 1
        elif event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            step.checked += 1
        elif event.event_type in (dg.DagsterEventType.STEP_SUCCESS, dg.DagsterEventType.STEP_FAILURE):
            step.ended_at = time.monotonic()
            step.has_failed = event.event_type is dg.DagsterEventType.STEP_FAILURE

    def _draw(self) -> Group:
        return Group(self._objects_table(), Text(), self._steps_table())

    def _objects_table(self) -> Table:
        table = Table(title="Objects read", title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("CRM")
        table.add_column("object")
        table.add_column("API")
        table.add_column("rows", justify="right")
        table.add_column("calls", justify="right")
        table.add_column("seconds", justify="right")
        table.add_column("", style="yellow", overflow="fold")
        for line in self.objects.values():
            table.add_row(
                line.crm,
                line.name,
                ", ".join(line.apis),
                f"{line.rows:,}",
                str(line.calls),
                f"{line.seconds:.1f}",
                line.note,
            )
        table.add_row(
            "all",
            "",
            "",
            f"{sum(line.rows for line in self.objects.values()):,}",
            str(sum(line.calls for line in self.objects.values())),
            f"{sum(line.seconds for line in self.objects.values()):.1f}",
            style="bold",
        )
        return table

    def _steps_table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column(width=2)
        table.add_column()
        table.add_column(justify="right")
        table.add_column(style="dim")
        for step in self.steps.values():
            mark: Spinner | Text
            if step.ended_at is None:
                mark = Spinner("dots")
            else:
                mark = Text("✗", style="red") if step.has_failed else Text("✓", style="green")
            counts = [f"{step.materialized} tables"] if step.materialized else []
            counts += [f"{step.checked} checks"] if step.checked else []
            table.add_row(mark, step.title, f"{step.seconds:.1f} s", ", ".join(counts))
        return table
