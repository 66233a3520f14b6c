with

int_key_accounts as (

    select * from {{ ref('int_key_accounts') }}

),

won_opportunities as (

    select
        int_key_accounts.account_id,
        dim_opportunity.opportunity_id,
        dim_opportunity.amount,
        {{ reporting_day('dim_opportunity.closed_at') }} as closed_date
    from {{ ref('dim_opportunity') }} as dim_opportunity
    inner join int_key_accounts
        on dim_opportunity.account_id = int_key_accounts.record_account_id
    where
        dim_opportunity.is_won
        and not dim_opportunity.is_deleted
        and dim_opportunity.is_primary_record
        and dim_opportunity.closed_at is not null

),

quarters as (

    select distinct
        fiscal_quarter,
        fiscal_quarter_start_date,
        fiscal_quarter_end_date
    from {{ ref('dim_date') }}
    where fiscal_quarter_start_date <= {{ reporting_day(as_of()) }}

),

first_days as (

    select
        account_id,
        min(closed_date) as first_date
    from won_opportunities
    group by account_id
    union all
    select
        account_id,
        min({{ reporting_day('valid_from') }}) as first_date
    from int_key_accounts
    group by account_id

),

first_days_by_account as (

    select
        account_id,
        min(first_date) as first_date
    from first_days
    group by account_id

),

account_quarters as (

    select
        first_days_by_account.account_id,
        quarters.fiscal_quarter,
        quarters.fiscal_quarter_start_date,
        quarters.fiscal_quarter_end_date,
        {{ reporting_midnight('quarters.fiscal_quarter_start_date') }} as quarter_start_at,
        -- the quarter that runs is judged at as_of
        least(
            {{ reporting_midnight(dbt.dateadd('day', 1, 'quarters.fiscal_quarter_end_date')) }}, {{ as_of() }}
        ) as judged_at
    from first_days_by_account
    inner join quarters
        on first_days_by_account.first_date <= quarters.fiscal_quarter_end_date

),

bookings as (

    select
        account_quarters.account_id,
        account_quarters.fiscal_quarter,
        count(won_opportunities.opportunity_id) as won_count,
        coalesce(sum(won_opportunities.amount), 0) as bookings_amount
    from account_quarters
    left join won_opportunities
        on
            account_quarters.account_id = won_opportunities.account_id
            and account_quarters.fiscal_quarter_start_date <= won_opportunities.closed_date
            and account_quarters.fiscal_quarter_end_date >= won_opportunities.closed_date
    group by
        account_quarters.account_id,
        account_quarters.fiscal_quarter

),

account_quarters_with_bookings as (

    select
        account_quarters.account_id,
        account_quarters.fiscal_quarter,
        account_quarters.fiscal_quarter_start_date,
        account_quarters.fiscal_quarter_end_date,
        account_quarters.quarter_start_at,
        account_quarters.judged_at,
        bookings.won_count,
        bookings.bookings_amount,
        sum(bookings.bookings_amount) over (
            partition by account_quarters.account_id
            order by account_quarters.fiscal_quarter_start_date
            rows between 3 preceding and current row
        ) as bookings_of_4_quarters,
        sum(bookings.bookings_amount) over (
            partition by account_quarters.account_id
            order by account_quarters.fiscal_quarter_start_date
            rows between 7 preceding and 4 preceding
        ) as bookings_of_previous_4_quarters
    from account_quarters
    inner join bookings
        on
            account_quarters.account_id = bookings.account_id
            and account_quarters.fiscal_quarter = bookings.fiscal_quarter

)

select * from account_quarters_with_bookings
