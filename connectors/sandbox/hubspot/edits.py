"""What a person, an integration or an admin does in HubSpot, applied to the world from outside.

    {"crm": "hubspot", "kind": "set_properties", "type": "deals", "id": "9000000001", "properties": {"amount": "5"}}

Kinds, by the module that plays them:

    record_edits.py      set_properties · insert · burst · archive · restore · privacy_delete · late_index
    merges.py            merge
    link_edits.py        add_association · remove_association · move_association
    definition_edits.py  add_property · drop_property · retype_property · add_object · drop_object · hide · show
                         · set_account
    pipeline_edits.py    edit_pipeline · edit_stage · add_stage
    splits.py            split_deal
    currencies.py        set_exchange_rate · correct_exchange_rate

`stamp` (ISO text, UTC unless it says otherwise) is when it happened, the virtual clock if absent. Edits are visible at
once; a tick leaves edited records as they are.
"""

from collections.abc import Mapping

from connectors.sandbox.hubspot import (
    currencies,
    definition_edits,
    link_edits,
    merges,
    pipeline_edits,
    record_edits,
    splits,
)
from connectors.sandbox.hubspot.definitions import read_definitions
from connectors.sandbox.hubspot.edit import Edit, Play
from connectors.sandbox.state import SandboxState
from connectors.sandbox.world.hubspot_edited import create_edit_tables

PLAYS: dict[str, Play] = {
    **record_edits.PLAYS,
    **merges.PLAYS,
    **link_edits.PLAYS,
    **definition_edits.PLAYS,
    **pipeline_edits.PLAYS,
    **splits.PLAYS,
    **currencies.PLAYS,
}


def apply_edit(state: SandboxState, fields: Mapping[str, object]) -> dict[str, object]:
    """Play one edit and return what it made (ids, stamps). The caller holds `gate.ticking()`.

    Raises:
        ValueError: the kind, a field or a record does not exist; nothing was changed.
    """
    play = PLAYS.get(str(fields.get("kind")))
    if play is None:
        raise ValueError(f"no HubSpot edit {fields.get('kind')!r}; there are {', '.join(sorted(PLAYS))}")
    with state.cursor() as cursor:
        create_edit_tables(cursor)
        definitions = read_definitions(cursor)
        cursor.execute("BEGIN")
        try:
            made = play(Edit(fields, cursor, state, definitions))
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        cursor.execute("COMMIT")
    state.edits += 1
    return made
