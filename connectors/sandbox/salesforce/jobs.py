"""A Bulk query job and what the service says about it."""

from dataclasses import dataclass
from datetime import datetime

from connectors.sandbox.salesforce.plan import Plan
from connectors.sandbox.state import SCRATCH


@dataclass(frozen=True)
class Job:
    """A query job; its rows are those of the moment it was made."""

    id: str
    operation: str
    plan: Plan
    version: str
    delimiter: str
    rows: int
    made_at: datetime
    state: str = "UploadComplete"
    polls: int = 0
    end: str = "JobComplete"
    extra_rows: int = 0

    @property
    def table(self) -> str:
        """Where its result is."""
        return f'{SCRATCH}."{self.id}"'

    def report(self, user_id: str, *, complete: bool = False) -> dict[str, object]:
        """The service's answer about the job; `complete` adds what only a status call tells."""
        stamp = self.made_at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        info: dict[str, object] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.plan.object_name,
            "createdById": user_id,
            "createdDate": stamp,
            "systemModstamp": stamp,
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": "LF",
            "columnDelimiter": self.delimiter,
        }
        if complete:
            processed = self.rows + self.extra_rows if self.state == "JobComplete" else 0
            info |= {"jobType": "V2Query", "numberRecordsProcessed": processed, "retries": 0, "totalProcessingTime": 1}
        if self.state == "Failed":
            info["errorMessage"] = "InternalServerError : Unexpected error during query processing"
        return info
