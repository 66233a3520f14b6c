"""What a person wants to know of a portal before its data is trusted: scopes, versions, and facts not in any manual."""

from collections.abc import Iterator

from connectors.errors import CrmError, NoAccessError, RejectedRequestError
from connectors.hubspot.client import fields_of
from connectors.hubspot.links import INPUTS
from connectors.hubspot.objects import LINKED_TYPES, OBJECT_TYPES
from connectors.hubspot.search import Query, count
from connectors.hubspot.session import Session
from connectors.hubspot.vanished import usage_of
from connectors.streams import Probe

_NO_RECORD = "1"  # an id that no record has


def probe_portal(session: Session) -> Iterator[Probe]:
    """One fact after the other; about two dozen calls."""
    yield Probe("API version", "ok", f"answers under {session.client.paths.version}")
    for kind in OBJECT_TYPES.values():
        try:
            properties = session.catalogue.read(kind)
            # definitions may be shown to who may not see a record
            session.client.get("probe", session.client.paths.objects(kind.name), {"limit": "1"})
        except NoAccessError as error:
            yield Probe(kind.name, "warning", "may not be read", str(error))
        else:
            found = f"{len(properties.asked)} properties are read, {len(properties.withheld)} are not"
            yield Probe(kind.name, "ok", found)
    yield from _probe(session, "owners", session.client.paths.owners, {"limit": "1"})
    yield from _probe(session, "pipelines", session.client.paths.pipelines("deals"))
    yield from _probe(session, "custom objects", session.client.paths.schemas)
    yield from _probe(session, "currencies", session.client.paths.exchange_rates, {"limit": "1"})
    yield _probe_counts(session)
    yield _probe_links(session)
    yield Probe(
        "order of archived records",
        "unverified",
        "HubSpot does not say how the list of archived records is sorted",
        "Nothing to do: it is always read to its end.",
    )


def _probe(session: Session, name: str, path: str, query: dict[str, str] | None = None) -> Iterator[Probe]:
    try:
        session.client.get("probe", path, query)
    except NoAccessError as error:
        yield Probe(name, "warning", "may not be read", str(error))
    except CrmError as error:
        yield Probe(name, "failed", str(error), "Run crm doctor again; if it stays so, look at HubSpot's status page.")
    else:
        yield Probe(name, "ok", "may be read")


def _probe_counts(session: Session) -> Probe:
    """Whether the count of records is the count of live ones: what missing records are found by."""
    name, kind = "count of records", OBJECT_TYPES["deals"]
    try:
        counted = usage_of(fields_of(session.client.get("records", session.client.paths.record_counts)))
        found, searched = counted.get(kind.type_id), count(session.client, Query(kind))
    except RejectedRequestError as error:
        return Probe(name, "unverified", str(error), "Nothing to do: searches are counted instead, a call per type.")
    if found == searched:
        return Probe(name, "ok", f"{found:,} deals, as the search counts")
    action = "Nothing to do: wherever the two differ, the search decides."
    return Probe(name, "unverified", f"{found} deals, and the search counts {searched}", action)


def _probe_links(session: Session) -> Probe:
    """Whether a thousand records may be asked for their links in one call."""
    name, kind = "links of many records", LINKED_TYPES[0]
    inputs = [{"id": str(int(_NO_RECORD) + number)} for number in range(INPUTS)]
    try:
        session.client.post("associations", session.client.paths.associations("deals", kind), {"inputs": inputs})
    except NoAccessError as error:
        return Probe(name, "warning", "may not be read", str(error))
    except RejectedRequestError as error:
        return Probe(name, "failed", f"{INPUTS} at once are refused: {error}", "Report it: the batch must be smaller.")
    return Probe(name, "ok", f"{INPUTS:,} deals may be asked for at once")
