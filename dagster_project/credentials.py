"""Who logs in to which CRM, and how: read from the environment's values, with every gap named at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from connectors.secret import Secret

SalesforceAuth = Literal["client_credentials", "jwt", "refresh_token", "password"]

# what each way to log in needs besides SALESFORCE_LOGIN_URL; the names are those of the environment in lower case
_SALESFORCE_NEEDS: Mapping[SalesforceAuth, tuple[str, ...]] = {
    "client_credentials": ("salesforce_client_id", "salesforce_client_secret"),
    "jwt": ("salesforce_client_id", "salesforce_username", "salesforce_private_key_file"),
    "refresh_token": ("salesforce_client_id", "salesforce_refresh_token"),
    "password": ("salesforce_username", "salesforce_password"),
}
_SALESFORCE_CREDENTIALS = (
    "salesforce_login_url",
    "salesforce_client_id",
    "salesforce_client_secret",
    "salesforce_username",
    "salesforce_password",
    "salesforce_security_token",
    "salesforce_private_key_file",
    "salesforce_refresh_token",
)
_HUBSPOT_APP = ("hubspot_client_id", "hubspot_client_secret", "hubspot_refresh_token")


@dataclass(frozen=True)
class SalesforceCredentials:
    """Where and how to log in to Salesforce; what `auth` does not need may be empty."""

    auth: SalesforceAuth
    login_url: str
    client_id: str
    client_secret: Secret
    username: str
    password: Secret
    security_token: Secret
    private_key_file: Path | None
    refresh_token: Secret


@dataclass(frozen=True)
class HubSpotCredentials:
    """How to log in to HubSpot: `access_token`, or where that is empty the OAuth app and its refresh token."""

    access_token: Secret
    client_id: str
    client_secret: Secret
    refresh_token: Secret

    @property
    def is_oauth(self) -> bool:
        """Whether an OAuth app logs in, rather than a private app or service key."""
        return not self.access_token


def read_salesforce(values: Mapping[str, object], project_dir: Path) -> SalesforceCredentials | None:
    """The login to Salesforce; None where nothing of it is set. Call it after `problems`."""
    if not _set(values, _SALESFORCE_CREDENTIALS):
        return None
    key_file = values.get("salesforce_private_key_file")
    return SalesforceCredentials(
        auth=_auth(values),
        login_url=_text(values, "salesforce_login_url"),
        client_id=_text(values, "salesforce_client_id"),
        client_secret=Secret(_text(values, "salesforce_client_secret")),
        username=_text(values, "salesforce_username"),
        password=Secret(_text(values, "salesforce_password")),
        security_token=Secret(_text(values, "salesforce_security_token")),
        private_key_file=project_dir / str(key_file) if key_file else None,
        refresh_token=Secret(_text(values, "salesforce_refresh_token")),
    )


def read_hubspot(values: Mapping[str, object]) -> HubSpotCredentials | None:
    """The login to HubSpot; None where nothing of it is set. Call it after `problems`."""
    if not _set(values, ("hubspot_access_token", *_HUBSPOT_APP)):
        return None
    return HubSpotCredentials(
        access_token=Secret(_text(values, "hubspot_access_token")),
        client_id=_text(values, "hubspot_client_id"),
        client_secret=Secret(_text(values, "hubspot_client_secret")),
        refresh_token=Secret(_text(values, "hubspot_refresh_token")),
    )


def is_any_set(values: Mapping[str, object]) -> bool:
    """Whether somebody gave credentials of either CRM, complete or not."""
    return bool(_set(values, (*_SALESFORCE_CREDENTIALS, "hubspot_access_token", *_HUBSPOT_APP)))


def problems(values: Mapping[str, object], project_dir: Path) -> list[str]:
    """One sentence for each thing that keeps the CRMs from being connected; [] where all is well."""
    if not is_any_set(values):
        return [
            "No CRM is connected: set SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET, or "
            "HUBSPOT_ACCESS_TOKEN, in .env (see .env.example), or run on the built-in CRMs with CRM_SOURCE=sandbox."
        ]
    return [*_salesforce_problems(values, project_dir), *_hubspot_problems(values)]


def _salesforce_problems(values: Mapping[str, object], project_dir: Path) -> list[str]:
    if not _set(values, _SALESFORCE_CREDENTIALS):
        return []
    needs = ("salesforce_login_url", *_SALESFORCE_NEEDS[_auth(values)])
    found = [
        f"{name.upper()} is not set, though other SALESFORCE_ variables are (SALESFORCE_AUTH is {_auth(values)}). "
        "Put it in .env."
        for name in needs
        if not values.get(name)
    ]
    key_file = values.get("salesforce_private_key_file")
    if _auth(values) == "jwt" and key_file and not (project_dir / str(key_file)).is_file():
        found.append(
            f"SALESFORCE_PRIVATE_KEY_FILE names {key_file}, which is no file. Put the private key (PEM) there."
        )
    return found


def _hubspot_problems(values: Mapping[str, object]) -> list[str]:
    app = _set(values, _HUBSPOT_APP)
    if not app:
        return []
    if values.get("hubspot_access_token"):
        return [
            f"HUBSPOT_ACCESS_TOKEN and {app[0].upper()} are both set. Keep the token of a private app or service key, "
            "or the three HUBSPOT_CLIENT_ID, HUBSPOT_CLIENT_SECRET and HUBSPOT_REFRESH_TOKEN of an OAuth app."
        ]
    return [
        f"{name.upper()} is not set, though other variables of a HubSpot OAuth app are. Put it in .env."
        for name in _HUBSPOT_APP
        if name not in app
    ]


def _auth(values: Mapping[str, object]) -> SalesforceAuth:
    chosen = values.get("salesforce_auth")
    return next((name for name in _SALESFORCE_NEEDS if name == chosen), "client_credentials")


def _text(values: Mapping[str, object], name: str) -> str:
    return str(values.get(name) or "")


def _set(values: Mapping[str, object], names: tuple[str, ...]) -> list[str]:
    return [name for name in names if values.get(name)]
