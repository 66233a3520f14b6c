with

fct_rep_scorecard_quarterly as (

    select * from {{ ref('fct_rep_scorecard_quarterly') }}

),

int_leads_conformed as (

    select * from {{ ref('int_leads_conformed') }}

),

int_users_conformed as (

    select * from {{ ref('int_users_conformed') }}

),

complete_quarters as (

    select
        fiscal_quarter_start_date,
        fiscal_quarter_end_date,
        row_number() over (order by fiscal_quarter_start_date desc) as quarters_ago
    from fct_rep_scorecard_quarterly
    where is_quarter_complete
    group by
        fiscal_quarter_start_date,
        fiscal_quarter_end_date

),

last_four_quarters as (

    select * from complete_quarters
    where quarters_ago <= 4

),

deals as (

    select
        fct_rep_scorecard_quarterly.user_key,
        sum(fct_rep_scorecard_quarterly.won_amount) as won_amount,
        sum(fct_rep_scorecard_quarterly.won_with_amount_count) as won_with_amount_count,
        sum(fct_rep_scorecard_quarterly.won_count) as won_count,
        sum(fct_rep_scorecard_quarterly.won_count + fct_rep_scorecard_quarterly.lost_count) as closed_count
    from fct_rep_scorecard_quarterly
    inner join last_four_quarters
        on fct_rep_scorecard_quarterly.fiscal_quarter_start_date = last_four_quarters.fiscal_quarter_start_date
    group by fct_rep_scorecard_quarterly.user_key

),

leads as (

    select
        int_users_conformed.user_key,
        count(*) as lead_count,
        sum(case when int_leads_conformed.is_converted then 1 else 0 end) as converted_lead_count
    from int_leads_conformed
    inner join int_users_conformed
        on int_leads_conformed.owner_id = int_users_conformed.user_id
    inner join last_four_quarters
        on
            {{ reporting_day('int_leads_conformed.created_at') }} >= last_four_quarters.fiscal_quarter_start_date
            and {{ reporting_day('int_leads_conformed.created_at') }} <= last_four_quarters.fiscal_quarter_end_date
    where
        not int_leads_conformed.is_deleted
        or int_leads_conformed.is_converted
    group by int_users_conformed.user_key

),

rates as (

    select
        coalesce(deals.user_key, leads.user_key) as user_key,
        cast(coalesce(deals.won_amount, 0) as decimal(18, 2)) as won_amount,
        cast(coalesce(deals.won_with_amount_count, 0) as integer) as won_with_amount_count,
        cast(coalesce(deals.won_count, 0) as integer) as won_count,
        cast(coalesce(deals.closed_count, 0) as integer) as closed_count,
        cast(coalesce(leads.lead_count, 0) as integer) as lead_count,
        cast(coalesce(leads.converted_lead_count, 0) as integer) as converted_lead_count
    from deals
    full outer join leads
        on deals.user_key = leads.user_key

)

select * from rates
