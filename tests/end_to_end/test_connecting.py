"""The same project on real CRMs: what the env file alone decides, with nothing in it, and with one CRM of the two."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors.sandbox.state import Credentials
from tests.support.installation import Installation, Outcome, clone_project
from tests.support.night_process import NightProcess

# refuses every connection before it is made, and says where to it would have gone
ASK_FOR_HOSTS = """
import socket
from dagster_project.resources import Crms

def refuse(host, port, *rest, **named):
    raise SystemExit(f"{host}:{port}")

socket.getaddrinfo = refuse
for crm in ("salesforce", "hubspot"):
    try:
        Crms().sync(crm, lambda stream: True, print)
    except SystemExit as asked:
        print(crm, "asks", asked)
"""


def _with_env_file(first_night: Installation, folder: Path) -> tuple[Installation, Path]:
    """An installation that has read nothing, with an empty env file and nothing set besides."""
    env_file = folder / "an.env"
    env_file.touch()
    place = replace(first_night.copy_to(folder / "data"), settings={"CRM_ENV_FILE": str(env_file)})
    place.forget()
    return place, env_file


@pytest.fixture
def unconnected(first_night: Installation, tmp_path: Path) -> Installation:
    """An installation with nothing set and nothing read."""
    return _with_env_file(first_night, tmp_path)[0]


def test_with_nothing_connected_the_nightly_job_stops_and_says_what_to_set(
    unconnected: Installation, nights: NightProcess
) -> None:
    outcome = unconnected.run(nights, sandbox=None)

    assert outcome.code != 0
    assert "No CRM is connected: set SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET, or" in (
        outcome.text
    )
    assert "or run on the built-in CRMs with CRM_SOURCE=sandbox" in outcome.text
    assert not (unconnected.folder / "landing").exists()


def test_the_env_file_alone_leads_to_the_real_crms_over_https(unconnected: Installation, tmp_path: Path) -> None:
    # in a clone, since a project's own .env would speak first
    clone = clone_project(tmp_path / "clone")
    (clone / ".env").write_text(
        "SALESFORCE_LOGIN_URL=https://example.my.salesforce.com\nSALESFORCE_CLIENT_ID=3MVG\n"
        "SALESFORCE_CLIENT_SECRET=very-secret\nHUBSPOT_ACCESS_TOKEN=pat-very-secret\n"
    )

    outcome = replace(unconnected, settings={}).python("-c", ASK_FOR_HOSTS, project=clone)

    outcome.check()
    assert outcome.text.splitlines() == [
        "salesforce asks example.my.salesforce.com:443",
        "hubspot asks api.hubapi.com:443",
    ]


@pytest.fixture(scope="module")
def salesforce_alone(
    first_night: Installation, nights: NightProcess, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Installation, Outcome]:
    """A night with credentials for Salesforce alone, in the env file; the org is the first night's."""
    place, env_file = _with_env_file(first_night, tmp_path_factory.mktemp("salesforce_alone"))
    credentials = Credentials()
    with place.serving() as sandbox:
        env_file.write_text(
            f"SALESFORCE_LOGIN_URL={sandbox.url}\nSALESFORCE_CLIENT_ID={credentials.salesforce_client_id}\n"
            f"SALESFORCE_CLIENT_SECRET={credentials.salesforce_client_secret}\n"
        )
        return place, place.run(nights, sandbox=None)


def test_one_crm_alone_is_built_checked_and_published(
    salesforce_alone: tuple[Installation, Outcome], first_night: Installation
) -> None:
    place, outcome = salesforce_alone
    deals = """
        select opportunity_id, source_stage_id, outcome_class, amount, close_date, closed_at, push_count, is_deleted
        from marts.dim_opportunity where crm = 'salesforce' order by all"""

    outcome.check()
    assert place.rows(deals) == first_night.rows(deals) != []
    assert place.rows("select distinct crm from marts.dim_opportunity") == [("salesforce",)]
    assert place.rows("select count(*) > 0 from marts.fct_forecast_outcome where outcome = 'won'") == [(True,)]
    assert place.rows("select count(*) from quality.check_runs where status <> 'broken'") == [(15,)]


def test_the_other_crm_is_reported_as_not_connected(salesforce_alone: tuple[Installation, Outcome]) -> None:
    place, outcome = salesforce_alone

    assert "hubspot is not connected (no credentials in .env)" in outcome.text
    assert list((place.folder / "landing").glob("hubspot/*/*/manifest.json")) == []


def test_no_secret_of_the_env_file_is_in_what_the_night_says(salesforce_alone: tuple[Installation, Outcome]) -> None:
    _, outcome = salesforce_alone

    assert Credentials().salesforce_client_secret not in outcome.text
