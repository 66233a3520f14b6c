"""Stages, users and record types that an export does not hold, as SQL over what it does hold; `{stamp}` their time."""

from connectors.sandbox.catalogue import SALESFORCE, salesforce_fields

# labels of the data and of the stock set; what the data says about a label wins
DERIVED_STAGES = """
with uses as (
    select "StageName" as label, "Probability" as probability, "ForecastCategory" as category
        from salesforce."OpportunityHistory"
    union all
    select "StageName", "Probability", "ForecastCategory" from salesforce."Opportunity"
),
used as (
    select label, mode(probability order by probability) as probability, mode(category order by category) as category
    from uses where label is not null group by label
),
stages as (
    select coalesce(used.label, stock_stages.label) as label,
        coalesce(used.probability, stock_stages.probability, 50) as probability,
        coalesce(used.category, stock_stages.category, 'Pipeline') as category,
        coalesce(stock_stages.place, 8.5) as place
    from stock_stages full join used using (label)
)
select
    plan.salesforce_id('01J', row_number() over (order by place, label)) as "Id", label as "MasterLabel", label
        as "ApiName",
    true as "IsActive", row_number() over (order by place, label) as "SortOrder",
    category in ('Closed', 'Omitted') as "IsClosed", category = 'Closed' as "IsWon", category as "ForecastCategory",
    case category when 'BestCase' then 'Best Case' when 'Forecast' then 'Commit' else category end
        as "ForecastCategoryName",
    probability as "DefaultProbability", {stamp} as "CreatedDate", {stamp} as "LastModifiedDate", {stamp}
        as "SystemModstamp"
from stages
"""

_MENTIONS = " union ".join(
    f'select "{item.name}" as id from salesforce."{name}"'
    for name in SALESFORCE
    for item in salesforce_fields(name)
    if item.reference_to == "User" and name not in ("OpportunityStage", "User")
)
DERIVED_USERS = f"""
with mentioned as (select distinct id from ({_MENTIONS}) where id is not null),
numbered as (select id, row_number() over (order by id) as number from mentioned)
select
    id as "Id", 'user' || number || '@imported.example' as "Username", 'User ' || number as "LastName", 'Imported'
        as "FirstName",
    'Imported User ' || number as "Name", 'user' || number || '@imported.example' as "Email", true as "IsActive",
    'Standard' as "UserType", 'Etc/UTC' as "TimeZoneSidKey", true as "ForecastEnabled",
    {{stamp}} as "CreatedDate", {{stamp}} as "LastModifiedDate", {{stamp}} as "SystemModstamp"
from numbered
"""

DERIVED_RECORD_TYPES = """
with mentioned as (select distinct "RecordTypeId" as id from salesforce."Opportunity" where "RecordTypeId" is not null)
select
    id as "Id", 'Record type ' || row_number() over (order by id) as "Name", 'Record_type_'
        || row_number() over (order by id) as "DeveloperName",
    'Opportunity' as "SobjectType", true as "IsActive", {stamp} as "CreatedDate", {stamp} as "LastModifiedDate",
        {stamp} as "SystemModstamp"
from mentioned
"""
