"""What is read from HubSpot: the streams, and the columns that every raw table has whatever the portal knows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from connectors.schema import UNFIT_VALUES
from connectors.streams import Stream

LAG = timedelta(minutes=60)  # search is eventually consistent; Estuary's extractor keeps the same distance

HISTORY_PROPERTIES = (
    "dealstage",
    "amount",
    "closedate",
    "hubspot_owner_id",
    "pipeline",
    "hs_manual_forecast_category",
)
LINKED_TYPES = ("companies", "contacts", "calls", "meetings", "emails", "tasks")

# of a number that HubSpot computes all digits of a double come, as of an amount in the home currency
NUMBER_SCALE = 16
NUMBER = f"DECIMAL(38,{NUMBER_SCALE})"

# what every record has beside its properties
RECORD_COLUMNS = {
    "id": "VARCHAR",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "archived": "BOOLEAN",
    "archived_at": "TIMESTAMP",
    UNFIT_VALUES: "VARCHAR",
}


@dataclass(frozen=True)
class ObjectType:
    """A type of record. `columns` are there in every portal's raw table, null where the portal lacks the property."""

    name: str
    type_id: str
    columns: Mapping[str, str]
    modified: str = "hs_lastmodifieddate"
    history: tuple[str, ...] = ()
    can_merge: bool = False
    is_custom: bool = False
    watched: tuple[str, ...] = ()
    """Columns of which every version is kept from the first sync on: HubSpot's own history of them is not read."""


def _columns(text: str = "", *, number: str = "", moment: str = "", flag: str = "") -> dict[str, str]:
    kinds = {"VARCHAR": text, NUMBER: number, "TIMESTAMP": moment, "BOOLEAN": flag}
    return {name: kind for kind, names in kinds.items() for name in names.split()}


_ACTIVITY = _columns("hs_object_id hubspot_owner_id", moment="hs_timestamp hs_createdate hs_lastmodifieddate")

OBJECT_TYPES = {
    kind.name: kind
    for kind in (
        ObjectType(
            "deals",
            "0-3",
            _columns(
                "hs_object_id dealname dealstage pipeline hubspot_owner_id dealtype deal_currency_code "
                "hs_manual_forecast_category hs_next_step closed_lost_reason closed_won_reason competitor "
                "salesforce_opportunity_id hs_merged_object_ids hs_created_by_user_id",
                number="amount hs_deal_stage_probability hs_forecast_amount hs_forecast_probability "
                "num_associated_contacts num_notes",
                moment="closedate createdate hs_lastmodifieddate notes_last_contacted",
                flag="hs_is_closed hs_is_closed_won hs_is_closed_lost",
            ),
            history=HISTORY_PROPERTIES,
            can_merge=True,
            # beside those of the history; no calculated one, which comes by a lane of its own and later
            watched=(
                *("dealname", "dealtype", "hs_next_step", "closed_lost_reason", "closed_won_reason", "competitor"),
                "salesforce_opportunity_id",
            ),
        ),
        ObjectType(
            "companies",
            "0-2",
            _columns(
                "hs_object_id name domain industry city country lifecyclestage hubspot_owner_id hs_parent_company_id "
                "hs_merged_object_ids salesforce_account_id",
                number="annualrevenue numberofemployees",
                moment="createdate hs_lastmodifieddate",
            ),
            can_merge=True,
            watched=(
                *("name", "domain", "industry", "city", "country", "lifecyclestage", "hubspot_owner_id"),
                *("hs_parent_company_id", "salesforce_account_id", "annualrevenue", "numberofemployees"),
            ),
        ),
        ObjectType(
            "contacts",
            "0-1",
            _columns(
                "hs_object_id firstname lastname email jobtitle lifecyclestage hs_lead_status hs_analytics_source "
                "hs_buying_role associatedcompanyid hubspot_owner_id hs_merged_object_ids",
                moment="createdate lastmodifieddate",
            ),
            modified="lastmodifieddate",  # every other type has hs_lastmodifieddate
            can_merge=True,
            watched=(
                "jobtitle",
                "lifecyclestage",
                "hs_lead_status",
                "hs_buying_role",
                "associatedcompanyid",
                "hubspot_owner_id",
            ),
        ),
        ObjectType(
            "calls",
            "0-48",
            _ACTIVITY
            | _columns("hs_call_title hs_call_direction hs_call_disposition hs_call_status", number="hs_call_duration"),
            watched=(
                "hubspot_owner_id",
                "hs_timestamp",
                "hs_call_direction",
                "hs_call_disposition",
                "hs_call_status",
                "hs_call_duration",
            ),
        ),
        ObjectType(
            "meetings",
            "0-47",
            _ACTIVITY
            | _columns("hs_meeting_title hs_meeting_outcome", moment="hs_meeting_start_time hs_meeting_end_time"),
            watched=(
                "hubspot_owner_id",
                "hs_timestamp",
                "hs_meeting_outcome",
                "hs_meeting_start_time",
                "hs_meeting_end_time",
            ),
        ),
        ObjectType(
            "emails",
            "0-49",
            _ACTIVITY | _columns("hs_email_direction hs_email_status hs_email_subject"),
            watched=("hubspot_owner_id", "hs_timestamp", "hs_email_direction", "hs_email_status"),
        ),
        ObjectType(
            "tasks",
            "0-27",
            _ACTIVITY
            | _columns(
                "hs_task_subject hs_task_status hs_task_priority hs_task_type", moment="hs_task_completion_date"
            ),
            watched=(
                "hubspot_owner_id",
                "hs_timestamp",
                "hs_task_status",
                "hs_task_priority",
                "hs_task_type",
                "hs_task_completion_date",
            ),
        ),
    )
}

