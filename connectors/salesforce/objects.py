"""The Salesforce objects that are read: their streams, and the least that their raw tables hold.

`STREAMS` and `raw_tables()` need no org and no Salesforce library: whatever builds on the tables can import them.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import duckdb

from connectors.landing import MAX_RESUME_AGE
from connectors.raw import schema_name
from connectors.raw.tables import RawTable
from connectors.schema import TableSchema, raw_table
from connectors.streams import Stream

CONNECTION = "salesforce"
API_VERSION = "62.0"  # Spring '25; versions 31 to 40 end in Summer '27, and a Bulk job is read by the one that made it

# rows become visible to queries some time after their stamp: other extractors stay 5 minutes behind as well
INDEX_LAG = timedelta(minutes=5)
# Deletions are listed again for longer than an interrupted load may be resumed: what such a load had read before a
# record was deleted would else stay alive for ever. It costs no call more, and a known deletion changes nothing.
DELETES_OVERLAP = MAX_RESUME_AGE + timedelta(hours=1)


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

    @property
    def raw_table(self) -> str:
        """Name of its table in the schema of the connection."""
        return raw_table(self.name)

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Its lanes; rows before their deletions."""
        if self.is_listed_whole:
            return (Stream(self.name, mode="snapshot"),)
        rows = Stream(self.name, lag=INDEX_LAG)
        if not self.has_delete_log:
            return (rows,)
        return rows, Stream(self.name, lane="deletes", mode="tombstone", lag=INDEX_LAG, overlap=DELETES_OVERLAP)


def _columns(lines: str) -> TableSchema:
    """The schema of lines `TYPE Column Column …`."""
    columns: dict[str, str] = {}
    for line in lines.strip().splitlines():
        kind, *names = line.split()
        columns.update(dict.fromkeys(names, kind))
    return TableSchema.of(columns)


# Listed whole, with the reason: stages, record types and the organization have neither getDeleted nor IsDeleted, and
# roles have no IsDeleted; all are a page or two, so one call replaces a count, a query and a list of deletions, and
# shows what vanished. Users cannot be deleted (User, "Supported Calls" of the object reference), and may be many.
OBJECTS: tuple[SalesforceObject, ...] = (
    SalesforceObject(
        "Organization",
        _columns("""
            VARCHAR Id Name DefaultCurrencyIsoCode TimeZoneSidKey InstanceName
            BOOLEAN IsSandbox
            TIMESTAMP SystemModstamp
        """),
        is_listed_whole=True,
    ),
    SalesforceObject(
        "OpportunityStage",
        _columns("""
            VARCHAR Id MasterLabel ApiName ForecastCategory ForecastCategoryName Description
            BOOLEAN IsActive IsClosed IsWon
            BIGINT SortOrder
            DECIMAL(18,2) DefaultProbability
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
    ),
    SalesforceObject(
        "RecordType",
        _columns("""
            VARCHAR Id Name DeveloperName SobjectType Description
            BOOLEAN IsActive
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
    ),
    SalesforceObject(
        "UserRole",
        _columns("""
            VARCHAR Id Name DeveloperName ParentRoleId
            TIMESTAMP LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
    ),
    SalesforceObject(
        "User",
        _columns("""
            VARCHAR Id Username FirstName LastName Name Email Title Department UserType UserRoleId ManagerId
            VARCHAR TimeZoneSidKey
            BOOLEAN IsActive ForecastEnabled
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        has_delete_log=False,
    ),
    SalesforceObject(
        "Opportunity",
        _columns("""
            VARCHAR Id AccountId OwnerId RecordTypeId Name Type StageName LeadSource NextStep
            VARCHAR ForecastCategory ForecastCategoryName Loss_Reason__c Competitor__c HubSpot_Deal_Id__c
            DECIMAL(18,2) Amount Probability
            BOOLEAN IsDeleted IsClosed IsWon
            DATE CloseDate LastActivityDate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "OpportunityHistory",
        _columns("""
            VARCHAR Id OpportunityId CreatedById StageName ForecastCategory
            DECIMAL(18,2) Amount Probability ExpectedRevenue
            BOOLEAN IsDeleted
            DATE CloseDate
            TIMESTAMP CreatedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "OpportunityFieldHistory",
        _columns("""
            VARCHAR Id OpportunityId CreatedById Field DataType OldValue NewValue
            BOOLEAN IsDeleted
            TIMESTAMP CreatedDate
        """),
        stamp="CreatedDate",
    ),
    SalesforceObject(
        "OpportunityLineItem",
        _columns("""
            VARCHAR Id OpportunityId Product2Id ProductCode Name
            BIGINT SortOrder
            DECIMAL(18,2) Quantity UnitPrice ListPrice TotalPrice Discount
            BOOLEAN IsDeleted
            DATE ServiceDate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "OpportunityContactRole",
        _columns("""
            VARCHAR Id OpportunityId ContactId Role
            BOOLEAN IsPrimary IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "Account",
        _columns("""
            VARCHAR Id MasterRecordId ParentId OwnerId Name Type Industry Rating Website BillingCity BillingCountry
            VARCHAR HubSpot_Company_Id__c
            DECIMAL(18,2) AnnualRevenue
            BIGINT NumberOfEmployees
            BOOLEAN IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "Contact",
        _columns("""
            VARCHAR Id MasterRecordId AccountId OwnerId FirstName LastName Name Title Department Email Phone LeadSource
            BOOLEAN IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "Lead",
        _columns("""
            VARCHAR Id OwnerId ConvertedAccountId ConvertedContactId ConvertedOpportunityId FirstName LastName Name
            VARCHAR Title Company Email LeadSource Status Industry Rating
            BOOLEAN IsDeleted IsConverted
            DATE ConvertedDate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "Task",
        _columns("""
            VARCHAR Id WhoId WhatId AccountId OwnerId Subject Status Priority Type TaskSubtype CallType CallDisposition
            BIGINT CallDurationInSeconds
            BOOLEAN IsDeleted IsClosed
            DATE ActivityDate
            TIMESTAMP CompletedDateTime CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
    SalesforceObject(
        "Event",
        _columns("""
            VARCHAR Id WhoId WhatId AccountId OwnerId Subject Location Type EventSubtype
            BIGINT DurationInMinutes
            BOOLEAN IsDeleted
            DATE ActivityDate
            TIMESTAMP StartDateTime EndDateTime CreatedDate LastModifiedDate SystemModstamp
        """),
    ),
)

STREAMS: tuple[Stream, ...] = tuple(stream for spec in OBJECTS for stream in spec.streams)
"""Every lane of every object, in the order to run them."""


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
