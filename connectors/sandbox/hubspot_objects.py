"""The HubSpot objects of the sandbox, a line per property; catalogue.py says how a line reads."""

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
    "notes": """
        hs_object_id number number
        hs_timestamp datetime date
        hubspot_owner_id enumeration select
        hs_note_body string html
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "tickets": """
        hs_object_id number number
        subject string text
        content string textarea
        hs_pipeline enumeration select
        hs_pipeline_stage enumeration radio
        hubspot_owner_id enumeration select
        createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "products": """
        hs_object_id number number
        name string text
        price number number
        hs_sku string text
        createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "line_items": """
        hs_object_id number number
        name string text
        quantity number number
        price number number
        amount number number calculated
        hs_product_id number number
        createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
    "quotes": """
        hs_object_id number number
        hs_title string text
        hs_status enumeration select
        hs_expiration_date datetime date
        hs_quote_amount number number
        hs_createdate datetime date
        hs_lastmodifieddate datetime date calculated
    """,
}
