"""Progress of a sync on standard error: bars on a terminal, one line per finished load elsewhere."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from connectors.streams import SyncEvent
from crm.terminal import show_number

NAME_WIDTH = 30  # with the rest of a line, eighty columns

_ENDED = ("committed", "failed", "no_access")


class SyncProgress:
    """Listens to the events of one CRM's sync; use it in a `with` block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._planned = 0
        self._ended: set[tuple[str, str]] = set()
        self._whole: TaskID | None = None
        self._tasks: dict[tuple[str, str], TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=6),
            TextColumn("{task.fields[found]:>31}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> "SyncProgress":
        """Start drawing, where somebody looks."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away: the summary says it all."""
        self._progress.stop()

    def listen(self, event: SyncEvent) -> None:
        """Take one event."""
        key = (event.object_name, event.lane)
        if event.kind == "planned":
            self._planned += 1
        elif event.kind in ("started", "part_landed"):
            self._draw(event)
        elif event.kind in _ENDED:
            self._ended.add(key)
            if key in self._tasks:
                self._progress.update(self._tasks[key], visible=False)
        self._draw_whole(event)
        if event.kind == "committed" and not self._console.is_terminal:
            self._say(f"{show_number(event.rows)} landed, {event.calls} calls, {event.seconds:.1f} s", event)
        elif event.kind in ("failed", "no_access", "held"):
            self._say(event.message, event)

    def _draw_whole(self, event: SyncEvent) -> None:
        name = event.connection.ljust(NAME_WIDTH)
        if self._whole is None:
            self._whole = self._progress.add_task(name, total=None, found="")
        if not self._ended:
            self._progress.update(self._whole, found=f"{self._planned} lanes planned")
            return
        total = max(self._planned, len(self._ended))
        found = f"{len(self._ended)} of {total} lanes"
        self._progress.update(self._whole, total=total, completed=len(self._ended), found=found)

    def _draw(self, event: SyncEvent) -> None:
        key = (event.object_name, event.lane)
        if key not in self._tasks:
            name = f"{event.object_name} {event.lane}"[:NAME_WIDTH].ljust(NAME_WIDTH)
            self._tasks[key] = self._progress.add_task(name, total=None, found="")
        of = f" of {event.rows_expected:,}" if event.rows_expected is not None else ""
        found = f"{event.rows:,}{of} rows {event.calls:>4} calls"
        # an unknown total makes the bar pulse
        self._progress.update(
            self._tasks[key], total=event.rows_expected or None, completed=event.rows, visible=True, found=found
        )

    def _say(self, text: str, event: SyncEvent) -> None:
        self._progress.console.print(
            f"{event.connection} {event.object_name} {event.lane}: {text}", markup=False, soft_wrap=True
        )
