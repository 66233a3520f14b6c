"""The rows of the fault table that HubSpot can play, one test each: what goes wrong, and that nothing comes of it."""

from math import ceil, log2

import pytest

from connectors.errors import AuthenticationError, IdentityError, PausedError, TransientError
from connectors.hubspot.auth import OAuthRefresh
from connectors.hubspot.batches import BATCH
from connectors.hubspot.mending import Mender
from connectors.sandbox.faults import Fault
from connectors.sandbox.hubspot.portal import REFRESH_TOKEN
from connectors.sandbox.hubspot.tokens import CLIENT_ID, CLIENT_SECRET
from connectors.secret import Secret
from connectors.streams import SyncRequest
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night, streams_of
from tests.connectors.hubspot.portal_edits import modified

EVERY_DEAL = modified("deals", "not archived and merged_into is null")
CONTACTS = streams_of("contacts")


@pytest.fixture
def changed(night: Night) -> Night:
    """A second day, in which every deal changed: search and batch read with history."""
    night.sync(DEALS).raise_for_failure()
    night.let_a_day_pass(EVERY_DEAL)
    return night


def test_207_partial_keeps_what_came_and_asks_for_the_rest_alone(changed: Night) -> None:
    changed.sandbox.set_faults([Fault("partial", "hubspot.batch_read", at=(1, 2), keep=0.9)])

    assert changed.sync(DEALS).exit_code == 0
    assert changed.differences(*DEAL_TABLES) == {}


def test_207_partial_links_are_asked_for_again(changed: Night) -> None:
    changed.sandbox.set_faults([Fault("partial", "hubspot.associations", at=(1, 2, 3), keep=0.9)])

    assert changed.sync(DEALS).exit_code == 0
    assert changed.differences(*DEAL_TABLES) == {}


def test_one_bad_id_costs_two_calls_for_each_halving_at_most(night: Night) -> None:
    streams = streams_of("calls")
    night.sync(streams)
    night.let_a_day_pass(modified("calls", "not archived and merged_into is null"))
    ids = night.live_ids("calls", BATCH)
    night.sandbox.set_faults([Fault("bad_id", "hubspot.batch_read", rate=1.0, code=ids[37])])
    connector = night.connect()

    report = night.sync(streams, connector=connector, request=SyncRequest(ids=tuple(ids)))

    live = next(stream for stream in report.streams if stream.stream.lane == "rows")
    assert live.rows == BATCH - 1
    assert live.calls["batch_read"] <= 1 + 2 * ceil(log2(BATCH)) + 1  # and once whether it is archived
    night.sandbox.clear_faults()
    night.sync(streams).raise_for_failure()
    assert night.differences("calls") == {}


@pytest.mark.parametrize(("policy", "least"), [("SECONDLY", 1.0), ("TEN_SECONDLY_ROLLING", 10.0)])
def test_429_is_waited_for_as_its_policy_says(first_night: Night, policy: str, least: float) -> None:
    first_night.sandbox.set_faults([Fault("status", "hubspot.search", at=(1,), status=429, code=policy)])

    assert first_night.sync(CONTACTS).exit_code == 0
    assert least <= max(first_night.waits) < least + 5
    assert first_night.differences("contacts") == {}


def test_429_of_the_day_pauses_the_run_until_midnight(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("status", "hubspot.list", at=(1,), status=429, code="DAILY")])

    paused = first_night.sync(DEALS)

    assert paused.exit_code == 75
    assert paused.resume_at is not None
    assert any(isinstance(stream.error, PausedError) for stream in paused.streams)
    assert first_night.sync(DEALS).exit_code == 0
    assert first_night.differences(*DEAL_TABLES) == {}


def test_530_is_a_token_that_a_person_must_mend(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("status", "hubspot.*", rate=1.0, status=530)])

    with pytest.raises(AuthenticationError, match="HUBSPOT_ACCESS_TOKEN"):
        first_night.sync(CONTACTS)
    first_night.sandbox.clear_faults()
    first_night.sync(CONTACTS).raise_for_failure()
    assert first_night.differences("contacts") == {}


