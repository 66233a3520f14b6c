"""Salesforce's wire format over the sandbox's world: login, describe, SOQL, deletes, limits, Composite and Bulk 2.0."""

import re
from collections.abc import Sequence

from starlette.routing import Route, compile_path

from connectors.sandbox.endpoint import Answer, Call, Respond, endpoint
from connectors.sandbox.salesforce.bulk import BulkJobs
from connectors.sandbox.salesforce.bulk_v1 import BulkV1, bulk_v1_routes
from connectors.sandbox.salesforce.changes import Changes
from connectors.sandbox.salesforce.composite import Composite
from connectors.sandbox.salesforce.describe import Metadata
from connectors.sandbox.salesforce.errors import Refusal, not_found, refuse_by_fault
from connectors.sandbox.salesforce.login import Login
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.query import Queries
from connectors.sandbox.state import SandboxState

_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
DATA = "/services/data/v{version}"


def routes(state: SandboxState) -> list[Route]:
    """Every Salesforce endpoint of the sandbox; a trailing slash is the server's to remove."""
    org = Org(state)
    login, metadata = Login(org), Metadata(org)
    readable = _readable(org, metadata)
    jobs = BulkJobs(org)

    def name_object(call: Call) -> str | None:
        return jobs.name_object(call) or object_asked(call)

    composite = Composite(state, readable, name_object)
    open_to_all: list[tuple[str, str, str, Respond]] = [
        ("POST", "/services/oauth2/token", "token", login.token),
        ("POST", "/services/oauth2/revoke", "revoke", login.revoke),
        ("POST", "/services/Soap/u/{version}", "soap", login.soap),
        ("POST", "/services/Soap/u/{version}/{org_id}", "soap", login.soap),
        ("GET", "/services/data", "versions", metadata.versions),
    ]
    guarded = [*readable, *_composite(composite), *_bulk(jobs)]
    served = [*open_to_all, *((method, path, family, org.data(respond)) for method, path, family, respond in guarded)]
    served += bulk_v1_routes(BulkV1(org))
    return [
        endpoint(
            state,
            method,
            path,
            family=f"salesforce.{family}",
            respond=respond,
            refuse=refuse_by_fault,
            name_object=name_object,
        )
        for method, path, family, respond in served
    ] + [_unknown(state, [(method, path) for method, path, _, _ in served])]


def object_asked(call: Call) -> str | None:
    """The object that a path or a query names, as it is written there."""
    if "object_name" in call.path_params:
        return call.path_params["object_name"]
    text = call.query.get("q") or (call.body.decode("utf-8", errors="replace") if call.body else "")
    found = _FROM.search(text)
    return found[1] if found else None


def _readable(org: Org, metadata: Metadata) -> list[tuple[str, str, str, Respond]]:
    queries, changes = Queries(org), Changes(org)
    return [
        ("GET", DATA, "resources", metadata.resources),
        ("GET", f"{DATA}/limits", "limits", metadata.limits),
        ("GET", f"{DATA}/query", "query", queries.query),
        ("GET", f"{DATA}/queryAll", "query", queries.query_all),
        ("GET", f"{DATA}/query/{{locator}}", "query_more", queries.next_page),
        ("GET", f"{DATA}/queryAll/{{locator}}", "query_more", queries.next_page),
        ("GET", f"{DATA}/sobjects", "describe_global", metadata.all_objects),
        ("GET", f"{DATA}/sobjects/{{object_name}}", "describe", metadata.basic),
        ("GET", f"{DATA}/sobjects/{{object_name}}/describe", "describe", metadata.describe),
        ("GET", f"{DATA}/sobjects/{{object_name}}/deleted", "deleted", changes.deleted),
        ("GET", f"{DATA}/sobjects/{{object_name}}/updated", "updated", changes.updated),
        ("GET", f"{DATA}/sobjects/{{object_name}}/{{record_id}}", "record", metadata.record),
    ]


def _composite(composite: Composite) -> list[tuple[str, str, str, Respond]]:
    return [
        ("POST", f"{DATA}/composite", "composite", composite.composite),
        ("POST", f"{DATA}/composite/batch", "composite_batch", composite.batch),
    ]


def _bulk(jobs: BulkJobs) -> list[tuple[str, str, str, Respond]]:
    job = f"{DATA}/jobs/query/{{job_id}}"
    return [
        ("POST", f"{DATA}/jobs/query", "bulk_create", jobs.create),
        ("GET", f"{DATA}/jobs/query", "bulk_list", jobs.all_jobs),
        ("GET", job, "bulk_status", jobs.status),
        ("PATCH", job, "bulk_abort", jobs.change),
        ("DELETE", job, "bulk_delete", jobs.delete),
        ("GET", f"{job}/results", "bulk_results", jobs.results),
        ("GET", f"{job}/resultPages", "bulk_pages", jobs.result_pages),
    ]


def _unknown(state: SandboxState, served: Sequence[tuple[str, str]]) -> Route:
    """Any other path, and known ones asked with a method they do not take."""
    patterns = [(method, compile_path(path)[0]) for method, path in served]

    def respond(call: Call) -> Answer:
        allowed = sorted({method for method, pattern in patterns if pattern.match(call.path)})
        if not allowed:
            return not_found().answer()
        message = f"HTTP Method '{call.method}' not allowed. Allowed are {','.join(allowed)}"
        return Refusal(405, "METHOD_NOT_ALLOWED", message).answer()

    path = "/services/{rest:path}"
    route = endpoint(state, "GET", path, family="salesforce.unknown", respond=respond, refuse=refuse_by_fault)
    route.methods = set()  # every method
    return route
