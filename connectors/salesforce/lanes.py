"""An object and its lanes: how its changes, its deletions and its computed columns are found."""

from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.landing import MAX_RESUME_AGE
from connectors.schema import TableSchema, raw_table
from connectors.streams import Stream

CONNECTION = "salesforce"
API_VERSION = "62.0"  # Spring '25; versions 31 to 40 end in Summer '27, and a Bulk job is read by the one that made it

# rows become visible to queries some time after their stamp: other extractors stay 5 minutes behind as well
INDEX_LAG = timedelta(minutes=5)
# Deletions are listed again for longer than an interrupted load may be resumed: what such a load had read before a
# record was deleted would else stay alive for ever. It costs no call more, and a known deletion changes nothing.
DELETES_OVERLAP = MAX_RESUME_AGE + timedelta(hours=1)
STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")  # of a custom object: the first that it has
CALCULATED_CADENCE = timedelta(days=1)  # open records each night, all once a week


@dataclass(frozen=True)
class SalesforceObject:
    """An object and how its changes are found.

    `columns` are those that the raw table has in any org: what the warehouse's staging reads. A field that an org
    lacks, or hides from the integration user, is null there. `stamp` is the field that windows are about.
    """

    name: str
    columns: TableSchema
    stamp: str = "SystemModstamp"
    is_listed_whole: bool = False
    """Small metadata, read in full each time."""
    has_delete_log: bool = True
    """getDeleted knows this object's deletions."""
    is_optional: bool = False
    """Only some orgs have it: where it is not described there is no stream for it."""
    is_custom: bool = False
    watched: tuple[str, ...] = ()
    """Columns that Salesforce keeps no history of."""
    kept_for: timedelta | None = None
    """How long Salesforce keeps the records at least, before it drops them for their age."""

    @property
    def raw_table(self) -> str:
        """Name of its table in the schema of the connection."""
        return raw_table(self.name)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Its lanes; rows before their deletions."""
        if self.is_listed_whole:
            return (Stream(self.name, mode="snapshot", is_custom=self.is_custom, watched=self.watched),)
        rows = Stream(self.name, lag=INDEX_LAG, is_custom=self.is_custom, watched=self.watched, kept_for=self.kept_for)
        if not self.has_delete_log:
            return (rows,)
        return rows, replace(rows, lane="deletes", mode="tombstone", overlap=DELETES_OVERLAP, watched=())

    @property
    def calculated_stream(self) -> Stream:
        """The lane of its computed columns."""
        return Stream(
            self.name,
            lane="calculated",
            mode="patch",
            lag=INDEX_LAG,
            cadence=CALCULATED_CADENCE,
            is_custom=self.is_custom,
        )


def custom_object(name: str, columns: TableSchema, *, has_delete_log: bool) -> SalesforceObject:
    """An object that an administrator made; `columns` are those that the org describes.

    Objects without a stamp of ours (custom metadata, say) are listed whole.
    """
    known = set(columns.names)
    needed = [column for column in columns.columns if column.name in ("Id", "IsDeleted", *STAMPS)]
    stamp = next((one for one in STAMPS if one in known), "")
    return SalesforceObject(
        name,
        TableSchema(tuple(needed)),
        stamp=stamp,
        is_listed_whole=not stamp,
        has_delete_log=has_delete_log,
        is_custom=True,
    )
