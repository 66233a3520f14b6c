"""What people and administrators do in the org between two days: the edits of `POST /__sandbox__/edit`.

    records  set_fields · insert · late_commit · soft_delete · undelete · hard_delete · merge
    schema   add_object · drop_object · add_field · drop_field · retype_field · hide_field · show_field
             · hide_object · show_object · enable_currencies · change_org
             · register_certificate          (schema_edits.py)

A record is stamped with the virtual clock unless `stamp` says otherwise. An edited record is no longer the plan's: days
to come leave it alone. Truth is the same tables, so it follows; `truth.findings` and `truth.opportunities` come from
the plan and do not.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from connectors.sandbox.salesforce.records import Records
from connectors.sandbox.salesforce.schema_edits import SCHEMA_EDITS
from connectors.sandbox.salesforce.tracking import read_tracked, write_history
from connectors.sandbox.state import EditError, SandboxState

LATE = timedelta(minutes=3)  # how far a late commit's stamp lies in the past, unless `minutes` says otherwise
Given = Mapping[str, object]


def apply_edit(state: SandboxState, given: Given) -> dict[str, object]:
    """Make one edit; the caller holds `gate.ticking()`. The answer names the records and their stamp.

    Raises:
        EditError: `kind` or a name is unknown, or something is missing.
    """
    kind = str(given.get("kind"))
    if kind in SCHEMA_EDITS:
        return SCHEMA_EDITS[kind](state, given)
    if kind not in RECORD_EDITS:
        raise EditError(f"no kind {kind!r}; there are {', '.join(sorted([*RECORD_EDITS, *SCHEMA_EDITS]))}")
    with state.cursor() as cursor:
        cursor.begin()
        try:
            made = RECORD_EDITS[kind](Records(state, cursor, given), given)
        except BaseException:
            cursor.rollback()
            raise
        cursor.commit()
    return made


def _set_fields(records: Records, given: Given) -> dict[str, object]:
    """`id` or `ids`, `fields`; `move_stamp` false changes values only, as a formula does.

    An opportunity's histories follow unless `history` is false.
    """
    ids = records.named("id", "ids")
    fields = records.fields(given)
    if not given.get("move_stamp", True):
        records.update(ids, fields)
        return records.report(ids)
    before = read_tracked(records, ids) if given.get("history", True) else {}
    records.update(ids, {**records.stamps(), **fields})
    write_history(records, before)
    return records.report(ids)


def _insert(records: Records, given: Given) -> dict[str, object]:
    """`fields` for one record, or for `count` equal ones under one stamp; `rows` for several."""
    rows = given.get("rows")
    if rows is None:
        count = given.get("count", 1)
        if not isinstance(count, int):
            raise EditError(f"count must be a whole number, not {count!r}")
        return records.report(records.insert([records.fields(given)] * count))
    if not isinstance(rows, list):
        raise EditError("rows must be a list of objects")
    return records.report(records.insert([records.fields({"fields": row}) for row in rows]))


def _late_commit(records: Records, given: Given) -> dict[str, object]:
    """A record that becomes visible now with a stamp of some `minutes` ago: changed if it has an id, else new."""
    minutes = given.get("minutes")
    if "stamp" not in given:
        records.stamp -= timedelta(minutes=minutes) if isinstance(minutes, int | float) else LATE
    return _set_fields(records, given) if "id" in given or "ids" in given else _insert(records, given)


def _soft_delete(records: Records, _given: Given) -> dict[str, object]:
    """Into the recycle bin, with what belongs to it."""
    ids = records.named("id", "ids")
    records.delete(ids)
    return records.report(ids)


def _undelete(records: Records, _given: Given) -> dict[str, object]:
    """Out of the recycle bin again; the delete log forgets it."""
    ids = records.named("id", "ids")
    records.undelete(ids)
    return records.report(ids)


def _hard_delete(records: Records, given: Given) -> dict[str, object]:
    """Gone for good, with what belongs to it; `logged` false leaves no entry for getDeleted either."""
    ids = records.named("id", "ids")
    records.erase(ids, logged=bool(given.get("logged", True)))
    return records.report(ids)


def _merge(records: Records, _given: Given) -> dict[str, object]:
    """`winner` takes over what belonged to `losers`, which go to the bin and name it."""
    winner = records.named("winner")
    losers = records.named("losers")
    records.merge(winner[0], losers)
    return records.report([*winner, *losers])


RECORD_EDITS: dict[str, Callable[[Records, Given], dict[str, object]]] = {
    "set_fields": _set_fields,
    "insert": _insert,
    "late_commit": _late_commit,
    "soft_delete": _soft_delete,
    "undelete": _undelete,
    "hard_delete": _hard_delete,
    "merge": _merge,
}
