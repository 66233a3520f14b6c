"""Bulk API 2.0 query jobs: create, poll, read pages by locator, abort, delete."""

import base64
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode

from connectors.sandbox.catalogue import COMPOUND_TYPES
from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.errors import Refusal, not_found
from connectors.sandbox.salesforce.jobs import Job
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.plan import Plan
from connectors.sandbox.salesforce.rendering import csv_rows
from connectors.sandbox.salesforce.soql import Aggregate, Query, parse_query
from connectors.sandbox.state import SCRATCH

JOB_LIFE = timedelta(days=7)
FAULTY_ENDS = {"job_failed": "Failed", "job_aborted": "Aborted", "job_stuck": "InProgress"}
PAGES_PER_ANSWER = 5  # resultPages
FIRST_VERSION, FIRST_PAGES_VERSION = 47.0, 58.0
DELIMITERS = {"COMMA": ",", "BACKQUOTE": "`", "CARET": "^", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
CSV = "text/csv; charset=UTF-8"


@dataclass
class BulkJobs:
    """The endpoints under /jobs/query."""

    org: Org
    _jobs: dict[str, Job] = field(default_factory=dict)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def create(self, call: Call) -> Answer:
        """POST /jobs/query."""
        given = call.json()
        asked = given if isinstance(given, dict) else {}
        if asked.get("operation") not in ("query", "queryAll") or not isinstance(asked.get("query"), str):
            raise Refusal(400, "INVALIDJOB", "InvalidJob : operation (query or queryAll) and query are required")
        delimiter = asked.get("columnDelimiter") or "COMMA"
        if delimiter not in DELIMITERS or (asked.get("lineEnding") or "LF") != "LF":
            raise Refusal(400, "INVALIDJOB", "InvalidJob : unsupported columnDelimiter or lineEnding")
        self._forget_old_jobs()
        plan = self._plan(asked["query"], with_deleted=asked["operation"] == "queryAll")
        with self._lock:
            self._made += 1
            job_id = f"750xx{self._made:010d}AAA"
        with self.org.state.cursor() as cursor:
            made = cursor.execute(f'CREATE TABLE {SCRATCH}."{job_id}" AS {plan.rows_sql}', list(plan.parameters))
            rows = made.fetchone()
        job = Job(
            job_id,
            asked["operation"],
            plan,
            call.path_params["version"],
            delimiter,
            rows[0] if rows else 0,
            self.org.state.clock,
            end=_end(call) or "JobComplete",
            extra_rows=1 if call.fault_of("wrong_count") else 0,
        )
        self._store(job)
        self.org.usage.count_bulk(jobs=1)
        return Answer.of(job.report(self.org.user_id))

    def all_jobs(self, call: Call) -> Answer:
        """GET /jobs/query: the jobs that still exist."""
        with self._lock:
            jobs = list(self._jobs.values())
        return Answer.of(
            {"done": True, "nextRecordsUrl": None, "records": [job.report(self.org.user_id) for job in jobs]}
        )

    def status(self, call: Call) -> Answer:
        """GET /jobs/query/{id}: each call is a poll, which brings the job nearer to its end."""
        job = self._find(call)
        job = replace(job, end=_end(call) or job.end, extra_rows=1 if call.fault_of("wrong_count") else job.extra_rows)
        if job.state in ("UploadComplete", "InProgress"):
            polls = job.polls + 1
            job = replace(job, polls=polls, state=job.end if polls >= self.org.state.bulk_polls else "InProgress")
        self._store(job)
        return Answer.of(job.report(self.org.user_id, complete=True))

    def change(self, call: Call) -> Answer:
        """PATCH /jobs/query/{id}: {"state": "Aborted"}."""
        job = self._find(call)
        given = call.json()
        if not isinstance(given, dict) or given.get("state") != "Aborted":
            raise Refusal(400, "INVALIDJOBSTATE", "Invalid job state : only Aborted can be set")
        if job.state not in ("UploadComplete", "InProgress"):
            raise Refusal(400, "INVALIDJOBSTATE", f"Invalid job state : {job.state}")
        job = replace(job, state="Aborted")
        self._store(job)
        return Answer.of(job.report(self.org.user_id, complete=True))

    def delete(self, call: Call) -> Answer:
        """DELETE /jobs/query/{id}: only once it is over."""
        job = self._find(call)
        if job.state in ("UploadComplete", "InProgress"):
            raise Refusal(400, "API_ERROR", "Only jobs in JobComplete, Aborted or Failed state can be deleted")
        self._forget(job)
        return Answer(status=204)

    def results(self, call: Call) -> Answer:
        """GET /jobs/query/{id}/results?maxRecords=&locator=: any page, any number of times."""
        job = self._finished(call)
        first = _row_of(call.query.get("locator"))
        if first > job.rows or call.fault_of("locator_expired") is not None:
            raise Refusal(400, "INVALIDQUERYLOCATOR", "Invalid query locator")
        count = self._max_records(call)
        loss = call.fault_of("lose_rows")
        sent = count if loss is None else int(min(count, job.rows - first) * loss.keep)
        with self.org.state.cursor() as cursor:
            body = csv_rows(cursor, job.table, job.plan, DELIMITERS[job.delimiter], first, sent)
        self.org.usage.count_bulk(sent=len(body))
        after = first + count
        headers = {
            "Sforce-Locator": _locator(after) if after < job.rows else "null",
            "Sforce-NumberOfRecords": str(max(0, min(sent, job.rows - first))),
        }
        return Answer(body, media_type=CSV, headers=headers)

    def result_pages(self, call: Call) -> Answer:
        """GET /jobs/query/{id}/resultPages: up to five result URLs, to be read in parallel."""
        job = self._finished(call)
        if float(job.version) < FIRST_PAGES_VERSION:
            raise not_found()
        count = self._max_records(call)
        root = f"/services/data/v{job.version}/jobs/query/{job.id}"
        starts = list(range(_row_of(call.query.get("locator")), max(job.rows, 1), count))
        urls = [
            {"resultUrl": f"{root}/results?{urlencode({'maxRecords': count, 'locator': _locator(start)})}"}
            for start in starts[:PAGES_PER_ANSWER]
        ]
        answer: dict[str, object] = {"resultPages": urls, "done": len(starts) <= PAGES_PER_ANSWER}
        if not answer["done"]:
            following = urlencode({"maxRecords": count, "locator": _locator(starts[PAGES_PER_ANSWER])})
            answer["nextRecordsUrl"] = f"{root}/resultPages?{following}"
        return Answer.of(answer)

    def name_object(self, call: Call) -> str | None:
        """The object that a call about a job reads."""
        with self._lock:
            job = self._jobs.get(call.path_params.get("job_id", ""))
        return job.plan.object_name if job is not None else None

    def _max_records(self, call: Call) -> int:
        given, most = call.query.get("maxRecords"), self.org.state.limits["bulk_page_rows"]
        if given is None:
            return most
        if not given.isdecimal() or int(given) == 0:
            raise Refusal(400, "INVALIDREQUEST", "maxRecords must be a positive number")
        return int(given)

    def _plan(self, text: str, *, with_deleted: bool) -> Plan:
        query = parse_query(text)
        _refuse_unsupported(query)
        plan = self.org.plan_parsed(query, with_deleted=with_deleted)
        if any(column.kind in COMPOUND_TYPES for column in plan.columns):
            raise Refusal(400, "FUNCTIONALITY_NOT_ENABLED", "Selecting compound data not supported in Bulk Query")
        if plan.object_name in self.org.state.no_bulk:
            raise Refusal(400, "INVALIDENTITY", f"Entity '{plan.object_name}' is not supported by the Bulk API.")
        return plan

    def _find(self, call: Call) -> Job:
        if float(call.path_params["version"]) < FIRST_VERSION:
            raise not_found()
        self._forget_old_jobs()
        with self._lock:
            job = self._jobs.get(call.path_params["job_id"])
        if job is None:
            raise not_found()
        return job

    def _finished(self, call: Call) -> Job:
        job = self._find(call)
        if call.path_params["version"] != job.version:
            message = f"The job was created with API version {job.version}; read its results with the same version"
            raise Refusal(409, "VERSION_MISMATCH", message)
        if job.state != "JobComplete":
            raise Refusal(400, "INVALIDJOBSTATE", f"Invalid job state : {job.state}; results need JobComplete")
        return job

    def _store(self, job: Job) -> None:
        with self._lock:
            self._jobs[job.id] = job

    def _forget_old_jobs(self) -> None:
        with self._lock:
            old = [job for job in self._jobs.values() if self.org.state.clock - job.made_at >= JOB_LIFE]
        for job in old:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)
        with self.org.state.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {job.table}")


def _refuse_unsupported(query: Query) -> None:
    if not query.items or query.group or any(isinstance(item, Aggregate) for item in query.items):
        raise Refusal(400, "API_ERROR", "Aggregate Relationships not supported in Bulk Query")
    if any(isinstance(item, Query) for item in query.items):
        raise Refusal(400, "API_ERROR", "Nested queries are not supported in Bulk Query")
    if query.offset is not None:
        raise Refusal(400, "API_ERROR", "OFFSET not supported in Bulk Query")


def _end(call: Call) -> str | None:
    """The state that a fault gives a job at its end."""
    return next((state for kind, state in FAULTY_ENDS.items() if call.fault_of(kind) is not None), None)


def _locator(row: int) -> str:
    return base64.urlsafe_b64encode(str(row).encode()).decode().rstrip("=")


def _row_of(locator: str | None) -> int:
    if locator is None:
        return 0
    try:
        return int(base64.urlsafe_b64decode(locator + "=" * (-len(locator) % 4)))
    except ValueError as error:
        raise Refusal(400, "INVALIDQUERYLOCATOR", "Invalid query locator") from error
