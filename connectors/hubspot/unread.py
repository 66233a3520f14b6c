"""Records that HubSpot lists and gives no answer to: each load says which, and the next one asks for them again.

They stand among the load's misfits, one by one, so that they are known whether or not anything else was landed.
"""

from collections.abc import Iterable, Mapping, Sequence

from connectors.hubspot.known import newest_loads
from connectors.landing import Checkpoint, OpenLoad

_NO_ANSWER = "(no answer) "  # no property has such a name


def as_misfits(ids: Iterable[str]) -> dict[str, int]:
    """What a load writes down of the records that it could not read."""
    return {f"{_NO_ANSWER}{record_id}": 1 for record_id in ids}


def left_out(load: OpenLoad, **newest: int) -> list[str]:
    """Records that the newest loads of some lanes of this object could not read: `rows=1` looks at the newest one."""
    found: set[str] = set()
    for lane, number in newest.items():
        for manifest in newest_loads(load, lane, number):
            found.update(_ids(manifest.misfits))
    return sorted(found, key=int)


def as_text(ids: Iterable[str]) -> str:
    """For a checkpoint."""
    return ";".join(ids)


def of_checkpoint(checkpoint: Checkpoint | None) -> list[str]:
    """The reverse."""
    text = str(checkpoint.get("unread") or "") if checkpoint is not None else ""
    return text.split(";") if text else []


def _ids(misfits: Mapping[str, int]) -> Sequence[str]:
    return [name.removeprefix(_NO_ANSWER) for name in misfits if name.startswith(_NO_ANSWER)]
