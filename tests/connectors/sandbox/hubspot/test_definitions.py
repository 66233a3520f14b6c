"""Definitions that change: properties, custom object types, pipelines with their audit, the account."""

from tests.connectors.sandbox.hubspot.conftest import ServedPortal, edit
from tests.connectors.sandbox.hubspot.portal_world import FIRST_DEAL

DEALS, PROPERTIES = "/crm/v3/objects/deals", "/crm/v3/properties/deals"
FIRST = str(FIRST_DEAL)
CLOCK = "2026-03-17T02:00:00.000Z"
CHANNELS = [{"value": "web", "label": "Web site"}, {"value": "fair", "label": "Trade fair"}]


def filter_on(name: str, value: str) -> dict[str, object]:
    return {"filterGroups": [{"filters": [{"propertyName": name, "operator": "EQ", "value": value}]}]}


def test_a_new_property_is_defined_answered_and_searched(own_portal: ServedPortal) -> None:
    edit(
        own_portal,
        "add_property",
        type="deals",
        name="channels",
        value_type="enumeration",
        field_type="checkbox",
        label="Channels",
        options=CHANNELS,
    )
    edit(own_portal, "set_properties", type="deals", id=FIRST, properties={"channels": "web;fair"})

    defined = own_portal.get(f"{PROPERTIES}/channels").json()
    deal = own_portal.get(f"{DEALS}/{FIRST}", properties="channels").json()
    found = own_portal.post(f"{DEALS}/search", filter_on("channels", "web;fair")).json()

    assert (defined["type"], defined["fieldType"], defined["label"]) == ("enumeration", "checkbox", "Channels")
    assert [(option["value"], option["label"]) for option in defined["options"]] == [
        ("web", "Web site"),
        ("fair", "Trade fair"),
    ]
    assert (defined["hubspotDefined"], defined["createdAt"]) == (False, CLOCK)
    assert deal["properties"]["channels"] == "web;fair"
    assert found["total"] == 1


def test_a_default_fills_records_without_modifying_them(own_portal: ServedPortal) -> None:
    before = [deal["updatedAt"] for deal in own_portal.get(DEALS).json()["results"]]

    edit(own_portal, "add_property", type="deals", name="score", value_type="number", default="7.5", calculated=True)

    deals = own_portal.get(DEALS, properties="score").json()["results"]
    assert {deal["properties"]["score"] for deal in deals} == {"7.5"}
    assert [deal["updatedAt"] for deal in deals] == before
    assert own_portal.get(f"{PROPERTIES}/score").json()["calculated"]


def test_a_dropped_property_is_ignored_by_reads_and_refused_by_search(own_portal: ServedPortal) -> None:
    edit(own_portal, "drop_property", type="deals", name="competitor")

    listed = own_portal.get(DEALS, properties="competitor,dealname").json()["results"][0]
    batch = own_portal.post(f"{DEALS}/batch/read", {"inputs": [{"id": FIRST}], "properties": ["competitor"]})
    refused = own_portal.post(f"{DEALS}/search", filter_on("competitor", "x"))
    archived = own_portal.get(PROPERTIES, archived="true").json()["results"]

    assert "competitor" not in listed["properties"]
    assert batch.status_code == 200
    assert "competitor" not in batch.json()["results"][0]["properties"]
    assert (refused.status_code, refused.json()["category"]) == (400, "VALIDATION_ERROR")
    assert [(entry["name"], entry["archived"]) for entry in archived] == [("competitor", True)]
    assert own_portal.get(f"{PROPERTIES}/competitor").status_code == 404


def test_a_property_that_comes_back_has_the_values_it_had(own_portal: ServedPortal) -> None:
    edit(own_portal, "drop_property", type="deals", name="competitor")
    edit(own_portal, "add_property", type="deals", name="competitor")

    deals = own_portal.get(DEALS, properties="competitor").json()["results"]

    assert [deal["properties"]["competitor"] for deal in deals][2:4] == ["Acme Rival", "Northwind"]
    assert own_portal.get(f"{PROPERTIES}/competitor").json()["type"] == "string"


def test_a_retyped_property_keeps_texts_that_no_longer_fit(own_portal: ServedPortal) -> None:
    edit(own_portal, "retype_property", type="deals", name="competitor", value_type="number")

    deal = own_portal.get(f"{DEALS}/{FIRST_DEAL + 2}", properties="competitor").json()

    assert own_portal.get(f"{PROPERTIES}/competitor").json()["type"] == "number"
    assert deal["properties"]["competitor"] == "Acme Rival"


def test_a_withdrawn_scope_answers_403_until_it_is_granted_again(own_portal: ServedPortal) -> None:
    edit(own_portal, "hide", type="contacts")
    edit(own_portal, "hide", type="deals", name="amount")
    refused, names = own_portal.get("/crm/v3/objects/contacts"), own_portal.get(PROPERTIES).json()["results"]
    edit(own_portal, "show", type="contacts")

    assert (refused.status_code, refused.json()["category"]) == (403, "MISSING_SCOPES")
    assert "amount" not in {entry["name"] for entry in names}
    assert own_portal.get("/crm/v3/objects/contacts").status_code == 200


