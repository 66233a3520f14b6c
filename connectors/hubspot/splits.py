"""Who shares a deal with whom, by which part: read for the deals that changed, and for all shared ones once a week.

HubSpot has no scope that reads splits alone: they are read where a token may write them, and left out elsewhere, for
the deals' own properties name the sharing owners. A split may change without the deal's stamp, hence the week.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from math import ceil

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.client import fields_of
from connectors.hubspot.objects import SPLIT_COLUMNS, ObjectType
from connectors.hubspot.search import Query, exceeds
from connectors.hubspot.session import Session
from connectors.hubspot.sources import LISTED, splits_source
from connectors.hubspot.sweeps import begins_week
from connectors.hubspot.unread import as_misfits, as_text, left_out, of_checkpoint
from connectors.hubspot.walks import Step, walk_ids, walk_window
from connectors.landing import OpenLoad, Window
from connectors.schema import TableSchema, literal
from connectors.streams import Fetched, PlanLine, Stream

COUNT = "hs_num_associated_deal_splits"  # a property that portals have with the feature
INPUTS = 100
SCHEMA = TableSchema.of(SPLIT_COLUMNS)

_log = logging.getLogger(__name__)


def has_splits(session: Session) -> bool:
    """Whether the portal has splits and the token may read them; one call if it has."""
    try:
        properties = session.catalogue.read(session.kind("deals"))
    except NoAccessError:
        return False
    if COUNT not in properties.asked:
        return False
    try:
        session.client.post("deal_splits", session.client.paths.deal_splits, {"inputs": []})
    except NoAccessError:
        return False
    except RejectedRequestError as error:
        return error.status == 400  # it is there, and does not like to be asked for nothing
    return True


class SplitsLane:
    """Plans and fetches the splits of deals."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, stream: Stream, window: Window) -> PlanLine:
        """The deals to ask about are known when the rows are there."""
        deals = self._session.planned.get("deals")
        calls = None if deals is None or window.lo is None else ceil(deals / INPUTS)
        return PlanLine(stream, window, SCHEMA, "batch read", calls=calls)

    def fetch(self, line: PlanLine, load: OpenLoad) -> Fetched:
        """Land all splits of every deal that is asked about, a hundred deals a part."""
        done = int(str(load.checkpoint["after"])) if load.checkpoint is not None else 0
        unread = of_checkpoint(load.checkpoint)
        waiting = (key for key in self._deals(load, line.stream) if int(key) > done)
        while chunk := list(islice(waiting, INPUTS)):
            bodies, failed = self._read(chunk)
            unread += failed
            files = []
            for number, body in enumerate(bodies):
                files.append(load.spool(f"splits-{chunk[0]}-{number:03d}.json"))
                files[-1].write_bytes(body)
            covered = [key for key in chunk if key not in failed]
            if covered:
                mark = {"after": chunk[-1], "unread": as_text(unread)}
                load.land(splits_source(files), LISTED, checkpoint=mark, covers=covered)
            for file in files:
                file.unlink()
        if unread:
            _log.warning("HubSpot gives no answer about the splits of %d deals; the next load asks again.", len(unread))
        return Fetched(misfits=as_misfits(unread))

    def _deals(self, load: OpenLoad, stream: Stream) -> Sequence[str]:
        """Deals that changed; in a first load and the first of a week all that are shared, or were when last seen."""
        session, window, deals = self._session, load.window, self._session.kind("deals")
        chosen = set(left_out(load, rows=1))
        if window.lo is not None:
            carry = session.carry
            covered = carry.covers(window)
            chosen.update(carry.ids if covered else self._ids(walk_window(session.client, Query(deals), window)))
        if window.lo is None or begins_week(window, stream.overlap):
            chosen.update(self._shared(deals))
            chosen.update(self._known(load))
        return sorted(chosen, key=int)

    def _shared(self, deals: ObjectType) -> Iterator[str]:
        return self._ids(walk_ids(self._session.client, Query(deals, (exceeds(COUNT, 0),))))

    def _known(self, load: OpenLoad) -> list[str]:
        files = ", ".join(literal(str(path)) for _, paths in load.earlier() for path in paths)
        rows = self._session.scratch.query(f"select distinct deal_id from read_parquet([{files}])") if files else []
        return [str(deal_id) for (deal_id,) in rows]

    def _read(self, ids: Sequence[str], *, again: bool = True) -> tuple[list[bytes], list[str]]:
        """Answers, and the deals that they say nothing about; a batch that is refused is halved."""
        path = self._session.client.paths.deal_splits
        try:
            reply = self._session.client.post("deal_splits", path, {"inputs": [{"id": key} for key in ids]})
        except NoAccessError:
            raise
        except RejectedRequestError:
            if len(ids) == 1:
                return [], list(ids)
            middle = len(ids) // 2
            first, second = self._read(ids[:middle]), self._read(ids[middle:])
            return first[0] + second[0], first[1] + second[1]
        failed = _failed(fields_of(reply))
        if not failed or not again:
            return [reply.body], failed
        bodies, still = self._read(failed, again=False)
        return [reply.body, *bodies], still

    @staticmethod
    def _ids(steps: Iterator[Step]) -> Iterator[str]:
        for step in steps:
            yield from step.ids


def _failed(fields: Mapping[str, object]) -> list[str]:
    """Deals that a 207 reports an error for; one that is gone has no splits."""
    errors = fields.get("errors")
    failed: list[str] = []
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if error.get("category") != "OBJECT_NOT_FOUND" else None
        ids = context.get("ids") if isinstance(context, dict) else None
        failed += [str(key) for key in ids] if isinstance(ids, list) else []
    return failed
