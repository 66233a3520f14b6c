"""HubSpot's OAuth: access tokens for refresh tokens, and what a token says about itself."""

import secrets
from urllib.parse import parse_qs

from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.hubspot import currencies
from connectors.sandbox.hubspot.portal import TOKEN_SECONDS, Portal
from connectors.sandbox.hubspot.replies import Refusal

# the sandbox's public app; loopback only, the same in every sandbox
CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - public by design
SCOPES = (
    "oauth",
    "crm.objects.companies.read",
    "crm.objects.contacts.read",
    "crm.objects.custom.read",
    "crm.objects.deals.read",
    "crm.objects.owners.read",
    "crm.schemas.deals.read",
    "sales-email-read",
    currencies.SCOPE,
)


def issue_token(portal: Portal, call: Call) -> Answer:
    """An access token for the refresh token; client and secret in the form, as HubSpot wants them.

    Where tokens rotate, the refresh token shown is spent and the answer brings the next one.
    """
    form = {key: values[0] for key, values in parse_qs(call.body.decode()).items()}
    if form.get("grant_type") != "refresh_token":
        raise Refusal(400, "BAD_GRANT_TYPE", f"unsupported grant_type {form.get('grant_type')}")
    if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
        raise Refusal(400, "BAD_CLIENT_ID", "missing or unknown client id")
    shown = form.get("refresh_token", "")
    if shown not in portal.refresh_tokens:
        raise Refusal(400, "BAD_REFRESH_TOKEN", "missing or unknown refresh token")
    if call.fault_of("rotate_tokens") is not None:
        portal.refresh_tokens.remove(shown)
        shown = f"sandbox-refresh-{secrets.token_hex(8)}"
        portal.refresh_tokens.append(shown)
    return Answer.of(
        {
            "token_type": "bearer",
            "refresh_token": shown,
            "access_token": portal.issue_token(),
            "expires_in": TOKEN_SECONDS,
        }
    )


def read_access_token(portal: Portal, call: Call) -> Answer:
    """Whose an access token is, what it may, and for how long."""
    token = call.path_params["token"]
    expires_at = portal.tokens.get(token)
    if token not in portal.tokens or (expires_at is not None and expires_at <= portal.state.clock):
        raise Refusal(404, "INVALID_ACCESS_TOKEN", "access token not found or expired")
    left = TOKEN_SECONDS if expires_at is None else int((expires_at - portal.state.clock).total_seconds())
    return Answer.of({**_about(portal, token), "expires_in": left, "token_type": "access"})


def read_refresh_token(portal: Portal, call: Call) -> Answer:
    """Whose a refresh token is."""
    token = call.path_params["token"]
    if token not in portal.refresh_tokens:
        raise Refusal(404, "INVALID_REFRESH_TOKEN", "refresh token not found")
    return Answer.of({**_about(portal, token), "client_id": CLIENT_ID, "token_type": "refresh"})


def introspect(portal: Portal, call: Call) -> Answer:
    """The newer form: the token in the body, and `active` false instead of a 404."""
    form = {key: values[0] for key, values in parse_qs(call.body.decode()).items()}
    token = form.get("token", "")
    expires_at = portal.tokens.get(token)
    is_active = token in portal.refresh_tokens or (
        token in portal.tokens and (expires_at is None or expires_at > portal.state.clock)
    )
    return Answer.of({"active": True, **_about(portal, token)} if is_active else {"active": False})


def _about(portal: Portal, token: str) -> dict[str, object]:
    return {
        "token": token,
        "user": "integration@sandbox.invalid",
        "user_id": 52_000_000,
        "hub_id": portal.portal_id,
        "hub_domain": "sandbox.invalid",
        "app_id": 1_000_001,
        "scopes": [scope for scope in SCOPES if not _is_withdrawn(portal, scope)],
    }


def _is_withdrawn(portal: Portal, scope: str) -> bool:
    if scope == currencies.SCOPE:
        return portal.state.is_hidden(currencies.HIDDEN)
    parts = scope.split(".")
    return len(parts) == 4 and parts[1] == "objects" and portal.state.is_hidden(parts[2])
