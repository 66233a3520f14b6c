"""A folder and a small DuckDB of one run's own, for answers that more than one lane reads."""

import tempfile
import weakref
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from shutil import rmtree

import duckdb

from connectors.engine import EngineSettings, open_memory
from connectors.errors import BusyError
from connectors.hubspot.client import Client
from connectors.hubspot.objects import ObjectType
from connectors.hubspot.sources import archived_source
from connectors.hubspot.walks import Ask, walk_list
from connectors.landing import Lease, Window
from connectors.schema import literal

PREFIX = "hubspot-"
PAGES_TO_COUNT = 50  # of archived records of a type: what a plan may cost, which fetches nothing
HELD = ".held"  # locked as long as the folder's process lives


class Scratch:
    """Made at first use below `root` (None: the system's temporary folder), gone with the connector. For one thread.

    What a process that was killed left below `root` is removed when the next one begins: it may be personal.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        self._folder: Path | None = None
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._files = 0

    def write(self, body: bytes) -> Path:
        """A new file with this content."""
        path = self.new_path("json")
        path.write_bytes(body)
        return path

    def new_path(self, suffix: str) -> Path:
        """A name that is not taken."""
        if self._folder is None:
            if self._root is not None:
                self._root.mkdir(parents=True, exist_ok=True)
                _remove_what_the_dead_left(self._root)
            self._folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._root))
            self._gone = weakref.finalize(self, _remove, self._folder, Lease(self._folder / HELD, PREFIX))
        self._files += 1
        return self._folder / f"{self._files:06d}.{suffix}"

    def close(self) -> None:
        """Remove everything."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        if self._folder is not None:
            self._gone()
            self._folder = None

    def query(self, statement: str) -> list[tuple[object, ...]]:
        """Rows of a query over files."""
        if self._engine is None:
            self._engine = open_memory(EngineSettings())
        return self._engine.execute(statement).fetchall()

    def keep(self, source: str) -> Path:
        """The rows of `source` as a Parquet file."""
        path = self.new_path("parquet")
        self.query(f"copy (select * from {source}) to {literal(str(path))} (format parquet, compression zstd)")
        return path


def _remove(folder: Path, held: Lease) -> None:
    held.close()
    rmtree(folder, ignore_errors=True)


def _remove_what_the_dead_left(root: Path) -> None:
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(BusyError):  # its process is at work
            _remove(folder, Lease(folder / HELD, PREFIX))


class ArchivedLists:
    """The list of archived records of each type, read once per run: rows and deletes both need it.

    It is not known to be sorted by time of archiving, so it is always read to its end.
    """

    def __init__(self, client: Client, scratch: Scratch) -> None:
        self._client = client
        self._scratch = scratch
        self._files: dict[str, Sequence[Path]] = {}

    def files(self, kind: ObjectType) -> Sequence[Path]:
        """Pages of archived records with id and time of archiving; none if nothing is archived."""
        if kind.name not in self._files:
            steps = walk_list(self._client, kind, Ask(), archived=True)
            self._files[kind.name] = [self._scratch.write(body) for step in steps for body in step.bodies]
        return self._files[kind.name]

    def count_pages(self, kind: ObjectType) -> int:
        """How many calls the list takes, counted for a plan, as HubSpot says it nowhere; of a long one a guess."""
        if kind.name not in self._files:
            steps = walk_list(self._client, kind, Ask(), archived=True)
            pages = [body for step in islice(steps, PAGES_TO_COUNT) for body in step.bodies]
            if len(pages) == PAGES_TO_COUNT and next(steps, None) is not None:
                return 2 * PAGES_TO_COUNT
            self._files[kind.name] = [self._scratch.write(body) for body in pages]
        return max(1, len(self._files[kind.name]))

    def count_known(self, kind: ObjectType, window: Window) -> int:
        """How many records were archived in `window`; 0 where the list was not read to its end."""
        return len(self.ids(kind, window)) if kind.name in self._files else 0

    def ids(self, kind: ObjectType, window: Window) -> list[str]:
        """Records that were archived in `window`, by id."""
        files = self.files(kind)
        if not files:
            return []
        rows = self._scratch.query(f"select id from {archived_source(files, window)} order by id")
        return [str(record_id) for (record_id,) in rows]

    def all_ids(self, kind: ObjectType) -> frozenset[str]:
        """Everything that is archived now."""
        files = self.files(kind)
        if not files:
            return frozenset()
        far = datetime.max.replace(tzinfo=UTC)
        return frozenset(
            str(key) for (key,) in self._scratch.query(f"select id from {archived_source(files, Window(None, far))}")
        )

    def count_since(self, kind: ObjectType, moment: datetime) -> int:
        """How many records were archived at `moment` or later."""
        files = self.files(kind)
        if not files:
            return 0
        far = moment + timedelta(days=3650)
        rows = self._scratch.query(f"select count(*) from {archived_source(files, Window(moment, far))}")
        return int(str(rows[0][0]))

    def forget(self) -> None:
        """Read the lists anew at the next question."""
        self._files.clear()
