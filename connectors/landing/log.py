"""The landing log: the only state there is. Committed loads, their order, and what the next run goes on from."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree

import duckdb
import orjson

from connectors.engine import EngineSettings, open_memory
from connectors.errors import ConfigurationError, IdentityError
from connectors.landing.lease import Lease
from connectors.landing.load import MANIFEST, PROGRESS, OpenLoad
from connectors.landing.manifest import LoadRequest, Manifest, Part

LEASE = ".lease"
MAX_RESUME_AGE = timedelta(days=2)  # Salesforce's query cursors live two days; a Bulk job lives seven


class LandingLog:
    """The log under `root`: `<connection>/<object>/<load_id>/part-….parquet` and `manifest.json`.

    Reading needs nothing; writing needs the connection's lease. Committed loads never change, so what was read
    once is kept in memory. Close it, or use it as a context manager, to free its DuckDB.
    """

    def __init__(self, root: Path, engine: EngineSettings | None = None) -> None:
        self.root = root
        self._settings = engine or EngineSettings()
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._known: dict[Path, Manifest] = {}

    def path(self, *names: str) -> Path:
        """The one place where names become paths, so that another store can take the folder's place."""
        for name in names:
            if not name or name in (".", "..") or "/" in name or "\\" in name:
                raise ConfigurationError(f"{name!r} cannot be a name in the landing log.")
        return self.root.joinpath(*names)

    def lease(self, connection: str) -> Lease:
        """Take the connection for one run.

        Raises:
            BusyError: another run has it.
        """
        return Lease(self.path(connection, LEASE), connection)

    def connections(self) -> list[str]:
        """Names of the connections that have a folder, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if folder.is_dir())

    def manifests(self, connection: str, object_name: str | None = None) -> list[Manifest]:
        """Committed loads in commit order, of one object or of all."""
        folder = self.path(connection) if object_name is None else self.path(connection, object_name)
        pattern = f"*/*/{MANIFEST}" if object_name is None else f"*/{MANIFEST}"
        found = [self._read(path) for path in folder.glob(pattern)]
        return sorted(found, key=lambda manifest: manifest.sequence)

    def latest(self, connection: str, object_name: str, lane: str) -> Manifest | None:
        """The newest committed load of an object's lane that moved its watermark."""
        for manifest in reversed(self.manifests(connection, object_name)):
            if manifest.request.lane == lane and manifest.request.mode != "release":
                return manifest
        return None

    def watermark(self, connection: str, object_name: str, lane: str) -> datetime | None:
        """Up to where (exclusive, UTC) the lane is complete; None before its first load."""
        manifest = self.latest(connection, object_name, lane)
        return manifest.request.window.hi if manifest else None

    def identity(self, connection: str) -> str | None:
        """Org or portal id that the connection's log was filled from; None for an empty log."""
        manifests = self.manifests(connection)
        return manifests[-1].request.identity if manifests else None

    def check_identity(self, connection: str, identity: str) -> None:
        """Refuse to mix two orgs or portals.

        Raises:
            IdentityError: the log was filled from another one.
        """
        known = self.identity(connection)
        if known is not None and known != identity:
            raise IdentityError(
                f"{connection} now answers as {identity}, but its landing log was filled from {known}. "
                "Check the credentials, or use another connection name for the other org."
            )

    def part_paths(self, manifest: Manifest) -> list[Path]:
        """The Parquet files of a load, in landing order; empty parts are left out."""
        request = manifest.request
        return [
            self.path(request.connection, request.object_name, manifest.load_id, part.name)
            for part in manifest.parts
            if part.rows
        ]

    def parents_paths(self, manifest: Manifest) -> list[Path]:
        """The Parquet files that list the parents which a load covers."""
        request = manifest.request
        return [
            self.path(request.connection, request.object_name, manifest.load_id, part.parents_name)
            for part in manifest.parts
            if part.parents_name is not None
        ]

    def find_open(self, connection: str, object_name: str, lane: str) -> LoadRequest | None:
        """What a crashed run was loading for this lane, None if nothing usable is there."""
        for folder in self._open_folders(connection, object_name):
            progress = _read_progress(folder)
            if progress is not None and progress[0].lane == lane and progress[1]:
                return progress[0]
        return None

    def open_load(self, request: LoadRequest, lease: Lease) -> OpenLoad:
        """Continue the open load that equals `request`, or begin a new one.

        Whatever else is open for this object and lane is stale and is removed.

        Raises:
            IdentityError: the log was filled from another org or portal.
        """
        lease.check(request.connection)
        self.check_identity(request.connection, request.identity)
        resumed: OpenLoad | None = None
        for folder in self._open_folders(request.connection, request.object_name):
            progress = _read_progress(folder)
            if progress is not None and progress[0].lane != request.lane:
                continue
            if progress is not None and progress[0] == request and progress[1] and resumed is None:
                resumed = self._load(request, folder, progress[1])
            else:
                _remove(folder)
        if resumed is not None:
            return resumed
        ordinal = self._next_sequence(request.connection)
        name = f"{request.window.hi:%Y%m%dT%H%M%SZ}-{request.lane}-{ordinal:06d}"
        return self._load(request, self.path(request.connection, request.object_name, name), ())

    def commit_release(self, held: Manifest, lease: Lease) -> Manifest:
        """Commit the decision that the tombstones which the brake held in `held` shall be applied."""
        request = replace(held.request, mode="release", parent_column=None)
        load = self.open_load(request, lease)
        manifest = Manifest(load.load_id, 0, request, (), None, releases=held.load_id)
        return self._seal(load, manifest)

    def forget(self, manifest: Path) -> None:
        """Read this manifest's file again at the next question: it was rewritten."""
        self._known.pop(manifest, None)

    def close(self) -> None:
        """Free DuckDB's memory."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> "LandingLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _load(self, request: LoadRequest, folder: Path, parts: tuple[Part, ...]) -> OpenLoad:
        if self._engine is None:
            self._engine = open_memory(self._settings)
        return OpenLoad(request, folder, self._engine, seal=self._seal, parts=parts, earlier=self._earlier)

    def _earlier(self, request: LoadRequest) -> list[tuple[Manifest, list[Path]]]:
        return [(load, self.part_paths(load)) for load in self.manifests(request.connection, request.object_name)]

    def _seal(self, load: OpenLoad, manifest: Manifest) -> Manifest:
        # safe without a counter file: the lease lets one run per connection commit
        final = replace(manifest, sequence=self._next_sequence(manifest.request.connection))
        load.write_manifest(final)
        return final

    def _next_sequence(self, connection: str) -> int:
        manifests = self.manifests(connection)
        return manifests[-1].sequence + 1 if manifests else 1

    def _read(self, path: Path) -> Manifest:
        manifest = self._known.get(path)
        if manifest is None:
            manifest = self._known[path] = Manifest.from_bytes(path.read_bytes())
        return manifest

    def _open_folders(self, connection: str, object_name: str) -> list[Path]:
        folder = self.path(connection, object_name)
        if not folder.is_dir():
            return []
        return sorted(load for load in folder.iterdir() if load.is_dir() and not (load / MANIFEST).exists())


def _read_progress(folder: Path) -> tuple[LoadRequest, tuple[Part, ...]] | None:
    """The request and parts of an open load; None if it cannot be continued."""
    with suppress(FileNotFoundError, ValueError, KeyError, ConfigurationError):
        values: Mapping[str, object] = orjson.loads((folder / PROGRESS).read_bytes())
        request, parts = values["request"], values["parts"]
        if isinstance(request, dict) and isinstance(parts, list):
            return LoadRequest.from_json(request), tuple(Part.from_json(part) for part in parts)
    return None


def _remove(folder: Path) -> None:
    (folder / PROGRESS).unlink(missing_ok=True)
    rmtree(folder)
