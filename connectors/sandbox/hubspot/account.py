"""The account itself: details, API usage, record counts, and the token endpoint."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.portal import Portal
from connectors.sandbox.hubspot.replies import Refusal, iso

RECORD_LIMIT = 15_000_000  # per object type
TOKEN_SECONDS = 1_800
# the sandbox's public app; loopback only, the same in every sandbox
OAUTH_CLIENT_ID = "sandbox-client"
OAUTH_CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - public by design
OAUTH_REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105 - public by design


def read_details(portal: Portal, _: Call) -> Answer:
    """Who this account is and how it counts time and money."""
    return Answer.of(
        {
            "portalId": portal.portal_id,
            "accountType": "STANDARD",
            "timeZone": "UTC",
            "companyCurrency": "USD",
            "additionalCurrencies": ["EUR", "GBP"],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        }
    )


def read_usage(portal: Portal, _: Call) -> Answer:
    """Calls of all private apps since midnight in the account's time zone."""
    clock = portal.state.clock.astimezone(UTC)
    midnight = datetime(clock.year, clock.month, clock.day, tzinfo=UTC) + timedelta(days=1)
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
    with portal.state.cursor() as cursor:
        counts = {
            kind: cursor.execute(
                f"SELECT count(*) FROM {kind.table} WHERE NOT archived AND merged_into IS NULL"
            ).fetchall()[0][0]
            for kind in portal.definitions.object_types.values()
            if not portal.state.is_hidden(kind.plural)
        }
    return Answer.of(
        {
            "hubspotDefinedObjectTypes": [_record_count(kind, count) for kind, count in counts.items()],
            "customObjectTypes": {
                "overallLimit": RECORD_LIMIT,
                "overallUsage": 0,
                "overallPercentage": 0.0,
                "byObjectType": [],
            },
        }
    )


def issue_token(portal: Portal, call: Call) -> Answer:
    """OAuth: an access token for the refresh token; client and secret in the form, as HubSpot wants them."""
    form = {key: values[0] for key, values in parse_qs(call.body.decode()).items()}
    if form.get("grant_type") != "refresh_token":
        raise Refusal(400, "BAD_GRANT_TYPE", f"unsupported grant_type {form.get('grant_type')}")
    if (form.get("client_id"), form.get("client_secret")) != (OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET):
        raise Refusal(400, "BAD_CLIENT_ID", "missing or unknown client id")
    if form.get("refresh_token") != OAUTH_REFRESH_TOKEN:
        raise Refusal(400, "BAD_REFRESH_TOKEN", "missing or unknown refresh token")
    return Answer.of(
        {
            "token_type": "bearer",
            "refresh_token": OAUTH_REFRESH_TOKEN,
            "access_token": portal.issue_token(),
            "expires_in": TOKEN_SECONDS,
        }
    )


def _record_count(kind: ObjectType, count: int) -> dict[str, object]:
    singular = kind.singular.removesuffix("_event").capitalize()
    return {
        "objectTypeId": kind.type_id,
        "singularLabel": singular,
        "pluralLabel": kind.plural.capitalize(),
        "limit": RECORD_LIMIT,
        "usage": count,
        "percentage": round(100 * count / RECORD_LIMIT, 4),
    }
