"""The one instant a build speaks of: from run config, or the upper bound of the last completed sync."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from connectors.errors import ConfigurationError
from connectors.raw import last_sync_upper_bound
from dagster_project.settings import read_connected_crms


class AsOf(dg.Config):
    """Build any past night again by giving its `as_of`; the landing log and the versions hold what was known."""

    as_of: str | None = None
    """ISO timestamp with time zone, such as `2026-03-17T01:00:00Z`; None takes the last completed sync."""


def resolve_as_of(config: AsOf, warehouse: Path) -> datetime:
    """Aware UTC instant for this run.

    Raises:
        ConfigurationError: the given text is no timestamp with a zone, or nothing was synced yet.
    """
    if config.as_of is None:
        upper_bound = last_sync_upper_bound(warehouse, read_connected_crms())
        if upper_bound is None:
            raise ConfigurationError(
                f"{warehouse.name} holds no completed sync, so there is no as_of. Run the job sync_crms first."
            )
        return upper_bound
    try:
        given = datetime.fromisoformat(config.as_of)
    except ValueError as error:
        raise ConfigurationError(
            f"as_of {config.as_of!r} is not an ISO timestamp. Write it as 2026-03-17T01:00:00Z."
        ) from error
    if given.tzinfo is None:
        raise ConfigurationError(f"as_of {config.as_of!r} has no time zone. Write it as {config.as_of}Z for UTC.")
    return given.astimezone(UTC)


def dbt_moment(as_of: datetime, previous: datetime | None = None) -> dict[str, str]:
    """The variables that dbt's macros `as_of` and `previous_as_of` read: naive UTC, like all times in the warehouse.

    `previous` is the instant that readers know of; None leaves it to the macro. By environment and not by `--vars`:
    dbt parses the whole project anew whenever vars differ from the run before.
    """
    return {"CRM_AS_OF": _naive(as_of), "CRM_PREVIOUS_AS_OF": _naive(previous) if previous else ""}


def _naive(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
