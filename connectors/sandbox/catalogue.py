"""The objects and fields that the sandbox's two CRMs have: one list for world, wire and metadata answers.

A line of `SALESFORCE` is `ApiName type[(precision,scale)|(length)] [flags]`; types are Salesforce's own
describe types. A line of `HUBSPOT` is `property_name type field_type [flags]`; types are HubSpot's own
property types. Flags: `calculated`, `nullable=no`, `custom`, `-> Object` (what a reference points to).
The world holds one DuckDB table per object with exactly these columns, in this order.
"""

import re
from dataclasses import dataclass
from functools import cache

SALESFORCE_API_VERSION = "62.0"

SALESFORCE: dict[str, str] = {
    "Organization": """
        Id id
        Name string(80)
        InstanceName string(5)
        IsSandbox boolean
        DefaultCurrencyIsoCode picklist(3)
        TimeZoneSidKey picklist(40)
        SystemModstamp datetime
    """,
    "Opportunity": """
        Id id
        IsDeleted boolean
        AccountId reference -> Account
        RecordTypeId reference -> RecordType
        Name string(120)
        Description textarea(32000)
        StageName picklist(255)
        Amount currency(18,2)
        Probability percent(3,0)
        ExpectedRevenue currency(18,2) calculated
        TotalOpportunityQuantity double(18,2)
        CloseDate date
        Type picklist(255)
        NextStep string(255)
        LeadSource picklist(255)
        IsClosed boolean calculated
        IsWon boolean calculated
        ForecastCategory picklist(40) calculated
        ForecastCategoryName picklist(40)
        CampaignId reference -> Campaign
        HasOpportunityLineItem boolean calculated
        OwnerId reference -> User
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
        LastActivityDate date
        PushCount int calculated
        LastStageChangeDate datetime
        Loss_Reason__c picklist(255) custom
        Competitor__c string(120) custom
        HubSpot_Deal_Id__c string(40) custom
    """,
    "OpportunityHistory": """
        Id id
        OpportunityId reference -> Opportunity
        CreatedById reference -> User
        CreatedDate datetime
        StageName picklist(255)
        Amount currency(18,2)
        ExpectedRevenue currency(18,2)
        CloseDate date
        Probability percent(3,0)
        ForecastCategory picklist(40)
        PrevAmount currency(18,2)
        PrevCloseDate date
        SystemModstamp datetime
        IsDeleted boolean
    """,
    "OpportunityFieldHistory": """
        Id id
        IsDeleted boolean
        OpportunityId reference -> Opportunity
        CreatedById reference -> User
        CreatedDate datetime
        Field picklist(255)
        DataType picklist(40)
        OldValue anyType
        NewValue anyType
    """,
    "OpportunityStage": """
        Id id
        MasterLabel string(255)
        ApiName string(255)
        IsActive boolean
        SortOrder int
        IsClosed boolean
        IsWon boolean
        ForecastCategory picklist(40)
        ForecastCategoryName picklist(40)
        DefaultProbability percent(3,0)
        Description string(255)
        CreatedById reference -> User
        CreatedDate datetime
        LastModifiedById reference -> User
        LastModifiedDate datetime
        SystemModstamp datetime
    """,
    "OpportunityLineItem": """
        Id id
        IsDeleted boolean
        OpportunityId reference -> Opportunity
        SortOrder int
        Product2Id reference -> Product2
        ProductCode string(255)
        Name string(376)
        Quantity double(12,2)
        TotalPrice currency(18,2)
        UnitPrice currency(18,2)
        ListPrice currency(18,2)
        Discount percent(3,2)
        ServiceDate date
        Description string(255)
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
    """,
    "OpportunityContactRole": """
        Id id
        OpportunityId reference -> Opportunity
        ContactId reference -> Contact
        Role picklist(40)
        IsPrimary boolean
        IsDeleted boolean
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
    """,
    "Account": """
        Id id
        IsDeleted boolean
        MasterRecordId reference -> Account
        Name string(255)
        Type picklist(255)
        ParentId reference -> Account
        BillingCity string(40)
        BillingState string(80)
        BillingPostalCode string(20)
        BillingCountry string(80)
        Industry picklist(255)
        AnnualRevenue currency(18,0)
        NumberOfEmployees int
        Website url
        Rating picklist(40)
        OwnerId reference -> User
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
        LastActivityDate date
        HubSpot_Company_Id__c string(40) custom
    """,
    "Contact": """
        Id id
        IsDeleted boolean
        MasterRecordId reference -> Contact
        AccountId reference -> Account
        LastName string(80)
        FirstName string(40)
        Name string(121)
        Title string(128)
        Department string(80)
        Email email
        Phone phone
        LeadSource picklist(255)
        OwnerId reference -> User
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
        LastActivityDate date
    """,
    "Lead": """
        Id id
        IsDeleted boolean
        LastName string(80)
        FirstName string(40)
        Name string(121)
        Title string(128)
        Company string(255)
        Email email
        LeadSource picklist(255)
        Status picklist(255)
        Industry picklist(255)
        Rating picklist(40)
        OwnerId reference -> User
        IsConverted boolean
        ConvertedDate date
        ConvertedAccountId reference -> Account
        ConvertedContactId reference -> Contact
        ConvertedOpportunityId reference -> Opportunity
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
        LastActivityDate date
    """,
    "User": """
        Id id
        Username string(80)
        LastName string(80)
        FirstName string(40)
        Name string(121)
        Email email
        Title string(80)
        Department string(80)
        IsActive boolean
        UserRoleId reference -> UserRole
        ManagerId reference -> User
        UserType picklist(40)
        TimeZoneSidKey picklist(40)
        ForecastEnabled boolean
        CreatedDate datetime
        LastModifiedDate datetime
        SystemModstamp datetime
    """,
    "UserRole": """
        Id id
        Name string(80)
        DeveloperName string(80)
        ParentRoleId reference -> UserRole
        LastModifiedDate datetime
        SystemModstamp datetime
    """,
    "Task": """
        Id id
        IsDeleted boolean
        WhoId reference -> Contact
        WhatId reference -> Opportunity
        AccountId reference -> Account
        Subject string(255)
        ActivityDate date
        Status picklist(40)
        Priority picklist(40)
        OwnerId reference -> User
        Type picklist(40)
        TaskSubtype picklist(40)
        CallType picklist(40)
        CallDurationInSeconds int
        CallDisposition string(255)
        IsClosed boolean
        CompletedDateTime datetime
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
    """,
    "Event": """
        Id id
        IsDeleted boolean
        WhoId reference -> Contact
        WhatId reference -> Opportunity
        AccountId reference -> Account
        Subject string(255)
        Location string(255)
        StartDateTime datetime
        EndDateTime datetime
        ActivityDate date
        DurationInMinutes int
        OwnerId reference -> User
        Type picklist(40)
        EventSubtype picklist(40)
        CreatedDate datetime
        CreatedById reference -> User
        LastModifiedDate datetime
        LastModifiedById reference -> User
        SystemModstamp datetime
    """,
    "RecordType": """
        Id id
        Name string(80)
        DeveloperName string(80)
        SobjectType picklist(40)
        IsActive boolean
        Description string(255)
        CreatedDate datetime
        LastModifiedDate datetime
        SystemModstamp datetime
    """,
}

