"""What the transport does with good, bad and cut answers, over real sockets."""

import gzip
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import urllib3

from connectors.errors import (
    AuthenticationError,
    BudgetError,
    ConfigurationError,
    CrmError,
    CrowdedError,
    PausedError,
    RejectedRequestError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.pacing import Pace, Pacing
from connectors.reply import Refusal
from connectors.secret import Secret
from connectors.transport import Transport
from connectors.wire import LoopbackAdapter, Sender, Timeouts, new_session, pool_sender, session_sender
from tests.connectors.core.wire_server import Answer, Wire, serve

TOKEN = "tok-3f9a-very-secret"


def sequence(*answers: Answer) -> Callable[[int, Mapping[str, str]], Answer]:
    """These answers in turn, the last one for ever."""
    return lambda number, headers: answers[min(number, len(answers) - 1)]


class Token:
    """An authorization that counts its renewals."""

    def __init__(self) -> None:
        self.generation = 0

    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {TOKEN}-{self.generation}"}

    def renew(self) -> None:
        self.generation += 1


@pytest.fixture(params=["session", "pool"])
def sender(request: pytest.FixtureRequest) -> Sender:
    """Both official clients' ways to send."""
    return session_sender(new_session()) if request.param == "session" else pool_sender(urllib3.PoolManager())


def transport(sender: Sender, waits: list[float] | None = None, **options: object) -> Transport:
    """A transport that notes its waits instead of waiting."""
    noted: list[float] = [] if waits is None else waits
    return Transport(sender, crm="Ledger", sleep=noted.append, **options)  # type: ignore[arg-type]


def get(wire: Wire, sender: Sender, waits: list[float] | None = None, **options: object) -> object:
    """One GET."""
    return transport(sender, waits, **options).send("GET", f"{wire.url}/deals?q=1", family="list").json()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_trouble_is_tried_again_and_each_try_is_counted(sender: Sender, status: int) -> None:
    with serve(sequence(Answer(status), Answer(status), Answer(body=b'{"ok": 1}'))) as wire:
        client = transport(sender)
        reply = client.send("GET", f"{wire.url}/deals", family="list")

    assert reply.json() == {"ok": 1}
    assert client.calls == {"list": 3}


@pytest.mark.parametrize("status", [400, 403, 404, 409, 414])
def test_a_wrong_request_is_never_sent_twice(sender: Sender, status: int) -> None:
    body = b'[{"errorCode": "INVALID_FIELD", "message": "No such column Foo__c"}]'
    with serve(sequence(Answer(status, body))) as wire, pytest.raises(RejectedRequestError) as caught:
        get(wire, sender)

    assert len(wire.requests) == 1
    assert (caught.value.status, caught.value.code) == (status, "INVALID_FIELD")
    assert "Foo__c" in caught.value.detail
    assert "Foo__c" not in str(caught.value)


CUT_ANSWERS = {
    "reset": Answer(reset=True),
    "shorter than its Content-Length": Answer(body=b'{"records": [1, 2, 3]}', cut=10),
    "JSON without an end": Answer(body=b'{"records": [1, 2'),
    "JSON broken inside": Answer(body=b'{"records": [1, 2}'),
    "gzip without an end": Answer(body=gzip.compress(b'{"a": 1}' * 50)[:-12], headers={"Content-Encoding": "gzip"}),
    "broken gzip": Answer(body=b'{"a": 1}', headers={"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("name", CUT_ANSWERS)
def test_a_cut_answer_is_never_taken_for_a_whole_one(sender: Sender, name: str) -> None:
    with serve(sequence(CUT_ANSWERS[name], Answer(body=b'{"whole": true}'))) as wire:
        assert get(wire, sender) == {"whole": True}

    assert len(wire.requests) == 2


def test_after_five_repetitions_the_trouble_is_reported_without_the_query(sender: Sender) -> None:
    waits: list[float] = []
    with serve(sequence(Answer(503))) as wire, pytest.raises(TransientError, match="Ledger could not serve GET /deals"):
        get(wire, sender, waits)

    assert len(wire.requests) == 6
    assert len(waits) == 5


def test_waits_are_jittered_and_grow() -> None:
    waits: list[float] = []
    with serve(sequence(Answer(503))) as wire:
        for _ in range(6):
            with pytest.raises(TransientError):
                get(wire, session_sender(new_session()), waits)

    assert all(wait <= 0.5 * 2**4 for wait in waits)
    assert len(set(waits)) == len(waits)


def test_the_crm_is_not_asked_before_it_wants_to_be(sender: Sender) -> None:
    waits: list[float] = []
    with serve(sequence(Answer(429, headers={"Retry-After": "7"}), Answer())) as wire:
        get(wire, sender, waits)

    assert 7 <= waits[-1] <= 8


def test_a_retry_after_that_is_a_date_is_counted_from_the_server_clock(sender: Sender) -> None:
    waits: list[float] = []
    headers = {"Date": "Tue, 17 Mar 2026 02:00:00 GMT", "Retry-After": "Tue, 17 Mar 2026 02:00:30 GMT"}
    with serve(sequence(Answer(503, headers=headers), Answer())) as wire:
        get(wire, sender, waits)

    assert 30 <= waits[-1] <= 31


def test_a_crm_that_asks_for_an_hour_pauses_the_run(sender: Sender) -> None:
    headers = {"Date": "Tue, 17 Mar 2026 02:00:00 GMT", "Retry-After": "3600"}
    with serve(sequence(Answer(503, headers=headers))) as wire, pytest.raises(PausedError) as caught:
        get(wire, sender)

    assert len(wire.requests) == 1
    assert caught.value.resume_at == datetime(2026, 3, 17, 3, tzinfo=UTC)


def test_the_server_clock_is_the_last_answers_date(sender: Sender) -> None:
    with serve(sequence(Answer(headers={"Date": "Tue, 17 Mar 2026 02:00:00 GMT"}))) as wire:
        client = transport(sender)
        client.send("GET", wire.url, family="list")

    assert client.server_clock == datetime(2026, 3, 17, 2, tzinfo=UTC)


def test_a_dead_token_is_renewed_once_and_the_request_keeps_its_headers(sender: Sender) -> None:
    token = Token()
    with serve(sequence(Answer(401), Answer())) as wire:
        client = transport(sender, authorization=token)
        client.send("GET", f"{wire.url}/q", family="query", headers={"Sforce-Query-Options": "batchSize=2000"})

    sent = [(headers["Authorization"], headers["Sforce-Query-Options"]) for _, _, headers, _ in wire.requests]
    assert sent == [(f"Bearer {TOKEN}-{number}", "batchSize=2000") for number in (0, 1)]


def test_a_new_token_that_is_refused_too_is_a_matter_for_a_person(sender: Sender) -> None:
    token = Token()
    with serve(sequence(Answer(401))) as wire, pytest.raises(AuthenticationError, match="had just issued"):
        get(wire, sender, authorization=token)

    assert len(wire.requests) == 2
    assert token.generation == 1


def test_threads_that_meet_the_same_dead_token_renew_it_once() -> None:
    token = Token()
    gate = threading.Barrier(4)

    def answer(number: int, headers: Mapping[str, str]) -> Answer:
        if headers["Authorization"].endswith("-0"):
            gate.wait(timeout=10)
            return Answer(401)
        return Answer()

    with serve(answer) as wire, ThreadPoolExecutor(4) as pool:
        client = transport(session_sender(new_session()), authorization=token)
        list(pool.map(lambda number: client.send("GET", f"{wire.url}/{number}", family="list"), range(4)))

    assert token.generation == 1


def test_a_crm_can_say_that_a_refusal_passes_or_that_its_day_is_over(sender: Sender) -> None:
    def classify(refusal: Refusal) -> CrmError | None:
        codes = refusal.json()
        if codes == {"code": "UNABLE_TO_LOCK_ROW"}:
            return TransientError("a row is locked")
        return PausedError("the day's calls are used") if refusal.status == 403 else None

    with serve(sequence(Answer(400, b'{"code": "UNABLE_TO_LOCK_ROW"}'), Answer())) as wire:
        assert get(wire, sender, classify=classify) == {}
    with serve(sequence(Answer(403))) as wire, pytest.raises(PausedError):
        get(wire, sender, classify=classify)


def test_a_big_answer_goes_to_its_file_and_a_cut_one_is_replaced(sender: Sender, tmp_path: Path) -> None:
    content = b"Id,Name\n" + b"1,x\n" * 200_000
    packed = gzip.compress(content[:400_000]) + gzip.compress(content[400_000:])
    told = {"Content-Encoding": "gzip", "Content-Type": "text/csv"}
    with serve(sequence(Answer(body=packed, headers=told, cut=500), Answer(body=packed, headers=told))) as wire:
        reply = transport(sender).send(
            "GET", f"{wire.url}/results", family="bulk", expect="bytes", spool=tmp_path / "results.csv"
        )

    assert (tmp_path / "results.csv").read_bytes() == content
    assert reply.size == len(content)
    assert "gzip" in wire.requests[0][2]["Accept-Encoding"]


def test_an_error_answer_never_lands_in_the_spool_file(sender: Sender, tmp_path: Path) -> None:
    with serve(sequence(Answer(404, b'{"message": "no"}'))) as wire, pytest.raises(RejectedRequestError):
        transport(sender).send("GET", wire.url, family="bulk", expect="bytes", spool=tmp_path / "results.csv")

    assert not (tmp_path / "results.csv").exists()


def test_a_login_page_is_no_data(sender: Sender) -> None:
    page = Answer(body=b"<html>Log in</html>", headers={"Content-Type": "text/html"})
    with serve(sequence(page)) as wire, pytest.raises(UnexpectedReplyError, match="something else than JSON"):
        get(wire, sender)

    assert len(wire.requests) == 1


def test_a_page_of_json_keeps_its_bytes_and_must_have_an_end(sender: Sender, tmp_path: Path) -> None:
    with serve(sequence(Answer(body=b'{"results": [1'), Answer(body=b'{"results": [1]}\n'))) as wire:
        client = transport(sender)
        client.send("GET", wire.url, family="list", expect="page", spool=tmp_path / "page.json")

    assert (tmp_path / "page.json").read_bytes() == b'{"results": [1]}\n'
    assert client.calls == {"list": 2}


def test_a_body_that_is_no_bytes_is_sent_as_json(sender: Sender) -> None:
    with serve(sequence(Answer())) as wire:
        transport(sender).send("POST", f"{wire.url}/search", family="search", body={"limit": 200})

    method, _, headers, body = wire.requests[0]
    assert (method, headers["Content-Type"], body) == ("POST", "application/json", b'{"limit":200}')


def test_a_run_cap_stops_before_the_call_and_counts_retries(sender: Sender) -> None:
    with serve(sequence(Answer(503))) as wire, pytest.raises(BudgetError, match="cap of 3"):
        get(wire, sender, pacing=Pacing(run_cap=3))

    assert len(wire.requests) == 3


def test_a_server_that_stays_silent_is_given_up(sender: Sender) -> None:
    silence = threading.Event()

    def answer(number: int, headers: Mapping[str, str]) -> Answer:
        if number == 0:
            silence.wait(5)
        return Answer()

    with serve(answer) as wire:
        assert get(wire, sender, timeouts=Timeouts(connect=1, read=0.05)) == {}
        silence.set()

    assert len(wire.requests) == 2


def test_nothing_that_is_shown_or_logged_holds_a_secret(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    body = f'{{"message": "token {TOKEN} is bad", "category": "INVALID"}}'.encode()
    for status in (400, 401, 503):
        with serve(sequence(Answer(status, body))) as wire, pytest.raises(CrmError) as caught:
            get(wire, sender, authorization=Token())
        shown += [str(caught.value), repr(caught.value), repr(caught.value.args)]
    with serve(sequence(Answer(body=body))) as wire:
        client = transport(sender, authorization=Token())
        shown += [repr(client.send("GET", wire.url, family="list")), repr(client)]
    secret = Secret(TOKEN)
    shown += [repr(secret), str(secret), f"{secret}", caplog.text]

    assert TOKEN not in "".join(shown)
    assert repr(secret) == "[secret]"


def test_https_is_sent_as_http_to_this_machine_and_to_no_other() -> None:
    with serve(sequence(Answer(body=b'{"ok": 1}'))) as wire:
        session = new_session()
        session.mount("https://", LoopbackAdapter(Timeouts(), 2))
        client = transport(session_sender(session))
        assert client.send("GET", wire.url.replace("http:", "https:"), family="x").json() == {"ok": 1}

        with pytest.raises(ConfigurationError):
            client.send("GET", "https://crm.example/deals", family="x")


def test_one_connection_serves_many_calls() -> None:
    with serve(sequence(Answer())) as wire:
        pool = urllib3.PoolManager()
        client = transport(pool_sender(pool))
        for _ in range(5):
            client.send("GET", wire.url, family="list")
        opened = pool.connection_from_url(wire.url).num_connections

    assert opened == 1


def test_a_refusal_for_too_many_at_once_is_tried_again_with_half_the_calls(sender: Sender) -> None:
    pacing = Pacing(default=Pace(concurrent=8))

    def crowded(refusal: Refusal) -> CrmError | None:
        return CrowdedError("too many long requests at once") if refusal.status == 403 else None

    with serve(sequence(Answer(403), Answer(body=b'{"ok": 1}'))) as wire:
        assert get(wire, sender, pacing=pacing, classify=crowded) == {"ok": 1}

    assert pacing.calls == {"list": 2}
    assert pacing.concurrent("list") == 4
