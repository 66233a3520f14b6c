"""getDeleted and getUpdated: which ids changed in a window, with the windows' rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.errors import Refusal
from connectors.sandbox.salesforce.org import Org

DELETED_DAYS = 15  # api_rest resources_getdeleted
UPDATED_DAYS = 30  # api_rest resources_getupdated
_STAMP = "%Y-%m-%dT%H:%M:%S.%g+0000"


@dataclass(frozen=True)
class _Window:
    """Naive UTC, whole minutes, half-open."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Changes:
    """The two endpoints under /sobjects/X. Both ignore the seconds of start and end, as the service does."""

    org: Org

    def deleted(self, call: Call) -> Answer:
        """GET /sobjects/X/deleted/?start=&end=: soft and hard deletions that the delete log still holds."""
        name = self._replicateable(call)
        window = self._window(call, DELETED_DAYS)
        with self.org.state.cursor() as cursor:
            rows = cursor.execute(
                f"SELECT strftime(deleted_at, '{_STAMP}'), id FROM salesforce._deleted"
                " WHERE object = ? AND deleted_at >= ? AND deleted_at < ? ORDER BY deleted_at, id",
                [name, window.start, window.end],
            ).fetchall()
        self._refuse_too_many(rows)
        earliest = self._now() - timedelta(days=DELETED_DAYS)
        return Answer.of(
            {
                "deletedRecords": [{"deletedDate": deleted_at, "id": identity} for deleted_at, identity in rows],
                "earliestDateAvailable": _stamp(earliest),
                "latestDateCovered": _stamp(window.end),
            }
        )

    def updated(self, call: Call) -> Answer:
        """GET /sobjects/X/updated/?start=&end=: ids made or changed, without deleted ones."""
        name = self._replicateable(call)
        window = self._window(call, UPDATED_DAYS)
        stamp = "SystemModstamp" if self.org.view.has_field(name, "SystemModstamp") else "CreatedDate"
        alive = ' AND "IsDeleted" IS NOT TRUE' if self.org.view.has_field(name, "IsDeleted") else ""
        with self.org.state.cursor() as cursor:
            found = cursor.execute(
                f'SELECT coalesce(list("Id" ORDER BY "Id"), []) FROM salesforce."{name}"'
                f' WHERE "{stamp}" >= ? AND "{stamp}" < ?{alive}',
                [window.start, window.end],
            ).fetchone()
        ids = found[0] if found else []
        self._refuse_too_many(ids)
        return Answer(orjson.dumps({"ids": ids, "latestDateCovered": _stamp(window.end)}))

    def _replicateable(self, call: Call) -> str:
        name = self.org.find_object(call)
        if not self.org.view.get(name).is_replicateable:
            raise Refusal(400, "INVALID_TYPE", f"entity type {name} is not replicateable")
        return name

    def _window(self, call: Call, days: int) -> _Window:
        start, end = _minute(call, "start"), min(_minute(call, "end"), _whole_minute(self._now()))
        if start < self._now() - timedelta(days=days):
            raise _invalid_window(f"startDate cannot be more than {days} days ago")
        if end - start <= timedelta(minutes=1):
            raise _invalid_window("endDate must be at least one minute greater than startDate")
        return _Window(start, end)

    def _refuse_too_many(self, rows: Sequence[object]) -> None:
        most = self.org.state.limits["deleted_ids"]
        if len(rows) > most:
            raise Refusal(400, "EXCEEDED_ID_LIMIT", f"Too many results; a window may hold {most} ids. Narrow it.")

    def _now(self) -> datetime:
        return self.org.state.clock.astimezone(UTC).replace(tzinfo=None)


def _minute(call: Call, name: str) -> datetime:
    given = call.query.get(name)
    if given is None:
        raise Refusal(400, "MISSING_ARGUMENT", f"parameter {name} is required")
    try:
        # an unescaped + of a time zone arrives as a space
        parsed = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as error:
        raise Refusal(400, "MALFORMED_QUERY", f"invalid date: {given}") from error
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return _whole_minute(aware.astimezone(UTC).replace(tzinfo=None))


def _whole_minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def _invalid_window(message: str) -> Refusal:
    return Refusal(400, "INVALID_REPLICATION_DATE", message)
