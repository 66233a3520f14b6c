"""How the connectors are made from the settings; knows nothing of Dagster, so that the command line shares it."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from connectors.errors import ConfigurationError
from connectors.hashing import check_key
from connectors.hubspot.auth import OAuthRefresh
from connectors.hubspot.extract import connect as connect_hubspot
from connectors.hubspot.paths import VERSIONED
from connectors.landing import LandingLog
from connectors.reading_rules import ReadingRules
from connectors.salesforce.auth import ClientCredentials, JwtBearer, UsernamePassword
from connectors.salesforce.extract import connect as connect_salesforce
from connectors.salesforce.objects import API_VERSION
from connectors.salesforce.refresh import RefreshToken
from connectors.salesforce.session import SalesforceLogin
from connectors.sandbox.process import RunningSandbox, start_sandbox
from connectors.sandbox.state import Credentials
from connectors.secret import Secret
from connectors.streams import Connector, Discovers, Stream
from dagster_project.credentials import SalesforceCredentials
from dagster_project.settings import Settings


@contextlib.contextmanager
def open_connector(settings: Settings, crm: str) -> Iterator[Connector]:
    """The connector of `crm`, open as long as the block lasts, and with it the sandbox where it is asked for.

    Raises:
        ConfigurationError: the settings do not connect `crm`.
    """
    with serving_sandbox(settings) as url, contextlib.closing(connect(settings, crm, url)) as connector:
        yield connector


def discover_streams(connector: Connector) -> Sequence[Stream]:
    """All that the CRM behind `connector` has to read and the reading rules allow, its custom objects too."""
    connector.identity()
    if isinstance(connector, Discovers):
        return connector.streams()
    raise ConfigurationError(f"The connector of {connector.connection} does not say what there is to read.")


@contextlib.contextmanager
def serving_sandbox(settings: Settings) -> Iterator[str | None]:
    """Address of the sandbox CRMs, served by ourselves where nobody does yet; None where real CRMs are connected."""
    if not settings.is_sandbox:
        yield None
    elif settings.sandbox_url is not None:
        yield settings.sandbox_url
    else:
        with start_own_sandbox(settings) as sandbox:
            yield sandbox.url


def connect(settings: Settings, crm: str, sandbox_url: str | None) -> Connector:
    """A connector for `crm` at `sandbox_url`, or with the credentials of the settings; close it after use.

    Raises:
        ConfigurationError: the settings do not connect `crm`, or its rules hash a column without a key.
    """
    if reading_rules(settings).hashes(crm):
        check_key(settings.hash_key)  # before anything is sent
    if crm == "salesforce" and (sandbox_url or settings.salesforce):
        return _connect_salesforce(settings, sandbox_url)
    if crm == "hubspot" and (sandbox_url or settings.hubspot):
        return _connect_hubspot(settings, sandbox_url)
    raise ConfigurationError(f"{crm} is not connected. Put its credentials in .env; .env.example lists them.")


def open_log(settings: Settings) -> LandingLog:
    """The landing log of the settings' data folder, with the key of its hashes; close it after use."""
    return LandingLog(settings.paths.landing, hash_key=settings.hash_key)


def reading_rules(settings: Settings) -> ReadingRules:
    """The rules that the settings name, or those that come along.

    Raises:
        ConfigurationError: the file cannot be used.
    """
    return ReadingRules.read(settings.reading_rules) if settings.reading_rules else ReadingRules.default()


def start_own_sandbox(settings: Settings) -> RunningSandbox:
    """Serve the sandbox world of the data folder, made first where there is none; stops with its `with` block."""
    world = settings.paths.sandbox_world
    if not world.exists():
        create_world(world, settings.sandbox_size)
    return start_sandbox(world, log=world.with_suffix(".log"))


def create_world(path: Path, size: str) -> None:
    """Make a new sandbox world file of `size` (`small`, `demo` or a number of deals)."""
    # real CRMs need no world, nor the time to import its generator

    path.parent.mkdir(parents=True, exist_ok=True)
    # numpy and pyarrow, half a second to load, which only a new world needs
    from connectors.sandbox.world import World

    World.create(path, size=size).close()


def _connect_salesforce(settings: Settings, sandbox_url: str | None) -> Connector:
    login: SalesforceLogin
    if sandbox_url is not None:
        credentials = Credentials()
        login_url, secret = sandbox_url, Secret(credentials.salesforce_client_secret)
        login = ClientCredentials(login_url, credentials.salesforce_client_id, secret)
    elif settings.salesforce is not None:
        login_url, login = settings.salesforce.login_url, _salesforce_login(settings.salesforce, settings.paths.tokens)
    return connect_salesforce(
        login_url=login_url,
        login=login,
        api_budget=settings.api_budget,
        reserve=settings.daily_reserve,
        api_version=settings.salesforce_api_version or API_VERSION,
        rules=reading_rules(settings),
    )


def _salesforce_login(given: SalesforceCredentials, tokens: Path) -> SalesforceLogin:
    if given.auth == "jwt" and given.private_key_file is not None:
        return JwtBearer(given.login_url, given.client_id, given.username, given.private_key_file)
    if given.auth == "refresh_token":
        store = tokens / "salesforce.json"
        return RefreshToken(given.login_url, given.client_id, given.client_secret, given.refresh_token, store=store)
    if given.auth == "password":
        return UsernamePassword(given.login_url, given.username, given.password, given.security_token)
    return ClientCredentials(given.login_url, given.client_id, given.client_secret)


def _connect_hubspot(settings: Settings, sandbox_url: str | None) -> Connector:
    sandbox_token = Secret(Credentials().hubspot_private_token) if sandbox_url is not None else None
    return connect_hubspot(
        access_token=sandbox_token or settings.hubspot_token,
        login=_hubspot_login(settings),
        host=sandbox_url,
        api_budget=settings.api_budget,
        reserve=settings.daily_reserve,
        api_version=settings.hubspot_api_version or VERSIONED,
        scratch_folder=settings.paths.scratch,
        rules=reading_rules(settings),
    )


def _hubspot_login(settings: Settings) -> OAuthRefresh | None:
    given = settings.hubspot
    if given is None or not given.is_oauth:
        return None
    store = settings.paths.tokens / "hubspot.json"
    return OAuthRefresh(given.client_id, given.client_secret, given.refresh_token, store=store)
