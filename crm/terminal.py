"""Where a command writes: answers to standard output, progress and notes to standard error."""

import sys
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table


class Terminal:
    """Both streams of a command; `as_json` keeps the standard output for one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = Console(highlight=False, soft_wrap=False)
        self.err = Console(stderr=True, highlight=False)

    @property
    def draws(self) -> bool:
        """Whether somebody looks at the standard error who wants to see bars."""
        return self.err.is_terminal and not self.as_json

    def note(self, text: str) -> None:
        """Say something beside the answer."""
        self.err.print(text, style="dim", markup=False)

    def write_json(self, document: bytes) -> None:
        """The one document."""
        sys.stdout.buffer.write(document + b"\n")
        sys.stdout.buffer.flush()


def new_table(title: str, *columns: str, right: tuple[str, ...] = (), whole: tuple[str, ...] = ()) -> Table:
    """An empty table without lines; columns named in `right` hold numbers, those in `whole` are never broken."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 1, 0, 0),
        # a title is broken at the table's width
        min_width=len(title),
    )
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in right else "left",
            overflow="fold",
            no_wrap=column in right or column in whole,
        )
    return table


def show_time(moment: datetime | None) -> str:
    """A time as people read it, in UTC to the minute; "-" for None."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "-"


def show_day_and_time(moment: datetime | None) -> str:
    """A time of this year, where the column is narrow; UTC, "all" for None."""
    return f"{moment.astimezone(UTC):%m-%d %H:%M}" if moment else "all"


def show_number(number: int | None) -> str:
    """With thousands separated; "?" where it is not known."""
    return "?" if number is None else f"{number:,}"


def show_span(span: timedelta) -> str:
    """How long, in its one or two biggest units: `3 d 4 h`, `2 h 5 min`, `40 s`."""
    seconds = max(0, int(span.total_seconds()))
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds} s"
