"""History that the org writes by itself when an opportunity is edited: a snapshot, and each tracked field's change."""

from collections.abc import Mapping, Sequence

from connectors.sandbox.salesforce.records import Records

# a change of any of these makes an OpportunityHistory row (object reference: OpportunityHistory)
SNAPSHOT_FIELDS = ("StageName", "Amount", "CloseDate", "Probability", "ForecastCategory", "ExpectedRevenue")
# fields of OpportunityFieldHistory in this org, with what DataType says
TRACKED_FIELDS = {
    "StageName": "DynamicEnum",
    "Amount": "Currency",
    "CloseDate": "DateOnly",
    "ForecastCategoryName": "DynamicEnum",
}
Row = Mapping[str, object]


def read_tracked(records: Records, ids: Sequence[str]) -> dict[str, Row]:
    """Opportunities by id as they are now; nothing for other objects."""
    if records.object.name != "Opportunity":
        return {}
    names = ("Id", *SNAPSHOT_FIELDS, "ForecastCategoryName", "LastModifiedById")
    return {str(row["Id"]): row for row in records.read(names, ids)}


def write_history(records: Records, before: Mapping[str, Row]) -> None:
    """Rows for what differs from `before`, under the edit's stamp."""
    snapshots, changes = [], []
    for identity, now in read_tracked(records, list(before)).items():
        old = before[identity]
        common = {"OpportunityId": identity, "CreatedById": now["LastModifiedById"]}
        if any(now[name] != old[name] for name in SNAPSHOT_FIELDS):
            previous = {
                column: old[name]
                for name, column in (("Amount", "PrevAmount"), ("CloseDate", "PrevCloseDate"))
                if now[name] != old[name]
            }
            snapshots.append({**common, **{name: now[name] for name in SNAPSHOT_FIELDS}, **previous})
        for name, kind in TRACKED_FIELDS.items():
            if now[name] != old[name]:
                values = {"OldValue": _text(old[name]), "NewValue": _text(now[name])}
                changes.append({**common, "Field": name, "DataType": kind, **values})
    records.sibling("OpportunityHistory").insert(snapshots)
    records.sibling("OpportunityFieldHistory").insert(changes)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
