"""What the org has used of its daily allowances: the Sforce-Limit-Info header and `/limits`."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

DAILY_BULK_RESULT_MB = 976_562  # 1 TB of results per rolling 24 hours
# allowances that nothing here spends, as an org of that size reports them
UNSPENT = {
    "ConcurrentAsyncGetReportInstances": 200,
    "ConcurrentSyncReportRuns": 20,
    "DailyAsyncApexExecutions": 250_000,
    "DailyBulkApiBatches": 15_000,
    "DailyGenericStreamingApiEvents": 10_000,
    "DailyStreamingApiEvents": 50_000,
    "DataStorageMB": 11_000,
    "FileStorageMB": 60_000,
    "HourlyODataCallout": 20_000,
    "HourlyTimeBasedWorkflow": 1_000,
    "SingleEmail": 5_000,
}


@dataclass
class Usage:
    """Counts of one virtual day; a tick starts the next. Thread safe."""

    clock: datetime
    maximum: int
    most_bulk_jobs: int
    calls: int = 0
    bulk_jobs: int = 0
    bulk_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count_call(self, clock: datetime) -> bool:
        """Count one API call made at `clock`; False if the day's allowance is spent, which costs nothing."""
        with self._lock:
            if clock != self.clock:
                self.clock, self.calls, self.bulk_jobs, self.bulk_bytes = clock, 0, 0, 0
            if self.calls >= self.maximum:
                return False
            self.calls += 1
            return True

    def count_bulk(self, *, jobs: int = 0, sent: int = 0) -> None:
        """Count query jobs made and result bytes sent."""
        with self._lock:
            self.bulk_jobs += jobs
            self.bulk_bytes += sent

    def header(self) -> dict[str, str]:
        """The header of every data answer."""
        return {"Sforce-Limit-Info": f"api-usage={self.calls}/{self.maximum}"}

    def limits(self) -> dict[str, dict[str, int]]:
        """The `/limits` answer."""
        spent = {
            "DailyApiRequests": (self.maximum, self.calls),
            "DailyBulkV2QueryJobs": (self.most_bulk_jobs, self.bulk_jobs),
            "DailyBulkV2QueryFileStorageMB": (DAILY_BULK_RESULT_MB, self.bulk_bytes // 1_000_000),
            **{name: (most, 0) for name, most in UNSPENT.items()},
        }
        return {name: {"Max": most, "Remaining": most - used} for name, (most, used) in sorted(spent.items())}
