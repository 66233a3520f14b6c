"""Progress on standard error: bars on a terminal, and of a sync one line per finished load elsewhere."""

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from connectors.streams import SyncEvent
from crm.terminal import Terminal, show_number

NAME_WIDTH = 30  # with the rest of a line, eighty columns

_ENDED = ("committed", "failed", "no_access")


class SyncProgress:
    """Listens to the events of one CRM's sync; use it in a `with` block."""

    def __init__(self, terminal: Terminal) -> None:
        console = terminal.err
        self._draws = terminal.draws
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
            disable=not terminal.draws,
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
        if event.kind == "committed" and not self._draws:
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


class StepProgress:
    """One bar for work whose steps are counted; use it in a `with` block. Nothing is said where nobody looks."""

    def __init__(self, terminal: Terminal, title: str) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[found]:>31}", markup=False),
            console=terminal.err,
            transient=True,
            disable=not terminal.draws,
        )
        # without a total the bar pulses until the first step is done
        self._task = self._progress.add_task(title[:NAME_WIDTH].ljust(NAME_WIDTH), total=None, found="")

    def __enter__(self) -> "StepProgress":
        """Start drawing, where somebody looks."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bar away: the summary says it all."""
        self._progress.stop()

    def tell(self, done: int, total: int, about: str) -> None:
        """So many steps are done; the newest one was about that object or table."""
        found = f"{done:,} of {total:,}  {about}"[:31]
        self._progress.update(self._task, completed=done, total=total, found=found)
