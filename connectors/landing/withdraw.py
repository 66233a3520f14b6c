"""A rule that came later: a column that was landed in clear text is hashed or blanked in the whole log."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from connectors.engine import EngineSettings, open_memory
from connectors.errors import ConfigurationError
from connectors.hashing import HASH_TYPE, check_key, hashed_column_sql, set_hash_key
from connectors.landing.lease import Lease
from connectors.landing.log import LandingLog
from connectors.landing.manifest import LoadRequest
from connectors.landing.rewrite import Change, clean_open_loads, rewrite_load, sweep
from connectors.schema import PART_META_COLUMNS, UNFIT_VALUES, quote, unfit_without
from connectors.secret import Secret

REWRITTEN_BY = "reading rules"

_META = tuple(name for name, _ in PART_META_COLUMNS if name != "_content_hash")


def withdraw_columns(
    log: LandingLog,
    lease: Lease,
    object_name: str,
    treatments: Mapping[str, Literal["block", "hash"]],
    key: Secret | None = None,
) -> tuple[str, ...]:
    """Treat columns of what was landed of `object_name` as the rules say now; the ids of the loads rewritten.

    Raw tables keep the old values until they are replayed. Repeating it changes nothing: a load knows which of its
    columns are hashed or blocked. Open loads of the object are discarded, to be read anew. There is no way back but
    to read the CRM again.

    Raises:
        ConfigurationError: a hash without a key, or of a column that is not text; nothing was changed.
    """
    loads = log.manifests(lease.connection, object_name)
    changed = [(load, _treated(load.request, treatments)) for load in loads]
    used_key = check_key(key) if "hash" in treatments.values() else None
    rewritten = []
    engine = open_memory(EngineSettings())
    try:
        if used_key is not None:
            set_hash_key(engine, used_key)
        clean_open_loads(log, lease, engine, object_name, held="true")
        for load, request in changed:
            sweep(log, load)
            if request != load.request:
                change = _change(load.request, request, used_key)
                rewrite_load(log, lease, engine, load, change, request=request, rewritten_by=REWRITTEN_BY)
                rewritten.append(load.load_id)
    finally:
        engine.close()
    return tuple(rewritten)


def _treated(request: LoadRequest, treatments: Mapping[str, Literal["block", "hash"]]) -> LoadRequest:
    """The request as if the rules had been there when it was made; equal to `request` if they were."""
    wanted = {column.lower(): treatment for column, treatment in treatments.items()}
    withheld, hashed = dict(request.withheld), set(request.hashed)
    for column in request.schema.columns:
        treatment = wanted.get(column.name.lower())
        if treatment == "block" and column.name not in withheld:
            withheld[column.name] = "blocked"
            hashed.discard(column.name)
        elif treatment == "hash" and column.name not in withheld:
            if column.duckdb_type != HASH_TYPE:
                raise ConfigurationError(
                    f"{request.object_name}.{column.name} is {column.duckdb_type}, and only text can be hashed. "
                    "Block the column instead."
                )
            hashed.add(column.name)
    return replace(request, withheld=withheld, hashed=frozenset(hashed))


def _change(old: LoadRequest, new: LoadRequest, key: Secret | None) -> Change:
    values = {quote(name): "null" for name in old.schema.names if name in new.withheld and name not in old.withheld}
    for name in new.hashed - old.hashed:
        if key is not None:
            values[quote(name)] = hashed_column_sql(name, quote(name), key)
    if UNFIT_VALUES in old.schema.names and values:
        names = [name for name in old.schema.names if quote(name) in values]
        values[quote(UNFIT_VALUES)] = unfit_without(quote(UNFIT_VALUES), names)
    # the old hash was made of the old values, and could be guessed
    content = [values.get(quote(name), quote(name)) for name in old.schema.names] + list(_META)
    joined = ", chr(31), ".join(f"coalesce(cast({expression} as varchar), chr(0))" for expression in content)
    types = {quote(column.name): column.duckdb_type for column in old.schema.columns}
    typed = {name: f"cast({expression} as {types[name]})" for name, expression in values.items()}
    return Change({**typed, "_content_hash": f"md5(concat({joined}))"})
