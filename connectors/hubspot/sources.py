"""Answers as SQL: what DuckDB reads from pages of each kind, and which record a row is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from connectors.hubspot.objects import HISTORY_COLUMNS
from connectors.hubspot.properties import PropertySet
from connectors.hubspot.values import typed_columns, unfit_column
from connectors.landing import RecordRule, Window
from connectors.schema import UNFIT_VALUES, TableSchema, json_source, literal, quote

RECORD = RecordRule("id", "updated_at")
HISTORY = RecordRule(
    # a value may come twice with one stamp from two sources, and HubSpot gives a change no id
    "deal_id || '/' || property || '/' || epoch_ms(\"timestamp\") || '/' || left(md5(concat_ws('|', "
    "coalesce(source_type, ''), coalesce(source_id, ''), coalesce(value, ''))), 8)",
    '"timestamp"',
)
LINK = RecordRule("deal_id || '/' || to_object_type || '/' || to_object_id || '/' || category || '/' || type_id")
# an archived record may carry a later stamp than its archiving, and a tombstone must not be older than its record
PATCH = LISTED = RecordRule("id")
GONE = RecordRule(
    "id", "greatest(gone_at, updated_at)", is_deleted="true", deleted_at="gone_at", merged_into="merged_into"
)

STAMPS = {"createdAt": "TIMESTAMP", "updatedAt": "TIMESTAMP", "archived": "BOOLEAN", "archivedAt": "TIMESTAMP"}
_CHANGE = "STRUCT(value VARCHAR, timestamp TIMESTAMPTZ, sourceType VARCHAR, sourceId VARCHAR, updatedByUserId VARCHAR)"

_LINK_TYPE = "STRUCT(category VARCHAR, typeId INTEGER, label VARCHAR)"


def records_source(
    files: Sequence[Path], properties: PropertySet, *, without: Collection[str] = (), lenient: bool = False
) -> str:
    """Records with the columns of `properties`, each id once, those in `without` not at all.

    `lenient` turns values that do not fit their property's type into null, and tells them in `unfit_values`, instead of
    failing.
    """
    asked = ", ".join(f"{quote(name)} VARCHAR" for name in properties.asked)
    pages = json_source(files, {"id": "VARCHAR", **STAMPS, "properties": f"STRUCT({asked})"}, records="results")
    left_out = f"where id not in ({_texts(without)}) " if without else ""
    return (
        '(select id, "createdAt" as created_at, "updatedAt" as updated_at, coalesce(archived, false) as archived, '
        f'"archivedAt" as archived_at, {unfit_column(properties) if lenient else f"null as {UNFIT_VALUES}"}, '
        f"{typed_columns(properties, lenient=lenient)} from {pages} {left_out}"
        "qualify row_number() over (partition by id) = 1)"
    )


def history_source(files: Sequence[Path]) -> str:
    """Every change of every property in pages of records with history."""
    pages = json_source(
        files, {"id": "VARCHAR", "propertiesWithHistory": f"MAP(VARCHAR, {_CHANGE}[])"}, records="results"
    )
    return (
        "(select id as deal_id, property, nullif(change.value, '') as value, "
        'cast(change."timestamp" as timestamp) as "timestamp", change."sourceType" as source_type, '
        'change."sourceId" as source_id, change."updatedByUserId" as updated_by_user_id from '
        "(select id, entry.key as property, unnest(entry.value) as change from "
        f'(select id, unnest(map_entries("propertiesWithHistory")) as entry from {pages})))'
    )


def kept_history_source(files: Sequence[Path]) -> str:
    """The same from the Parquet files that an earlier lane of this run left."""
    names = ", ".join(quote(name) for name in HISTORY_COLUMNS)
    return f"(select {names} from read_parquet([{_texts(map(str, files))}]))"


def deal_and_type(deal_id: str, kind: str) -> str:
    """The value of that column, by which links that are no longer listed are found."""
    return f"{deal_id}/{kind}"


def links_source(pages: Sequence[tuple[str, Path]]) -> str:
    """Links of deals from association pages, each given with the type of record it links to."""
    kinds = list(dict.fromkeys(kind for kind, _ in pages))
    selects = [_links_to(kind, [file for name, file in pages if name == kind]) for kind in kinds]
    # one answer may repeat a link whose page was cut while it changed
    return f"(select distinct * from ({' union all '.join(selects)}))"


def splits_source(files: Sequence[Path]) -> str:
    """Splits of deals from pages that list them by deal."""
    split = (
        "STRUCT(id VARCHAR, properties MAP(VARCHAR, VARCHAR), "
        '"createdAt" TIMESTAMPTZ, "updatedAt" TIMESTAMPTZ, archived BOOLEAN)[]'
    )
    pages = json_source(files, {"id": "VARCHAR", "splits": split}, records="results")
    return (
        "(select split.id as id, deal_id, split.properties['hubspot_owner_id'] as owner_id, "
        "cast(split.properties['hs_deal_split_percentage'] as decimal(18, 8)) as percentage, "
        'cast(split."createdAt" as timestamp) as created_at, cast(split."updatedAt" as timestamp) as updated_at, '
        "cast(to_json(split.properties) as varchar) as properties "
        f"from (select id as deal_id, unnest(splits) as split from {pages}) where not coalesce(split.archived, false))"
    )


def archived_source(files: Sequence[Path], window: Window) -> str:
    """Ids of archived records with the time of their archiving, those archived in `window`."""
    pages = json_source(
        files, {"id": "VARCHAR", "updatedAt": "TIMESTAMP", "archivedAt": "TIMESTAMP"}, records="results"
    )
    lo = f"and gone_at >= timestamptz {literal(window.lo.isoformat())} " if window.lo else ""
    return (
        "(select id, gone_at, updated_at, null as merged_into from (select id, "
        f'coalesce("archivedAt", "updatedAt") as gone_at, "updatedAt" as updated_at from {pages}) '
        f"where gone_at < timestamptz {literal(window.hi.isoformat())} {lo})"
    )


def merged_source(files: Sequence[Path]) -> str:
    """Ids that were merged into the records of these pages, with the time of the latter's last change."""
    pages = json_source(
        files,
        {"id": "VARCHAR", "updatedAt": "TIMESTAMP", "properties": "STRUCT(hs_merged_object_ids VARCHAR)"},
        records="results",
    )
    return (
        "(select trim(loser) as id, gone_at, gone_at as updated_at, merged_into from "
        '(select id as merged_into, "updatedAt" as gone_at, '
        f"unnest(string_split(properties.hs_merged_object_ids, ';')) as loser from {pages}) "
        "where trim(loser) not in ('', merged_into))"
    )


