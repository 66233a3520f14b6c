"""Answers on their way into parts of a load: spooled until there are enough, then landed together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.landing import OpenLoad

# a part costs a Parquet file and three fsyncs; a crash costs what is not landed yet
PAGES_PER_PART = 20
BYTES_PER_PART = 16_000_000


@dataclass
class Group:
    """Answers that will be one part: their files, the ids in them, and ids in them that an earlier part has."""

    load: OpenLoad
    pages_per_part: int = PAGES_PER_PART
    files: list[Path] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)
    _bytes: int = 0
    _names: int = 0

    @property
    def is_full(self) -> bool:
        """Whether it is time to land."""
        return len(self.files) >= self.pages_per_part or self._bytes >= BYTES_PER_PART

    def add(self, bodies: Iterable[bytes], ids: Sequence[str] = (), repeated: Iterable[str] = ()) -> list[Path]:
        """Spool some answers."""
        added = []
        for body in bodies:
            path = self.load.spool(f"{self._names:06d}.json")
            path.write_bytes(body)
            self._names += 1
            self._bytes += len(body)
            added.append(path)
        self.files += added
        self.ids += ids
        self.repeated |= set(repeated)
        return added

    def clear(self) -> None:
        """Begin the next part."""
        for path in self.files:
            path.unlink()
        self.files, self.ids, self.repeated, self._bytes = [], [], set(), 0
