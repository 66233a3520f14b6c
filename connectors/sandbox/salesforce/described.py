"""One object and one field as describe answers them, with every attribute that the service sends."""

from collections.abc import Sequence

from connectors.sandbox.catalogue import PicklistValue, SalesforceField
from connectors.sandbox.salesforce.objects import is_filterable, relationship_name
from connectors.sandbox.salesforce.schema import SalesforceObject

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
    "address": "urn:address",
    "location": "urn:location",
}
SEARCHABLE = ("Account", "Contact", "Lead", "Opportunity", "User")
MERGEABLE = ("Account", "Contact", "Lead")
NEVER_NULL = ("Id", "IsDeleted", "SystemModstamp", "CreatedDate", "OwnerId", "LastModifiedDate", "CreatedById")
GROUPABLE = frozenset({"id", "reference", "picklist", "string", "boolean", "int", "date", "email", "phone", "url"})
# attributes that are the same for every field here
FIXED_FIELD: dict[str, object] = {
    "aiPredictionField": False,
    "autoNumber": False,
    "cascadeDelete": False,
    "controllerName": None,
    "defaultValue": None,
    "defaultValueFormula": None,
    "defaultedOnCreate": False,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "inlineHelpText": None,
    "mask": None,
    "maskType": None,
    "queryByDistance": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "searchPrefilterable": False,
    "writeRequiresMasterRead": False,
}
FIXED_OBJECT: dict[str, object] = {
    "activateable": False,
    "associateEntityType": None,
    "associateParentEntity": None,
    "createable": False,
    "deepCloneable": False,
    "deletable": False,
    "feedEnabled": False,
    "hasSubtypes": False,
    "isInterface": False,
    "isSubtype": False,
    "layoutable": True,
    "mruEnabled": False,
    "triggerable": True,
    "undeletable": False,
    "updateable": False,
}


def object_entry(described: SalesforceObject, version: str) -> dict[str, object]:
    """The object as the global describe lists it."""
    name = described.name
    root = f"/services/data/v{version}/sobjects/{name}"
    label = described.label or name.removesuffix("__c").replace("_", " ")
    return {
        **FIXED_OBJECT,
        "name": name,
        "label": label,
        "labelPlural": f"{label}s",
        "keyPrefix": described.key_prefix,
        "custom": described.is_custom,
        "customSetting": described.is_custom_setting,
        "queryable": described.is_queryable,
        "retrieveable": described.is_retrieveable,
        "replicateable": described.is_replicateable,
        "deprecatedAndHidden": described.is_deprecated,
        "mergeable": name in MERGEABLE,
        "searchable": name in SEARCHABLE,
        "urls": {"sobject": root, "describe": f"{root}/describe", "rowTemplate": f"{root}/{{ID}}"},
    }


def object_details(described: SalesforceObject, children: Sequence[tuple[str, SalesforceField]]) -> dict[str, object]:
    """What only the object's own describe adds; `children` are the references that lead here."""
    return {
        "actionOverrides": [],
        "childRelationships": [
            {
                "cascadeDelete": False,
                "childSObject": child,
                "deprecatedAndHidden": False,
                "field": field.name,
                "junctionIdListNames": [],
                "junctionReferenceTo": [],
                "relationshipName": None,
                "restrictedDelete": False,
            }
            for child, field in children
        ],
        "compactLayoutable": False,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [],
        "searchLayoutable": True,
        "supportedScopes": [{"label": f"All {described.label or described.name}s", "name": "everything"}],
    }


def field_entry(described: SalesforceField, picklist: Sequence[PicklistValue]) -> dict[str, object]:
    """The field, its `picklist` entries given."""
    is_number = described.type in ("currency", "double", "percent")
    is_writeable = not described.is_calculated and not described.is_compound
    is_writeable = is_writeable and described.type not in ("id", "anyType")
    can_filter = is_filterable(described)
    return {
        **FIXED_FIELD,
        "name": described.name,
        "label": described.label or described.name.removesuffix("__c").replace("_", " "),
        "type": described.type,
        "soapType": SOAP_TYPES.get(described.type, "xsd:string"),
        "length": described.length,
        "byteLength": described.length * 3 if described.type not in ("id", "reference") else 18,
        "digits": 9 if described.type == "int" else 0,
        "precision": described.precision if is_number else 0,
        "scale": described.scale if is_number else 0,
        "nillable": described.name not in NEVER_NULL and described.type != "boolean",
        "calculated": described.is_calculated,
        "calculatedFormula": described.formula,
        "custom": described.is_custom,
        "caseSensitive": False,
        "createable": is_writeable,
        "updateable": is_writeable,
        "filterable": can_filter,
        "sortable": can_filter and described.type != "multipicklist",
        "groupable": can_filter and described.type in GROUPABLE,
        "aggregatable": described.type not in ("anyType", "boolean", "multipicklist", "address", "location"),
        "unique": described.is_external_id,
        "externalId": described.is_external_id,
        "idLookup": described.type == "id" or described.is_external_id,
        "nameField": described.name == "Name",
        "namePointing": described.name in ("WhoId", "WhatId"),
        "permissionable": described.is_custom,
        "restrictedPicklist": described.picklist is not None,
        "encrypted": described.type == "encryptedstring",
        "compoundFieldName": described.compound,
        "extraTypeInfo": "plaintextarea" if described.type == "textarea" else None,
        "referenceTo": [described.reference_to] if described.reference_to else [],
        "relationshipName": relationship_name(described),
        "polymorphicForeignKey": described.name in ("WhoId", "WhatId"),
        "picklistValues": [
            {
                "active": value.is_active,
                "defaultValue": False,
                "label": value.label,
                "validFor": None,
                "value": value.value,
            }
            for value in picklist
        ],
    }
