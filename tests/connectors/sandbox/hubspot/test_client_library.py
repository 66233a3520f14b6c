"""Proof of fidelity: hubspot-api-client, unmodified apart from the host, walks every endpoint it knows."""

from typing import Any

import hubspot
import pytest
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest
from hubspot.crm.deals import (
    BatchReadInputSimplePublicObjectId,
    Filter,
    FilterGroup,
    PublicObjectSearchRequest,
    SimplePublicObjectId,
)
from hubspot.crm.deals.exceptions import ApiException, NotFoundException, UnauthorizedException

from tests.connectors.sandbox.hubspot.conftest import TOKEN, ServedPortal
from tests.connectors.sandbox.hubspot.portal_world import (
    ARCHIVED_DEAL,
    FIRST_DEAL,
    LIVE_DEALS,
    MERGED_AWAY,
)


@pytest.fixture
def crm(portal: ServedPortal) -> Any:
    """The library's entry to CRM endpoints."""
    return hubspot.HubSpot(access_token=TOKEN, host=portal.url).crm


def test_pages_of_deals_follow_the_cursor(crm: Any) -> None:
    deals = crm.deals.get_all(properties=["dealname", "amount"])

    assert len(deals) == LIVE_DEALS
    assert deals[0].id == str(FIRST_DEAL)
    assert deals[0].properties["amount"] == "100.50"
    assert deals[0].updated_at.isoformat() == "2026-03-15T00:00:01+00:00"


def test_a_page_brings_history_associations_and_the_next_cursor(crm: Any) -> None:
    page = crm.deals.basic_api.get_page(limit=2, properties_with_history=["dealstage"], associations=["companies"])

    history = page.results[0].properties_with_history["dealstage"]
    assert [entry.value for entry in history] == ["appointmentscheduled", "qualifiedtobuy"]
    assert history[1].updated_by_user_id == 7001
    assert page.results[0].associations["companies"].results[0].id == "77"
    assert page.paging.next.after == str(FIRST_DEAL + 2)


def test_archived_deals_and_merged_ids(crm: Any) -> None:
    archived = crm.deals.basic_api.get_page(archived=True).results

    assert [(deal.id, deal.archived) for deal in archived] == [(ARCHIVED_DEAL, True)]
    assert crm.deals.basic_api.get_by_id(MERGED_AWAY).id == str(FIRST_DEAL)


def test_a_search_with_filters_sorts_and_total(crm: Any) -> None:
    request = PublicObjectSearchRequest(
        filter_groups=[
            FilterGroup(
                filters=[Filter(property_name="hs_lastmodifieddate", operator="GTE", value="2026-03-15T00:03:00Z")]
            )
        ],
        sorts=["-hs_lastmodifieddate"],
        properties=["dealname"],
        limit=10,
        after="0",
    )

    found = crm.deals.search_api.do_search(public_object_search_request=request)

    assert found.total == 51
    assert len(found.results) == 10
    assert found.results[0].properties["dealname"] == f"Deal {LIVE_DEALS}"
    assert found.paging.next.after == "10"


def test_a_batch_read_with_history_and_missing_ids(crm: Any) -> None:
    request = BatchReadInputSimplePublicObjectId(
        properties=["dealname"],
        properties_with_history=["dealstage", "amount"],
        inputs=[SimplePublicObjectId(id=str(FIRST_DEAL)), SimplePublicObjectId(id="4711")],
    )

    answer = crm.deals.batch_api.read(batch_read_input_simple_public_object_id=request)

    assert answer.status == "COMPLETE"
    assert [deal.id for deal in answer.results] == [str(FIRST_DEAL)]
    assert len(answer.results[0].properties_with_history["dealstage"]) == 2
    assert answer.num_errors == 1
    assert answer.errors[0].context == {"ids": ["4711"]}


@pytest.mark.parametrize("kind", ["companies", "contacts", "calls", "meetings", "emails", "tasks"])
def test_every_object_type_has_list_and_search(crm: Any, kind: str) -> None:
    page = crm.objects.basic_api.get_page(kind, limit=5)
    request = {"limit": 5, "filterGroups": [], "properties": [], "sorts": [], "after": "0"}
    found = crm.objects.search_api.do_search(kind, public_object_search_request=request)

    assert [record.id for record in found.results] == [record.id for record in page.results]


