"""hubspot-api-client, unmodified apart from the host, walks custom objects, audits, merges, exotic types and tokens."""

from typing import Any

import hubspot
import pytest
from hubspot.crm.contacts import BatchReadInputSimplePublicObjectId, SimplePublicObjectId

from tests.connectors.sandbox.hubspot.conftest import TOKEN, ServedPortal, edit


@pytest.fixture
def client(own_portal: ServedPortal) -> Any:
    """The library's client of a portal of its own."""
    return hubspot.HubSpot(access_token=TOKEN, host=own_portal.url)


def test_custom_object_types_and_their_records(own_portal: ServedPortal, client: Any) -> None:
    edit(own_portal, "add_object", name="project", properties=[{"name": "title"}], singular="Project")
    made = edit(own_portal, "insert", type="project", properties={"title": "Bridge"})

    schema = client.crm.schemas.core_api.get_all().results[0]
    alone = client.crm.schemas.core_api.get_by_id("project")
    records = client.crm.objects.basic_api.get_page(schema.fully_qualified_name, properties=["title"]).results

    assert (schema.object_type_id, schema.labels.singular) == ("2-2000001", "Project")
    assert alone.name == "project"
    assert {entry.name for entry in schema.properties} >= {"title", "hs_object_id"}
    assert [(entry.id, entry.properties["title"]) for entry in records] == [(made["id"], "Bridge")]


def test_the_audit_of_pipelines(own_portal: ServedPortal, client: Any) -> None:
    edit(own_portal, "edit_pipeline", id="default", label="New sales", user_id="7001")

    entries = client.crm.pipelines.pipeline_audits_api.get_audit("deals", "default").results

    assert [(entry.action, entry.from_user_id) for entry in entries] == [("UPDATE", 7001), ("CREATE", None)]
    assert entries[0].raw_object["label"] == "New sales"


def test_merged_contacts_in_a_batch(own_portal: ServedPortal, client: Any) -> None:
    made = edit(own_portal, "merge", type="contacts", ids=["101", "102"])
    request = BatchReadInputSimplePublicObjectId(
        inputs=[SimplePublicObjectId(key) for key in ("101", "102", "103")],
        properties=["hs_merged_object_ids"],
        properties_with_history=[],
    )

    found = client.crm.contacts.batch_api.read(request).results

    assert [(contact.id, contact.properties["hs_merged_object_ids"]) for contact in found] == [
        (made["id"], "101;102"),
        ("103", None),
    ]


def test_notes_and_line_items(own_portal: ServedPortal, client: Any) -> None:
    edit(own_portal, "insert", type="notes", properties={"hs_note_body": "<p>Call back</p>"})
    edit(own_portal, "insert", type="line_items", properties={"name": "Seat", "quantity": "3"})

    note = client.crm.objects.notes.basic_api.get_page(properties=["hs_note_body"]).results[0]
    item = client.crm.line_items.basic_api.get_page(properties=["name", "quantity"]).results[0]

    assert note.properties["hs_note_body"] == "<p>Call back</p>"
    assert (item.properties["name"], item.properties["quantity"]) == ("Seat", "3")


def test_what_tokens_say_of_themselves(client: Any) -> None:
    granted = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        refresh_token="sandbox-refresh",
    )

    access = client.oauth.access_tokens_api.get(granted.access_token)
    refresh = client.oauth.refresh_tokens_api.get(granted.refresh_token)

    assert (access.hub_id, access.token_type) == (424242, "access")
    assert refresh.client_id == "sandbox-client"
