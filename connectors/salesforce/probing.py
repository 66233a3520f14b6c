"""Facts about an org that are looked at before it is used: login, version, permissions, clock, allowances, doubts.

Every probe only reads, and together they cost about a dozen calls. What the documentation leaves open is probed too;
where the answer is no, the connector takes another way by itself.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.connector import Probe, Quota
from connectors.errors import CrmError, NoAccessError, RejectedRequestError
from connectors.salesforce.allowance import BULK_JOBS, DAILY_CALLS, allowance_of
from connectors.salesforce.auth import SalesforceLogin
from connectors.salesforce.client import SalesforceClient, object_of, query_path
from connectors.salesforce.columns import Selection
from connectors.salesforce.deletions import DELETED_SPAN, deleted_path
from connectors.salesforce.metadata import Metadata
from connectors.salesforce.objects import SalesforceObject

GREATEST_SKEW = timedelta(minutes=2)  # between Salesforce's clock and ours; windows use Salesforce's alone
OLDEST_LASTING_VERSION = 41.0  # versions 31 to 40 end in Summer '27
FEW_BULK_JOBS = 100


def read_quota(client: SalesforceClient, reserve: float) -> Quota | None:
    """The org's daily API requests by its own count; None if it does not say."""
    daily = allowance_of(object_of(client.get("/limits", family="limits").json()), DAILY_CALLS)
    return None if daily is None else Quota(used=daily[0], maximum=daily[1], reserve=reserve)


