"""A small log of contacts by hand: versions, a merge, history of other lanes; and the load that erases some of them."""

from datetime import UTC, datetime, timedelta

from connectors.landing import ApplyMode, LandingLog, Lane, Lease, LoadRequest, Manifest, RecordRule, Window
from connectors.schema import TableSchema

CONNECTION, OBJECT = "hubspot", "contacts"
START = datetime(2026, 3, 17, tzinfo=UTC)
SCHEMA = TableSchema.of(
    {
        "id": "VARCHAR",
        "firstname": "VARCHAR",
        "email": "VARCHAR",
        "score": "DECIMAL(18,2)",
        "updated_at": "TIMESTAMP",
    }
)
IDS = TableSchema.of({"id": "VARCHAR"})

Person = tuple[str, str, str, int]  # id, first name, e-mail, day of the last change


def request(day: int, lane: Lane = "rows", mode: ApplyMode = "upsert", schema: TableSchema = SCHEMA) -> LoadRequest:
    """A load of contacts up to `day` days after the start."""
    return LoadRequest(
        CONNECTION, OBJECT, lane, Window(None, START + timedelta(days=day)), schema, mode, OBJECT, "portal-1"
    )


def land(log: LandingLog, lease: Lease, day: int, *parts: list[Person]) -> Manifest:
    """A committed rows load of these parts."""
    load = log.open_load(request(day), lease)
    for part in parts:
        load.land(people(part), RecordRule("id", "updated_at"))
    return load.commit(expected_rows=None)


def people(part: list[Person]) -> str:
    """People as SQL."""
    rows = ", ".join(
        f"('{key}', '{name}', '{email}', {index}.5, timestamp '2026-03-17 00:00:00' + interval {day} day)"
        for index, (key, name, email, day) in enumerate(part)
    )
    return f"(select * from (values {rows}) as people(id, firstname, email, score, updated_at))"


def land_gone(
    log: LandingLog, lease: Lease, day: int, ids: list[str], *, erased: bool = False, winner: str | None = None
) -> Manifest:
    """A committed load of deletions: erasures, or merges into `winner`."""
    lane: Lane = "erasures" if erased else "deletes"
    load = log.open_load(request(day, lane, "erase" if erased else "tombstone", IDS), lease)
    rows = ", ".join(f"('{key}')" for key in ids)
    merged = f"'{winner}'" if winner else "null"
    load.land(f"(select * from (values {rows}) as gone(id))", RecordRule("id", "null", "true", "null", merged))
    return load.commit(expected_rows=len(ids))


def a_history(log: LandingLog, lease: Lease) -> Manifest:
    """Three people over three nights, one merged into another, who is then erased; the erase load."""
    land(log, lease, 1, [("1", "Orsolya", "orsolya@old.example", 0), ("2", "Bertram", "b@b.example", 0)])
    land(log, lease, 2, [("3", "Orsi", "orsi@other.example", 1)], [("1", "Orsolya", "orsolya@new.example", 1)])
    land_gone(log, lease, 3, ["3"], winner="1")
    land(log, lease, 4, [("2", "Bertram", "bertram@b.example", 3)])
    return land_gone(log, lease, 5, ["1"], erased=True)
