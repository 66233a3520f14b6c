"""Metadata answers: versions, the list of resources, objects, describe, one record, and limits."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.sandbox.catalogue import PicklistValue, SalesforceField
from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.described import field_entry, object_details, object_entry
from connectors.sandbox.salesforce.errors import Refusal, not_found
from connectors.sandbox.salesforce.org import VERSIONS, Org
from connectors.sandbox.salesforce.rendering import json_first_records
from connectors.sandbox.salesforce.soql import Comparison as SoqlComparison
from connectors.sandbox.salesforce.soql import Path, Query, Value
from connectors.sandbox.salesforce.values import long_id

SEASONS = ("Winter", "Spring", "Summer")
RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
MAX_PICKLIST_VALUES = 1_000


@dataclass
class Metadata:
    """The describe endpoints. Picklist values are those in use, read once per day and edit."""

    org: Org
    _picklists: dict[tuple[str, str, int], list[PicklistValue]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def versions(self, _call: Call) -> Answer:
        """GET /services/data: needs no session."""
        return Answer.of(
            [
                {"label": _release(version), "url": f"/services/data/v{version}", "version": version}
                for version in VERSIONS
            ]
        )

    def resources(self, call: Call) -> Answer:
        """GET /services/data/vXX.0."""
        root = f"/services/data/v{call.path_params['version']}"
        return Answer.of({name: f"{root}/{name}" for name in RESOURCES})

    def limits(self, _call: Call) -> Answer:
        """GET /limits."""
        return Answer.of(self.org.usage.limits())

    def all_objects(self, call: Call) -> Answer:
        """GET /sobjects."""
        version = call.path_params["version"]
        objects = [object_entry(self.org.view.get(name), version) for name in self.org.view.names()]
        return Answer.of({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    def basic(self, call: Call) -> Answer:
        """GET /sobjects/X."""
        name = self.org.find_object(call)
        entry = object_entry(self.org.view.get(name), call.path_params["version"])
        return Answer.of({"objectDescribe": entry, "recentItems": []})

    def describe(self, call: Call) -> Answer:
        """GET /sobjects/X/describe."""
        name = self.org.find_object(call)
        view = self.org.view
        fields = [field_entry(described, self._picklist(name, described)) for described in view.fields(name)]
        children = [
            (child, field) for child in view.names() for field in view.fields(child) if field.reference_to == name
        ]
        entry = object_entry(view.get(name), call.path_params["version"])
        return Answer.of({**entry, **object_details(view.get(name), children), "fields": fields})

    def record(self, call: Call) -> Answer:
        """GET /sobjects/X/{id}: one record with all its fields, or those of `?fields=`; deleted ones are gone."""
        name = self.org.find_object(call)
        identity = long_id(call.path_params["record_id"])
        if identity is None:
            raise Refusal(404, "NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {name}")
        asked = call.query.get("fields")
        names = asked.split(",") if asked else [described.name for described in self.org.view.fields(name)]
        condition = SoqlComparison(Path(("Id",), 0), "=", (Value("STRING", f"'{identity}'"),))
        query = Query("", name, 0, tuple(Path((one.strip(),), 0) for one in names), condition, (), (), 1, None)
        plan = self.org.plan_parsed(query, with_deleted=False)
        with self.org.state.cursor() as cursor:
            body = "".join(json_first_records(cursor, plan, call.path_params["version"], 1)).encode()
        if not body:
            raise not_found("The requested resource does not exist")
        return Answer(body)

    def _picklist(self, object_name: str, described: SalesforceField) -> Sequence[PicklistValue]:
        if described.picklist is not None or described.type not in ("picklist", "multipicklist"):
            return described.picklist or ()
        key = (object_name, described.name, self.org.state.edits)
        with self._lock:
            known = self._picklists.get(key)
        if known is None:
            known = self._values_in_use(object_name, described)
            with self._lock:
                self._picklists[key] = known
        return known

    def _values_in_use(self, object_name: str, described: SalesforceField) -> list[PicklistValue]:
        is_stage = described.name == "StageName" and self.org.view.find("OpportunityStage") is not None
        value = f'"{described.name}"'
        if described.type == "multipicklist":
            value = f"unnest(string_split({value}, ';'))"
        with self.org.state.cursor() as cursor:
            if is_stage:
                sql = 'SELECT "MasterLabel", "IsActive" FROM salesforce."OpportunityStage" ORDER BY "SortOrder"'
            else:
                sql = (
                    f'SELECT DISTINCT {value}, true FROM salesforce."{object_name}"'
                    f' WHERE "{described.name}" IS NOT NULL ORDER BY 1 LIMIT {MAX_PICKLIST_VALUES}'
                )
            rows = cursor.execute(sql).fetchall()
        return [PicklistValue(value, value, is_active) for value, is_active in rows]


def _release(version: str) -> str:
    number = int(version.removesuffix(".0"))
    # 32.0 was Winter '15; three releases a year since
    season, year = (number - 32) % 3, 15 + (number - 32) // 3
    return f"{SEASONS[season]} '{year:02d}"