@pytest.mark.parametrize("cut", ["connection", "body", "gzip"])
def test_an_answer_that_ends_too_early_is_asked_for_again(first_night: Night, cut: str) -> None:
    first_night.sandbox.set_faults([Fault("truncate", "hubspot.list", at=(1, 3), cut=cut, keep=0.7)])  # type: ignore[arg-type]

    assert first_night.sync(DEALS).exit_code == 0
    assert first_night.differences(*DEAL_TABLES) == {}


def test_an_api_that_stays_down_is_a_failure_and_what_came_is_kept(first_night: Night) -> None:
    first_night.sandbox.set_faults([Fault("status", "hubspot.associations", rate=1.0, status=500)])
    failed = first_night.sync(DEALS)
    first_night.sandbox.clear_faults()

    assert failed.exit_code == 1
    assert any(isinstance(stream.error, TransientError) for stream in failed.streams)
    assert first_night.differences("deals") == {}
    assert first_night.sync(DEALS).exit_code == 0
    assert first_night.differences(*DEAL_TABLES) == {}


@pytest.mark.parametrize("dirt", ["nul", "surrogate", "utf8"])
def test_text_that_is_none_is_replaced_and_counted(first_night: Night, dirt: str) -> None:
    first_night.sandbox.set_faults([Fault("dirty_text", "hubspot.search", rate=1.0, code=dirt)])

    report = first_night.sync(CONTACTS)

    rows = first_night.query(
        "select count(*), count(*) filter (firstname like chr(65533) || '%') from raw_hubspot.contacts"
    )
    (manifest,) = first_night.folder.glob("landing/hubspot/contacts/*-rows-*/manifest.json")
    assert report.exit_code == 0
    assert rows[0][0] == rows[0][1] != 0
    assert '"(text)"' in manifest.read_text()
    first_night.sandbox.clear_faults()
    first_night.sync(CONTACTS, request=SyncRequest(full=True)).raise_for_failure()
    assert first_night.differences("contacts") == {}


def test_whole_characters_in_two_halves_stay() -> None:
    mender = Mender()

    mended = mender.mend(rb'{"a": "\ud83d\ude00 \\ud83d \ud83d"}' + b"\xff")

    assert mended == rb'{"a": "\ud83d\ude00 \\ud83d \ufffd"}' + "\ufffd".encode()
    assert mender.replaced == 2


@pytest.mark.parametrize("kind", ["unordered", "outside_window"])
def test_an_index_that_is_off_loses_nothing(changed: Night, kind: str) -> None:
    changed.sandbox.set_faults([Fault(kind, "hubspot.search", rate=1.0, seconds=90.0)])  # type: ignore[arg-type]

    report = changed.sync(DEALS)

    assert report.exit_code == 0
    assert changed.differences("deals") == {}


def test_another_portal_is_refused(first_night: Night) -> None:
    first_night.sync(CONTACTS)
    first_night.sandbox.set_faults([Fault("portal_changed", "hubspot.details", rate=1.0)])

    with pytest.raises(IdentityError):
        first_night.sync(CONTACTS)
    assert first_night.differences("contacts") == {}


def test_a_rotated_refresh_token_lives_on_from_run_to_run(night: Night) -> None:
    night.sandbox.set_faults([Fault("rotate_tokens", "hubspot.token", rate=1.0)])

    for _ in range(2):
        store = night.folder / "tokens" / "hubspot.json"
        app = OAuthRefresh(CLIENT_ID, Secret(CLIENT_SECRET), Secret(REFRESH_TOKEN), store=store)
        connector = night.connect_with(app)
        assert night.sync(CONTACTS, connector=connector).exit_code == 0
        assert connector.calls["oauth"] == 1

    assert night.differences("contacts") == {}
