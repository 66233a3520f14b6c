"""Each way of logging in, over the wire; and that a rotated refresh token survives whatever happens to the process."""

import stat
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import AuthenticationError, ConfigurationError
from connectors.salesforce.auth import JwtBearer, RefreshToken, SalesforceLogin, UsernamePassword, jwt_audience
from connectors.salesforce.extract import connect
from connectors.sandbox.salesforce.tokens import FIRST_REFRESH_TOKEN
from connectors.secret import Secret
from tests.connectors.salesforce.conftest import ServedOrg

SECRET = Secret("sandbox-secret")
USER = "integration@sandbox.invalid"


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "private.pem"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def refreshing(org: ServedOrg, first: str = FIRST_REFRESH_TOKEN) -> RefreshToken:
    """A login as a new process makes it."""
    return RefreshToken(org.url, "sandbox-client", SECRET, Secret(first), store=org.folder / "secrets" / "refresh.json")


def sync(org: ServedOrg, login: SalesforceLogin) -> None:
    """A run with that login that must succeed."""
    org.sync("UserRole", connector=connect(login_url=org.url, login=login)).raise_for_failure()
    assert org.differences("UserRole") == []


def test_a_signed_assertion_logs_in(org: ServedOrg, key_file: Path) -> None:
    sync(org, JwtBearer(org.url, "sandbox-client", USER, key_file))


def test_a_user_who_has_not_approved_the_app_is_named_as_the_thing_to_check(org: ServedOrg, key_file: Path) -> None:
    login = JwtBearer(org.url, "sandbox-client", "somebody@sandbox.invalid", key_file)

    with pytest.raises(AuthenticationError, match="SALESFORCE_USERNAME"):
        login.headers()


@pytest.mark.parametrize("content", ["no key at all", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_private_key_is_a_setting_to_mend(org: ServedOrg, content: str) -> None:
    file = org.folder / "private.pem"
    file.write_text(content)

    with pytest.raises(ConfigurationError, match="SALESFORCE_PRIVATE_KEY_FILE"):
        JwtBearer(org.url, "sandbox-client", USER, file).headers()


@pytest.mark.parametrize(
    ("login_url", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://example.my.salesforce.com", "https://login.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://example--uat.sandbox.my.salesforce.com", "https://test.salesforce.com"),
    ],
)
def test_an_assertion_for_a_sandbox_is_made_out_to_the_sandboxes_host(login_url: str, audience: str) -> None:
    assert jwt_audience(login_url) == audience


def test_a_user_name_with_password_and_token_logs_in_and_warns_of_its_end(org: ServedOrg) -> None:
    login = UsernamePassword(org.url, USER, Secret("sandbox-password"), Secret("sandboxtoken"))

    sync(org, login)

    assert "Summer '27" in login.warning


def test_a_wrong_security_token_says_which_settings_to_check(org: ServedOrg) -> None:
    login = UsernamePassword(org.url, USER, Secret("sandbox-password"), Secret("wrong"))

    with pytest.raises(AuthenticationError, match="SALESFORCE_SECURITY_TOKEN"):
        login.headers()


def test_an_outage_of_the_soap_login_is_waited_for(org: ServedOrg) -> None:
    org.fail("status", "soap", 1, status=503)
    login = UsernamePassword(org.url, USER, Secret("sandbox-password"), Secret("sandboxtoken"))

    sync(org, login)

    assert login.logins == 2


def test_each_use_of_a_refresh_token_leaves_its_follower_on_disk_for_its_owner_alone(org: ServedOrg) -> None:
    sync(org, refreshing(org))
    store = org.folder / "secrets" / "refresh.json"
    first = orjson.loads(store.read_bytes())

    sync(org, refreshing(org))

    second = orjson.loads(store.read_bytes())
    assert first["previous"] == FIRST_REFRESH_TOKEN
    assert second["previous"] == first["current"] != second["current"]
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [file.name for file in store.parent.iterdir()] == ["refresh.json"]


def test_a_session_that_expires_is_renewed_with_the_newest_refresh_token(org: ServedOrg) -> None:
    login = refreshing(org)
    org.fail("expire_session", "query", 1)

    sync(org, login)

    assert login.logins == 2


def test_a_follower_that_salesforce_never_made_good_is_given_up_for_the_token_before_it(org: ServedOrg) -> None:
    sync(org, refreshing(org))
    store = org.folder / "secrets" / "refresh.json"
    kept = orjson.loads(store.read_bytes())
    # the run before died after its write, and Salesforce has rolled the exchange back
    store.write_bytes(orjson.dumps({**kept, "previous": kept["current"], "current": "never-issued"}))

    sync(org, refreshing(org))

    assert orjson.loads(store.read_bytes())["previous"] == kept["current"]


def test_two_dead_refresh_tokens_ask_for_a_new_approval_and_a_new_setting_is_taken_at_once(org: ServedOrg) -> None:
    with pytest.raises(AuthenticationError, match="SALESFORCE_REFRESH_TOKEN"):
        refreshing(org, "revoked").headers()

    sync(org, refreshing(org))


def test_a_store_that_cannot_be_written_is_found_out_before_the_token_is_spent(org: ServedOrg) -> None:
    (org.folder / "secrets").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"refresh\.json"):
        refreshing(org).headers()
    (org.folder / "secrets").unlink()

    sync(org, refreshing(org))