def test_a_custom_object_type_has_a_schema_records_links_and_a_count(own_portal: ServedPortal) -> None:
    made = edit(
        own_portal,
        "add_object",
        name="project",
        properties=[{"name": "title"}, {"name": "budget", "value_type": "number"}],
        associated=["deals"],
    )
    record = edit(
        own_portal,
        "insert",
        type="project",
        properties={"title": "Bridge", "budget": "12.5"},
        associations=[{"type": "deals", "id": FIRST}],
    )

    schema = own_portal.get("/crm-object-schemas/v3/schemas").json()["results"][0]
    addresses = ["project", made["object_type_id"], schema["fullyQualifiedName"], "p_project"]
    listed = [own_portal.get(f"/crm/v3/objects/{name}", properties="title").json()["results"] for name in addresses]
    links = own_portal.post(
        f"/crm/v4/associations/deals/{made['object_type_id']}/batch/read", {"inputs": [{"id": FIRST}]}
    ).json()["results"]
    counted = own_portal.get("/crm/v3/limits/records").json()["customObjectTypes"]["byObjectType"]

    assert (schema["objectTypeId"], schema["fullyQualifiedName"]) == ("2-2000001", "p424242_project")
    assert {"title", "budget", "hs_object_id"} <= {entry["name"] for entry in schema["properties"]}
    assert [[entry["properties"]["title"] for entry in results] for results in listed] == [["Bridge"]] * 4
    assert [entry["toObjectId"] for entry in links[0]["to"]] == [int(str(record["id"]))]
    assert [(entry["objectTypeId"], entry["usage"]) for entry in counted] == [("2-2000001", 1)]
    assert own_portal.get("/crm/v3/schemas/project").json() == schema
    assert own_portal.post("/crm/objects/2026-03/project/search", {"query": "bridge"}).json()["total"] == 1


def test_a_deleted_custom_object_type_is_gone(own_portal: ServedPortal) -> None:
    edit(own_portal, "add_object", name="project")
    edit(own_portal, "drop_object", type="project")

    assert own_portal.get("/crm/v3/objects/project").status_code == 400
    assert own_portal.get("/crm/v3/schemas").json() == {"results": []}
    assert [entry["name"] for entry in own_portal.get("/crm/v3/schemas", archived="true").json()["results"]] == [
        "project"
    ]


def test_the_audit_keeps_stages_as_they_were(own_portal: ServedPortal) -> None:
    address = "/crm/v3/pipelines/deals/default"
    edit(
        own_portal,
        "edit_stage",
        pipeline_id="default",
        id="appointmentscheduled",
        probability="0.25",
        label="Met",
        user_id="7001",
        stamp="2026-03-16T10:00:00Z",
    )
    edit(own_portal, "edit_stage", pipeline_id="default", id="appointmentscheduled", archived=True)

    audit = own_portal.get(f"{address}/stages/appointmentscheduled/audit").json()["results"]
    dated = own_portal.get("/crm/pipelines/2026-03/deals/default/stages/appointmentscheduled/audit").json()
    of_pipeline = own_portal.get(f"{address}/audit").json()["results"]

    assert [(entry["action"], entry["timestamp"], entry.get("fromUserId")) for entry in audit] == [
        ("DELETE", CLOCK, 52_000_000),
        ("UPDATE", "2026-03-16T10:00:00.000Z", 7001),
        ("CREATE", "2024-01-01T00:00:00.000Z", None),
    ]
    assert [entry["rawObject"]["metadata"]["probability"] for entry in audit] == ["0.25", "0.25", "0.1"]
    assert [entry["rawObject"]["label"] for entry in audit] == ["Met", "Met", "Appointment Scheduled"]
    assert dated["results"] == audit
    assert [entry["rawObject"]["stages"][0]["label"] for entry in of_pipeline] == [
        "Met",
        "Met",
        "Appointment Scheduled",
    ]


def test_editing_a_stage_can_modify_every_deal_in_one_millisecond(own_portal: ServedPortal) -> None:
    made = edit(
        own_portal, "edit_stage", pipeline_id="default", id="closedwon", label="Done", touch_deals=True, stamp=CLOCK
    )

    stamps = {deal["updatedAt"] for deal in own_portal.get(DEALS).json()["results"]}

    assert (made["touched"], stamps) == (5, {CLOCK})


def test_a_portal_counts_its_days_in_its_own_time_zone(own_portal: ServedPortal) -> None:
    edit(own_portal, "set_account", time_zone="America/New_York", currency="EUR", portal_id=777, daily=5_000)

    details = own_portal.get("/account-info/v3/details").json()
    usage = own_portal.get("/account-info/v3/api-usage/daily").json()["results"][0]

    assert (details["portalId"], details["timeZone"], details["companyCurrency"]) == (777, "America/New_York", "EUR")
    assert (details["utcOffset"], details["utcOffsetMilliseconds"]) == ("-04:00", -14_400_000)
    assert (usage["resetsAt"], usage["usageLimit"]) == ("2026-03-17T04:00:00.000Z", 5_000)