def test_associations_are_read_in_batches_and_pages(crm: Any) -> None:
    request = BatchInputPublicFetchAssociationsBatchRequest(
        inputs=[{"id": str(FIRST_DEAL + 1)}, {"id": str(FIRST_DEAL + 2)}]
    )

    answer = crm.associations.v4.batch_api.get_page(
        "deals", "contacts", batch_input_public_fetch_associations_batch_request=request
    )
    page = crm.associations.v4.basic_api.get_page("deals", str(FIRST_DEAL), "contacts", limit=2)

    link = answer.results[0].to[0]
    assert link.to_object_id == "101"
    assert [(kind.category, kind.type_id, kind.label) for kind in link.association_types] == [
        ("USER_DEFINED", 36, "Decision maker")
    ]
    assert answer.errors[0].sub_category == "crm.associations.NO_ASSOCIATIONS_FOUND"
    assert [link.to_object_id for link in page.results] == ["101", "102"]
    assert page.paging.next.after


def test_pipelines_stages_and_their_audit(crm: Any) -> None:
    pipelines = crm.pipelines.pipelines_api.get_all("deals").results
    stage = crm.pipelines.pipeline_stages_api.get_by_id("deals", "default", "closedwon")
    audit = crm.pipelines.pipeline_audits_api.get_audit("deals", "71200001").results

    assert [len(pipeline.stages) for pipeline in pipelines] == [2, 2, 0]
    assert stage.metadata == {"isClosed": "true", "probability": "1.0"}
    assert crm.pipelines.pipelines_api.get_by_id("deals", "default").label == "Sales Pipeline"
    assert [entry.action for entry in audit] == ["UPDATE", "CREATE"]


def test_owners_and_archived_owners(crm: Any) -> None:
    active = crm.owners.get_all()
    archived = crm.owners.owners_api.get_page(archived=True).results

    assert [(owner.id, owner.user_id) for owner in active] == [("501", 7001), ("502", 7002)]
    assert active[0].teams[0].name == "East"
    assert [(owner.id, owner.user_id_including_inactive) for owner in archived] == [("503", 7003)]
    assert crm.owners.owners_api.get_by_id(502, id_property="id").first_name == "Bo"


def test_properties_with_their_options(crm: Any) -> None:
    properties = crm.properties.core_api.get_all("deals").results

    stage = next(entry for entry in properties if entry.name == "dealstage")
    assert (stage.type, stage.field_type) == ("enumeration", "radio")
    assert stage.options[1].value == "closedwon"
    assert crm.properties.core_api.get_by_name("deals", "amount").type == "number"


def test_a_token_is_granted_for_a_refresh_token(portal: ServedPortal) -> None:
    granted = hubspot.HubSpot(host=portal.url).oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id="sandbox-client",
        client_secret="sandbox-secret",
        refresh_token="sandbox-refresh",
    )

    assert hubspot.HubSpot(access_token=granted.access_token, host=portal.url).crm.owners.get_all()


def test_a_wrong_token_raises_unauthorized_with_body_and_headers(portal: ServedPortal) -> None:
    stranger = hubspot.HubSpot(access_token="nobody", host=portal.url)

    with pytest.raises(UnauthorizedException) as caught:
        stranger.crm.deals.basic_api.get_page()

    assert caught.value.status == 401
    assert "INVALID_AUTHENTICATION" in caught.value.body
    assert caught.value.headers["X-HubSpot-Auth-Failure"] == "401 Unauthorized"


def test_a_missing_record_raises_not_found(crm: Any) -> None:
    with pytest.raises(NotFoundException) as caught:
        crm.deals.basic_api.get_by_id("4711")

    assert "resource not found" in caught.value.body


def test_a_rate_limited_search_raises_with_policy_and_is_not_retried(portal: ServedPortal, crm: Any) -> None:
    portal.fail("status", "hubspot.search", status=429)

    with pytest.raises(ApiException) as caught:
        crm.deals.search_api.do_search(public_object_search_request=PublicObjectSearchRequest(limit=1))

    assert caught.value.status == 429
    assert '"policyName":"SECONDLY"' in caught.value.body
    assert portal.state.stats.report()["calls"] == {"hubspot.search": 1}
