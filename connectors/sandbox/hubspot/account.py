"""The account itself: details, API usage, and how much of its limits is used."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.currencies import other_currencies
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.replies import iso

RECORD_LIMIT = 15_000_000  # per object type


def read_details(portal: Portal, call: Call) -> Answer:
    """Who this account is and how it counts time and money."""
    local = portal.state.clock.astimezone(ZoneInfo(portal.account.time_zone))
    offset = local.utcoffset()
    return Answer.of(
        {
            "portalId": portal.portal_id + (1 if call.fault_of("portal_changed") else 0),
            "accountType": "STANDARD",
            "timeZone": portal.account.time_zone,
            "companyCurrency": portal.account.currency,
            "additionalCurrencies": other_currencies(portal),
            "utcOffset": local.isoformat()[-6:],
            "utcOffsetMilliseconds": int(offset.total_seconds() * 1_000) if offset else 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def read_usage(portal: Portal, _: Call) -> Answer:
    """Calls of all private apps since midnight in the account's time zone."""
    clock = portal.state.clock.astimezone(ZoneInfo(portal.account.time_zone))
    tomorrow = clock.date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=clock.tzinfo)
    return Answer.of(
        {
            "results": [
                {
                    "name": "private-apps-api-calls-daily",
                    "usageLimit": portal.quota.enforced.daily,
                    "currentUsage": portal.quota.used_today,
                    "collectedAt": iso(clock),
                    "fetchStatus": "SUCCESS",
                    "resetsAt": iso(midnight),
                }
            ]
        }
    )


def read_record_counts(portal: Portal, _: Call) -> Answer:
    """How many live records each object type has: reconciliation in one call."""
    entries: dict[bool, list[dict[str, object]]] = {False: [], True: []}
    used = 0
    with portal.state.cursor() as cursor:
        for kind in portal.definitions.object_types.values():
            if portal.state.is_hidden(kind.plural):
                continue
            row = cursor.execute(
                f"SELECT count(*) FROM {kind.table} WHERE NOT archived AND merged_into IS NULL"
            ).fetchone()
            count = int(row[0]) if row else 0
            used += count if kind.is_custom else 0
            entries[kind.is_custom].append(_usage(portal, kind, count, RECORD_LIMIT))
    return Answer.of(
        {
            "hubspotDefinedObjectTypes": entries[False],
            "customObjectTypes": {
                "overallLimit": RECORD_LIMIT,
                "overallUsage": used,
                "overallPercentage": _percentage(used, RECORD_LIMIT),
                "byObjectType": entries[True],
            },
        }
    )


def read_property_counts(portal: Portal, _: Call) -> Answer:
    """How many custom properties each object type has."""
    return Answer.of(
        {
            "byObjectType": [
                _usage(portal, kind, sum(prop.is_custom for prop in portal.definitions.live_properties(kind)), 1_000)
                for kind in portal.definitions.object_types.values()
            ]
        }
    )


def read_pipeline_counts(portal: Portal, _: Call) -> Answer:
    """How many pipelines deals have."""
    with portal.state.cursor() as cursor:
        row = cursor.execute("SELECT count(*) FROM hubspot._pipelines WHERE NOT archived").fetchone()
    kind = portal.definitions.object_types["deals"]
    return Answer.of(
        {"hubspotDefinedObjectTypes": [_usage(portal, kind, int(row[0]) if row else 0, 15)], "customObjectTypes": []}
    )


def read_object_type_counts(portal: Portal, _: Call) -> Answer:
    """How many custom object types there are."""
    used = sum(kind.is_custom for kind in portal.definitions.object_types.values())
    return Answer.of({"limit": 10, "usage": used, "percentage": _percentage(used, 10)})


def _usage(portal: Portal, kind: ObjectType, count: int, limit: int) -> dict[str, object]:
    singular, plural = kind.singular.removesuffix("_event").capitalize(), kind.plural.capitalize()
    if kind.is_custom:
        schema = portal.definitions.schemas[kind.plural]
        singular, plural = schema.singular, schema.plural
    return {
        "objectTypeId": kind.type_id,
        "singularLabel": singular,
        "pluralLabel": plural,
        "limit": limit,
        "usage": count,
        "percentage": _percentage(count, limit),
    }


def _percentage(count: int, limit: int) -> float:
    return round(100 * count / limit, 4)
