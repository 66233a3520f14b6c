"""Every environment variable the project reads, typed, with all problems reported at once.

`.env` in the project's folder, or the file that CRM_ENV_FILE names, is read too; the environment wins.
`.env.example` lists the same names (a test holds the two equal). Nothing else in the code reads the environment.
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
from dagster_project.credentials import SalesforceAuth, is_any_set, problems, read_hubspot, read_salesforce

PROJECT_DIR = Path(__file__).resolve().parent.parent


class _Environment(BaseSettings):
    """The raw variables; names are upper case in the environment. Blank counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", arbitrary_types_allowed=True)

    crm_env_file: Path | None = Field(
        None,
        description="File to read in place of .env, relative to the project's folder; counts in the environment alone.",
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
    crm_daily_reserve: float = Field(
        0.2, ge=0, lt=1, description="Share of a CRM's daily API calls that a run leaves to everybody else."
    )
    crm_reading_rules: Path | None = Field(
        None, description="TOML file that says what is read, blocked or hashed. Unset: the rules that come along."
    )
    crm_hash_key: str | None = Field(
        None, min_length=16, description="Key of the hashes that stand for values which the rules hash."
    )
    crm_time_zone: str = Field(
        "UTC", description="IANA name of the time zone of business days, fiscal quarters and the nightly schedule."
    )
    sandbox_url: str | None = Field(
        None,
        description="A sandbox that runs already (`make demo` and `make dev` set it). Unset: a run starts its own.",
    )
    sandbox_size: str = Field("demo", description="Size of a new sandbox world: `small`, `demo` or a number of deals.")
    salesforce_auth: SalesforceAuth = Field(
        "client_credentials", description="How to log in: client_credentials, jwt, refresh_token or password."
    )
    salesforce_login_url: str | None = Field(
        None, description="My Domain of the org, such as `https://example.my.salesforce.com`."
    )
    salesforce_client_id: str | None = Field(None, description="Consumer key of the external client app.")
    salesforce_client_secret: str | None = Field(None, description="Consumer secret of the external client app.")
    salesforce_username: str | None = Field(None, description="User who reads, for jwt and password.")
    salesforce_password: str | None = Field(None, description="That user's password, for password.")
    salesforce_security_token: str | None = Field(None, description="That user's security token, for password.")
    salesforce_private_key_file: Path | None = Field(None, description="Private key (PEM) of the app, for jwt.")
    salesforce_refresh_token: str | None = Field(None, description="First refresh token, for refresh_token.")
    salesforce_api_version: str | None = Field(
        None, pattern=r"^\d\d\.0$", description="Version of Salesforce's API, such as 62.0. Unset: the tested one."
    )
    hubspot_access_token: str | None = Field(None, description="Token of a private app or service key.")
    hubspot_client_id: str | None = Field(None, description="Client id of a HubSpot OAuth app, instead of a token.")
    hubspot_client_secret: str | None = Field(None, description="Client secret of that app.")
    hubspot_refresh_token: str | None = Field(None, description="First refresh token of that app.")
    hubspot_api_version: str | None = Field(
        None, pattern=r"^(v3|\d{4}-\d\d)$", description="Version of HubSpot's paths: v3 or a date such as 2026-03."
    )

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


class Settings:
    """What a run needs to know, checked. `salesforce` or `hubspot` is None where that CRM is not connected."""

    def __init__(self, environment: _Environment) -> None:
        self.is_sandbox = environment.crm_source == "sandbox"
        values = environment.model_dump()
        found = [] if self.is_sandbox else problems(values, PROJECT_DIR)
        self.reading_rules: Path | None = None
        if environment.crm_reading_rules is not None:
            self.reading_rules = PROJECT_DIR / environment.crm_reading_rules
            if not self.reading_rules.is_file():
                found.append(f"CRM_READING_RULES names {environment.crm_reading_rules}, which is no file.")
        if found:
            raise ConfigurationError("\n".join(found))
        self.sandbox_url = environment.sandbox_url
        self.sandbox_size = environment.sandbox_size
        self.api_budget = environment.crm_api_budget
        self.daily_reserve = environment.crm_daily_reserve
        self.hash_key = Secret(environment.crm_hash_key) if environment.crm_hash_key else None
        self.salesforce_api_version = environment.salesforce_api_version
        self.hubspot_api_version = environment.hubspot_api_version
        self.paths = Paths(environment.crm_data_dir)
        self.salesforce = None if self.is_sandbox else read_salesforce(values, PROJECT_DIR)
        self.hubspot = None if self.is_sandbox else read_hubspot(values)

    @property
    def connected_crms(self) -> tuple[str, ...]:
        """Names of the CRMs that are connected, Salesforce first."""
        is_connected = {
            "salesforce": self.is_sandbox or self.salesforce is not None,
            "hubspot": self.is_sandbox or self.hubspot is not None,
        }
        return tuple(crm for crm, is_so in is_connected.items() if is_so)

    @property
    def hubspot_token(self) -> Secret | None:
        """Token of a private app or service key; None where there is none."""
        return self.hubspot.access_token or None if self.hubspot else None


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
    def scratch(self) -> Path:
        """What a run keeps aside while it lasts."""
        return self.data_dir / "scratch"

    @property
    def tokens(self) -> Path:
        """Refresh tokens that a CRM has replaced: the newest are here, and nowhere else."""
        return self.data_dir / "tokens"

    @property
    def dbt_target(self) -> Path:
        """dbt's manifest, compiled SQL and run results."""
        return self.data_dir / "dbt" / "target"

    @property
    def dagster_home(self) -> Path:
        """Dagster's run history, used where DAGSTER_HOME is not set."""
        return self.data_dir / "dagster"


def _read_environment() -> _Environment:
    named = os.environ.get("CRM_ENV_FILE")
    env_file = PROJECT_DIR / (named or ".env")
    if named and not env_file.is_file():
        raise ConfigurationError(f"CRM_ENV_FILE names {named}, which is no file.")
    return _Environment(_env_file=env_file)


def read_settings() -> Settings:
    """Read and check the environment, and the env file for what it does not set.

    Raises:
        ConfigurationError: one line per problem, each with the variable's name and what to do.
    """
    try:
        environment = _read_environment()
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
        environment = _read_environment()
    except ValidationError:
        return True
    return environment.crm_source is not None or is_any_set(environment.model_dump())


def read_connected_crms() -> frozenset[str] | None:
    """Names of the CRMs that the settings connect; None where they connect none (a build of what was synced once)."""
    try:
        settings = read_settings()
    except ConfigurationError:
        return None
    return frozenset(settings.connected_crms)


def read_dagster_home(paths: Paths) -> Path:
    """Dagster's own folder: DAGSTER_HOME, or the one below the data folder; blank counts as unset."""
    return Path(os.environ.get("DAGSTER_HOME") or paths.dagster_home)


def read_time_zone() -> str:
    """IANA name of the zone that business days and the schedule follow; UTC where nothing usable is set."""
    try:
        return _read_environment().crm_time_zone
    except ValidationError:
        return "UTC"


def read_paths() -> Paths:
    """Paths alone, for what must work before any CRM is connected (definitions, publishing, the demo's report)."""
    try:
        return Paths(_read_environment().crm_data_dir)
    except ValidationError:
        return Paths(Path("data"))


def variables() -> dict[str, str]:
    """Every environment variable the project reads, with one sentence each, in the order of .env.example."""
    return {name.upper(): field.description or "" for name, field in _Environment.model_fields.items()}
