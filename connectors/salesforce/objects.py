"""The Salesforce objects that are read: their streams, and the least that their raw tables hold.

`STREAMS` and `raw_tables()` need no org and no Salesforce library: whatever builds on the tables can import them.
"""

from functools import cache

import duckdb

from connectors.raw import schema_name
from connectors.raw.tables import RawTable
from connectors.salesforce.lanes import API_VERSION, CONNECTION, SalesforceObject, custom_object
from connectors.salesforce.standard_objects import OBJECTS, OPTIONAL_OBJECTS
from connectors.schema import TableSchema
from connectors.streams import Stream

__all__ = [
    "API_VERSION",
    "CONNECTION",
    "OBJECTS",
    "OPTIONAL_OBJECTS",
    "OPTION_LABELS",
    "STREAMS",
    "SalesforceObject",
    "custom_object",
    "ensure_tables",
    "find_object",
    "raw_tables",
]

OPTION_LABELS = Stream("OptionLabels", lane="metadata", mode="snapshot", table="option_labels")
"""Labels of all choices, from the describes that are read anyway."""

STREAMS: tuple[Stream, ...] = (
    *(stream for spec in OBJECTS for stream in spec.streams),
    *(spec.calculated_stream for spec in OBJECTS if spec.name == "Opportunity"),
)
"""The lanes that any org has, in the order to run them; `SalesforceConnector.streams()` finds those of one org."""


def find_object(name: str) -> SalesforceObject:
    """The object of that API name; KeyError if it is none of ours."""
    return _by_name()[name]


def raw_tables() -> dict[str, TableSchema]:
    """The raw tables in the order of their streams, each with the CRM columns that it has in any org."""
    return {spec.raw_table: spec.columns for spec in OBJECTS}


def ensure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the raw tables that no load has made yet (an object that the org lacks), and columns they lack."""
    connection.execute("begin transaction")
    try:
        for table, columns in raw_tables().items():
            RawTable(schema_name(CONNECTION), table).fit(connection, columns, has_deletes=False)
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


@cache
def _by_name() -> dict[str, SalesforceObject]:
    return {spec.name: spec for spec in OBJECTS}
