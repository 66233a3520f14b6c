"""One Salesforce org over one world: its users' tokens, allowances, visible objects, cursors, and who may call."""

from dataclasses import replace

from connectors.sandbox.endpoint import Answer, Call, Respond
from connectors.sandbox.salesforce.errors import CONCURRENT_LIMIT, REFUSALS, Refusal, not_found, session_expired
from connectors.sandbox.salesforce.objects import ObjectView
from connectors.sandbox.salesforce.plan import Plan, plan_query
from connectors.sandbox.salesforce.rendering import install_number_format
from connectors.sandbox.salesforce.soql import Query, parse_query
from connectors.sandbox.salesforce.tokens import Tokens
from connectors.sandbox.salesforce.usage import Usage
from connectors.sandbox.state import SandboxState

# Spring '26 and before; 31 to 40 leave in Summer '27
VERSIONS = tuple(f"{number}.0" for number in range(31, 67))
MAX_URI_BYTES = 16_384  # URI and headers (help article 000386264)
FALLBACK_ORG_ID = "00D000000000001EAA"
FALLBACK_USER_ID = "005000000000001AAA"


class Org:
    """What every Salesforce endpoint works with."""

    def __init__(self, state: SandboxState) -> None:
        """Reads the org's identity from the world."""
        self.state = state
        self.view = ObjectView(state)
        with state.cursor() as cursor:
            install_number_format(cursor)
        self.user_id = self._first_id("User") or FALLBACK_USER_ID
        self.tokens = Tokens(self.org_id)
        self.usage = Usage(state.clock, state.limits["daily_calls"], state.limits["bulk_jobs"])

    @property
    def org_id(self) -> str:
        """The org's own id; an edit may make it another."""
        return self._first_id("Organization") or FALLBACK_ORG_ID

    def data(self, respond: Respond) -> Respond:
        """Guard a data endpoint: version, session, allowance; add the usage header; refusals become answers."""

        def guarded(call: Call) -> Answer:
            try:
                scheme, _, token = call.headers.get("authorization", "").partition(" ")
                self.admit(call, token if scheme in ("Bearer", "OAuth") else "")
                answer = respond(call)
            except Refusal as refusal:
                answer = refusal.answer()
            answer = soil(call, answer)
            if answer.status == 401:
                return answer
            return replace(answer, headers={**answer.headers, **self.usage.header()})

        return guarded

    def plan(self, text: str, *, with_deleted: bool) -> Plan:
        """Parse and check a query; Refusal says what is wrong with it."""
        return self.plan_parsed(parse_query(text), with_deleted=with_deleted)

    def plan_parsed(self, query: Query, *, with_deleted: bool) -> Plan:
        """Check a parsed query."""
        plan = plan_query(query, self.view, self.state.clock, with_deleted=with_deleted)
        most = self.state.limits["formula_fields"]
        if most and sum(column.is_formula for column in plan.columns) > most:
            raise Refusal(400, "QUERY_TOO_COMPLICATED", REFUSALS["QUERY_TOO_COMPLICATED"][1])
        return plan

    def refuse_too_large(self, plan: Plan) -> None:
        """Refuse what a REST query of so many rows is refused for, if a limit is set."""
        is_activity = plan.object_name in ("Task", "Event")
        for name, applies, code in (
            ("activity_rows", is_activity, "OPERATION_TOO_LARGE"),
            ("query_rows", not plan.is_aggregate, "QUERY_TIMEOUT"),
        ):
            most = self.state.limits[name]
            if most and applies and self._count(plan) > most:
                raise Refusal(400, code, REFUSALS[code][1])

    def _count(self, plan: Plan) -> int:
        with self.state.cursor() as cursor:
            counted = cursor.execute(plan.count_sql, list(plan.parameters)).fetchone()
        return int(counted[0]) if counted else 0

    def find_object(self, call: Call) -> str:
        """The object that the path names; Refusal NOT_FOUND."""
        found = self.view.find(call.path_params["object_name"])
        if found is None:
            raise not_found()
        return found

    def admit(self, call: Call, token: str) -> None:
        """Refuse an unknown version, an overlong address, a dead session, and what goes beyond the day's allowance."""
        version = call.path_params.get("version")
        if version is not None and version not in VERSIONS:
            raise not_found()
        if len(call.path) + len(str(call.query)) > MAX_URI_BYTES:
            raise Refusal(414, "URI_TOO_LONG", "The request URI is longer than 16384 bytes")
        if call.fault_of("expire_session") is not None:
            self.tokens.expire_all()
        if not self.tokens.is_live(token):
            raise session_expired()
        self.usage.maximum, self.usage.most_bulk_jobs = self.state.limits["daily_calls"], self.state.limits["bulk_jobs"]
        if not self.usage.count_call(self.state.clock) or call.fault_of("daily_limit") is not None:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if call.fault_of("concurrent_limit") is not None:
            raise Refusal(403, "REQUEST_LIMIT_EXCEEDED", CONCURRENT_LIMIT)

    def _first_id(self, object_name: str) -> str | None:
        if self.view.find(object_name) is None:
            return None
        with self.state.cursor() as cursor:
            found = cursor.execute(f'SELECT min("Id") FROM salesforce."{object_name}"').fetchone()
        return found[0] if found else None


def soil(call: Call, answer: Answer) -> Answer:
    """The answer with dirty text, if that fault is due: behind its `mark`."""
    fault = call.fault_of("dirty_text")
    if fault is None or answer.status >= 300:
        return answer
    is_json = answer.media_type.startswith("application/json")
    dirt = b"\xff\xfe" if fault.code == "utf8" else (rb"\u0000" if is_json else b"\x00")
    mark = fault.mark.encode()
    if not mark or mark not in answer.body:
        return answer
    return replace(answer, body=answer.body.replace(mark, mark + dirt, 1))
