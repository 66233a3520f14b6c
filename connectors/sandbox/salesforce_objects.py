"""The Salesforce objects of the sandbox, a line per field; catalogue.py says how a line reads."""

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
        MasterRecordId reference -> Lead
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
