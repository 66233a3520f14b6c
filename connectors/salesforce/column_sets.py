"""Queries with too many formulas: their columns are read in sets, which are joined by the record's id."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import CountMismatchError, RejectedRequestError
from connectors.landing import OpenLoad
from connectors.salesforce.bulk import BulkQueries
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.pages import each_page
from connectors.salesforce.query import ObjectQuery
from connectors.schema import quote
from connectors.streams import Fetched

TOO_COMPLICATED = "QUERY_TOO_COMPLICATED"
FEWEST_COLUMNS = 4  # a set that is refused with fewer is refused for another reason


def land_column_sets(client: SalesforceClient, bulk: BulkQueries | None, query: ObjectQuery, load: OpenLoad) -> Fetched:
    """Land a query's rows in one part, its columns read in sets; by Bulk jobs if `bulk` is given, else by REST.

    Raises:
        CountMismatchError: a record is in one set and not in another, since it changed meanwhile; read again.
        RejectedRequestError: even a few columns are too complicated.
    """
    sets = list(_read_sets(client, bulk, query, load))
    source = sets[0].rows
    for one in sets[1:]:
        added = ", ".join(f"other.{quote(name)}" for name in one.names if name != "Id")
        source = f'(select one.*, {added} from {source} as one inner join {one.rows} as other on one."Id" = other."Id")'
    part = load.land(query.with_absent(source), query.record)
    for one in sets:
        if one.count != part.rows:
            raise CountMismatchError(
                f"Salesforce sent {one.count} rows in one set of columns of {query.spec.name}, and {part.rows} records "
                "are in all sets. Nothing was committed.",
                expected=one.count,
                landed=part.rows,
            )
    return Fetched(expected_rows=part.rows)


@dataclass(frozen=True)
class _Set:
    names: tuple[str, ...]
    rows: str
    count: int


def _read_sets(
    client: SalesforceClient, bulk: BulkQueries | None, query: ObjectQuery, load: OpenLoad
) -> Iterator[_Set]:
    columns = query.selection.asked.columns
    identity = [column for column in columns if column.name == "Id"]
    rest = [column for column in columns if column.name != "Id"]
    waiting = [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
    made = 0
    while waiting:
        part = query.of_columns([*identity, *waiting[0]])
        try:
            files, count = _read(client, bulk, part, load, made)
        except RejectedRequestError as error:
            if not is_too_complicated(error) or len(waiting[0]) <= FEWEST_COLUMNS:
                raise
            middle = len(waiting[0]) // 2
            waiting[:1] = [waiting[0][:middle], waiting[0][middle:]]
            continue
        rows = part.csv_rows(*files) if bulk else part.json_rows(*files)
        yield _Set(part.selection.asked.names, rows, count)
        del waiting[0]
        made += 1


def is_too_complicated(error: RejectedRequestError) -> bool:
    """Whether fewer columns could help; a Bulk job says so in its last message only."""
    return error.code == TOO_COMPLICATED or TOO_COMPLICATED in error.detail


def _read(
    client: SalesforceClient, bulk: BulkQueries | None, query: ObjectQuery, load: OpenLoad, number: int
) -> tuple[list[Path], int]:
    if bulk is not None:
        return _read_job(bulk, query, load, number)
    files: list[Path] = []
    count = 0
    for body, page in each_page(client, query):
        files.append(load.spool(f"set{number}-{len(files)}.json"))
        files[-1].write_bytes(body)
        count += len(page["records"])
    return files, count


def _read_job(bulk: BulkQueries, query: ObjectQuery, load: OpenLoad, number: int) -> tuple[list[Path], int]:
    job = bulk.create(query.soql())
    expected, count, locator = bulk.wait(job), 0, ""
    files: list[Path] = []
    while not files or locator:
        files.append(load.spool(f"set{number}-{len(files)}.csv"))
        locator, rows = bulk.read_page(job, locator, files[-1])
        count += rows
    bulk.delete(job)
    if count != expected:
        raise CountMismatchError(
            f"Salesforce announced {expected} rows of Bulk job {job.id} ({query.spec.name}) and sent {count}. Nothing "
            "was committed.",
            expected=expected,
            landed=count,
        )
    return files, count
