"""Lists, single reads and batch reads, as raw JSON."""

import pytest

from tests.connectors.sandbox.hubspot.conftest import ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import (
    ARCHIVED_DEAL,
    FIRST_DEAL,
    LIVE_DEALS,
    MERGED_AWAY,
    MERGED_TWICE,
)

DEALS = "/crm/v3/objects/deals"


def _walk(portal: ServedPortal, path: str, **query: object) -> list[dict[str, object]]:
    records: list[dict[str, object]] = []
    address = None
    while True:
        reply = portal.get(path, **query) if address is None else portal.session.get(address, timeout=10)
        body = reply.json()
        records += body["results"]
        if "paging" not in body:
            return records
        address = body["paging"]["next"]["link"]


def test_the_list_walks_every_live_record_once_in_id_order(portal: ServedPortal) -> None:
    deals = _walk(portal, DEALS, limit=100)

    assert [deal["id"] for deal in deals] == [str(FIRST_DEAL + n) for n in range(LIVE_DEALS)]


def test_a_record_has_the_default_properties_as_strings_and_stamps_with_milliseconds(portal: ServedPortal) -> None:
    deal = portal.get(DEALS, limit=1).json()["results"][0]

    assert deal == {
        "id": "9000000001",
        "properties": {
            "amount": "100.50",
            "closedate": "2025-04-02T00:00:00Z",
            "createdate": "2025-01-02T00:00:00.000Z",
            "dealname": "Deal 1",
            "dealstage": "appointmentscheduled",
            "hs_lastmodifieddate": "2026-03-15T00:00:01.000Z",
            "hs_object_id": "9000000001",
            "pipeline": "default",
        },
        "createdAt": "2025-01-02T00:00:00.000Z",
        "updatedAt": "2026-03-15T00:00:01.000Z",
        "archived": False,
    }


def test_asked_properties_come_with_three_more_and_unknown_names_are_ignored(portal: ServedPortal) -> None:
    deal = portal.get(DEALS, limit=1, properties="competitor,no_such_property").json()["results"][0]

    assert deal["properties"] == {
        "competitor": None,
        "createdate": "2025-01-02T00:00:00.000Z",
        "hs_lastmodifieddate": "2026-03-15T00:00:01.000Z",
        "hs_object_id": "9000000001",
    }


def test_quotes_backslashes_and_umlauts_survive_the_wire(portal: ServedPortal) -> None:
    deal = portal.get(f"{DEALS}/{FIRST_DEAL + 6}").json()

    assert deal["properties"]["dealname"] == 'Deal 7 "quoted" \\ ü'


def test_archived_records_have_a_list_of_their_own(portal: ServedPortal) -> None:
    archived = portal.get(DEALS, archived="true").json()["results"]

    assert [(deal["id"], deal["archived"], deal["archivedAt"]) for deal in archived] == [
        (ARCHIVED_DEAL, True, "2026-03-10T12:00:00.250Z")
    ]


def test_history_is_newest_first_and_leaves_absent_keys_out(portal: ServedPortal) -> None:
    deal = portal.get(f"{DEALS}/{FIRST_DEAL}", propertiesWithHistory="dealstage,amount,closedate").json()

    assert deal["propertiesWithHistory"] == {
        "amount": [
            {
                "value": "",
                "timestamp": "2025-01-02T00:00:00.000Z",
                "sourceType": "CRM_UI",
                "sourceId": 'say "hi"',
                "updatedByUserId": 7002,
            }
        ],
        "dealstage": [
            {
                "value": "appointmentscheduled",
                "timestamp": "2025-02-02T00:00:00.000Z",
                "sourceType": "INTEGRATION",
            },
            {
                "value": "qualifiedtobuy",
                "timestamp": "2025-01-02T00:00:00.001Z",
                "sourceType": "CRM_UI",
                "sourceId": "userId:7001",
                "updatedByUserId": 7001,
            },
        ],
    }
    assert deal["properties"]["dealstage"] == "appointmentscheduled"


def test_inline_associations_page_after_a_hundred_records(portal: ServedPortal) -> None:
    deal = portal.get(DEALS, limit=1, associations="contacts,companies").json()["results"][0]

    contacts, companies = deal["associations"]["contacts"], deal["associations"]["companies"]
    assert [link["id"] for link in contacts["results"]] == [str(n) for n in range(101, 201)]
    assert contacts["results"][0] == {"id": "101", "type": "deal_to_contact"}
    following = portal.session.get(contacts["paging"]["next"]["link"], timeout=10).json()
    assert following["results"][0]["toObjectId"] == 201
    assert companies == {
        "results": [
            {"id": "77", "type": "deal_to_company"},
            {"id": "77", "type": "deal_to_company_unlabeled"},
        ]
    }


