"""Edits of a generated world: the truth follows them, and days to come leave them standing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.hubspot.edits import apply_edit
from connectors.sandbox.state import SandboxState
from connectors.sandbox.world import World


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("world") / "world.duckdb"
    World.create(path, size="small").close()
    return path


@pytest.fixture
def state(tmp_path: Path, untouched: Path) -> Iterator[SandboxState]:
    world = World.open(Path(shutil.copy(untouched, tmp_path)))
    yield SandboxState(world)
    world.close()


def ask(state: SandboxState, query: str) -> list[tuple[object, ...]]:
    with state.cursor() as cursor:
        return cursor.execute(query).fetchall()


def edit(state: SandboxState, kind: str, **fields: object) -> dict[str, object]:
    return apply_edit(state, {"crm": "hubspot", "kind": kind, **fields})


def open_deals(state: SandboxState, count: int) -> list[str]:
    rows = ask(
        state,
        "SELECT id FROM hubspot.deals WHERE hs_is_closed = 'false' AND NOT archived AND pipeline = 'default'"
        f" ORDER BY id::BIGINT LIMIT {count}",
    )
    return [str(key) for (key,) in rows]


def test_days_to_come_leave_edited_merged_archived_and_deleted_records_as_they_are(state: SandboxState) -> None:
    edited, winner, loser, archived, gone = open_deals(state, 5)
    edit(state, "set_properties", type="deals", id=edited, properties={"amount": "123.45", "dealname": "Ours"})
    edit(state, "merge", type="deals", ids=[winner, loser])
    edit(state, "archive", type="deals", id=archived)
    edit(state, "privacy_delete", type="deals", id=gone)

    state.tick(4)

    rows = ask(
        state,
        "SELECT id, amount, merged_into, archived FROM hubspot.deals"
        f" WHERE id IN ('{edited}', '{loser}', '{archived}', '{gone}')",
    )
    assert {row[0]: row[1:] for row in rows if row[0] == edited} == {edited: ("123.45", None, False)}
    assert {row[0]: row[2] for row in rows} == {edited: None, loser: winner, archived: None}
    assert [row[3] for row in rows if row[0] == archived] == [True]


def test_the_truth_of_a_deal_follows_its_edit(state: SandboxState) -> None:
    lost, merged, into, archived, gone = open_deals(state, 5)
    edit(
        state,
        "set_properties",
        type="deals",
        id=lost,
        properties={"dealstage": "closedlost", "closed_lost_reason": "Went with a competitor"},
    )
    edit(state, "merge", type="deals", ids=[into, merged])
    edit(state, "archive", type="deals", id=archived)
    edit(state, "privacy_delete", type="deals", id=gone)

    truth = {
        row[0]: row[1:] for row in ask(state, "SELECT id, outcome_class, stage_id, is_deleted FROM truth.opportunities")
    }
    deletions = {row[0]: row[1] for row in ask(state, "SELECT id, kind FROM truth.deletions WHERE object = 'deals'")}

    assert truth[lost] == ("lost_competitor", "closedlost", False)
    assert [truth[key][2] for key in (merged, archived, gone)] == [True, True, True]
    assert (deletions[archived], deletions[gone]) == ("archived", "privacy")
    assert (merged, into) in ask(
        state, "SELECT loser_id, winner_id FROM truth.merges WHERE crm = 'hubspot' AND object = 'deals'"
    )


def test_links_that_the_plan_draws_lead_to_where_a_merge_left_the_contact(state: SandboxState) -> None:
    contacts = [
        str(key)
        for (key,) in ask(
            state,
            "SELECT from_id FROM hubspot._associations INNER JOIN hubspot.contacts ON contacts.id = from_id"
            " WHERE from_type = 'contacts' AND to_type = 'deals' AND NOT archived AND merged_into IS NULL"
            " GROUP BY from_id ORDER BY count(*) DESC, from_id LIMIT 2",
        )
    ]
    merged = str(edit(state, "merge", type="contacts", ids=contacts)["id"])
    before = ask(state, f"SELECT count(*) FROM hubspot._associations WHERE to_id = '{merged}'")

    state.tick(4)

    old = ", ".join(f"'{key}'" for key in contacts)
    assert before != [(0,)]
    assert (
        ask(
            state,
            "SELECT * FROM hubspot._associations"
            f" WHERE (to_type = 'contacts' AND to_id IN ({old})) OR (from_type = 'contacts' AND from_id IN ({old}))",
        )
        == []
    )


def test_a_property_that_was_added_keeps_its_values_when_days_pass(state: SandboxState) -> None:
    edit(state, "add_property", type="deals", name="region", value_type="string", default="north")

    state.tick(2)

    assert ask(
        state,
        "SELECT count(*) FROM hubspot.deals WHERE region IS NULL AND created_at < TIMESTAMP '2026-03-16'"
        " AND NOT archived AND merged_into IS NULL",
    ) == [(0,)]


def test_a_world_with_edits_opens_again_as_it_was(tmp_path: Path, untouched: Path) -> None:
    path = Path(shutil.copy(untouched, tmp_path))
    world = World.open(path)
    edit(SandboxState(world), "add_object", name="project", properties=[{"name": "title", "value_type": "string"}])
    world.close()

    reopened = World.open(path)
    made = edit(SandboxState(reopened), "insert", type="project", properties={"title": "Kept"})

    assert ask(SandboxState(reopened), "SELECT id, title FROM hubspot.project") == [(made["id"], "Kept")]
    reopened.close()
