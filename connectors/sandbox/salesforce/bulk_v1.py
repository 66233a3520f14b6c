"""Bulk API 1.0 queries into CSV, as older extractors use them: job, batch, result list, result, and PK chunking.

It has a session header, errors and XML of its own. Its own version of JSON (dates as numbers) is not served.
"""

import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.sandbox.endpoint import Answer, Call, Respond
from connectors.sandbox.salesforce.async_answers import (
    NAMESPACE,
    answer_in_kind,
    asked_fields,
    xml_answer,
    xml_document,
    xml_element,
)
from connectors.sandbox.salesforce.bulk import CSV
from connectors.sandbox.salesforce.errors import Refusal
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.plan import Plan
from connectors.sandbox.salesforce.rendering import csv_rows
from connectors.sandbox.state import SCRATCH

DEFAULT_CHUNK, MOST_CHUNK = 100_000, 250_000
NO_ROWS = b"Records not found for this query"
_CHUNK_SIZE = re.compile(r"chunkSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class _Batch:
    """Rows [first, first + rows) of a query's result; a chunked query's own batch is not processed."""

    id: str
    plan: Plan
    first: int
    rows: int
    table: str = ""
    state: str = "Completed"
    message: str | None = None


@dataclass(frozen=True)
class _Job:
    id: str
    object_name: str
    operation: str
    version: str
    chunk: int | None
    made_at: datetime
    state: str = "Open"
    batches: tuple[_Batch, ...] = ()


@dataclass
class BulkV1:
    """The endpoints under /services/async."""

    org: Org
    _jobs: dict[str, _Job] = field(default_factory=dict)
    _made: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def guard(self, respond: Respond) -> Respond:
        """Check the session as this API is given it; refusals become its kind of error, a dead session a 400."""

        def guarded(call: Call) -> Answer:
            try:
                self.org.admit(call, call.headers.get("x-sfdc-session", ""))
                return respond(call)
            except Refusal as refusal:
                code = {"INVALID_SESSION_ID": "InvalidSessionId"}.get(refusal.code, refusal.code)
                status = 400 if refusal.status == 401 else refusal.status
                return answer_in_kind(
                    call, "error", {"exceptionCode": code, "exceptionMessage": refusal.message}, status
                )

        return guarded

    def create(self, call: Call) -> Answer:
        """POST /job."""
        asked = asked_fields(call)
        name = self.org.view.find(asked.get("object", ""))
        if asked.get("operation") not in ("query", "queryAll") or asked.get("contentType") != "CSV":
            raise Refusal(400, "InvalidJob", "only query and queryAll into CSV are served here")
        if name is None or name in self.org.state.no_bulk:
            raise Refusal(400, "InvalidEntity", f"Entity '{asked.get('object')}' is not supported by the Bulk API.")
        header = call.headers.get("sforce-enable-pkchunking", "")
        size = _CHUNK_SIZE.search(header)
        chunk = min(int(size[1]), MOST_CHUNK) if size else DEFAULT_CHUNK
        is_chunked = header.strip().lower().startswith(("true", "chunksize", "parent"))
        job = _Job(
            self._id("750"),
            name,
            asked["operation"],
            call.path_params["version"],
            chunk if is_chunked else None,
            self.org.state.clock,
        )
        self._store(job)
        return self._job_answer(call, job, 201)

    def job(self, call: Call) -> Answer:
        """GET /job/{id}, or POST with {"state": "Closed"}."""
        job = self._find(call)
        if call.method == "POST":
            state = asked_fields(call).get("state")
            if state not in ("Closed", "Aborted"):
                raise Refusal(400, "InvalidJobState", f"cannot become {state}")
            job = replace(job, state=state)
            self._store(job)
        return self._job_answer(call, job)

    def add_batch(self, call: Call) -> Answer:
        """POST /job/{id}/batch: the body is the query."""
        job = self._find(call)
        if job.state != "Open":
            raise Refusal(400, "InvalidJobState", "The job is closed")
        first = self._run(job, call)
        batches: Iterable[_Batch] = (first,)
        if job.chunk is not None and first.state == "Completed":
            parts = range(0, max(first.rows, 1), job.chunk)
            batches = [replace(first, state="NotProcessed", rows=0)] + [
                replace(first, id=self._id("751"), first=start, rows=min(job.chunk, first.rows - start))
                for start in parts
            ]
        self._store(replace(job, batches=(*job.batches, *batches)))
        return xml_answer("batchInfo", self._batch_fields(job, first), 201)

    def batches(self, call: Call) -> Answer:
        """GET /job/{id}/batch."""
        job = self._find(call)
        inner = "".join(xml_element("batchInfo", self._batch_fields(job, batch)) for batch in job.batches)
        return xml_document(f'<batchInfoList xmlns="{NAMESPACE}">{inner}</batchInfoList>')

    def batch(self, call: Call) -> Answer:
        """GET /job/{id}/batch/{id}."""
        job, batch = self._find_batch(call)
        return xml_answer("batchInfo", self._batch_fields(job, batch))

    def result_list(self, call: Call) -> Answer:
        """GET /job/{id}/batch/{id}/result: one result each."""
        _, batch = self._find_batch(call)
        return xml_document(f'<result-list xmlns="{NAMESPACE}"><result>752{batch.id[3:]}</result></result-list>')

    def result(self, call: Call) -> Answer:
        """GET /job/{id}/batch/{id}/result/{id}: CSV."""
        _, batch = self._find_batch(call)
        if batch.state != "Completed" or call.path_params["result_id"] != f"752{batch.id[3:]}":
            raise Refusal(400, "InvalidBatch", "no such result")
        if not batch.rows:
            return Answer(NO_ROWS, media_type=CSV)
        with self.org.state.cursor() as cursor:
            body = csv_rows(cursor, batch.table, batch.plan, ",", batch.first, batch.rows)
        return Answer(body, media_type=CSV)

    def _run(self, job: _Job, call: Call) -> _Batch:
        identity = self._id("751")
        text = call.body.decode("utf-8", errors="replace")
        plan = self.org.plan(text, with_deleted=job.operation == "queryAll")
        if plan.object_name != job.object_name:
            raise Refusal(
                400, "InvalidBatch", f"the job is about {job.object_name}, the query about {plan.object_name}"
            )
        if call.fault_of("job_failed") is not None:
            message = "InternalServerError : Retried more than fifteen times"
            return _Batch(identity, plan, 0, 0, state="Failed", message=message)
        table = f'{SCRATCH}."{identity}"'
        with self.org.state.cursor() as cursor:
            rows = cursor.execute(f"CREATE TABLE {table} AS {plan.rows_sql}", list(plan.parameters)).fetchone()
        return _Batch(identity, plan, 0, rows[0] if rows else 0, table)

    def _batch_fields(self, job: _Job, batch: _Batch) -> dict[str, object]:
        stamp = job.made_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return {
            "id": batch.id,
            "jobId": job.id,
            "state": batch.state,
            **({"stateMessage": batch.message} if batch.message else {}),
            "createdDate": stamp,
            "systemModstamp": stamp,
            "numberRecordsProcessed": batch.rows,
            "numberRecordsFailed": 0,
            "totalProcessingTime": 1,
            "apiActiveProcessingTime": 1,
            "apexProcessingTime": 0,
        }

    def _job_answer(self, call: Call, job: _Job, status: int = 200) -> Answer:
        stamp = job.made_at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
        done = sum(batch.state == "Completed" for batch in job.batches)
        fields: dict[str, object] = {
            "id": job.id,
            "operation": job.operation,
            "object": job.object_name,
            "createdById": self.org.user_id,
            "createdDate": stamp,
            "systemModstamp": stamp,
            "state": job.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "numberBatchesQueued": 0,
            "numberBatchesInProgress": 0,
            "numberBatchesCompleted": done,
            "numberBatchesFailed": sum(batch.state == "Failed" for batch in job.batches),
            "numberBatchesTotal": len(job.batches),
            "numberRecordsProcessed": sum(batch.rows for batch in job.batches),
            "apiVersion": float(job.version),
        }
        return answer_in_kind(call, "jobInfo", fields, status)

    def _find(self, call: Call) -> _Job:
        with self._lock:
            job = self._jobs.get(call.path_params["job_id"])
        if job is None:
            raise Refusal(400, "InvalidJob", f"Unable to find object: {call.path_params['job_id']}")
        return job

    def _find_batch(self, call: Call) -> tuple[_Job, _Batch]:
        job = self._find(call)
        for batch in job.batches:
            if batch.id == call.path_params["batch_id"]:
                return job, batch
        raise Refusal(400, "InvalidBatch", f"Unable to find object: {call.path_params['batch_id']}")

    def _store(self, job: _Job) -> None:
        with self._lock:
            self._jobs[job.id] = job

    def _id(self, prefix: str) -> str:
        with self._lock:
            self._made += 1
            return f"{prefix}v1{self._made:010d}AAA"


def bulk_v1_routes(jobs: BulkV1) -> list[tuple[str, str, str, Respond]]:
    """Method, path, family and responder of each endpoint."""
    root = "/services/async/{version}/job"
    batch = f"{root}/{{job_id}}/batch"
    listed: list[tuple[str, str, str, Callable[[Call], Answer]]] = [
        ("POST", root, "bulk1_create", jobs.create),
        ("GET", f"{root}/{{job_id}}", "bulk1_job", jobs.job),
        ("POST", f"{root}/{{job_id}}", "bulk1_job", jobs.job),
        ("POST", batch, "bulk1_batch", jobs.add_batch),
        ("GET", batch, "bulk1_batches", jobs.batches),
        ("GET", f"{batch}/{{batch_id}}", "bulk1_status", jobs.batch),
        ("GET", f"{batch}/{{batch_id}}/result", "bulk1_list", jobs.result_list),
        ("GET", f"{batch}/{{batch_id}}/result/{{result_id}}", "bulk1_result", jobs.result),
    ]
    return [(method, path, family, jobs.guard(respond)) for method, path, family, respond in listed]
