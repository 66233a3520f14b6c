"""Progress of a sync on standard error: bars on a terminal, one line per finished load elsewhere."""

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from connectors.streams import SyncEvent
from crm.terminal import show_number

NAME_WIDTH = 34


class SyncProgress:
    """Listens to a sync's events; use it in a `with` block."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tasks: dict[tuple[str, str, str], TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=16),
            TextColumn("{task.fields[rows]:>18} rows {task.fields[calls]:>5} calls", markup=False),
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
        if event.kind in ("started", "part_landed", "committed"):
            self._draw(event)
        if event.kind == "committed" and not self._console.is_terminal:
            self._say(f"{show_number(event.rows)} landed, {event.calls} calls, {event.seconds:.1f} s", event)
        elif event.kind in ("failed", "no_access", "held"):
            self._finish(event)
            self._say(event.message, event)

    def _draw(self, event: SyncEvent) -> None:
        task = self._task(event)
        of = f" of {event.rows_expected:,}" if event.rows_expected is not None else ""
        # an unknown total makes the bar pulse
        is_done = event.kind == "committed"
        done = max(event.rows, 1) if is_done else event.rows
        total = done if is_done else event.rows_expected
        rows = f"{event.rows:,}{of}"
        self._progress.update(task, total=total, completed=done, visible=not is_done, rows=rows, calls=event.calls)

    def _task(self, event: SyncEvent) -> TaskID:
        key = (event.connection, event.object_name, event.lane)
        if key not in self._tasks:
            name = f"{event.connection} {event.object_name} {event.lane}"[:NAME_WIDTH].ljust(NAME_WIDTH)
            self._tasks[key] = self._progress.add_task(name, total=None, rows="0", calls=0)
        return self._tasks[key]

    def _finish(self, event: SyncEvent) -> None:
        task = self._tasks.get((event.connection, event.object_name, event.lane))
        if task is not None:
            self._progress.update(task, visible=False)

    def _say(self, text: str, event: SyncEvent) -> None:
        self._progress.console.print(
            f"{event.connection} {event.object_name} {event.lane}: {text}", markup=False, soft_wrap=True
        )
