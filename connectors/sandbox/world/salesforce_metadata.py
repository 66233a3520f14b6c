"""Salesforce's users, roles, stages, record types and organization, as of the clock."""

import duckdb

from connectors.sandbox.world.people import DIRECTOR_NO, MANAGER_BASE, SERVICE_NO
from connectors.sandbox.world.storage import upsert


def write_metadata(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Write what changed in the window; counts of rows by object."""
    return {
        name: upsert(connection, f'salesforce."{name}"', ["Id"], select)
        for name, select in (
            ("User", _USER),
            ("UserRole", _ROLE),
            ("OpportunityStage", _STAGE),
            ("RecordType", _RECORD_TYPE),
            ("Organization", _ORGANIZATION),
        )
    }


_USER = f"""
with users as (
    select *, case when left_at <= getvariable('hi') then left_at else created_at end as touched_at,
        coalesce(left_at > getvariable('hi'), true) as is_active,
        lower(strip_accents(first_name) || '.' || replace(strip_accents(last_name), '''', '')) || person_no
            || '@sandbox.example' as address
    from people
    where created_at <= getvariable('hi') and user_no < plan_base()
)
select
    plan.user_id(user_no) as "Id",
    address as "Username",
    last_name as "LastName",
    first_name as "FirstName",
    first_name || ' ' || last_name as "Name",
    address as "Email",
    case kind when 'rep' then 'Account Executive' when 'manager' then 'Sales Manager' when 'director' then 'VP Sales'
        else 'Integration' end as "Title",
    case when kind = 'service' then 'IT' else 'Sales' end as "Department",
    is_active as "IsActive",
    plan.salesforce_id('00E', case kind when 'director' then 1 when 'manager' then 10 + user_no - {MANAGER_BASE}
        when 'rep' then 1000 + manager_no - {MANAGER_BASE} else 2 end) as "UserRoleId",
    case when manager_no is not null then plan.user_id(manager_no) end as "ManagerId",
    'Standard' as "UserType",
    ['America/New_York', 'Europe/Berlin', 'America/Los_Angeles'][user_no % 3 + 1] as "TimeZoneSidKey",
    kind <> 'service' as "ForecastEnabled",
    created_at as "CreatedDate",
    touched_at as "LastModifiedDate",
    touched_at as "SystemModstamp"
from users
where touched_at > getvariable('lo')
""".replace("plan_base()", str(SERVICE_NO + 1))

_ROLE = f"""
with roles as (
    select 1 as role_no, null as parent_no, 'VP Sales' as name
    union all select 2, null, 'Integration'
    union all
    select 10 + user_no - {MANAGER_BASE}, 1, 'Sales Manager Region ' || (1 + user_no - {MANAGER_BASE})
    from people where kind = 'manager' and user_no < {DIRECTOR_NO}
    union all
    select 1000 + user_no - {MANAGER_BASE}, 10 + user_no - {MANAGER_BASE}, 'Account Executive Region '
        || (1 + user_no - {MANAGER_BASE})
    from people where kind = 'manager' and user_no < {DIRECTOR_NO}
)
select
    plan.salesforce_id('00E', role_no) as "Id", name as "Name", replace(name, ' ', '_') as "DeveloperName",
    case when parent_no is not null then plan.salesforce_id('00E', parent_no) end as "ParentRoleId",
    timestamp '2023-06-01 09:00:00' as "LastModifiedDate", timestamp '2023-06-01 09:00:00' as "SystemModstamp"
from roles
where timestamp '2023-06-01 09:00:00' > getvariable('lo')
"""

_STAGE = """
with stages as (
    select *, row_number() over (order by place) as sort_order,
        timestamp '1970-01-01 07:00:00' + to_days(changed_day) as changed_at
    from plan.stages_now where crm = 'salesforce' and not is_ghost
)
select
    plan.salesforce_id('01J', stage_no) as "Id",
    label as "MasterLabel",
    stage_id as "ApiName",
    is_active as "IsActive",
    sort_order as "SortOrder",
    is_closed as "IsClosed",
    is_won as "IsWon",
    category_enum as "ForecastCategory",
    category_name as "ForecastCategoryName",
    probability as "DefaultProbability",
    plan.service_user_id() as "CreatedById",
    timestamp '2023-06-01 07:00:00' as "CreatedDate",
    plan.service_user_id() as "LastModifiedById",
    changed_at as "LastModifiedDate",
    changed_at as "SystemModstamp"
from stages
where changed_at > getvariable('lo')
"""

_RECORD_TYPE = """
select
    plan.salesforce_id('012', number) as "Id", name as "Name", replace(name, ' ', '_') as "DeveloperName",
    'Opportunity' as "SobjectType", true as "IsActive",
    timestamp '2023-06-01 07:00:00' as "CreatedDate", timestamp '2023-06-01 07:00:00' as "LastModifiedDate",
    timestamp '2023-06-01 07:00:00' as "SystemModstamp"
from (values (1, 'New Business'), (2, 'Existing Business')) as types (number, name)
where timestamp '2023-06-01 07:00:00' > getvariable('lo')
"""

_ORGANIZATION = """
select
    org_id as "Id", 'Sandbox Sales' as "Name", 'USA0S' as "InstanceName", true as "IsSandbox",
    'USD' as "DefaultCurrencyIsoCode", 'America/New_York' as "TimeZoneSidKey", timestamp '2023-06-01 07:00:00'
        as "SystemModstamp"
from state.world where timestamp '2023-06-01 07:00:00' > getvariable('lo')
"""
