"""Every environment variable the project reads, typed, with all problems reported at once.

`.env` in the project's folder is read too; the environment wins. `.env.example` lists the same names
(a test holds the two equal). Nothing else in the code reads the environment.
"""

import os
import re
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from connectors.errors import ConfigurationError
from connectors.secret import Secret

PROJECT_DIR = Path(__file__).resolve().parent.parent


class _Environment(BaseSettings):
    """The raw variables; names are upper case in the environment. Blank counts as unset."""

    model_config = SettingsConfigDict(
        env_file=PROJECT_DIR / ".env", env_ignore_empty=True, extra="ignore", arbitrary_types_allowed=True
    )

    crm_source: Literal["sandbox", "live"] | None = Field(
        None, description="`sandbox` for the built-in CRMs; `live` (or unset, with credentials below) for yours."
    )
    crm_data_dir: Path = Field(
        Path("data"), description="Folder for all that the project writes; relative to the project's folder."
    )
    crm_api_budget: int | None = Field(
        None, ge=1, description="At most this many API calls per CRM and run; the run pauses there. Unset: the reserve."
    )
    crm_time_zone: str = Field(
        "UTC", description="IANA name of the time zone of business days, fiscal quarters and the nightly schedule."
    )
    sandbox_url: str | None = Field(
        None,
        description="A sandbox that runs already (`make demo` and `make dev` set it). Unset: a run starts its own.",
    )
    sandbox_size: str = Field("demo", description="Size of a new sandbox world: `small`, `demo` or a number of deals.")
    salesforce_login_url: str | None = Field(
        None, description="My Domain of the org, such as `https://example.my.salesforce.com`."
    )
    salesforce_client_id: str | None = Field(None, description="Consumer key of the external client app.")
    salesforce_client_secret: str | None = Field(None, description="Consumer secret of the external client app.")
    hubspot_access_token: str | None = Field(None, description="Token of a private app or service key.")

    @field_validator("sandbox_size")
    @classmethod
    def _is_a_size(cls, size: str) -> str:
        if not re.fullmatch(r"small|demo|\d+[km]?", size):
            raise ValueError(f"{size!r} is no size; write small, demo or a number of deals such as 100k")
        return size

    @field_validator("crm_time_zone")
    @classmethod
    def _is_a_known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no IANA time zone; write it like Europe/Berlin")
        return name


class SalesforceCredentials:
    """Where and how to log in to Salesforce (OAuth client credentials)."""

    def __init__(self, login_url: str, client_id: str, client_secret: str) -> None:
        self.login_url = login_url
        self.client_id = client_id
        self.client_secret = Secret(client_secret)


class Settings:
    """What a run needs to know, checked. `salesforce` or `hubspot` is None where that CRM is not connected."""

    def __init__(self, environment: _Environment) -> None:
        problems = _problems(environment)
        if problems:
            raise ConfigurationError("\n".join(problems))
        self.is_sandbox = environment.crm_source == "sandbox"
        self.sandbox_url = environment.sandbox_url
        self.sandbox_size = environment.sandbox_size
        self.api_budget = environment.crm_api_budget
        self.paths = Paths(environment.crm_data_dir)
        self.salesforce: SalesforceCredentials | None = None
        self.hubspot_token: Secret | None = None
        if not self.is_sandbox:
            if environment.salesforce_client_id and environment.salesforce_client_secret:
                self.salesforce = SalesforceCredentials(
                    str(environment.salesforce_login_url),
                    environment.salesforce_client_id,
                    environment.salesforce_client_secret,
                )
            if environment.hubspot_access_token:
                self.hubspot_token = Secret(environment.hubspot_access_token)


