"""What the options of `plan` and `sync` choose: CRMs, objects, and which part of their past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches

from connectors.errors import ConfigurationError
from connectors.streams import Stream, SyncRequest
from dagster_project.settings import Settings


@dataclass(frozen=True)
class Choice:
    """The options, checked; `crm` None is all that are connected, no `objects` are all of them."""

    crm: str | None
    objects: tuple[str, ...]
    request: SyncRequest

    @classmethod
    def of(
        cls, crm: str | None, objects: Sequence[str] | None, *, full: bool, since: datetime | None, ids: str | None
    ) -> "Choice":
        """From the command line's options.

        Raises:
            ConfigurationError: they contradict each other.
        """
        record_ids = tuple(part.strip() for part in (ids or "").split(",") if part.strip())
        if ids is not None and not record_ids:
            raise ConfigurationError("--ids names no record. Write them like --ids 006A0000001,006A0000002.")
        if record_ids and len(objects or ()) != 1:
            raise ConfigurationError("--ids needs exactly one --object: say whose ids they are.")
        moment = since.replace(tzinfo=UTC) if since else None
        return cls(crm, tuple(objects or ()), SyncRequest(full=full, since=moment, ids=record_ids))

    def connected(self, settings: Settings) -> tuple[str, ...]:
        """The CRMs to work with.

        Raises:
            ConfigurationError: the one that was named is not connected.
        """
        return choose_crms(settings, self.crm)


def choose_crms(settings: Settings, crm: str | None) -> tuple[str, ...]:
    """`crm` if it is connected, or all that are.

    Raises:
        ConfigurationError: `crm` is not connected.
    """
    if crm is None:
        return settings.connected_crms
    if crm not in settings.connected_crms:
        raise ConfigurationError(f"{crm} is not connected. Put its credentials in .env; .env.example lists them.")
    return (crm,)


def choose_streams(every: Sequence[Stream], objects: Sequence[str]) -> list[Stream]:
    """All lanes of the objects named, by the CRM's name or the raw table's, in any case; all where none is named."""
    if not objects:
        return list(every)
    wanted = {name.casefold() for name in objects}
    return [stream for stream in every if _names(stream) & wanted]


def check_objects(found: Sequence[Stream], every: Sequence[Stream], objects: Sequence[str]) -> None:
    """Refuse names that no connected CRM has.

    Raises:
        ConfigurationError: with the nearest names that there are.
    """
    known = set().union(*(_names(stream) for stream in found)) if found else set()
    unknown = [name for name in objects if name.casefold() not in known]
    if not unknown:
        return
    spelled = {stream.object_name.casefold(): stream.object_name for stream in every}
    near = [spelled[name] for name in get_close_matches(unknown[0].casefold(), spelled, n=3)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(set(spelled.values())))}."
    raise ConfigurationError(f"No connected CRM has an object called {unknown[0]}. {hint}")


def _names(stream: Stream) -> set[str]:
    return {stream.object_name.casefold(), stream.raw_table.casefold()}
