"""The objects that every org has, and those that some have: a line per type, with the columns staging reads."""

from datetime import timedelta

from connectors.salesforce.lanes import SalesforceObject
from connectors.schema import TableSchema


def _columns(lines: str) -> TableSchema:
    """The schema of lines `TYPE Column Column …`."""
    columns: dict[str, str] = {}
    for line in lines.strip().splitlines():
        kind, *names = line.split()
        columns.update(dict.fromkeys(names, kind))
    return TableSchema.of(columns)


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


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
        watched=_names("""
            MasterLabel ApiName ForecastCategory Description IsActive IsClosed IsWon SortOrder DefaultProbability
            LastModifiedDate
        """),
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
        watched=_names("Name DeveloperName ParentRoleId"),
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
        watched=_names("""
            Name Email Title Department UserType UserRoleId ManagerId TimeZoneSidKey IsActive ForecastEnabled
        """),
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
        watched=_names("""
            AccountId RecordTypeId Name Type LeadSource NextStep Loss_Reason__c Competitor__c HubSpot_Deal_Id__c
            IsClosed IsWon
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
        kept_for=timedelta(days=18 * 30),  # "up to 18 months" in the org, up to 24 by the API
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
        watched=_names("""
            Product2Id ProductCode Name Quantity UnitPrice ListPrice TotalPrice Discount
        """),
    ),
    SalesforceObject(
        "OpportunityContactRole",
        _columns("""
            VARCHAR Id OpportunityId ContactId Role
            BOOLEAN IsPrimary IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        watched=_names("ContactId Role IsPrimary"),
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
        watched=_names("""
            ParentId OwnerId Name Type Industry Rating Website BillingCity BillingCountry HubSpot_Company_Id__c
            AnnualRevenue NumberOfEmployees
        """),
    ),
    SalesforceObject(
        "Contact",
        _columns("""
            VARCHAR Id MasterRecordId AccountId OwnerId FirstName LastName Name Title Department Email Phone LeadSource
            BOOLEAN IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        watched=_names("AccountId OwnerId Title Department LeadSource"),
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
        watched=_names("""
            OwnerId ConvertedAccountId ConvertedContactId ConvertedOpportunityId LeadSource Status Rating IsConverted
            ConvertedDate
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
        watched=_names("""
            WhoId WhatId AccountId OwnerId Status Type TaskSubtype CallType CallDisposition CallDurationInSeconds
            IsClosed ActivityDate CompletedDateTime
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
        watched=_names("""
            WhoId WhatId AccountId OwnerId Type EventSubtype DurationInMinutes ActivityDate StartDateTime EndDateTime
        """),
    ),
)

# Read where the org has them: currencies and their rates with multi-currency, splits with their feature
OPTIONAL_OBJECTS: tuple[SalesforceObject, ...] = (
    SalesforceObject(
        "CurrencyType",
        _columns("""
            VARCHAR Id IsoCode
            BIGINT DecimalPlaces
            BOOLEAN IsActive IsCorporate
            DECIMAL(22,6) ConversionRate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
        is_optional=True,
    ),
    SalesforceObject(
        "DatedConversionRate",
        _columns("""
            VARCHAR Id IsoCode
            DECIMAL(22,6) ConversionRate
            DATE StartDate NextStartDate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
        is_optional=True,
    ),
    SalesforceObject(
        "OpportunitySplit",
        _columns("""
            VARCHAR Id OpportunityId SplitOwnerId SplitTypeId
            DECIMAL(18,2) SplitPercentage SplitAmount
            BOOLEAN IsDeleted
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_optional=True,
    ),
    SalesforceObject(
        "OpportunitySplitType",
        _columns("""
            VARCHAR Id MasterLabel DeveloperName SplitField
            BOOLEAN IsActive IsTotalValidated
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_listed_whole=True,
        is_optional=True,
    ),
    SalesforceObject(
        "Campaign",
        _columns("""
            VARCHAR Id ParentId OwnerId Name Type Status
            BOOLEAN IsActive IsDeleted
            DATE StartDate EndDate
            TIMESTAMP CreatedDate LastModifiedDate SystemModstamp
        """),
        is_optional=True,
    ),
)