# every HubSpot object also carries id, created_at, updated_at, archived, archived_at and merged_into in the world
HUBSPOT: dict[str, str] = {
    "deals": """
        hs_object_id number number
        dealname string text
        dealstage enumeration radio
        pipeline enumeration select
        amount number number
        closedate datetime date
        createdate datetime date
        hs_lastmodifieddate datetime date calculated
        hubspot_owner_id enumeration select
        dealtype enumeration radio
        deal_currency_code enumeration select
        hs_deal_stage_probability number number calculated
        hs_forecast_amount number number calculated
        hs_forecast_probability number number
        hs_manual_forecast_category enumeration select
        hs_is_closed bool booleancheckbox calculated
        hs_is_closed_won bool booleancheckbox calculated
        hs_is_closed_lost bool booleancheckbox calculated
        hs_next_step string text
        closed_lost_reason string textarea
        closed_won_reason string textarea
        competitor string text custom
        salesforce_opportunity_id string text custom
        num_associated_contacts number number calculated
        num_notes number number calculated
        notes_last_contacted datetime date calculated
        hs_merged_object_ids enumeration checkbox
        hs_created_by_user_id number number
    """,
    "companies": """
        hs_object_id number number
        name string text
        domain string text
        industry enumeration select
        annualrevenue number number
        numberofemployees number number
        city string text
        country string text
        lifecyclestage enumeration radio
        hubspot_owner_id enumeration select
        createdate datetime date
        hs_lastmodifieddate datetime date calculated
        hs_parent_company_id number number
        hs_merged_object_ids enumeration checkbox
        salesforce_account_id string text custom
    """,
    "contacts": """
        hs_object_id number number
        firstname string text
        lastname string text
        email string text
        jobtitle string text
        lifecyclestage enumeration radio
        hs_lead_status enumeration radio
        hs_analytics_source enumeration select
        hs_buying_role enumeration checkbox
        associatedcompanyid number number
        hubspot_owner_id enumeration select
        createdate datetime date
        lastmodifieddate datetime date calculated
        hs_merged_object_ids enumeration checkbox
    """,
    "calls": """
        hs_object_id number number
        hs_timestamp datetime date
        hubspot_owner_id enumeration select
        hs_call_title string text
        hs_call_direction enumeration select
        hs_call_disposition enumeration select
        hs_call_duration number number
        hs_call_status enumeration select
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "meetings": """
        hs_object_id number number
        hs_timestamp datetime date
        hubspot_owner_id enumeration select
        hs_meeting_title string text
        hs_meeting_start_time datetime date
        hs_meeting_end_time datetime date
        hs_meeting_outcome enumeration select
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "emails": """
        hs_object_id number number
        hs_timestamp datetime date
        hubspot_owner_id enumeration select
        hs_email_direction enumeration select
        hs_email_status enumeration select
        hs_email_subject string text
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "tasks": """
        hs_object_id number number
        hs_timestamp datetime date
        hubspot_owner_id enumeration select
        hs_task_subject string text
        hs_task_status enumeration select
        hs_task_priority enumeration select
        hs_task_type enumeration select
        hs_task_completion_date datetime date
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
}

