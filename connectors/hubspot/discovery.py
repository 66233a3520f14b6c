"""Which streams a portal has: the standard ones that the rules let through, notes if asked for, and custom objects."""

from collections.abc import Mapping, Sequence

from connectors.errors import NoAccessError, RejectedRequestError
from connectors.hubspot.client import fields_of, results_of
from connectors.hubspot.objects import (
    DEFINITION_STREAMS,
    NOTE_BODY,
    NOTES,
    OBJECT_TYPES,
    SPLIT_STREAM,
    SPLITS,
    STREAMS,
    ObjectType,
    custom_type,
    record_streams,
)
from connectors.hubspot.properties import CRM
from connectors.hubspot.session import Session
from connectors.hubspot.splits import has_splits
from connectors.streams import Stream


def discover_streams(session: Session) -> Sequence[Stream]:
    """All streams of the portal; asks for the schemas of custom objects, one call."""
    rules = session.rules
    allowed = [
        stream
        for stream in STREAMS
        if stream.object_name not in OBJECT_TYPES or rules.allows_object(CRM, stream.object_name, is_custom=False)
    ]
    splits = [SPLIT_STREAM] if rules.allows_object(CRM, SPLITS, is_custom=False) and has_splits(session) else []
    extra = [*([NOTES] if _reads_notes(session) else []), *_custom_types(session)]
    found = [stream for kind in extra for stream in record_streams(kind)]
    return [*allowed, *splits, *found, *DEFINITION_STREAMS]


def _reads_notes(session: Session) -> bool:
    """A note is its body; where the rules keep that out, nothing is left to read."""
    rules = session.rules
    return (
        rules.allows_object(CRM, NOTES.name, is_custom=False)
        and rules.allows_column(CRM, NOTES.name, NOTE_BODY)
        and rules.treatment(CRM, NOTES.name, NOTE_BODY) != "block"
    )


def _custom_types(session: Session) -> list[ObjectType]:
    try:
        schemas = results_of(fields_of(session.client.get("schemas", session.client.paths.schemas)))
    except RejectedRequestError as error:
        if isinstance(error, NoAccessError) or error.status in (400, 404):
            return []  # a portal without custom objects, or a token without their scope
        raise
    kinds = [_type_of(schema) for schema in schemas if not schema.get("archived")]
    session.discovered.update(
        {kind.name: kind for kind in kinds if session.rules.allows_object(CRM, kind.name, is_custom=True)}
    )
    return list(session.discovered.values())


def _type_of(schema: Mapping[str, object]) -> ObjectType:
    return custom_type(str(schema.get("fullyQualifiedName") or schema["objectTypeId"]), str(schema["objectTypeId"]))
