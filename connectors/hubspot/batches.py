"""Records by id, a hundred at a time; what a batch could not give is asked for alone, a batch refused is halved."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil, log2

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.client import Client, fields_of, results_of
from connectors.hubspot.objects import ObjectType
from connectors.hubspot.walks import HISTORY_PAGE, LIST_PAGE, Ask

BATCH = LIST_PAGE
HISTORY_BATCH = HISTORY_PAGE
WORKERS = 4  # batches under way together; the pace decides how soon each may start

_NOT_FOUND = "OBJECT_NOT_FOUND"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Answers to some ids: bodies with `results`, the ids in them, and the ids that nothing answered to.

    Of those, HubSpot does not say of `unread` that they are not there.
    """

    bodies: tuple[bytes, ...] = field(default=(), repr=False)
    ids: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __add__(self, other: "Batch") -> "Batch":
        """Both."""
        return Batch(
            self.bodies + other.bodies,
            self.ids + other.ids,
            self.missing + other.missing,
            self.unread + other.unread,
        )


def batch_size(ask: Ask) -> int:
    """Most ids of one request."""
    return HISTORY_BATCH if ask.history else BATCH


def read_batch(client: Client, kind: ObjectType, ids: Sequence[str], ask: Ask, *, archived: bool = False) -> Batch:
    """The records with these ids, however many; a merged id is answered by the record that took it in.

    Raises:
        RejectedRequestError: HubSpot refuses more than a few single ids.
    """
    size = batch_size(ask)
    chunks = [ids[at : at + size] for at in range(0, len(ids), size)]

    def read(chunk: Sequence[str]) -> Batch:
        return _Reading(client, kind, ask, archived=archived, size=len(chunk)).read(chunk)

    if len(chunks) < 2:
        return sum(map(read, chunks), Batch())
    with ThreadPoolExecutor(min(WORKERS, len(chunks))) as pool:
        return sum(pool.map(read, chunks), Batch())


def ask_batch(
    client: Client, kind: ObjectType, ids: Sequence[str], ask: Ask, *, archived: bool
) -> tuple[Sequence[Mapping[str, object]], bytes]:
    """One request about at most a batch of ids: the records that answered, and the answer itself."""
    fields, body = _send(client, kind, ids, ask, archived=archived)
    return results_of(fields), body


def _send(
    client: Client, kind: ObjectType, ids: Sequence[str], ask: Ask, *, archived: bool
) -> tuple[Mapping[str, object], bytes]:
    body: dict[str, object] = {
        "inputs": [{"id": record_id} for record_id in ids],
        "properties": list(ask.properties),
        "propertiesWithHistory": list(ask.history),
    }
    query = {"archived": str(archived).lower()}
    reply = client.post("batch_read", client.paths.batch_read(kind.name), body, query)
    return fields_of(reply), reply.body


class _Reading:
    """One batch and what becomes of it; `size` bounds how many extra calls a refused one may cost."""

    def __init__(self, client: Client, kind: ObjectType, ask: Ask, *, archived: bool, size: int) -> None:
        self._client = client
        self._kind = kind
        self._ask = ask
        self._archived = archived
        self._halvings_left = 2 * ceil(log2(max(size, 2)))

    def read(self, ids: Sequence[str]) -> Batch:
        try:
            fields, body = self._send(ids)
        except NoAccessError:
            raise
        except RejectedRequestError:
            if not self._halvings_left:
                raise
            self._halvings_left -= 1
            if len(ids) == 1:
                return self._leave_out(ids[0])
            middle = len(ids) // 2
            return self.read(ids[:middle]) + self.read(ids[middle:])
        found = tuple(str(record["id"]) for record in results_of(fields))
        gone = _not_found(fields)
        batch = Batch((body,), found, tuple(gone))
        if len(found) + len(gone) < len(ids):
            for record_id in [key for key in ids if key not in gone and key not in found]:
                batch += self._read_alone(record_id)
        return batch

    def _read_alone(self, record_id: str) -> Batch:
        fields, body = self._send([record_id])
        found = tuple(str(record["id"]) for record in results_of(fields))
        if not found and record_id in _not_found(fields):
            return Batch(missing=(record_id,))
        return Batch((body,), found) if found else self._leave_out(record_id)

    def _leave_out(self, record_id: str) -> Batch:
        _log.warning(
            "HubSpot gives no answer to record %s of %s, though it lists it; the next load asks again.",
            record_id,
            self._kind.name,
        )
        return Batch(missing=(record_id,), unread=(record_id,))

    def _send(self, ids: Sequence[str]) -> tuple[Mapping[str, object], bytes]:
        return _send(self._client, self._kind, ids, self._ask, archived=self._archived)


def _not_found(fields: Mapping[str, object]) -> frozenset[str]:
    """Ids that a 207 names as not there any more."""
    errors = fields.get("errors")
    gone: set[str] = set()
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if isinstance(error, dict) and error.get("category") == _NOT_FOUND else None
        ids = context.get("ids") if isinstance(context, dict) else None
        gone.update(str(key) for key in ids) if isinstance(ids, list) else None
    return frozenset(gone)
