"""The labels of all choices as one table, landed from the describes that a run has read anyway."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from connectors.landing import OpenLoad, RecordRule
from connectors.salesforce.describe import OptionLabel
from connectors.schema import TableSchema, json_source
from connectors.streams import Fetched

SCHEMA = TableSchema.of(
    {
        "object": "VARCHAR",
        "field": "VARCHAR",
        "value": "VARCHAR",
        "label": "VARCHAR",
        "is_active": "BOOLEAN",
        "sort_order": "BIGINT",
    }
)
_RECORD = RecordRule(record_id="concat_ws('/', object, field, value)")


@dataclass(frozen=True)
class Labels:
    """(object, label) of every choice."""

    rows: Sequence[tuple[str, OptionLabel]]

    def land(self, load: OpenLoad) -> Fetched:
        """Land them in full."""
        if self.rows and not load.parts:
            spool = load.spool("labels.json")
            spool.write_bytes(orjson.dumps({"labels": [_row(name, label) for name, label in self.rows]}))
            types = {column.name: column.duckdb_type for column in SCHEMA.columns}
            load.land(json_source([spool], types, records="labels"), _RECORD)
            spool.unlink()
        return Fetched(expected_rows=len(self.rows))


def _row(object_name: str, label: OptionLabel) -> dict[str, object]:
    return {
        "object": object_name,
        "field": label.field,
        "value": label.value,
        "label": label.label,
        "is_active": label.is_active,
        "sort_order": label.sort_order,
    }
