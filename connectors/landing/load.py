"""An open load: bytes become Parquet parts, each one kept as soon as it is complete."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shutil import rmtree

import duckdb
import orjson

from connectors import __version__
from connectors.errors import ConfigurationError, CountMismatchError
from connectors.landing.durable import sync_folder, write_atomically
from connectors.landing.manifest import Checkpoint, LoadRequest, Manifest, Part
from connectors.landing.parts import PartWriter, RecordRule
from connectors.landing.text import CUT_TEXTS, TEXT_MISFITS, scrub
from connectors.landing.window import Window
from connectors.secret import Secret

PROGRESS = "progress.json"
MANIFEST = "manifest.json"
SPOOL = "spool"


class OpenLoad:
    """A load that is being filled, and survives its process.

    What `land` returned is kept: after a crash the next run continues behind it, with the checkpoint of the last
    part. Nothing is visible to readers before `commit`. Not for use from several threads at once.
    """

    def __init__(
        self,
        request: LoadRequest,
        folder: Path,
        engine: duckdb.DuckDBPyConnection,
        *,
        seal: Callable[["OpenLoad", Manifest], Manifest],
        parts: Sequence[Part] = (),
        earlier: Callable[[LoadRequest], Sequence[tuple[Manifest, Sequence[Path]]]] = lambda _: (),
        hash_key: Secret | None = None,
    ) -> None:
        self.request = request
        self.load_id = folder.name
        self.was_resumed = bool(parts)
        self.on_part: Callable[[Part], None] | None = None
        self._folder = folder
        self._writer = PartWriter(request, folder, engine, hash_key)
        self._scrubbed: set[Path] = set()
        self._seal = seal
        self._earlier = earlier
        self._parts = list(parts)
        self._is_open = True
        if not parts:
            self._begin()
        self._sweep()

    @property
    def window(self) -> Window:
        """What this load covers; of a resumed load, the window it was opened with."""
        return self.request.window

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is kept so far, in landing order."""
        return tuple(self._parts)

    @property
    def rows_landed(self) -> int:
        """Rows over all parts so far."""
        return sum(part.rows for part in self._parts)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """Where to go on: the newest checkpoint that was landed; None at the start of a load."""
        return next((part.checkpoint for part in reversed(self._parts) if part.checkpoint is not None), None)

    def earlier(self) -> Sequence[tuple[Manifest, Sequence[Path]]]:
        """Committed loads of this object's lanes, oldest first, each with its Parquet files: what is known of it."""
        return self._earlier(self.request)

    def spool(self, name: str) -> Path:
        """A place for bytes on their way to a part; emptied when the load is opened again or committed.

        A file is finished before it is landed. NUL bytes and bytes that are no UTF-8 are replaced then, and counted.
        """
        folder = self._folder / SPOOL
        folder.mkdir(exist_ok=True)
        return folder / name

    def land(
        self, source: str, record: RecordRule, *, checkpoint: Checkpoint | None = None, covers: Sequence[str] = ()
    ) -> Part:
        """Write the rows of `source` as the next part, and keep them together with `checkpoint`.

        `source` is SQL that can stand behind FROM: `csv_source(…)`, `json_source(…)` or a parenthesized query. It
        has every column of the request's schema, by name, of a type that casts to the schema's. Row order is kept,
        and of two versions with one stamp the later wins. `covers` are the parent ids of mode replace_children whose
        children are complete in this load; they may have none.

        Raises:
            UnexpectedReplyError: a value does not fit its declared type, or a row has no record id; nothing is kept.
        """
        self._check_open()
        if covers and self.request.mode != "replace_children":
            raise ConfigurationError(f"{self.request.object_name}: only replace_children loads cover parents.")
        number = len(self._parts)
        replaced = self._scrub(source)
        part = self._writer.write_part(number, source, record)
        if covers:
            part = replace(part, parents_name=self._writer.write_parents(number, covers))
        part = replace(part, checkpoint=checkpoint, replaced=replaced)
        sync_folder(self._folder)
        self._parts.append(part)
        self._write_progress()
        if self.on_part is not None:
            self.on_part(part)
        return part

    def restart(self) -> None:
        """Forget every part and begin the same window again."""
        self._check_open()
        self._parts.clear()
        self.was_resumed = False
        self._begin()
        self._sweep()

    def discard(self) -> None:
        """Remove the load; it never happened."""
        self._check_open()
        self._is_open = False
        # first what makes it a load, so that a crash in the middle leaves rubbish and no half load
        (self._folder / PROGRESS).unlink(missing_ok=True)
        rmtree(self._folder, ignore_errors=True)

    def commit(
        self,
        *,
        expected_rows: int | None,
        calls: Mapping[str, int] | None = None,
        covered_until: datetime | None = None,
        code_version: str = "",
        misfits: Mapping[str, int] | None = None,
    ) -> Manifest:
        """Make the load final. From here on it is read by everyone and never changed.

        `expected_rows` is what the CRM announced, None if it announces nothing. `covered_until` moves the window's
        upper bound back, for a source that says it knows less than was asked for. `misfits` are the values per column
        that did not fit their type and were landed as null.

        Raises:
            CountMismatchError: not as many rows were landed as announced; the load stays open.
        """
        self._check_open()
        if expected_rows is not None and expected_rows != self.rows_landed:
            raise CountMismatchError(
                f"{self.request.connection} announced {expected_rows} rows of {self.request.object_name} "
                f"({self.request.lane}, {self.window}) and sent {self.rows_landed}. Nothing was committed.",
                expected=expected_rows,
                landed=self.rows_landed,
            )
        if covered_until is not None and covered_until < self.window.hi:
            self.request = replace(self.request, window=Window(self.window.lo, covered_until))
        manifest = Manifest(
            load_id=self.load_id,
            sequence=0,
            request=self.request,
            parts=self.parts,
            rows_expected=expected_rows,
            calls=dict(calls or {}),
            code_version=code_version or __version__,
            misfits=self._count_misfits(misfits or {}),
        )
        rmtree(self._folder / SPOOL, ignore_errors=True)
        manifest = self._seal(self, manifest)
        self._is_open = False
        return manifest

    def write_manifest(self, manifest: Manifest) -> None:
        """The commit itself; the log calls it with the manifest's sequence filled in."""
        write_atomically(self._folder / MANIFEST, manifest.to_bytes())
        (self._folder / PROGRESS).unlink(missing_ok=True)

    def _scrub(self, source: str) -> int:
        """Mend bytes that are no text in the spooled files which `source` reads, and have not been looked at."""
        folder = self._folder / SPOOL
        if not folder.is_dir():
            return 0
        read = [path for path in folder.iterdir() if path not in self._scrubbed and str(path) in source]
        self._scrubbed.update(read)
        return sum(scrub(path) for path in read)

    def _count_misfits(self, misfits: Mapping[str, int]) -> dict[str, int]:
        replaced = sum(part.replaced for part in self._parts)
        cut = sum(part.cut for part in self._parts)
        texts = {name: count for name, count in ((TEXT_MISFITS, replaced), (CUT_TEXTS, cut)) if count}
        return {**{name: count for name, count in misfits.items() if count}, **texts}

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write_progress()
        sync_folder(self._folder.parent)

    def _check_open(self) -> None:
        if not self._is_open:
            raise ConfigurationError(f"Load {self.load_id} of {self.request.object_name} is closed; open a new one.")

    def _write_progress(self) -> None:
        content = {"request": self.request.as_json(), "parts": [part.as_json() for part in self._parts]}
        write_atomically(self._folder / PROGRESS, orjson.dumps(content))

    def _sweep(self) -> None:
        """Remove what a crash left between two parts."""
        kept = {PROGRESS, *(part.name for part in self._parts), *(part.parents_name for part in self._parts)}
        for path in self._folder.iterdir():
            if path.name == SPOOL:
                rmtree(path, ignore_errors=True)
            elif path.name not in kept:
                path.unlink()
