"""Records and links rendered in blocks and kept, so that an extractor waits for itself and not for the sandbox.

DuckDB renders thousands of records nearly as fast as fifty, so a large table is rendered block by block of its rows,
in whatever order pages ask for them. What is kept is good until the next edit or tick.
"""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

import duckdb

BLOCK = 4_096  # rows
SMALL = 2_000  # rows of a table that is always read as it stands
MANY_BLOCKS = 48  # a table of more is not rendered whole for pages that jump about in it
BUDGET = 400_000_000  # characters kept at most

Block = dict[int, str]
Links = dict[str, tuple[str, int | None]]


@dataclass(frozen=True)
class Listing:
    """Records of one list in its order: ids as numbers, and their rows."""

    ids: list[int]
    rows: list[int]

    def page(self, after: int, limit: int) -> tuple[list[int], int | None]:
        """Rows of up to `limit` records from id `after` on, and the last id shown if there are more."""
        start = bisect_left(self.ids, after)
        stop = start + limit
        return self.rows[start:stop], self.ids[stop - 1] if stop < len(self.ids) else None


Order = tuple[Listing, list[tuple[str, int]]]


@dataclass
class Rendered:
    """What was rendered of one version of the world. Thread safe; a new version forgets everything."""

    _version: int = -1
    _blocks: "OrderedDict[Hashable, Block]" = field(default_factory=OrderedDict)
    _listings: dict[Hashable, Order] = field(default_factory=dict)
    _links: dict[Hashable, Links] = field(default_factory=dict)
    _size: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def records(
        self, version: int, key: Hashable, rows: Sequence[int], count: int, render: Callable[[int, int], Block]
    ) -> list[str] | None:
        """The records at `rows`, in that order; None where reading them directly is cheaper.

        `render` makes the block of rows from the first number up to, not including, the second; `count` is about
        how many rows there are.
        """
        numbers = dict.fromkeys(row // BLOCK for row in rows)
        with self._lock:
            self._forget(version)
            missing = [number for number in numbers if (key, number) not in self._blocks]
            if len(missing) > 2 and count > MANY_BLOCKS * BLOCK:
                return None
            for number in missing:
                self._keep((key, number), render(number * BLOCK, (number + 1) * BLOCK))
            for number in numbers:
                self._blocks.move_to_end((key, number))
            return [self._blocks[(key, row // BLOCK)][row] for row in rows]

    def listing(self, version: int, key: Hashable, read: Callable[[], Order]) -> Order:
        """A list's order, and what its places stand for if not for rows of one table; read once."""
        with self._lock:
            self._forget(version)
            if key not in self._listings:
                self._listings[key] = read()
            return self._listings[key]

    def links(self, version: int, key: Hashable, read: Callable[[], Links]) -> Links:
        """The first page of every record's links between two object types, read once."""
        with self._lock:
            self._forget(version)
            if key not in self._links:
                self._links[key] = read()
            return self._links[key]

    def _forget(self, version: int) -> None:
        if version != self._version:
            self._version, self._size = version, 0
            self._blocks.clear()
            self._listings.clear()
            self._links.clear()

    def _keep(self, key: Hashable, block: Block) -> None:
        self._blocks[key] = block
        self._size += _characters(block)
        while self._size > BUDGET and len(self._blocks) > 2:
            _, dropped = self._blocks.popitem(last=False)
            self._size -= _characters(dropped)


def read_listing(cursor: duckdb.DuckDBPyConnection, table: str, *, is_archived: bool) -> Listing:
    """The order of a table's live or archived records."""
    columns = cursor.execute(
        f"SELECT id::BIGINT AS id, rowid AS place FROM {table} WHERE archived = ? AND merged_into IS NULL ORDER BY 1",
        [is_archived],
    ).fetchnumpy()
    return Listing(columns["id"].tolist(), columns["place"].tolist())


def _characters(block: Block) -> int:
    return sum(map(len, block.values()))
