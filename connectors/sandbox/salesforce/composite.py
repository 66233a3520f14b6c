"""POST /composite: up to 25 requests in one API call, a later one may use what an earlier one answered."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

import orjson
from starlette.datastructures import QueryParams
from starlette.routing import compile_path

from connectors.sandbox.endpoint import Answer, Call, NameObject, Respond
from connectors.sandbox.salesforce.errors import Refusal, not_found, refuse_by_fault
from connectors.sandbox.state import SandboxState

MAX_REQUESTS = 25
MAX_QUERIES = 5  # of query, queryAll and following pages (api_rest resources_composite_composite_post)
_REFERENCE = re.compile(r"@\{([^}]+)\}")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


class Composite:
    """Sends each part to the resource that serves its path; the session was checked once for all."""

    def __init__(
        self, state: SandboxState, resources: Sequence[tuple[str, str, str, Respond]], name_object: NameObject
    ) -> None:
        """`resources` are method, path template, family and responder."""
        self._state = state
        self._name_object = name_object
        self._resources = [
            (method, compile_path(path)[0], f"salesforce.{family}", respond)
            for method, path, family, respond in resources
        ]

    def composite(self, call: Call) -> Answer:
        """The answers come in order, each with its status; a failed part fails those that refer to it."""
        parts = _parts(call)
        answered: dict[str, Answer] = {}
        pieces: list[bytes] = []
        for part in parts:
            answer = self._answer(call, part, answered)
            answered[part.reference] = answer
            tail = orjson.dumps(
                {"httpHeaders": dict(answer.headers), "httpStatusCode": answer.status, "referenceId": part.reference}
            )
            pieces.append(b'{"body":' + (answer.body or b"null") + b"," + tail[1:])
        return Answer(b'{"compositeResponse":[' + b",".join(pieces) + b"]}")

    def batch(self, call: Call) -> Answer:
        """POST /composite/batch: up to 25 independent requests; each counts as a call of its own."""
        given = call.json()
        requests = given.get("batchRequests") if isinstance(given, dict) else None
        if not isinstance(requests, list) or not requests:
            raise Refusal(400, "JSON_PARSER_ERROR", "batchRequests is required and must hold requests")
        if len(requests) > MAX_REQUESTS:
            raise Refusal(400, "LIMIT_EXCEEDED", f"Batch takes at most {MAX_REQUESTS} subrequests")
        pieces, has_errors = [], False
        for one in requests:
            if not isinstance(one, dict) or not isinstance(one.get("url"), str):
                raise Refusal(400, "JSON_PARSER_ERROR", "a subrequest needs method and url")
            url = "/services/data/" + one["url"].removeprefix("/services/data/").lstrip("/")
            part = _Part(str(one.get("method", "GET")).upper(), url, "", orjson.dumps(one.get("richInput")))
            answer = self._answer(call, part, {})
            has_errors = has_errors or answer.status >= 300
            pieces.append(b'{"statusCode":%d,"result":%s}' % (answer.status, answer.body or b"null"))
        flag = b"true" if has_errors else b"false"
        return Answer(b'{"hasErrors":' + flag + b',"results":[' + b",".join(pieces) + b"]}")

    def _answer(self, call: Call, part: "_Part", answered: dict[str, Answer]) -> Answer:
        try:
            url = _REFERENCE.sub(lambda match: _refer(match[1], answered), part.url)
            return self._dispatch(call, replace(part, url=url))
        except Refusal as refusal:
            return refusal.answer()

    def _dispatch(self, call: Call, part: "_Part") -> Answer:
        target = urlsplit(part.url)
        path = unquote(target.path).rstrip("/")
        for method, pattern, family, respond in self._resources:
            match = pattern.match(path)
            if match is not None and method == part.method:
                made = replace(
                    call,
                    method=method,
                    path=path,
                    path_params=match.groupdict(),
                    query=QueryParams(target.query),
                    body=part.body,
                )
                faults = self._state.faults.draw_all(family, self._name_object(made), part=True)
                if faults and faults[0].kind in ("status", "refuse"):
                    self._state.stats.count_fault(family, faults[0].kind)
                    return refuse_by_fault(made, faults[0])
                return respond(replace(made, faults=faults))
        raise not_found()


@dataclass(frozen=True)
class _Part:
    method: str
    url: str
    reference: str
    body: bytes


def _parts(call: Call) -> list[_Part]:
    given = call.json()
    requests = given.get("compositeRequest") if isinstance(given, dict) else None
    if not isinstance(requests, list) or not requests:
        raise Refusal(400, "JSON_PARSER_ERROR", "compositeRequest is required and must hold requests")
    if len(requests) > MAX_REQUESTS:
        raise Refusal(400, "LIMIT_EXCEEDED", f"Composite takes at most {MAX_REQUESTS} subrequests")
    try:
        parts = [
            _Part(one["method"].upper(), one["url"], one["referenceId"], orjson.dumps(one.get("body")))
            for one in requests
        ]
    except (KeyError, AttributeError, TypeError) as error:
        raise Refusal(400, "JSON_PARSER_ERROR", f"a subrequest needs method, url and referenceId: {error}") from error
    queries = sum("/query" in urlsplit(part.url).path or "nextRecordsUrl" in part.url for part in parts)
    if queries > MAX_QUERIES:
        raise Refusal(400, "LIMIT_EXCEEDED", f"Composite takes at most {MAX_QUERIES} query subrequests")
    return parts


def _refer(expression: str, answered: dict[str, Answer]) -> str:
    reference, _, rest = expression.partition(".")
    answer = answered.get(reference)
    if answer is None or answer.status >= 300:
        raise Refusal(
            400, "PROCESSING_HALTED", f"The transaction was rolled back since another operation failed: {reference}"
        )
    found: object = orjson.loads(answer.body)
    for match in _STEP.finditer(rest):
        try:
            found = found[int(match[2])] if match[2] else found[match[1]]  # type: ignore[index]
        except (KeyError, IndexError, TypeError) as error:
            raise Refusal(400, "PROCESSING_HALTED", f"Invalid reference specified: @{{{expression}}}") from error
    return str(found)