def gone_source(moment: datetime, ids: Mapping[str, str | None]) -> str:
    """These ids as gone at `moment`, each with the record that it was merged into, if it was."""
    rows = ", ".join(f"({literal(key)}, {literal(winner)})" for key, winner in ids.items())
    stamp = f"cast(timestamptz {literal(moment.isoformat())} as timestamp)"
    gone = f"(values {rows}) as gone(id, merged_into)"
    return f"(select id, {stamp} as gone_at, {stamp} as updated_at, merged_into from {gone})"


def ids_source(ids: Iterable[str]) -> str:
    """These ids."""
    return f"(select unnest([{_texts(ids)}]) as id)"


def patch_schema(properties: PropertySet) -> TableSchema:
    """The columns of `patch_source`."""
    return TableSchema.of({"id": "VARCHAR", UNFIT_VALUES: "VARCHAR", **properties.columns})


def patch_source(files: Sequence[Path], properties: PropertySet) -> str:
    """Ids and some properties of records, each once; what does not fit its type stands in `unfit_values`."""
    asked = ", ".join(f"{quote(name)} VARCHAR" for name in properties.asked)
    pages = json_source(files, {"id": "VARCHAR", "properties": f"STRUCT({asked})"}, records="results")
    typed = typed_columns(properties, lenient=True)
    return (
        f"(select id, {unfit_column(properties)}, {typed} from {pages} qualify row_number() over (partition by id) = 1)"
    )


def _links_to(kind: str, files: Sequence[Path]) -> str:
    pages = json_source(
        files,
        {
            "from": "STRUCT(id VARCHAR)",
            "to": f"STRUCT(toObjectId VARCHAR, associationTypes {_LINK_TYPE}[])[]",
        },
        records="results",
    )
    return (
        f"select deal_id, deal_id || {literal('/' + kind)} as deal_and_type, {literal(kind)} as to_object_type, "
        'link."toObjectId" as to_object_id, '
        'type.category as category, type."typeId" as type_id, type.label as label from '
        '(select deal_id, link, unnest(link."associationTypes") as type from '
        f'(select "from".id as deal_id, unnest("to") as link from {pages}))'
    )


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(literal(text) for text in texts)