@pytest.mark.parametrize("asked", [MERGED_AWAY, MERGED_TWICE])
def test_a_merged_id_answers_under_the_record_that_took_it_in(portal: ServedPortal, asked: str) -> None:
    single = portal.get(f"{DEALS}/{asked}").json()
    batch = portal.post(f"{DEALS}/batch/read", {"inputs": [{"id": asked}, {"id": str(FIRST_DEAL)}]})

    assert single["id"] == str(FIRST_DEAL)
    assert batch.status_code == 200
    assert [deal["id"] for deal in batch.json()["results"]] == [str(FIRST_DEAL)]


def test_a_batch_keeps_the_order_asked_for_and_names_what_is_missing(portal: ServedPortal) -> None:
    asked = [str(FIRST_DEAL + 5), "4711", str(FIRST_DEAL + 2), ARCHIVED_DEAL]

    reply = portal.post(f"{DEALS}/batch/read", {"inputs": [{"id": key} for key in asked], "properties": ["amount"]})

    body = reply.json()
    assert reply.status_code == 207
    assert body["status"] == "COMPLETE"
    assert [deal["id"] for deal in body["results"]] == [asked[0], asked[2]]
    assert body["numErrors"] == 1
    assert body["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    assert body["errors"][0]["context"] == {"ids": ["4711", ARCHIVED_DEAL]}


def test_a_batch_reads_archived_records_only_when_told(portal: ServedPortal) -> None:
    inputs = {"inputs": [{"id": ARCHIVED_DEAL}, {"id": str(FIRST_DEAL)}]}

    body = portal.post(f"{DEALS}/batch/read?archived=true", inputs).json()

    assert [deal["id"] for deal in body["results"]] == [ARCHIVED_DEAL]
    assert body["errors"][0]["context"]["ids"] == [str(FIRST_DEAL)]


def test_contacts_can_be_read_by_email(portal: ServedPortal) -> None:
    body = {"idProperty": "email", "inputs": [{"id": "c5@sandbox.invalid"}], "properties": ["firstname"]}

    contact = portal.post("/crm/v3/objects/contacts/batch/read", body).json()["results"][0]

    assert (contact["id"], contact["properties"]["firstname"]) == ("105", "C5")


@pytest.mark.parametrize(
    ("inputs", "history", "accepted"),
    [(100, [], True), (101, [], False), (50, ["amount"], True), (51, ["amount"], False)],
)
def test_a_batch_has_a_size_limit_that_history_halves(
    portal: ServedPortal, inputs: int, history: list[str], accepted: bool
) -> None:
    body = {"inputs": [{"id": str(FIRST_DEAL + n)} for n in range(inputs)], "propertiesWithHistory": history}

    reply = portal.post(f"{DEALS}/batch/read", body)

    assert reply.status_code == (200 if accepted else 400)
    assert accepted or reply.json()["category"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": 100}, 200),
        ({"limit": 101}, 400),
        ({"limit": 0}, 400),
        ({"limit": "x"}, 400),
        ({"limit": 50, "propertiesWithHistory": "amount"}, 200),
        ({"limit": 51, "propertiesWithHistory": "amount"}, 400),
        ({"after": "abc"}, 400),
        ({"archived": "maybe"}, 400),
        ({"associations": "unicorns"}, 400),
    ],
)
def test_a_list_refuses_what_hubspot_refuses(portal: ServedPortal, query: dict[str, object], status: int) -> None:
    assert portal.get(DEALS, **query).status_code == status


def test_an_address_near_eight_kilobytes_is_too_long(portal: ServedPortal) -> None:
    assert portal.get(DEALS, properties=",".join(["amount"] * 1_200)).status_code == 414


def test_date_based_paths_give_the_same_answers(portal: ServedPortal) -> None:
    dated = "/crm/objects/2026-03/deals"
    inputs = {"inputs": [{"id": str(FIRST_DEAL)}]}

    assert portal.get(dated, limit=3).json()["results"] == portal.get(DEALS, limit=3).json()["results"]
    assert portal.get(f"{dated}/{FIRST_DEAL}").content == portal.get(f"{DEALS}/{FIRST_DEAL}").content
    assert portal.post(f"{dated}/batch/read", inputs).content == portal.post(f"{DEALS}/batch/read", inputs).content
    assert portal.post(f"{dated}/search", {}).json()["total"] == LIVE_DEALS


def test_singular_names_and_type_ids_mean_the_same_objects(portal: ServedPortal) -> None:
    answers = {portal.get(f"/crm/v3/objects/{name}", limit=2).json()["results"][1]["id"] for name in ("deal", "0-3")}

    assert answers == {str(FIRST_DEAL + 1)}


def test_pages_are_compressed_when_the_client_accepts_that(portal: ServedPortal) -> None:
    squeezed = portal.get(DEALS, limit=100)
    portal.session.headers["Accept-Encoding"] = "identity"
    plain = portal.get(DEALS, limit=100)

    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert int(squeezed.headers["Content-Length"]) * 4 < int(plain.headers["Content-Length"])
    assert squeezed.content == plain.content