# without its body a note says nothing, so it is read only where the rules let that through
NOTES = ObjectType("notes", "0-46", _ACTIVITY | _columns("hs_note_body"))
NOTE_BODY = "hs_note_body"


def custom_type(name: str, type_id: str) -> ObjectType:
    """A type of record that the portal's administrators made."""
    return ObjectType(
        name, type_id, _columns("hs_object_id", moment="hs_createdate hs_lastmodifieddate"), is_custom=True
    )


HISTORY_COLUMNS = {
    "deal_id": "VARCHAR",
    "property": "VARCHAR",
    "value": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "source_type": "VARCHAR",
    "source_id": "VARCHAR",
    "updated_by_user_id": "VARCHAR",
}
LINK_COLUMNS = {
    "deal_id": "VARCHAR",
    "deal_and_type": "VARCHAR",  # what HubSpot lists together: a deal's links to one type
    "to_object_type": "VARCHAR",
    "to_object_id": "VARCHAR",
    "category": "VARCHAR",
    "type_id": "INTEGER",
    "label": "VARCHAR",
}
SPLIT_COLUMNS = {
    "id": "VARCHAR",
    "deal_id": "VARCHAR",
    "owner_id": "VARCHAR",
    "percentage": "DECIMAL(18,8)",  # a share of 1
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "properties": "VARCHAR",  # HubSpot's own JSON
}
OWNER_COLUMNS = {
    "id": "VARCHAR",
    "email": "VARCHAR",
    "first_name": "VARCHAR",
    "last_name": "VARCHAR",
    "user_id": "VARCHAR",
    "type": "VARCHAR",
    "archived": "BOOLEAN",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
    "teams": "VARCHAR",
}
PIPELINE_COLUMNS = {
    "id": "VARCHAR",
    "label": "VARCHAR",
    "display_order": "BIGINT",
    "archived": "BOOLEAN",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
}
STAGE_COLUMNS = {
    "id": "VARCHAR",
    "pipeline_id": "VARCHAR",
    "label": "VARCHAR",
    "display_order": "BIGINT",
    "probability": "DECIMAL(5,4)",
    "is_closed": "BOOLEAN",
    "archived": "BOOLEAN",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
}

AUDIT_COLUMNS = {
    "pipeline_id": "VARCHAR",
    "label": "VARCHAR",
    "display_order": "BIGINT",
    "archived": "BOOLEAN",
    "action": "VARCHAR",
    "changed_at": "TIMESTAMP",
    "changed_by": "VARCHAR",
    "definition": "VARCHAR",  # HubSpot's own JSON of that time
}
STAGE_AUDIT_COLUMNS = {
    "pipeline_id": "VARCHAR",
    "stage_id": "VARCHAR",
    "label": "VARCHAR",
    "display_order": "BIGINT",
    "probability": "DECIMAL(5,4)",
    "is_closed": "BOOLEAN",
    "archived": "BOOLEAN",
    "action": "VARCHAR",
    "changed_at": "TIMESTAMP",
    "changed_by": "VARCHAR",
    "definition": "VARCHAR",
}
OPTION_COLUMNS = {
    "object": "VARCHAR",
    "field": "VARCHAR",
    "value": "VARCHAR",
    "label": "VARCHAR",
    "is_active": "BOOLEAN",
    "sort_order": "BIGINT",
}

