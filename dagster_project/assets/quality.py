"""Stage-definition findings: every rule judged once per night, each as an asset check with its evidence."""

from collections.abc import Iterator

import dagster as dg

import expectations
from dagster_project.as_of import AsOf, resolve_as_of
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.resources import WarehouseFile

FINDINGS = dg.AssetKey(["quality", "stage_definition_findings"])
_TABLES = {
    "stage_definition_findings": "One row per finding ever seen: rule, severity, evidence, first and last seen.",
    "finding_opportunities": "One row per open error finding and opportunity it touches.",
    "check_runs": "One row per rule and night: rows judged, findings, and whether the rule itself worked.",
}
_SEVERITIES = {
    "error": dg.AssetCheckSeverity.ERROR,
    "warning": dg.AssetCheckSeverity.WARN,
    "info": dg.AssetCheckSeverity.WARN,
}
# the conformed tables that the rules read; dbt's keys are schema and table
_JUDGED = [dg.AssetKey(["intermediate", table]) for table in sorted({rule.table for rule in expectations.rules()})]


@dg.multi_asset(
    name="stage_definition_findings",
    specs=[
        dg.AssetSpec(
            key=["quality", table],
            deps=_JUDGED,
            description=description,
            group_name="quality",
            owners=["team:sales-operations"],
            kinds={"duckdb", "greatexpectations"},
        )
        for table, description in _TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            name=rule.name,
            asset=FINDINGS,
            description=f"{rule.check_id}: {rule.description}",
            metadata={"check_id": rule.check_id, "runbook": rule.runbook},
        )
        for rule in expectations.rules()
    ],
    pool=WAREHOUSE_POOL,
)
def stage_definition_findings(config: AsOf, warehouse: WarehouseFile) -> Iterator[object]:
    """Judge the conformed tables and keep what was found, with the day it was first seen."""
    with warehouse.writing():
        results = expectations.evaluate(warehouse.path, resolve_as_of(config, warehouse.path))
    rows = expectations.table_counts(warehouse.path)
    for table in _TABLES:
        yield dg.MaterializeResult(asset_key=["quality", table], metadata={"dagster/row_count": rows[table]})
    for result in results:
        yield _check_result(result)


def _check_result(result: "expectations.CheckResult") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=FINDINGS,
        check_name=result.rule.name,
        passed=not result.findings,
        severity=_SEVERITIES[result.severity],
        description=result.summary,
        metadata={
            "findings": len(result.findings),
            "rows judged": result.evaluated_rows,
            "opportunities": result.opportunity_count,
            "open amount": float(result.open_amount),
            "what to do": result.rule.action,
            "evidence": dg.MetadataValue.md(result.evidence_markdown()),
            "sample sql": dg.MetadataValue.md(f"```sql\n{result.sample_sql}\n```"),
        },
    )
