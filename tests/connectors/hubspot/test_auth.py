"""Logging in by an OAuth app: one refresh per dead token, and no refresh token is ever lost."""

import stat
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.errors import AuthenticationError, ConfigurationError, RejectedRequestError
from connectors.hubspot.auth import OAuthRefresh
from connectors.hubspot.batches import WORKERS
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.portal import REFRESH_TOKEN
from connectors.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET
from connectors.secret import Secret
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle


class Endpoint:
    """A token endpoint that gives a new refresh token at each use; `living` are those that it still takes."""

    def __init__(self, *living: str, loses_answer: bool = False) -> None:
        self.living = list(living)
        self.asked: list[str] = []
        self.loses_answer = loses_answer

    def __call__(self, form: Mapping[str, str]) -> Mapping[str, object]:
        token = form["refresh_token"]
        self.asked.append(token)
        if token not in self.living:
            raise RejectedRequestError("no", status=400, code="BAD_REFRESH_TOKEN")
        following = f"refresh-{len(self.asked)}"
        self.living.append(following)
        if self.loses_answer:
            raise KeyboardInterrupt
        return {"access_token": f"access-{len(self.asked)}", "refresh_token": following}


def login(store: Path, endpoint: Endpoint, first: str = "first") -> OAuthRefresh:
    made = OAuthRefresh("app", Secret("secret"), Secret(first), store=store)
    made.exchange = endpoint
    return made


def bearer(made: OAuthRefresh) -> str:
    return made.headers()["Authorization"]


def test_a_new_refresh_token_is_kept_by_its_owner_alone_and_used_next_time(tmp_path: Path) -> None:
    store, endpoint = tmp_path / "tokens" / "hubspot.json", Endpoint("first")

    assert bearer(login(store, endpoint)) == "Bearer access-1"
    assert bearer(login(store, endpoint)) == "Bearer access-2"

    assert endpoint.asked == ["first", "refresh-1"]
    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_a_crash_before_the_answer_leaves_the_old_token_in_use(tmp_path: Path) -> None:
    store, endpoint = tmp_path / "hubspot.json", Endpoint("first", loses_answer=True)
    with pytest.raises(KeyboardInterrupt):
        bearer(login(store, endpoint))
    endpoint.loses_answer = False

    assert bearer(login(store, endpoint)) == "Bearer access-2"
    assert endpoint.asked == ["first", "first"]


def test_a_new_token_that_is_refused_is_followed_by_the_old_one_once(tmp_path: Path) -> None:
    store, endpoint = tmp_path / "hubspot.json", Endpoint("first")
    bearer(login(store, endpoint))
    endpoint.living.remove("refresh-1")

    assert bearer(login(store, endpoint)) == "Bearer access-3"

    endpoint.living.clear()
    with pytest.raises(AuthenticationError, match="HUBSPOT_REFRESH_TOKEN"):
        bearer(login(store, endpoint))
    assert endpoint.asked == ["first", "refresh-1", "first", "refresh-3", "first"]


def test_another_token_by_hand_puts_the_file_aside(tmp_path: Path) -> None:
    store, endpoint = tmp_path / "hubspot.json", Endpoint("first", "second")
    bearer(login(store, endpoint))

    bearer(login(store, endpoint, first="second"))

    assert endpoint.asked == ["first", "second"]


def test_a_store_that_cannot_be_written_is_found_out_before_the_token_is_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    endpoint = Endpoint("first")

    with pytest.raises(ConfigurationError, match="cannot be"):
        bearer(login(tmp_path / "file" / "hubspot.json", endpoint))

    assert endpoint.asked == []


def test_a_token_that_expires_while_many_read_is_renewed_once(first_night: Night) -> None:
    store = first_night.folder / "hubspot.json"
    app = OAuthRefresh(CLIENT_ID, Secret(CLIENT_SECRET), Secret(REFRESH_TOKEN), store=store)
    # the first call of an area is made alone, since it shows where the area is; all others wait for it
    waiting = WORKERS - 1
    together = tuple(range(2, waiting + 2))
    first_night.sandbox.set_faults([Fault("status", "hubspot.associations", at=together, status=401)])
    all_refused = threading.Barrier(waiting)

    def hold(exchange: Exchange) -> None:
        if exchange.status == 401:
            all_refused.wait(timeout=60)  # nobody hears of the dead token before the last one has met it

    with meddle(first_night.sandbox.url, hold) as proxy:
        connector = first_night.connect_with(app, host=proxy.url)
        report = first_night.sync(DEALS, connector=connector)

    assert report.exit_code == 0
    assert not all_refused.broken
    assert connector.calls["oauth"] == 2
    assert first_night.differences(*DEAL_TABLES) == {}


def test_an_app_that_nobody_knows_is_said_to_be_one(first_night: Night) -> None:
    store = first_night.folder / "hubspot.json"
    app = OAuthRefresh("another", Secret("x"), Secret(REFRESH_TOKEN), store=store)

    with pytest.raises(AuthenticationError, match="HUBSPOT_CLIENT_ID"):
        first_night.sync(streams_of("contacts"), connector=first_night.connect_with(app))