class Prober:
    """Looks at one org, one fact after the other."""

    def __init__(self, client: SalesforceClient, login: SalesforceLogin, metadata: Metadata) -> None:
        self._client = client
        self._login = login
        self._metadata = metadata

    def probes(self) -> Iterator[Probe]:
        """One fact after the other; after a refused login no more."""
        try:
            self._login.headers()
        except CrmError as error:
            yield Probe("login", "failed", "the login was refused or not answered", str(error))
            return
        yield Probe("login", "ok", f"logged in, the org is at {self._login.instance_url}")
        if self._login.warning:
            yield Probe("way of logging in", "warning", "SOAP login()", self._login.warning)
        for look in (self._version, self._clock, self._allowances, *self._of_objects(), self._chaining, self._deleted):
            try:
                yield from look()
            except CrmError as error:
                yield Probe(look.__name__.strip("_"), "failed", "the org did not answer this question", str(error))

    def _of_objects(self) -> tuple[Callable[[], Iterator[Probe]], ...]:
        return self._organization, self._permissions

    def _version(self) -> Iterator[Probe]:
        answer = self._client.follow("/services/data", family="versions").json()
        versions = (
            [str(one.get("version")) for one in answer if isinstance(one, dict)] if isinstance(answer, list) else []
        )
        used = self._client.version
        if used not in versions:
            newest = versions[-1] if versions else "unknown"
            yield Probe("API version", "failed", f"the org does not serve {used}; its newest is {newest}",
                        "Set SALESFORCE_API_VERSION to one that it serves.")  # fmt: skip
        elif float(used) < OLDEST_LASTING_VERSION:
            yield Probe("API version", "warning", f"{used} is served, and ends in Summer '27",
                        "Set SALESFORCE_API_VERSION to a newer one.")  # fmt: skip
        else:
            yield Probe("API version", "ok", f"{used} is served; the newest is {versions[-1]}")

    def _clock(self) -> Iterator[Probe]:
        theirs = self._client.clock
        if theirs is None:
            yield Probe("clock", "failed", "replies carry no Date header", "Look for a proxy that removes it.")
            return
        skew = abs(datetime.now(UTC) - theirs)
        if skew > GREATEST_SKEW:
            yield Probe("clock", "warning", f"this machine and Salesforce differ by {skew.total_seconds():,.0f} s",
                        "Windows use Salesforce's clock; a JWT login needs a right one here.")  # fmt: skip
        else:
            yield Probe("clock", "ok", f"this machine and Salesforce differ by {skew.total_seconds():.0f} s")

    def _allowances(self) -> Iterator[Probe]:
        limits = object_of(self._client.get("/limits", family="limits").json())
        jobs = allowance_of(limits, BULK_JOBS)
        if jobs is None:
            yield Probe("Bulk query jobs", "unverified", "the org does not say how many it allows")
            return
        used, most = jobs
        found = f"{used:,} of {most:,} jobs of the last 24 hours are used"
        if most - used < FEW_BULK_JOBS:
            yield Probe("Bulk query jobs", "warning", found, "Large objects are read by REST meanwhile, or tomorrow.")
        else:
            yield Probe("Bulk query jobs", "ok", found)

    def _organization(self) -> Iterator[Probe]:
        identity = self._metadata.read()
        currencies = self._metadata.find("CurrencyType") is not None
        yield Probe("organization", "ok", f"{identity}, {'several currencies' if currencies else 'one currency'}")

    def _permissions(self) -> Iterator[Probe]:
        for spec in self._metadata.objects:
            yield self._permission(spec)

    def _permission(self, spec: SalesforceObject) -> Probe:
        name = f"object {spec.name}"
        try:
            described = self._metadata.get(spec.name)
        except NoAccessError as error:
            return Probe(name, "failed", "not readable for the integration user", str(error))
        except CrmError as error:
            return Probe(name, "failed", "not described", str(error))
        selection = self._metadata.select(spec.name)
        hidden = sorted(column for column, why in selection.withheld.items() if why in ("hidden", "absent"))
        found = f"{len(selection.asked.columns)} columns are read{_by_rule(selection)}"
        if not described.has_delete_log and not spec.is_listed_whole and spec.has_delete_log:
            found += "; no delete log, its ids are compared instead"
        if hidden:
            return Probe(name, "warning", f"{found}; not visible: {', '.join(hidden)}",
                         "Give the integration user read access to these fields if the org has them.")  # fmt: skip
        return Probe(name, "ok", found)

    def _chaining(self) -> Iterator[Probe]:
        """UNVERIFIED in the documentation: a part may name the next page of an earlier part's query."""
        query = {
            "method": "GET",
            "url": self._client.part_url(query_path("SELECT Id FROM OpportunityHistory")),
            "referenceId": "first",
            "httpHeaders": {"Sforce-Query-Options": "batchSize=200"},
        }
        following = {"method": "GET", "url": "@{first.nextRecordsUrl}", "referenceId": "second"}
        body = {"allOrNone": False, "compositeRequest": [query, following]}
        more_calls = "Queries are asked one by one: it costs more calls, nothing else."
        try:
            answer = object_of(self._client.post("/composite", body, family="composite_probe").json())
        except RejectedRequestError as error:
            yield Probe("Composite", "warning", f"refused ({error.code or error.status})", more_calls)
            return
        parts = answer.get("compositeResponse") or [{}]
        if parts[0].get("httpStatusCode") != 200:
            yield Probe("Composite", "warning", "a query is refused as a part", more_calls)
            return
        yield Probe("Composite", "ok", "several queries are one call")
        yield _chaining_probe(parts)

    def _deleted(self) -> Iterator[Probe]:
        """UNVERIFIED in the documentation: getDeleted as a part of Composite."""
        clock = self._client.clock
        spec = next((one for one in self._metadata.objects if one.has_delete_log and not one.is_listed_whole), None)
        if clock is None or spec is None:
            return
        path = deleted_path(spec.name, clock - DELETED_SPAN, clock)
        answer = self._client.read_all([path], family="deleted")[0]
        if isinstance(answer, RejectedRequestError):
            yield Probe("getDeleted in Composite", "warning", f"refused ({answer.code or answer.status})",
                        "Deletions are asked object by object: a call each.")  # fmt: skip
        else:
            yield Probe("getDeleted in Composite", "ok", "deletions of all objects are one call")


def _chaining_probe(parts: list[dict[str, Any]]) -> Probe:
    name = "Composite chaining"
    if parts[0]["body"].get("done"):
        return Probe(name, "unverified", "the org has too few rows to tell; the connector does not need it")
    is_served = parts[-1].get("httpStatusCode") == 200
    found = f"a next page by reference is {'served' if is_served else 'not served'}; the connector does not need it"
    return Probe(name, "ok" if is_served else "unverified", found)


def _by_rule(selection: Selection) -> str:
    kept_back = sum(why in ("blocked", "denied") for why in selection.withheld.values())
    unsupported = sum(why == "unsupported" for why in selection.withheld.values())
    hashed = len(selection.hashed)
    parts = [(kept_back, "kept back by rule"), (hashed, "hashed"), (unsupported, "of a type that is not read")]
    return "".join(f", {count} {what}" for count, what in parts if count)