RATE_COLUMNS = {
    "id": "VARCHAR",
    "from_currency_code": "VARCHAR",
    "to_currency_code": "VARCHAR",
    "conversion_rate": "DECIMAL(28,12)",  # of the second currency for one of the first; HubSpot keeps six decimals
    "effective_at": "TIMESTAMP",
    "visible_in_ui": "BOOLEAN",
    "created_at": "TIMESTAMP",
    "updated_at": "TIMESTAMP",
}
COMPANY_CURRENCY_COLUMNS = {"id": "VARCHAR", "created_at": "TIMESTAMP"}  # the id is the currency's code

SPLITS = "deal_splits"
EXCHANGE_RATES, COMPANY_CURRENCY = "exchange_rates", "company_currency"
OWNERS, PIPELINES, STAGES = "owners", "pipelines", "pipeline_stages"


PIPELINE_AUDIT, STAGE_AUDIT, OPTION_LABELS = "pipeline_audit", "stage_audit", "OptionLabels"

_DAY = timedelta(days=1)


def record_streams(kind: ObjectType) -> tuple[Stream, ...]:
    """The lanes of one type of record, its links left out."""
    told = frozenset([UNFIT_VALUES])
    rows = Stream(kind.name, lag=LAG, is_custom=kind.is_custom, watched=kind.watched, tells_of_reading=told)
    other = replace(rows, watched=(), tells_of_reading=frozenset())
    # values that move no stamp are read as they are at this moment, and once a day
    calculated = replace(other, lane="calculated", mode="patch", lag=timedelta(0), cadence=_DAY)
    deletes = replace(other, lane="deletes", mode="tombstone")
    erasures = replace(other, lane="erasures", mode="erase")
    history = replace(other, lane="history", mode="append", table="deal_property_history")
    return (rows, *([history] if kind.history else []), deletes, erasures, calculated)


_MERGING = [kind.name for kind in OBJECT_TYPES.values() if kind.can_merge]
_OTHERS = [kind.name for kind in OBJECT_TYPES.values() if not kind.can_merge]
# after the deletes of what can be merged: links lead elsewhere then
_LINKS = Stream(
    "deals", "associations", "replace_children", "deal_associations", lag=LAG, parent_column="deal_and_type"
)
# small lists, with the columns of which every version is kept
_DEFINITIONS = {
    PIPELINES: ("label", "display_order", "archived", "updated_at"),
    STAGES: ("label", "display_order", "probability", "is_closed", "archived", "updated_at"),
    OWNERS: ("email", "first_name", "last_name", "user_id", "type", "archived", "teams"),
}

STREAMS: tuple[Stream, ...] = (
    *(Stream(name, "metadata", "snapshot", watched=watched) for name, watched in _DEFINITIONS.items()),
    *(stream for name in _MERGING for stream in record_streams(OBJECT_TYPES[name])),
    _LINKS,
    *(stream for name in _OTHERS for stream in record_streams(OBJECT_TYPES[name])),
)
# where the portal has them, and the token may read them
SPLIT_STREAM = Stream(SPLITS, "rows", "replace_children", lag=LAG, parent_column="deal_id")
# where the token may read them; a rate is news once a day at most
_CURRENCY_STREAMS = (
    Stream(COMPANY_CURRENCY, "metadata", "snapshot", cadence=_DAY),
    Stream(EXCHANGE_RATES, "metadata", "snapshot", cadence=_DAY),
)
# what every portal has beside its records: currencies, definitions as they were, and the words for enumerations
DEFINITION_STREAMS: tuple[Stream, ...] = (
    *_CURRENCY_STREAMS,
    Stream(PIPELINE_AUDIT, "history", "append"),
    Stream(STAGE_AUDIT, "history", "append"),
    Stream(OPTION_LABELS, "metadata", "snapshot"),
)


def raw_tables() -> tuple[str, ...]:
    """Every raw table that the warehouse's models read, in the order in which they are filled."""
    return tuple(dict.fromkeys(stream.raw_table for stream in (*STREAMS, *_CURRENCY_STREAMS)))
