"""The landing log: the only state there is. Committed loads, their order, and what the next run goes on from."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from connectors.engine import EngineSettings, open_memory
from connectors.errors import ConfigurationError, DamagedLogError, IdentityError
from connectors.hashing import check_key, set_hash_key
from connectors.landing.lease import Lease
from connectors.landing.load import MANIFEST, OpenLoad
from connectors.landing.manifest import LoadRequest, Manifest, Part
from connectors.landing.progress import read_progress, remove_open
from connectors.secret import Secret

LEASE = ".lease"
MAX_RESUME_AGE = timedelta(days=2)  # Salesforce's query cursors live two days; a Bulk job lives seven


class LandingLog:
    """The log under `root`: `<connection>/<object>/<load_id>/part-….parquet` and `manifest.json`.

    Reading needs nothing; writing needs the connection's lease. Committed loads never change, so what was read
    once is kept in memory, and while this object's lease is open the folders are listed once. `hash_key` is what
    columns are hashed with that the reading rules do not let through. Close it, or use it as a context manager, to
    free its DuckDB.
    """

    def __init__(self, root: Path, engine: EngineSettings | None = None, *, hash_key: Secret | None = None) -> None:
        self.root = root
        self._hash_key = hash_key
        self._leases: dict[str, Lease] = {}
        self._index: dict[str, list[Manifest]] = {}
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
        lease = Lease(self.path(connection, LEASE), connection)
        self._leases[connection] = lease
        self._index.pop(connection, None)
        return lease

    def forget(self, connection: str) -> None:
        """Read the connection's folders anew: somebody has rewritten loads under the lease."""
        self._index.pop(connection, None)
        self._known = {path: known for path, known in self._known.items() if known.request.connection != connection}

    def connections(self) -> list[str]:
        """Names of the connections that have a folder, sorted."""
        if not self.root.is_dir():
            return []
        return sorted(folder.name for folder in self.root.iterdir() if folder.is_dir())

    def manifests(self, connection: str, object_name: str | None = None) -> list[Manifest]:
        """Committed loads in commit order, of one object or of all."""
        lease = self._leases.get(connection)
        is_mine = lease is not None and lease.is_open
        found = self._index.get(connection) if is_mine else None
        if found is None:
            found = self._list(connection, None if is_mine else object_name)
            if is_mine:
                self._index[connection] = found
        return [one for one in found if object_name in (None, one.request.object_name)]

    def latest(self, connection: str, object_name: str, lane: str) -> Manifest | None:
        """The newest committed load of an object's lane that moved its watermark."""
        for manifest in reversed(self.manifests(connection, object_name)):
            request = manifest.request
            if request.lane == lane and request.moves_watermark and request.mode not in ("release", "none"):
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
                "Check the credentials, or give the other org a data folder of its own (CRM_DATA_DIR)."
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

    def find_open(self, connection: str, object_name: str, lane: str, ids: tuple[str, ...] = ()) -> LoadRequest | None:
        """What a crashed run was loading for this lane (or of these ids), None if nothing usable is there."""
        for folder in self._open_folders(connection, object_name):
            progress = read_progress(folder)
            if progress is not None and (progress[0].lane, progress[0].ids) == (lane, ids) and progress[1]:
                return progress[0]
        return None

    def open_load(self, request: LoadRequest, lease: Lease) -> OpenLoad:
        """Continue the open load that equals `request`, or begin a new one.

        Whatever else is open for this object and lane is stale and is removed.

        Raises:
            IdentityError: the log was filled from another org or portal.
            ConfigurationError: columns are to be hashed, and there is no key; nothing was fetched.
        """
        lease.check(request.connection)
        self.check_identity(request.connection, request.identity)
        if request.hashed:
            check_key(self._hash_key)
        resumed: OpenLoad | None = None
        for folder in self._open_folders(request.connection, request.object_name):
            progress = read_progress(folder)
            if progress is not None and (progress[0].lane, bool(progress[0].ids)) != (request.lane, bool(request.ids)):
                continue
            if progress is not None and progress[0] == request and progress[1] and resumed is None:
                resumed = self._load(request, folder, progress[1])
            else:
                remove_open(folder)
        if resumed is not None:
            return resumed
        return self._load(request, self.path(request.connection, request.object_name, self._load_name(request)), ())

    def commit_release(self, held: Manifest, lease: Lease) -> Manifest:
        """Commit the decision that the tombstones which the brake held in `held` shall be applied."""
        request = replace(held.request, mode="release", parent_column=None)
        load = self.open_load(request, lease)
        manifest = Manifest(load.load_id, 0, request, (), None, releases=held.load_id)
        return self._seal(load, manifest)

    def commit_refusal(self, request: LoadRequest, lease: Lease) -> Manifest | None:
        """Commit that an object cannot be read (mode none); None if the log says so already.

        What is landed of an open load of the lane stays, to be gone on with if access comes back.
        """
        lease.check(request.connection)
        lane = [one for one in self.manifests(request.connection, request.object_name) if _lane(one) == request.lane]
        if lane and lane[-1].request.mode == "none":
            return None
        folder = self.path(request.connection, request.object_name, self._load_name(request))
        load = self._load(request, folder, ())
        return self._seal(load, Manifest(load.load_id, 0, request, (), None))

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
            if self._hash_key is not None:
                set_hash_key(self._engine, self._hash_key)
        return OpenLoad(
            request,
            folder,
            self._engine,
            seal=self._seal,
            parts=parts,
            earlier=self._earlier,
            hash_key=self._hash_key,
        )

    def _earlier(self, request: LoadRequest) -> list[tuple[Manifest, list[Path]]]:
        return [(load, self.part_paths(load)) for load in self.manifests(request.connection, request.object_name)]

    def _seal(self, load: OpenLoad, manifest: Manifest) -> Manifest:
        # safe without a counter file: the lease lets one run per connection commit
        final = replace(manifest, sequence=self._next_sequence(manifest.request.connection))
        load.write_manifest(final)
        connection = final.request.connection
        if connection in self._index:
            self._index[connection].append(final)
        return final

    def _load_name(self, request: LoadRequest) -> str:
        ordinal = self._next_sequence(request.connection)
        return f"{request.window.hi:%Y%m%dT%H%M%SZ}-{request.lane}-{ordinal:06d}"

    def _next_sequence(self, connection: str) -> int:
        manifests = self.manifests(connection)
        return manifests[-1].sequence + 1 if manifests else 1

    def _list(self, connection: str, object_name: str | None) -> list[Manifest]:
        folder = self.path(connection) if object_name is None else self.path(connection, object_name)
        pattern = f"*/*/{MANIFEST}" if object_name is None else f"*/{MANIFEST}"
        return sorted((self._read(path) for path in folder.glob(pattern)), key=lambda manifest: manifest.sequence)

    def _read(self, path: Path) -> Manifest:
        manifest = self._known.get(path)
        if manifest is None:
            try:
                manifest = Manifest.from_bytes(path.read_bytes())
            except (ValueError, KeyError, TypeError) as error:
                raise DamagedLogError(
                    f"{path.relative_to(self.root)} of the landing log is damaged and cannot be read. "
                    "Restore it from a backup; nothing was changed."
                ) from error
            self._known[path] = manifest
        return manifest

    def _open_folders(self, connection: str, object_name: str) -> list[Path]:
        folder = self.path(connection, object_name)
        if not folder.is_dir():
            return []
        return sorted(load for load in folder.iterdir() if load.is_dir() and not (load / MANIFEST).exists())


def _lane(manifest: Manifest) -> str:
    return manifest.request.lane
