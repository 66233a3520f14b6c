"""From settings to logins: every way to log in that the settings know makes the connector's own, and no other."""

from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from connectors.hubspot.extract import HubSpotConnector
from connectors.salesforce.extract import SalesforceConnector
from dagster_project.crms import connect, reading_rules
from dagster_project.settings import Settings, read_settings

MY_DOMAIN = "https://example.my.salesforce.com"
OAUTH_APP = {"HUBSPOT_CLIENT_ID": "a", "HUBSPOT_CLIENT_SECRET": "b", "HUBSPOT_REFRESH_TOKEN": "c"}


pytestmark = pytest.mark.usefixtures("env_file")


def settings(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return read_settings()


@pytest.mark.parametrize(
    ("given", "login"),
    [
        pytest.param({"SALESFORCE_CLIENT_SECRET": "s"}, "ClientCredentials", id="client credentials"),
        pytest.param(
            {"SALESFORCE_AUTH": "refresh_token", "SALESFORCE_REFRESH_TOKEN": "t"}, "RefreshToken", id="refresh token"
        ),
        pytest.param(
            {"SALESFORCE_AUTH": "password", "SALESFORCE_USERNAME": "u", "SALESFORCE_PASSWORD": "p"},
            "UsernamePassword",
            id="password",
        ),
    ],
)
def test_each_way_to_log_in_to_salesforce(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], login: str) -> None:
    read = settings(monkeypatch, SALESFORCE_LOGIN_URL=MY_DOMAIN, SALESFORCE_CLIENT_ID="id", **given)
    connector = connect(read, "salesforce", None)
    connector.close()

    assert isinstance(connector, SalesforceConnector)
    assert login in repr(connector)


def test_a_key_file_that_is_none_is_said_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_text("no key")
    read = settings(
        monkeypatch,
        SALESFORCE_AUTH="jwt",
        SALESFORCE_LOGIN_URL=MY_DOMAIN,
        SALESFORCE_CLIENT_ID="id",
        SALESFORCE_USERNAME="reader@example.com",
        SALESFORCE_PRIVATE_KEY_FILE=str(key),
    )

    with pytest.raises(ConfigurationError, match="SALESFORCE_PRIVATE_KEY_FILE"):
        connect(read, "salesforce", None)


def test_an_oauth_app_of_hubspot_connects_without_a_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read = settings(monkeypatch, CRM_DATA_DIR=str(tmp_path), **OAUTH_APP)
    connector = connect(read, "hubspot", None)
    connector.close()

    assert isinstance(connector, HubSpotConnector)
    assert read.connected_crms == ("hubspot",)
    assert read.hubspot_token is None


def test_a_token_and_an_oauth_app_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="both set"):
        settings(monkeypatch, HUBSPOT_ACCESS_TOKEN="pat", **OAUTH_APP)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CRM_DAILY_RESERVE", "1"),
        ("CRM_HASH_KEY", "short"),
        ("SALESFORCE_AUTH", "magic"),
        ("SALESFORCE_API_VERSION", "latest"),
        ("HUBSPOT_API_VERSION", "v9"),
        ("CRM_READING_RULES", "no/such/rules.toml"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        settings(monkeypatch, HUBSPOT_ACCESS_TOKEN="pat", **{name: value})


def test_no_secret_of_any_login_is_in_a_printed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    read = settings(
        monkeypatch,
        SALESFORCE_AUTH="password",
        SALESFORCE_LOGIN_URL=MY_DOMAIN,
        SALESFORCE_USERNAME="u",
        SALESFORCE_PASSWORD="hidden-1",
        SALESFORCE_SECURITY_TOKEN="hidden-2",
        CRM_HASH_KEY="hidden-3-and-long-enough",
        **{**OAUTH_APP, "HUBSPOT_REFRESH_TOKEN": "hidden-4"},
    )

    assert "hidden" not in f"{vars(read)} {read.salesforce!r} {read.hubspot!r}"


def test_the_rules_are_those_of_the_file_or_those_that_come_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('[salesforce.objects]\ndeny = ["Lead"]\n')
    default = settings(monkeypatch, HUBSPOT_ACCESS_TOKEN="pat")
    narrowed = settings(monkeypatch, HUBSPOT_ACCESS_TOKEN="pat", CRM_READING_RULES=str(rules))

    assert reading_rules(default).allows_object("salesforce", "Lead", is_custom=False)
    assert not reading_rules(narrowed).allows_object("salesforce", "Lead", is_custom=False)
