"""One HubSpot account on the wire: who may call, how often, what is hidden, and how every answer is dressed."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from zoneinfo import ZoneInfo

import duckdb
from starlette.routing import Route

from connectors.sandbox.endpoint import Answer, Call, endpoint
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.definitions import Account, Definitions, read_definitions, read_portal_id
from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.hubspot.paths import DATE_VERSIONS, addresses
from connectors.sandbox.hubspot.quota import Quota, rate_limited, without_meter
from connectors.sandbox.hubspot.records import Projection, read_block, read_records
from connectors.sandbox.hubspot.rendered import SMALL, Links, Listing, Order, Rendered, read_listing
from connectors.sandbox.hubspot.replies import Refusal, invalid, next_correlation_id
from connectors.sandbox.hubspot.troubles import expired, is_missing_version, soil
from connectors.sandbox.state import SandboxState

TOKEN_SECONDS = 1_800
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105 - the sandbox's public app; loopback only, the same in every sandbox
WITHOUT_TOKEN = ("token", "access_token", "refresh_token", "introspect")
MANY_LINKS = 5_000_000
MAXIMUM_URL = 8_000  # characters; HubSpot's edge answers 414 near 8 KB
# activities have no scope of their own
_ACTIVITY_SCOPES = {
    "calls": "crm.objects.contacts.read",
    "emails": "sales-email-read",
    "meetings": "crm.objects.contacts.read",
    "tasks": "crm.objects.contacts.read",
}
_GATEWAY_PAGES = (502, 504, 520, 521, 522, 524, 530)  # sent by the edge network, as HTML
_NO_CREDENTIALS = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details"
    " at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)

Respond = Callable[["Portal", Call], Answer]


class Portal:
    """Binds endpoint functions `(Portal, Call) -> Answer` to routes. `tokens` are the access tokens that work now."""

    def __init__(self, state: SandboxState, quota: Quota | None = None) -> None:
        self.state = state
        self.quota = quota or Quota()
        self.tokens: dict[str, datetime | None] = {state.credentials.hubspot_private_token: None}
        self.refresh_tokens = [REFRESH_TOKEN]
        self._today: date | None = None
        self._rendered = Rendered()
        self._definitions: tuple[int, Definitions] | None = None

    def routes(self, endpoints: Mapping[str, Respond]) -> list[Route]:
        """Routes of the named endpoints, in the order given, at every path that HubSpot has for them."""
        _ = self.definitions  # read before the first call, which then costs what every other costs
        return [
            endpoint(
                self.state,
                method,
                path,
                family=f"hubspot.{name}",
                respond=self._answering(name, respond),
                refuse=self._refusing(name),
            )
            for name, respond in endpoints.items()
            for method, paths in [addresses(name)]
            for path in paths
        ]

    def issue_token(self) -> str:
        """A new access token that works from now on."""
        token = f"sandbox-{secrets.token_hex(8)}"
        self.tokens[token] = self.state.clock + timedelta(seconds=TOKEN_SECONDS)
        return token

    def object_type(self, call: Call, key: str = "kind") -> ObjectType:
        """The object type named in the path; 400 if there is none, 403 if it is hidden."""
        return self.granted_type(call.path_params[key])

    def granted_type(self, name: str) -> ObjectType:
        """The object type of that name; 400 if there is none, 403 if it is hidden."""
        kind = self.find_object_type(name)
        if self.state.is_hidden(kind.plural):
            raise missing_scope(_ACTIVITY_SCOPES.get(kind.plural, f"crm.objects.{kind.plural}.read"))
        return kind

    def find_object_type(self, name: str) -> ObjectType:
        """The object type of that name; 400 if there is none."""
        kind = self.definitions.find(name)
        if kind is None:
            raise invalid(f"Unable to infer object type from: {name}")
        return kind

    def property_types(self, kind: ObjectType) -> dict[str, str]:
        """The properties that the token may see, with their types."""
        return {
            prop.name: prop.type
            for prop in self.definitions.live_properties(kind)
            if not self.state.is_hidden(kind.plural, prop.name)
        }

    def render(
        self,
        cursor: duckdb.DuckDBPyConnection,
        kind: ObjectType,
        rows: Sequence[int],
        projection: Projection,
        links_from: str = "",
    ) -> str:
        """The records at `rows`, in that order, as JSON objects joined by commas."""
        count = self.definitions.row_counts.get(kind.plural, 0)
        kept = None
        if count > SMALL and rows:
            kept = self._rendered.records(
                self.state.edits,
                (kind, projection, links_from if projection.associations else ""),
                rows,
                count,
                lambda lo, hi: read_block(cursor, kind, projection, links_from, lo, hi),
            )
        if kept is None:
            return read_records(cursor, kind, rows, projection, links_from=links_from)
        return ",".join(kept)

    def render_blocks(
        self, key: tuple[str, ObjectType], rows: Sequence[int], render: Callable[[int, int], dict[int, str]]
    ) -> list[str]:
        """Records of another form, made by `render` in blocks whatever the table's size."""
        return self._rendered.records(self.state.edits, key, rows, 0, render) or []

    def read_once(self, key: tuple[str, ...], read: Callable[[], Order]) -> Order:
        """A list's order that stays until the next edit or tick."""
        return self._rendered.listing(self.state.edits, key, read)

    def listing(self, cursor: duckdb.DuckDBPyConnection, kind: ObjectType, *, is_archived: bool) -> Listing | None:
        """The order of a large table's list; None for a small one."""
        if self.definitions.row_counts.get(kind.plural, 0) <= SMALL:
            return None
        return self.read_once(
            (kind.plural, "archived" if is_archived else "live"),
            lambda: (read_listing(cursor, kind.table, is_archived=is_archived), []),
        )[0]

    def links(self, kind: ObjectType, to_kind: ObjectType, read: Callable[[], Links]) -> Links | None:
        """First pages of all links between two types, if there are many links but not too many; else None."""
        if not SMALL < self.definitions.row_counts.get("_associations", 0) <= MANY_LINKS:
            return None
        return self._rendered.links(self.state.edits, (kind.plural, to_kind.plural), read)

    @property
    def account(self) -> Account:
        """Time zone, currency and limits as they stand."""
        return self.definitions.account

    @property
    def portal_id(self) -> int:
        """The account's id (HubSpot calls it Hub ID)."""
        with self.state.cursor() as cursor:
            return read_portal_id(cursor)

    @property
    def definitions(self) -> Definitions:
        """Object types and properties as they stand; read again after an edit or a tick."""
        known, edits = self._definitions, self.state.edits
        if known is None or known[0] != edits:
            with self.state.cursor() as cursor:
                known = (edits, read_definitions(cursor))
            self._definitions = known
        return known[1]

    def _answering(self, name: str, respond: Respond) -> Callable[[Call], Answer]:
        def answer(call: Call) -> Answer:
            correlation_id = next_correlation_id()
            headers = {"X-HubSpot-Correlation-Id": correlation_id}
            try:
                if len(call.path) + len(str(call.query)) > MAXIMUM_URL:
                    return Answer(b"<html><h1>414 URI Too Long</h1></html>", 414, "text/html")
                if is_missing_version(call, DATE_VERSIONS):
                    return Answer(b"<html><h1>Error 404 Not Found</h1></html>", 404, "text/html", headers)
                if name not in WITHOUT_TOKEN:
                    self._check_token(call)
                headers |= self._spend(name, call)
                reply = soil(call, respond(self, call))
            except Refusal as refusal:
                reply = refusal.answer(correlation_id)
                if reply.status == 401:
                    headers["X-HubSpot-Auth-Failure"] = "401 Unauthorized"
            return replace(reply, headers={**headers, **reply.headers})

        return answer

    def _spend(self, name: str, call: Call) -> dict[str, str]:
        today = self.state.clock.astimezone(ZoneInfo(self.account.time_zone)).date()
        if today != self._today:
            self._today = today
            self.quota.start_new_day()
        self.quota.enforced = self.account.limits
        if call.fault_of("daily_limit") is not None:
            raise rate_limited("DAILY")
        headers = self.quota.spend(is_search=name == "search", is_enforced=call.fault_of("rate_limits") is not None)
        return headers if call.fault_of("no_meter") is None else without_meter(headers)

    def _check_token(self, call: Call) -> None:
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            raise Refusal(401, "INVALID_AUTHENTICATION", _NO_CREDENTIALS)
        expires_at = self.tokens[token]
        if call.fault_of("expire_session") is not None:
            if expires_at is not None:
                self.tokens[token] = self.state.clock
            raise expired()
        if expires_at is not None and expires_at <= self.state.clock:
            raise expired()

    def _refusing(self, name: str) -> Callable[[Call, Fault], Answer]:
        def refuse(_: Call, fault: Fault) -> Answer:
            correlation_id = next_correlation_id()
            headers = {"X-HubSpot-Correlation-Id": correlation_id}
            if fault.status in _GATEWAY_PAGES:
                page = f"<html><h1>{fault.status} {_phrase(fault.status)}</h1></html>"
                return Answer(page.encode(), fault.status, "text/html", headers)
            return replace(_refusal(name, fault).answer(correlation_id), headers=headers)

        return refuse


def missing_scope(scope: str) -> Refusal:
    """The 403 of an app that was not granted `scope`."""
    return Refusal(
        403,
        "MISSING_SCOPES",
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here:"
        " https://developers.hubspot.com/scopes.",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def _refusal(name: str, fault: Fault) -> Refusal:
    if fault.status == 429:
        return rate_limited(fault.code or ("SECONDLY" if name == "search" else "TEN_SECONDLY_ROLLING"))
    if fault.status == 401:
        return expired()
    if fault.status == 403:
        return missing_scope(fault.code or "crm.objects.deals.read")
    if fault.status < 500:
        return Refusal(fault.status, fault.code or "VALIDATION_ERROR", _phrase(fault.status))
    return Refusal(fault.status, fault.code or "INTERNAL_ERROR", "internal error")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Origin Error"
