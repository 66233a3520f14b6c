"""Requests to one org: addresses of the REST API, Composite, describe, and the meter in every reply."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson

from connectors.errors import (
    AuthenticationError,
    ConfigurationError,
    CrmError,
    NoAccessError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.pacing import LimitReading, Pacing
from connectors.reply import Refusal, Reply, error_code
from connectors.salesforce.auth import SalesforceLogin
from connectors.salesforce.objects import API_VERSION
from connectors.salesforce.refusals import classify
from connectors.transport import Transport
from connectors.wire import Sender, Timeouts

COMPOSITE_PARTS = 25  # api_rest resources_composite_composite_post; the series counts as one API call
COMPOSITE_QUERIES = 5  # of which query, queryAll and following pages at most
OLDEST_VERSION = 58.0  # the first with resultPages, which Bulk results are read by
MAX_URI = 12_000  # characters of a query's address; Salesforce refuses URI and headers beyond 16,384 bytes (414)

_USAGE = re.compile(r"(?:^|[\s;])api-usage=(\d+)/(\d+)")


class SalesforceClient:
    """One org through one login. Paths begin behind `/services/data/vNN.N`."""

    def __init__(
        self,
        login: SalesforceLogin,
        sender: Sender,
        *,
        pacing: Pacing | None = None,
        timeouts: Timeouts | None = None,
        version: str = API_VERSION,
    ) -> None:
        self.version = version
        self._login = login
        self._transport = Transport(
            sender,
            crm="Salesforce",
            pacing=pacing,
            authorization=login,
            classify=classify,
            on_reply=self._read_meter,
            timeouts=timeouts,
        )

    @property
    def calls(self) -> Counter[str]:
        """Requests so far by family, logins included, though Salesforce does not count those."""
        calls = self._transport.calls
        calls.update({"login": self._login.logins} if self._login.logins else {})
        return calls

    @property
    def remaining_calls(self) -> int | None:
        """Calls that this run may still make; None if nothing limits it."""
        return self._transport.pacing.remaining

    @property
    def limit(self) -> LimitReading | None:
        """What the last reply said about the daily calls; None before the first."""
        return self._transport.pacing.limit

    @property
    def reserve(self) -> float:
        """Share of the daily calls that is left to the org's other programs."""
        return self._transport.pacing.reserve

    @property
    def bytes_received(self) -> int:
        """Body bytes so far, decompressed."""
        return self._transport.bytes_received

    @property
    def clock(self) -> datetime | None:
        """Salesforce's own time at its last reply, UTC; None before the first."""
        return self._transport.server_clock

    def note_daily(self, used: int, maximum: int) -> None:
        """Take over the daily calls as the last answer's body told them, unless its header did."""
        if self.limit is None or self.limit.read_at != self.clock:
            self._transport.pacing.note_limit(LimitReading(used, maximum, read_at=self.clock))

    def get(self, path: str, *, family: str, version: str = "") -> Reply:
        """GET a JSON resource."""
        return self._transport.send("GET", self._address(path, version), family=family)

    def follow(self, address: str, *, family: str) -> Reply:
        """GET an address that a reply named: it begins with /services."""
        return self._transport.send("GET", self._login.instance_url + address, family=family)

    def post(self, path: str, body: object, *, family: str) -> Reply:
        """POST JSON."""
        return self._transport.send("POST", self._address(path), family=family, body=body)

    def patch(self, path: str, body: object, *, family: str, version: str = "") -> Reply:
        """PATCH JSON."""
        return self._transport.send("PATCH", self._address(path, version), family=family, body=body)

    def delete(self, path: str, *, family: str, version: str = "") -> None:
        """DELETE a resource."""
        self._transport.send("DELETE", self._address(path, version), family=family, expect="bytes")

    def download(self, path: str, spool: Path, *, family: str, version: str = "") -> Reply:
        """GET a body of any kind to a file."""
        return self._transport.send(
            "GET", self._address(path, version), family=family, expect="bytes", spool=spool, headers={"Accept": "*/*"}
        )

    def download_named(self, address: str, spool: Path, *, family: str) -> Reply:
        """GET a body of any kind from an address that a reply named to a file."""
        url = self._login.instance_url + address
        return self._transport.send("GET", url, family=family, expect="bytes", spool=spool, headers={"Accept": "*/*"})

    def query(self, soql: str) -> tuple[bytes, dict[str, Any]]:
        """First page of a query over deleted and archived rows too: its bytes, and the same parsed."""
        path = query_path(soql)
        if len(path) <= MAX_URI:
            return page_of(self.get(path, family="query"))
        # a query too long for an address travels in the body of Composite
        part = self.read_all([path], family="query")[0]
        if isinstance(part, CrmError):
            raise part
        return orjson.dumps(part), object_of(part)

    def read_all(self, paths: Sequence[str], *, family: str, at_once: int = COMPOSITE_PARTS) -> list[object]:
        """GET several JSON resources through Composite: for each its body, or the RejectedRequestError it met.

        `at_once` is how many go into one call. An org that refuses Composite is asked one by one.
        """
        answers: list[object] = []
        for first in range(0, len(paths), at_once):
            answers.extend(self._read_together(paths[first : first + at_once], family))
        return answers

    def part_url(self, path: str) -> str:
        """The address of a part of a Composite call."""
        return f"/services/data/v{self.version}{path}"

    def try_get(self, path: str, *, family: str) -> object:
        """Body of a JSON resource, or the RejectedRequestError it met."""
        try:
            return self.get(path, family=family).json()
        except RejectedRequestError as error:
            return error

    def _read_together(self, paths: Sequence[str], family: str) -> list[object]:
        parts = [
            {"method": "GET", "url": self.part_url(path), "referenceId": f"part{number}"}
            for number, path in enumerate(paths)
        ]
        body = {"allOrNone": False, "compositeRequest": parts}
        try:
            reply = self.post("/composite", body, family=f"composite_{family}").json()
        except (NoAccessError, RejectedRequestError):
            return [self.try_get(path, family=family) for path in paths]
        answers = reply.get("compositeResponse") if isinstance(reply, dict) else None
        if not isinstance(answers, list) or len(answers) != len(paths):
            raise UnexpectedReplyError("Salesforce answered Composite without an answer for each part.")
        return [self._part(answer, path, family) for answer, path in zip(answers, paths, strict=True)]

    def _part(self, answer: Mapping[str, Any], path: str, family: str) -> object:
        status = int(answer["httpStatusCode"])
        if 200 <= status < 300:
            return answer["body"]
        refusal = Refusal("GET", path.split("?")[0], status, {}, orjson.dumps(answer["body"]))
        error = classify(refusal)
        if status >= 500 or status in (401, 408, 429) or isinstance(error, (TransientError, AuthenticationError)):
            return self.try_get(path, family=family)  # alone it is retried
        if error is not None:
            return error
        code, detail = error_code(answer["body"])
        message = f"Salesforce rejected GET {refusal.path} (HTTP {status}{code and ', ' + code})."
        return RejectedRequestError(message, status=status, code=code, detail=detail)

    def _address(self, path: str, version: str = "") -> str:
        return f"{self._login.instance_url}/services/data/v{version or self.version}{path}"

    def _read_meter(self, _family: str, _status: int, headers: Mapping[str, str]) -> None:
        match = _USAGE.search(headers.get("Sforce-Limit-Info", ""))
        if match is not None:
            self._transport.pacing.note_limit(LimitReading(int(match[1]), int(match[2]), read_at=self.clock))


def checked_version(api_version: str) -> str:
    """The version as addresses have it: `62.0`.

    Raises:
        ConfigurationError: it is none, or too old for what is asked of it.
    """
    text = api_version.strip().lower().removeprefix("v")
    version = text if "." in text else f"{text}.0"
    if not re.fullmatch(r"\d{2,3}\.0", version) or float(version) < OLDEST_VERSION:
        raise ConfigurationError(
            f"SALESFORCE_API_VERSION is {api_version!r}; it must be a version such as {API_VERSION}, from "
            f"{OLDEST_VERSION:.1f} on."
        )
    return version


def query_path(soql: str) -> str:
    """The path of a query over all rows, deleted ones too."""
    return f"/queryAll/?{urlencode({'q': soql})}"


def page_of(reply: Reply) -> tuple[bytes, dict[str, Any]]:
    """A page's bytes, and the same parsed."""
    return reply.body, object_of(reply.json())


def object_of(body: object) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        UnexpectedReplyError: it is something else.
    """
    if not isinstance(body, dict):
        raise UnexpectedReplyError("Salesforce sent a list or a text where an object must be; nothing of it was used.")
    return body
