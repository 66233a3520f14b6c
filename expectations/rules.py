"""A rule: one claim about the conformed tables, and the SQL that returns the rows which break it.

Rules are plain data. Listing them costs nothing; only `expectations.evaluate` loads Great Expectations.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Severity(StrEnum):
    """How bad a broken rule is; an error marks the deals that it touches as untrusted."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Policy(StrEnum):
    """What a finding does to publication: flag the deals, or hold everything back."""

    FLAG = "flag"
    HOLD = "hold"


class Touch(StrEnum):
    """Which deals a finding touches, given the stages and deals that its evidence names."""

    STAGE_EVER = "deals now in the stage or with history in it"
    STAGE_NOW = "deals now in the stage"
    OPPORTUNITY = "the deals themselves"


@dataclass(frozen=True)
class AsOf:
    """The instant a warehouse is judged at, and the calendar day that it falls on for the business."""

    instant: datetime
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError(f"as_of {self.instant.isoformat()} has no time zone. Pass an aware UTC datetime.")

    @property
    def utc(self) -> datetime:
        """The instant as the warehouse stores it: UTC, without an offset."""
        return self.instant.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)

    def literals(self) -> dict[str, str]:
        """SQL literals for the placeholders of a rule."""
        day = self.instant.astimezone(ZoneInfo(self.time_zone)).date()
        return {"as_of": f"timestamp '{self.utc.isoformat(sep=' ')}'", "as_of_date": f"date '{day.isoformat()}'"}


@dataclass(frozen=True)
class Rule:
    """One claim, its severity, and how to see what breaks it.

    `evidence` is a query over the common table expression `population` (rows of `table` where `population` holds).
    Each row is one piece of evidence. Rows that agree in crm, pipeline_id, source_stage_id, entity_type and entity_id
    make one finding. Expected columns: FINDING_COLUMNS, then `observed` and `expected`, `touched_stage_key` and/or
    `touched_opportunity_id` as `touch` needs, then whatever a reader wants to see. `{as_of}` and `{as_of_date}`
    are the only placeholders.
    """

    id: str
    name: str
    severity: Severity
    description: str
    table: str
    evidence: str
    action: str
    touch: Touch
    owner: str = "sales-ops"
    population: str = "1 = 1"
    policy: Policy = Policy.FLAG
    escalates_above: float | None = None
    """Share of the population above which a warning becomes an error; None: never."""

    @property
    def runbook(self) -> str:
        """Anchor of the rule's section in the stage definitions."""
        return self.name.replace("_", "-")

    def severity_at(self, finding_count: int, evaluated_count: int) -> Severity:
        """Severity of the findings when `finding_count` of `evaluated_count` rows break the rule."""
        if self.escalates_above is not None and finding_count > self.escalates_above * evaluated_count:
            return Severity.ERROR
        return self.severity

    def with_policy(self, policy: Policy) -> Rule:
        """The same rule under another publication policy."""
        return replace(self, policy=policy)

    def query(self, batch: str, as_of: AsOf) -> str:
        """The evidence query reading `batch`: a table, or the `{batch}` placeholder of Great Expectations."""
        body = self.evidence.format(**as_of.literals()).strip()
        return f"with population as (\n    select * from {batch} where {self.population}\n),\n{body}"

    def count_query(self) -> str:
        """How many rows the rule judges."""
        return f"select count(*) from {self.table} where {self.population}"


FINDING_COLUMNS = ("crm", "pipeline_id", "source_stage_id", "stage_key", "entity_type", "entity_id", "owner_id")


@dataclass(frozen=True)
class Suite:
    """The rules of one concern about one table."""

    concern: str
    table: str
    rules: tuple[Rule, ...]

    @property
    def name(self) -> str:
        return f"{self.table}.{self.concern}"