# deal properties whose history HubSpot keeps and the warehouse reads
HUBSPOT_HISTORY_PROPERTIES = (
    "dealstage",
    "amount",
    "closedate",
    "hubspot_owner_id",
    "pipeline",
    "hs_manual_forecast_category",
)

_LINE = re.compile(
    r"(?P<name>\w+)\s+(?P<type>\w+)(?:\((?P<size>[\d,]+)\))?(?P<rest>.*)",
)
_DUCKDB_TYPES = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "date": "DATE",
    "datetime": "TIMESTAMP",
}


@dataclass(frozen=True)
class SalesforceField:
    """One field as describe answers it; `precision` and `scale` are 0 where the type has none."""

    name: str
    type: str
    length: int
    precision: int
    scale: int
    reference_to: str | None
    is_calculated: bool
    is_custom: bool

    @property
    def duckdb_type(self) -> str:
        """The world's column type: money and numbers are DECIMAL, datetimes UTC TIMESTAMP."""
        if self.type in ("currency", "double", "percent"):
            return f"DECIMAL({max(self.precision, 18)},{max(self.scale, 2)})"
        return _DUCKDB_TYPES.get(self.type, "VARCHAR")


@dataclass(frozen=True)
class HubSpotProperty:
    """One property as the properties API answers it; the world stores every value as HubSpot's own string."""

    name: str
    type: str
    field_type: str
    is_calculated: bool
    is_custom: bool


@cache
def salesforce_fields(object_name: str) -> tuple[SalesforceField, ...]:
    """Fields of a Salesforce object in column order; KeyError for an object the sandbox does not have."""
    return tuple(_salesforce_field(line) for line in SALESFORCE[object_name].strip().splitlines())


@cache
def hubspot_properties(object_type: str) -> tuple[HubSpotProperty, ...]:
    """Properties of a HubSpot object type in column order; KeyError for one the sandbox does not have."""
    return tuple(_hubspot_property(line) for line in HUBSPOT[object_type].strip().splitlines())


def _salesforce_field(line: str) -> SalesforceField:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"catalogue line {line!r} is not 'Name type[(size)] [flags]'; mend catalogue.py")
    size = [int(part) for part in (match["size"] or "").split(",") if part]
    is_number = match["type"] in ("currency", "double", "percent")
    rest = match["rest"]
    reference = re.search(r"-> (\w+)", rest)
    return SalesforceField(
        name=match["name"],
        type=match["type"],
        length=18 if match["type"] in ("id", "reference") else (0 if is_number or not size else size[0]),
        precision=size[0] if is_number else 0,
        scale=size[1] if is_number else 0,
        reference_to=reference[1] if reference else None,
        is_calculated="calculated" in rest,
        is_custom="custom" in rest,
    )


def _hubspot_property(line: str) -> HubSpotProperty:
    name, type_, field_type, *flags = line.split()
    return HubSpotProperty(name, type_, field_type, "calculated" in flags, "custom" in flags)
