"""What a HubSpot portal has beside records: pipelines with stages, and owners; from files, or as records name them."""

import json
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, hubspot_properties
from connectors.sandbox.world.imports.hubspot import OLDEST_RECORDS, insert_records
from connectors.sandbox.world.imports.hubspot_files import Place, Record, is_number, moment, part, read_json
from connectors.sandbox.world.imports.summary import ImportSummary
from connectors.sandbox.world.stages import DEFAULT_PIPELINE, stages_on
from connectors.sandbox.world.stages import HUBSPOT as CRM

# what nobody exports is as old as the oldest record
_SET_UP = f"""
create or replace temp table set_up as
select coalesce(min(created_at), (select min("SystemModstamp") from salesforce."OpportunityStage")) as stamp
from ({OLDEST_RECORDS})"""
_TIMES = ("createdAt", "updatedAt")


def portal_file_of(path: Path) -> str | None:
    """`pipelines` or `owners`, where a JSON file is named so."""
    return path.stem.lower() if path.name.lower() in ("pipelines.json", "owners.json") else None


def read_portal_file(connection: duckdb.DuckDBPyConnection, path: Path, summary: ImportSummary) -> None:
    """Write the pipelines of deals with their stages, or the owners, as the API answers them.

    Raises:
        ImportRefusedError: the file is no such answer.
    """
    records = [(Place(path, number), record) for number, record in enumerate(read_json(path), start=1)]
    if portal_file_of(path) == "owners":
        insert_records(connection, "hubspot._owners", [_owner(place, record) for place, record in records])
        summary.rows["hubspot owners"] = len(records)
        return
    stages = [_stage(place, record, stage) for place, record in records for stage in _stages(place, record)]
    insert_records(connection, "hubspot._pipelines", [_entry(place, record) for place, record in records])
    insert_records(connection, "hubspot._stages", stages)
    summary.rows |= {"hubspot pipelines": len(records), "hubspot stages": len(stages)}


def derive_portal(connection: duckdb.DuckDBPyConnection, summary: ImportSummary) -> None:
    """Owners that records name and no file has; without pipelines, HubSpot's stock one and those that deals name."""
    connection.execute(_SET_UP)
    if "hubspot pipelines" not in summary.rows:
        stock = [stage for stage in stages_on((), 0) if (stage.crm, stage.pipeline_id) == (CRM, DEFAULT_PIPELINE)]
        for place, stage in enumerate(stock):
            connection.execute(
                "insert into hubspot._stages select 'default', ?, ?, ?, ?, ?, false, stamp, stamp from set_up",
                [stage.id, stage.label, place, str(stage.probability / 100), str(stage.is_closed).lower()],
            )
        # pipelines that were read stay as they are: a stage that deals use and the CRM does not list is a finding
        summary.derived["hubspot stages"] = _count(connection, _UNLISTED_STAGES)
        connection.execute(_PIPELINES)
    owned = [name for name in HUBSPOT if any(prop.name == "hubspot_owner_id" for prop in hubspot_properties(name))]
    union = " union ".join(f"select hubspot_owner_id as id from hubspot.{name}" for name in owned)
    summary.derived["hubspot owners"] = _count(connection, _UNLISTED_OWNERS.format(named=union))


_UNLISTED_STAGES = """
insert into hubspot._stages
select pipeline, dealstage, dealstage, 100 + row_number() over (order by pipeline, dealstage), '0.5', 'false', false,
    stamp, stamp
from set_up, (select distinct pipeline, dealstage from hubspot.deals where pipeline <> '' and dealstage <> '')
where not exists (from hubspot._stages as listed where listed.pipeline_id = pipeline and listed.id = dealstage)"""
_PIPELINES = """
insert into hubspot._pipelines
select pipeline_id, case pipeline_id when 'default' then 'Sales Pipeline' else 'Pipeline ' || pipeline_id end,
    row_number() over (order by pipeline_id <> 'default', pipeline_id) - 1, false, stamp, stamp
from (select distinct pipeline_id from hubspot._stages), set_up"""
_UNLISTED_OWNERS = """
insert into hubspot._owners
select id, 'owner' || id || '@imported.example', 'Imported', 'Owner ' || id, id, 'PERSON', false, stamp, stamp, '[]'
from ({named}), set_up where id is not null and id not in (select id from hubspot._owners) order by id"""


def _count(connection: duckdb.DuckDBPyConnection, insert: str) -> int:
    written = connection.execute(insert).fetchone()
    return int(written[0]) if written else 0


def _stages(place: Place, record: Record) -> list[Record]:
    stages = record.get("stages")
    if not isinstance(stages, list) or not all(isinstance(stage, dict) for stage in stages):
        raise place.refusal(": it has no list of stages. Export the pipelines of deals as the v3 API answers them.")
    return stages


def _entry(place: Place, record: Record) -> Record:
    for name in ("id", "label"):
        if not record.get(name):
            raise place.refusal(f": it or one of its stages has no {name}. Every pipeline and stage needs one.")
    order = str(record.get("displayOrder") or 0)
    if not order.removeprefix("-").isdecimal():
        raise place.refusal(f", displayOrder: {order!r} is not a whole number.")
    return {
        "id": str(record["id"]),
        "label": str(record["label"]),
        "display_order": int(order),
        "archived": record.get("archived") is True,
        "created_at": moment(place, record, _TIMES),
        "updated_at": moment(place, record, _TIMES[::-1]),
    }


def _stage(place: Place, pipeline: Record, stage: Record) -> Record:
    metadata = part(place, stage, "metadata")
    probability, is_closed = metadata.get("probability"), metadata.get("isClosed")
    if probability is not None and not is_number(str(probability)):
        raise place.refusal(f", stage {stage.get('id')}: probability {probability!r} is not a number from 0 to 1.")
    return _entry(place, stage) | {
        "pipeline_id": str(pipeline["id"]),
        "probability": None if probability is None else str(probability),
        "is_closed": None if is_closed is None else str(is_closed).lower(),
    }


def _owner(place: Place, record: Record) -> Record:
    if not record.get("id"):
        raise place.refusal(": there is no id. Every owner needs one.")
    user = record.get("userId")
    return {
        "id": str(record["id"]),
        "email": record.get("email"),
        "first_name": record.get("firstName"),
        "last_name": record.get("lastName"),
        "user_id": None if user is None else str(user),
        "type": record.get("type") or "PERSON",
        "archived": record.get("archived") is True,
        "created_at": moment(place, record, _TIMES),
        "updated_at": moment(place, record, _TIMES[::-1]),
        "teams": json.dumps(record.get("teams") or []),
    }
