"""What a person asks for: forget these people, or treat what was landed before as the rules say now.

```
forget_people ─► erase load ─► log rewritten ─► raw tables
apply_rules   ─────────────► log rewritten ─► raw tables replayed
```

Both end with the warehouse file still holding old pages: `connectors.compaction` removes them, after dbt has built its
own tables anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import orjson

from connectors.engine import EngineSettings, open_warehouse
from connectors.errors import ConfigurationError
from connectors.landing import LandingLog, LoadRequest, Manifest, RecordRule, Window
from connectors.landing.durable import sync_folder
from connectors.landing.erase import erase_from_log
from connectors.landing.withdraw import withdraw_columns
from connectors.raw import apply_loads, replay
from connectors.reading_rules import ReadingRules
from connectors.schema import TableSchema, literal
from connectors.secret import Secret

UNFINISHED = ".rewriting"  # in a connection's folder: the log is rewritten, the raw tables may not be replayed yet
ID = "id"  # in any case it is kept, and both CRMs call it so


@dataclass(frozen=True)
class Forgotten:
    """What was done: the loads whose parts were rewritten, and `load_id` of the erasure, if there was one."""

    rewritten: tuple[str, ...]
    load_id: str = ""
    records: int = 0
    """Records that are blank now in the raw table."""


@dataclass(frozen=True)
class Rewriting:
    """What rules would change of what was landed: by object, the columns and their treatment."""

    columns: Mapping[str, Mapping[str, Literal["block", "hash"]]] = field(default_factory=dict)


def forget_people(
    log: LandingLog,
    warehouse: Path,
    crm: str,
    object_name: str,
    ids: Sequence[str],
    *,
    engine: EngineSettings | None = None,
) -> Forgotten:
    """Blank these records of `object_name` in the log and in the raw table, and whoever was merged into them.

    For what no connector can see: a person deleted in Salesforce, or in HubSpot after having been archived. Delete
    the person in the CRM first: what is still there is read again when it changes. Repeating it changes nothing.

    Raises:
        BusyError: another run has the connection, or somebody keeps the warehouse file open.
        ConfigurationError: nothing was ever landed of the object, or no id is given.
    """
    if not ids:
        raise ConfigurationError(f"No record of {object_name} is named. Give at least one id.")
    with log.lease(crm) as lease:
        newest = _newest_rows(log, crm, object_name)
        load = log.open_load(_erasure(newest, object_name), lease)
        if load.parts:
            load.restart()
        listed = literal(orjson.dumps(list(ids)).decode())
        source = f"(select unnest(from_json({listed}, '[\"VARCHAR\"]')) as {ID})"
        load.land(source, RecordRule(ID, is_deleted="true"))
        manifest = load.commit(expected_rows=len(ids))
        rewritten = erase_from_log(log, lease, manifest)
        with open_warehouse(warehouse, engine) as connection:
            applied = apply_loads(connection, log, crm)
    records = sum(one.counts.tombstoned for one in applied if one.load_id == manifest.load_id)
    return Forgotten(rewritten, manifest.load_id, records)


def find_rewriting(log: LandingLog, crm: str, rules: ReadingRules) -> Rewriting:
    """What was landed in clear text that the rules block, deny or hash today; nothing is changed."""
    found: dict[str, dict[str, Literal["block", "hash"]]] = {}
    for manifest in log.manifests(crm):
        request = manifest.request
        if request.lane not in ("rows", "calculated", "backfill"):
            continue
        for name in request.schema.names:
            treatment = rules.treatment(crm, request.object_name, name)
            if not rules.allows_column(crm, request.object_name, name):
                treatment = "block"
            if treatment == "keep" or name in request.withheld or (treatment == "hash" and name in request.hashed):
                continue
            found.setdefault(request.object_name, {})[name] = treatment
    return Rewriting(found)


def apply_rules(
    log: LandingLog,
    warehouse: Path,
    crm: str,
    rules: ReadingRules,
    *,
    key: Secret | None = None,
    engine: EngineSettings | None = None,
) -> Forgotten:
    """Treat everything that was landed before as `rules` say now, and replay the raw tables.

    Only towards less: what was blocked or hashed can be had back only by reading the CRM again. A run that dies is
    finished by the next call.

    Raises:
        BusyError: another run has the connection, or somebody keeps the warehouse file open.
        ConfigurationError: a hash without a key, or of a column that is not text; that object was not changed.
        DamagedLogError: a file of the log cannot be read.
    """
    rewritten: list[str] = []
    with log.lease(crm) as lease, open_warehouse(warehouse, engine) as connection:
        columns = find_rewriting(log, crm, rules).columns
        unfinished = log.path(crm, UNFINISHED)
        if columns or unfinished.exists():
            unfinished.touch()
            sync_folder(unfinished.parent)
            for object_name, treatments in columns.items():
                rewritten += withdraw_columns(log, lease, object_name, treatments, key)
            replay(connection, log, crm)
            unfinished.unlink()
    return Forgotten(tuple(rewritten))


def _newest_rows(log: LandingLog, crm: str, object_name: str) -> Manifest:
    newest = log.latest(crm, object_name, "rows")
    if newest is None:
        raise ConfigurationError(f"{crm} has no rows of {object_name} in the landing log. Check the object's name.")
    return newest


def _erasure(newest: Manifest, object_name: str) -> LoadRequest:
    request = newest.request
    return LoadRequest(
        connection=request.connection,
        object_name=object_name,
        lane="erasures",
        window=Window(None, request.window.hi),
        schema=TableSchema.of({ID: "VARCHAR"}),
        mode="erase",
        raw_table=request.raw_table,
        identity=request.identity,
        moves_watermark=False,
    )
