"""Settings: all problems at once, each with the variable's name and what to do; secrets never shown."""

from pathlib import Path

import pytest

from connectors.errors import ConfigurationError
from dagster_project.settings import read_settings

pytestmark = pytest.mark.usefixtures("env_file")


def test_without_any_crm_the_run_stops_and_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    assert "SALESFORCE_CLIENT_ID" in str(caught.value)
    assert "HUBSPOT_ACCESS_TOKEN" in str(caught.value)
    assert "CRM_SOURCE=sandbox" in str(caught.value)


def test_half_of_the_salesforce_credentials_names_the_missing_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESFORCE_CLIENT_ID", "3MVG")

    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    assert "SALESFORCE_LOGIN_URL is not set" in str(caught.value)
    assert "SALESFORCE_CLIENT_SECRET is not set" in str(caught.value)
    assert "SALESFORCE_CLIENT_ID is not set" not in str(caught.value)


def test_one_crm_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-test")

    read = read_settings()

    assert read.salesforce is None
    assert read.hubspot_token is not None
    assert not read.is_sandbox


def test_the_sandbox_is_used_only_when_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SOURCE", "sandbox")
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-test")

    read = read_settings()

    assert read.is_sandbox
    assert read.hubspot_token is None


def test_a_secret_is_not_in_any_printed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", "pat-very-secret")

    read = read_settings()

    assert "very-secret" not in f"{read.hubspot_token} {read.hubspot_token!r} {vars(read)}"


def test_every_unusable_value_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SOURCE", "production")
    monkeypatch.setenv("CRM_API_BUDGET", "0")
    monkeypatch.setenv("CRM_TIME_ZONE", "Berlin")

    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    message = str(caught.value)
    assert all(name in message for name in ("CRM_SOURCE", "CRM_API_BUDGET", "CRM_TIME_ZONE"))
    assert "write it like Europe/Berlin" in message


def test_a_secret_in_an_unusable_environment_is_not_repeated_in_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_API_BUDGET", "many")
    monkeypatch.setenv("SALESFORCE_CLIENT_SECRET", "very-secret")

    with pytest.raises(ConfigurationError) as caught:
        read_settings()

    assert "very-secret" not in str(caught.value)


def test_the_env_file_fills_what_the_environment_leaves_open(monkeypatch: pytest.MonkeyPatch, env_file: Path) -> None:
    env_file.write_text("HUBSPOT_ACCESS_TOKEN=from-file\nCRM_API_BUDGET=100\nCRM_TIME_ZONE=\n")
    monkeypatch.setenv("CRM_API_BUDGET", "200")

    read = read_settings()

    assert read.hubspot_token is not None
    assert read.hubspot_token.reveal() == "from-file"
    assert read.api_budget == 200


def test_an_env_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_ENV_FILE", "no/such.env")

    with pytest.raises(ConfigurationError, match=r"CRM_ENV_FILE names no/such\.env, which is no file"):
        read_settings()
