"""Definitions as SQL: what DuckDB reads from owners, pipelines, stages, their audits, and options of properties."""

from collections.abc import Sequence
from pathlib import Path

from connectors.hubspot.objects import OPTION_COLUMNS
from connectors.hubspot.sources import STAMPS
from connectors.landing import RecordRule
from connectors.schema import json_source, literal

_AUDIT_KEY = "epoch_ms(changed_at) || '/' || coalesce(action, '') || '/' || left(md5(coalesce(definition, '')), 8)"
AUDIT = RecordRule(f"pipeline_id || '/' || {_AUDIT_KEY}", "changed_at")
STAGE_AUDIT = RecordRule(f"pipeline_id || '/' || stage_id || '/' || {_AUDIT_KEY}", "changed_at")
CURRENCY = RecordRule("id", "created_at")
RATE = RecordRule("id", "updated_at")
OPTION = RecordRule("object || '/' || field || '/' || value")
OWNER = PIPELINE = RecordRule("id", "updated_at", "archived", "case when archived then updated_at end")
STAGE = RecordRule("pipeline_id || '/' || id", "updated_at", "archived", "case when archived then updated_at end")


def owners_source(files: Sequence[Path]) -> str:
    """Owners, active and archived."""
    named = {"firstName": "VARCHAR", "lastName": "VARCHAR", "userId": "VARCHAR", "userIdIncludingInactive": "VARCHAR"}
    pages = json_source(
        files,
        {"id": "VARCHAR", "email": "VARCHAR", "type": "VARCHAR", "teams": "JSON", **named, **STAMPS},
        records="results",
    )
    return (
        '(select id, email, "firstName" as first_name, "lastName" as last_name, '
        'coalesce("userId", "userIdIncludingInactive") as user_id, type, coalesce(archived, false) as archived, '
        f'"createdAt" as created_at, "updatedAt" as updated_at, cast(teams as varchar) as teams from {pages})'
    )


def pipelines_source(files: Sequence[Path]) -> str:
    """Pipelines of deals."""
    pages = json_source(
        files, {"id": "VARCHAR", "label": "VARCHAR", "displayOrder": "BIGINT", **STAMPS}, records="results"
    )
    return (
        '(select id, label, "displayOrder" as display_order, coalesce(archived, false) as archived, '
        f'"createdAt" as created_at, "updatedAt" as updated_at from {pages})'
    )


def stages_source(files: Sequence[Path]) -> str:
    """Stages of all pipelines."""
    stage = (
        "STRUCT(id VARCHAR, label VARCHAR, displayOrder BIGINT, createdAt TIMESTAMPTZ, updatedAt TIMESTAMPTZ, "
        "archived BOOLEAN, metadata STRUCT(probability VARCHAR, isClosed VARCHAR))"
    )
    pages = json_source(files, {"id": "VARCHAR", "stages": f"{stage}[]"}, records="results")
    return (
        '(select stage.id as id, pipeline_id, stage.label as label, stage."displayOrder" as display_order, '
        "try_cast(nullif(stage.metadata.probability, '') as decimal(5,4)) as probability, "
        "try_cast(nullif(stage.metadata.\"isClosed\", '') as boolean) as is_closed, "
        'coalesce(stage.archived, false) as archived, stage."createdAt" as created_at, '
        'stage."updatedAt" as updated_at from '
        f"(select id as pipeline_id, unnest(stages) as stage from {pages}))"
    )


def audit_source(pages: Sequence[tuple[str, Path]]) -> str:
    """What pipelines were at each change; pages are given with the pipeline."""
    return (
        "(select pipeline_id, definition->>'label' as label, "
        "try_cast(definition->>'displayOrder' as bigint) as display_order, "
        "coalesce(try_cast(definition->>'archived' as boolean), false) as archived, action, changed_at, changed_by, "
        f"cast(definition as varchar) as definition from {_audit_entries(pages)})"
    )


def stage_audit_source(pages: Sequence[tuple[str, Path]]) -> str:
    """What stages were at each change; pages are given with the pipeline that the stage belongs to."""
    return (
        "(select pipeline_id, stage_id, definition->>'label' as label, "
        "try_cast(definition->>'displayOrder' as bigint) as display_order, "
        "try_cast(nullif(definition->'metadata'->>'probability', '') as decimal(5,4)) as probability, "
        "try_cast(nullif(definition->'metadata'->>'isClosed', '') as boolean) as is_closed, "
        "coalesce(try_cast(definition->>'archived' as boolean), false) as archived, action, changed_at, changed_by, "
        f"cast(definition as varchar) as definition from {_audit_entries(pages)})"
    )


def _audit_entries(pages: Sequence[tuple[str, Path]]) -> str:
    selects = []
    for pipeline_id, path in pages:
        entries = json_source(
            [path],
            {
                "identifier": "VARCHAR",
                "action": "VARCHAR",
                "timestamp": "TIMESTAMP",
                "fromUserId": "VARCHAR",
                "rawObject": "JSON",
            },
            records="results",
        )
        selects.append(
            f"select {literal(pipeline_id)} as pipeline_id, identifier as stage_id, action, "
            f'"timestamp" as changed_at, "fromUserId" as changed_by, "rawObject" as definition from {entries}'
        )
    return f"({' union all '.join(selects)})"


def options_source(file: Path) -> str:
    """Options of properties."""
    return json_source([file], OPTION_COLUMNS, records=None)


def company_currency_source(files: Sequence[Path]) -> str:
    """The company currency, from files with a list of it."""
    listed = json_source(files, {"id": "VARCHAR", "createdAt": "TIMESTAMP"}, records=None)
    return f'(select id, "createdAt" as created_at from {listed})'


def rates_source(files: Sequence[Path]) -> str:
    """Exchange rates of all times."""
    pages = json_source(
        files,
        {
            "id": "VARCHAR",
            "fromCurrencyCode": "VARCHAR",
            "toCurrencyCode": "VARCHAR",
            "conversionRate": "VARCHAR",
            "effectiveAt": "TIMESTAMP",
            "visibleInUI": "BOOLEAN",
            "createdAt": "TIMESTAMP",
            "updatedAt": "TIMESTAMP",
        },
        records="results",
    )
    return (
        '(select id, "fromCurrencyCode" as from_currency_code, "toCurrencyCode" as to_currency_code, '
        # read as text: a number would come through a double
        'cast("conversionRate" as decimal(28, 12)) as conversion_rate, "effectiveAt" as effective_at, '
        '"visibleInUI" as visible_in_ui, "createdAt" as created_at, "updatedAt" as updated_at '
        f"from {pages})"
    )
