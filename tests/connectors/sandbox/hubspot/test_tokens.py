"""OAuth: refresh, rotation, expiry, and what tokens say of themselves."""

import requests

from tests.connectors.sandbox.hubspot.conftest import ServedPortal

DETAILS = "/account-info/v3/details"


def refresh(portal: ServedPortal, token: str = "sandbox-refresh", path: str = "/oauth/v1/token") -> requests.Response:  # noqa: S107
    form = {
        "grant_type": "refresh_token",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
        "refresh_token": token,
    }
    return portal.session.post(f"{portal.url}{path}", data=form, timeout=10)


def test_every_version_of_the_token_endpoint_refreshes(own_portal: ServedPortal) -> None:
    for path in ("/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token"):
        granted = refresh(own_portal, path=path).json()
        own_portal.session.headers["Authorization"] = f"Bearer {granted['access_token']}"

        assert own_portal.get(DETAILS).status_code == 200


def test_a_rotating_refresh_token_is_good_once(own_portal: ServedPortal) -> None:
    own_portal.fail("rotate_tokens", "hubspot.token")

    first = refresh(own_portal).json()["refresh_token"]
    again = refresh(own_portal)
    second = refresh(own_portal, first).json()["refresh_token"]

    assert (again.status_code, again.json()["category"]) == (400, "BAD_REFRESH_TOKEN")
    assert len({"sandbox-refresh", first, second}) == 3


def test_an_access_token_expires_as_the_clock_goes_on_and_a_private_one_does_not(own_portal: ServedPortal) -> None:
    private = own_portal.session.headers["Authorization"]
    granted = refresh(own_portal).json()["access_token"]
    own_portal.session.headers["Authorization"] = f"Bearer {granted}"

    own_portal.session.post(f"{own_portal.url}/__sandbox__/tick", timeout=10)
    expired = own_portal.get(DETAILS)
    own_portal.session.headers["Authorization"] = private

    assert (expired.status_code, expired.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert own_portal.get(DETAILS).status_code == 200


def test_a_session_that_ends_at_a_call_needs_a_refresh(own_portal: ServedPortal) -> None:
    own_portal.session.headers["Authorization"] = f"Bearer {refresh(own_portal).json()['access_token']}"
    own_portal.fail("expire_session", "hubspot.list", at=[2], rate=0)

    statuses = [own_portal.get("/crm/v3/objects/deals").status_code for _ in range(3)]
    own_portal.session.headers["Authorization"] = f"Bearer {refresh(own_portal).json()['access_token']}"

    assert statuses == [200, 401, 401]
    assert own_portal.get("/crm/v3/objects/deals").status_code == 200


def test_tokens_say_whose_they_are_and_what_they_may(own_portal: ServedPortal) -> None:
    token = refresh(own_portal).json()["access_token"]
    own_portal.state.hidden = {"contacts"}

    access = own_portal.get(f"/oauth/v1/access-tokens/{token}").json()
    refreshing = own_portal.get("/oauth/v1/refresh-tokens/sandbox-refresh").json()
    newer = own_portal.session.post(
        f"{own_portal.url}/oauth/2026-03/token/introspect", data={"token": token}, timeout=10
    ).json()
    unknown = own_portal.session.post(
        f"{own_portal.url}/oauth/v3/token/introspect", data={"token": "no"}, timeout=10
    ).json()

    assert (access["hub_id"], access["expires_in"], access["token_type"]) == (424242, 1_800, "access")
    assert "crm.objects.deals.read" in access["scopes"]
    assert "crm.objects.contacts.read" not in access["scopes"]
    assert (refreshing["client_id"], newer["active"], unknown) == ("sandbox-client", True, {"active": False})
    assert own_portal.get("/oauth/v1/access-tokens/unknown").status_code == 404
