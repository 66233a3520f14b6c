"""What one reading of deals leaves to the lanes after it, so that no deal is read twice in a run."""

from collections.abc import Sequence
from pathlib import Path

from connectors.hubspot.scratch import Scratch
from connectors.hubspot.sources import history_source
from connectors.landing import Window


class Carry:
    """The ids of the deals that the rows lane read, and their history where the same answers held it.

    It is worth something only if that reading began and ended in this run; else the other lanes read for themselves.
    """

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self._window: Window | None = None
        self._is_complete = False
        self._ids: list[str] = []
        self._history: list[Path] = []

    def begin(self, window: Window) -> None:
        """A reading of `window` begins at its beginning."""
        self.drop()
        self._window = window

    def keep(self, ids: Sequence[str], files: Sequence[Path], *, has_history: bool) -> None:
        """Live records of the reading that has begun, and the pages that they came in."""
        if self._window is None:
            return
        self._ids.extend(ids)
        if has_history and files:
            self._history.append(self._scratch.keep(history_source(files)))

    def finish(self) -> None:
        """The reading came to its end."""
        self._is_complete = self._window is not None

    def drop(self) -> None:
        """Forget everything; the reading is not one of this run alone."""
        for path in self._history:
            path.unlink(missing_ok=True)
        self._window, self._is_complete, self._ids, self._history = None, False, [], []

    def covers(self, window: Window) -> bool:
        """Whether everything that changed in `window` was read."""
        if not self._is_complete or self._window is None or self._window.hi < window.hi:
            return False
        return self._window.lo is None or (window.lo is not None and self._window.lo <= window.lo)

    @property
    def ids(self) -> Sequence[str]:
        """Live records that were read."""
        return self._ids

    @property
    def history(self) -> Sequence[Path]:
        """Parquet files with the history of these records."""
        return self._history