class Paths:
    """Where things are below the data folder; every path is absolute."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir if data_dir.is_absolute() else PROJECT_DIR / data_dir

    @property
    def landing(self) -> Path:
        """The landing log: the only state there is."""
        return self.data_dir / "landing"

    @property
    def warehouse(self) -> Path:
        """The work file: one writer at a time, never opened by BI."""
        return self.data_dir / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """Versions of the published file and the link `crm.duckdb` to the newest."""
        return self.data_dir / "published"

    @property
    def sandbox_world(self) -> Path:
        """The sandbox's world file."""
        return self.data_dir / "sandbox" / "world.duckdb"

    @property
    def dbt_target(self) -> Path:
        """dbt's manifest, compiled SQL and run results."""
        return self.data_dir / "dbt" / "target"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history, used where DAGSTER_HOME is not set."""
        return self.data_dir / "dagster"


def read_settings(env_file: Path | None = PROJECT_DIR / ".env") -> Settings:
    """Read and check the environment, and `env_file` for what it does not set.

    Raises:
        ConfigurationError: one line per problem, each with the variable's name and what to do.
    """
    try:
        environment = _Environment(_env_file=env_file)
    except ValidationError as error:
        lines = [
            f"{str(problem['loc'][0]).upper()} is not usable: {problem['msg']}. See .env.example."
            for problem in error.errors()
        ]
        raise ConfigurationError("\n".join(lines)) from error
    return Settings(environment)


def is_anything_set() -> bool:
    """Whether somebody chose a CRM at all, rightly or wrongly; a fresh clone has not."""
    try:
        environment = _Environment()
    except ValidationError:
        return True
    chosen = (
        environment.crm_source,
        environment.salesforce_login_url,
        environment.salesforce_client_id,
        environment.salesforce_client_secret,
        environment.hubspot_access_token,
    )
    return any(chosen)


def read_connected_crms() -> frozenset[str] | None:
    """Names of the CRMs that the settings connect; None where they connect none (a build of what was synced once)."""
    try:
        settings = read_settings()
    except ConfigurationError:
        return None
    if settings.is_sandbox:
        return frozenset({"salesforce", "hubspot"})
    connected = {"salesforce": settings.salesforce, "hubspot": settings.hubspot_token}
    return frozenset(name for name, credentials in connected.items() if credentials is not None)


def read_dagster_home(paths: Paths) -> Path:
    """Dagster's own folder: DAGSTER_HOME, or the one below the data folder; blank counts as unset."""
    return Path(os.environ.get("DAGSTER_HOME") or paths.dagster_home)


def read_time_zone() -> str:
    """IANA name of the zone that business days and the schedule follow; UTC where nothing usable is set."""
    try:
        return _Environment().crm_time_zone
    except ValidationError:
        return "UTC"


def read_paths() -> Paths:
    """Paths alone, for what must work before any CRM is connected (definitions, publishing, the demo's report)."""
    try:
        return Paths(_Environment().crm_data_dir)
    except ValidationError:
        return Paths(Path("data"))


def variables() -> dict[str, str]:
    """Every environment variable the project reads, with one sentence each, in the order of .env.example."""
    return {name.upper(): field.description or "" for name, field in _Environment.model_fields.items()}


def _problems(environment: _Environment) -> list[str]:
    if environment.crm_source == "sandbox":
        return []
    salesforce = {
        "SALESFORCE_LOGIN_URL": environment.salesforce_login_url,
        "SALESFORCE_CLIENT_ID": environment.salesforce_client_id,
        "SALESFORCE_CLIENT_SECRET": environment.salesforce_client_secret,
    }
    missing = [name for name, value in salesforce.items() if not value]
    if len(missing) == len(salesforce) and not environment.hubspot_access_token:
        return [
            "No CRM is connected: set SALESFORCE_LOGIN_URL, SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET, or "
            "HUBSPOT_ACCESS_TOKEN, in .env (see .env.example), or run on the built-in CRMs with CRM_SOURCE=sandbox."
        ]
    if missing and len(missing) < len(salesforce):
        return [f"{name} is not set, though other SALESFORCE_ variables are. Put it in .env." for name in missing]
    return []
