"""Where credentials may be sent, what a refusal says, and that no secret shows anywhere."""

import base64
import http.server
import logging
import threading
from collections.abc import Iterator

import pytest

from connectors.errors import AuthenticationError, ConfigurationError, CrmError, UnexpectedReplyError
from connectors.salesforce.auth import ClientCredentials
from connectors.salesforce.extract import connect
from connectors.secret import Secret
from tests.connectors.salesforce.conftest import ServedOrg

SECRET = "sandbox-secret"


@pytest.mark.parametrize(
    "login_url",
    [
        "http://example.my.salesforce.com",
        "example.my.salesforce.com",
        "https://login.salesforce.com",
        "https://test.salesforce.com/",
        "https://user:word@example.my.salesforce.com",
        "ftp://127.0.0.1",
        "",
    ],
)
def test_credentials_go_to_my_domain_over_https_only(login_url: str) -> None:
    with pytest.raises(ConfigurationError, match="SALESFORCE_LOGIN_URL"):
        connect(login_url=login_url, client_id="id", client_secret=Secret("secret"))


@pytest.mark.parametrize(
    "login_url", ["https://example.my.salesforce.com/", "https://example--uat.sandbox.my.salesforce.com"]
)
def test_a_my_domain_is_taken_with_or_without_a_slash(login_url: str) -> None:
    shown = repr(connect(login_url=login_url, client_id="id", client_secret=Secret("secret")))

    assert login_url.rstrip("/") in shown


def test_a_missing_secret_stops_before_anything_is_sent() -> None:
    with pytest.raises(ConfigurationError, match="SALESFORCE_CLIENT_SECRET"):
        connect(login_url="https://example.my.salesforce.com", client_id="id", client_secret=Secret(""))


@pytest.mark.parametrize(
    ("client_id", "client_secret", "named"),
    [("wrong", SECRET, "SALESFORCE_CLIENT_ID"), ("sandbox-client", "wrong", "SALESFORCE_CLIENT_SECRET")],
)
def test_a_refused_login_says_which_setting_to_check(
    org: ServedOrg, client_id: str, client_secret: str, named: str
) -> None:
    connector = connect(login_url=org.url, client_id=client_id, client_secret=Secret(client_secret))

    with pytest.raises(AuthenticationError, match=named):
        org.sync("User", connector=connector)


@pytest.fixture
def odd_host() -> Iterator[tuple[str, list[tuple[int, bytes]]]]:
    """A server that answers each POST with the next (status, body) of a list, the last one for ever."""
    answers: list[tuple[int, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"<html>Log in</html>", UnexpectedReplyError),
        (200, b'{"token_type": "Bearer"}', UnexpectedReplyError),
        (403, b'[{"errorCode": "FORBIDDEN"}]', AuthenticationError),
        (400, b'{"error": "invalid_grant", "error_description": "word <b>of</b> the service"}', AuthenticationError),
    ],
)
def test_an_odd_answer_to_the_login_is_an_error_without_its_text(
    odd_host: tuple[str, list[tuple[int, bytes]]], status: int, body: bytes, error: type[CrmError]
) -> None:
    url, answers = odd_host
    answers.append((status, body))

    with pytest.raises(error) as raised:
        ClientCredentials(url, "client", Secret(SECRET)).headers()

    assert "<" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_no_secret_and_no_token_shows_in_logs_messages_or_the_landing_log(
    org: ServedOrg, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    org.fail("expire_session", "bulk_results", 1)
    org.fail("status", "bulk_create", 1, status=400, code="MALFORMED_QUERY")
    connector = org.connect()

    report = org.sync("UserRole", "Account", "Contact", connector=connector)
    kept = b"".join(file.read_bytes() for file in (org.folder / "landing").rglob("*") if file.is_file())

    shown = caplog.text + repr(connector) + repr(report) + "".join(str(line.error) for line in report.streams)
    pair = base64.b64encode(f"sandbox-client:{SECRET}".encode()).decode()
    token = org.state.world.ids("Organization")[0][:15] + "!AQ"  # type: ignore[attr-defined]
    assert [line.outcome for line in report.streams].count("failed") == 1
    assert org.calls["login"] == 2
    for secret in (SECRET, pair, token, "Bearer "):
        assert secret not in shown
        assert secret.encode() not in kept
