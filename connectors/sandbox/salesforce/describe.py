"""Metadata answers: versions, the list of resources, objects, describe, one record, and limits."""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from connectors.sandbox.catalogue import SalesforceField
from connectors.sandbox.endpoint import Answer, Call
from connectors.sandbox.salesforce.errors import Refusal, not_found
from connectors.sandbox.salesforce.objects import (
    is_filterable,
    relationship_name,
)
from connectors.sandbox.salesforce.org import VERSIONS, Org
from connectors.sandbox.salesforce.rendering import json_first_records
from connectors.sandbox.salesforce.schema import SalesforceObject
from connectors.sandbox.salesforce.soql import Comparison as SoqlComparison
from connectors.sandbox.salesforce.soql import Path, Query, Value
from connectors.sandbox.salesforce.values import long_id

SEASONS = ("Winter", "Spring", "Summer")
RESOURCES = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
MAX_PICKLIST_VALUES = 1_000
SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "currency": "xsd:double",
    "double": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "anyType": "xsd:anyType",
}


@dataclass
class Metadata:
    """The describe endpoints. Picklist values are those in use, read once per virtual day."""

    org: Org
    _picklists: dict[tuple[str, str, datetime], list[dict[str, object]]] = field(default_factory=dict)
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
        objects = [_object_entry(self.org.view.get(name), version) for name in self.org.view.names()]
        return Answer.of({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    def basic(self, call: Call) -> Answer:
        """GET /sobjects/X."""
        name = self.org.find_object(call)
        entry = _object_entry(self.org.view.get(name), call.path_params["version"])
        return Answer.of({"objectDescribe": entry, "recentItems": []})

    def describe(self, call: Call) -> Answer:
        """GET /sobjects/X/describe."""
        name = self.org.find_object(call)
        fields = [self._field_entry(name, described) for described in self.org.view.fields(name)]
        entry = _object_entry(self.org.view.get(name), call.path_params["version"])
        return Answer.of({**entry, "fields": fields, "childRelationships": [], "recordTypeInfos": []})

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

    def _field_entry(self, object_name: str, described: SalesforceField) -> dict[str, object]:
        is_number = described.type in ("currency", "double", "percent")
        writeable = not described.is_calculated and described.type not in ("id", "anyType")
        return {
            "name": described.name,
            "label": described.name.removesuffix("__c").replace("_", " "),
            "type": described.type,
            "soapType": SOAP_TYPES.get(described.type, "xsd:string"),
            "length": described.length,
            "byteLength": described.length * 3,
            "digits": 9 if described.type == "int" else 0,
            "precision": described.precision if is_number else 0,
            "scale": described.scale if is_number else 0,
            "nillable": described.name not in ("Id", "IsDeleted", "SystemModstamp", "CreatedDate"),
            "calculated": described.is_calculated,
            "calculatedFormula": None,
            "custom": described.is_custom,
            "createable": writeable,
            "updateable": writeable,
            "filterable": is_filterable(described),
            "sortable": is_filterable(described),
            "groupable": described.type in ("id", "reference", "picklist", "string", "boolean", "int", "date"),
            "aggregatable": described.type != "anyType",
            "unique": False,
            "externalId": False,
            "idLookup": described.type == "id",
            "nameField": described.name == "Name",
            "restrictedPicklist": False,
            "deprecatedAndHidden": False,
            "encrypted": False,
            "htmlFormatted": False,
            "compoundFieldName": None,
            "defaultValue": None,
            "referenceTo": [described.reference_to] if described.reference_to else [],
            "relationshipName": relationship_name(described),
            "polymorphicForeignKey": described.name in ("WhoId", "WhatId"),
            "picklistValues": self._picklist(object_name, described),
        }

    def _picklist(self, object_name: str, described: SalesforceField) -> list[dict[str, object]]:
        if described.type != "picklist":
            return []
        key = (object_name, described.name, self.org.state.clock)
        with self._lock:
            known = self._picklists.get(key)
        if known is None:
            known = self._values_in_use(object_name, described.name)
            with self._lock:
                self._picklists[key] = known
        return known

    def _values_in_use(self, object_name: str, field_name: str) -> list[dict[str, object]]:
        is_stage = field_name == "StageName" and self.org.view.find("OpportunityStage") is not None
        with self.org.state.cursor() as cursor:
            if is_stage:
                sql = 'SELECT "MasterLabel", "IsActive" FROM salesforce."OpportunityStage" ORDER BY "SortOrder"'
            else:
                sql = (
                    f'SELECT DISTINCT "{field_name}", true FROM salesforce."{object_name}"'
                    f' WHERE "{field_name}" IS NOT NULL ORDER BY 1 LIMIT {MAX_PICKLIST_VALUES}'
                )
            rows = cursor.execute(sql).fetchall()
        return [
            {"value": value, "label": value, "active": active, "defaultValue": False, "validFor": None}
            for value, active in rows
        ]


def _object_entry(described: SalesforceObject, version: str) -> dict[str, object]:
    name = described.name
    root = f"/services/data/v{version}/sobjects/{name}"
    label = described.label or name.removesuffix("__c").replace("_", " ")
    return {
        "name": name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": described.key_prefix,
        "custom": described.is_custom,
        "customSetting": described.is_custom_setting,
        "queryable": described.is_queryable,
        "retrieveable": described.is_retrieveable,
        "replicateable": described.is_replicateable,
        "searchable": name in ("Account", "Contact", "Lead", "Opportunity", "User"),
        "createable": False,
        "updateable": False,
        "deletable": False,
        "undeletable": False,
        "deprecatedAndHidden": described.is_deprecated,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def _release(version: str) -> str:
    number = int(version.removesuffix(".0"))
    # 32.0 was Winter '15; three releases a year since
    season, year = (number - 32) % 3, 15 + (number - 32) // 3
    return f"{SEASONS[season]} '{year:02d}"
