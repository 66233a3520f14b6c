"""Stage-definition findings: every rule judged once per night, each as an asset check with its evidence."""

from collections.abc import Iterator

import dagster as dg

import expectations
from dagster_project.as_of import AsOf, resolve_as_of
from dagster_project.findings import SHOWN_PER_CHECK, OpenFinding, read_open_findings
from dagster_project.pools import WAREHOUSE_POOL
from dagster_project.resources import WarehouseFile
from dagster_project.settings import read_time_zone

FINDINGS = dg.AssetKey(["quality", "stage_definition_findings"])
QUALITY_TABLES = {
    "stage_definition_findings": "One row per finding ever seen: rule, severity, evidence, first and last seen.",
    "finding_opportunities": "One row per open error finding and opportunity it touches.",
    "check_runs": "One row per rule and night: rows judged, findings, and whether the rule itself worked.",
}
# the conformed tables that the rules read, such as `intermediate.int_stages_conformed`; dbt's keys are the same
JUDGED = [dg.AssetKey(table.split(".")) for table in sorted({rule.table for rule in expectations.rules()})]


@dg.multi_asset(
    name="stage_definition_findings",
    specs=[
        dg.AssetSpec(
            key=["quality", table],
            deps=JUDGED,
            description=description,
            group_name="quality",
            owners=["team:sales-operations"],
            kinds={"duckdb", "greatexpectations"},
        )
        for table, description in QUALITY_TABLES.items()
    ],
    check_specs=[
        dg.AssetCheckSpec(
            name=rule.name,
            asset=FINDINGS,
            description=f"{rule.id}: {rule.description}",
            metadata={"check_id": rule.id, "owner": rule.owner, "runbook": f"docs/stage-definitions.md#{rule.runbook}"},
        )
        for rule in expectations.rules()
    ],
    pool=WAREHOUSE_POOL,
)
def stage_definition_findings(config: AsOf, warehouse: WarehouseFile) -> Iterator[object]:
    """Judge the conformed tables and keep what was found, with the day it was first seen."""
    with warehouse.writing():
        as_of = resolve_as_of(config, warehouse.path)
        results = expectations.evaluate(warehouse.path, as_of, time_zone=read_time_zone())
    rows = warehouse.row_counts("quality")
    for table in QUALITY_TABLES:
        yield dg.MaterializeResult(asset_key=["quality", table], metadata={"dagster/row_count": rows[table]})
    findings = read_open_findings(warehouse.path)
    for result in results:
        yield _check_result(result, findings.get(result.check_id, []))


def _check_result(result: expectations.CheckResult, findings: list[OpenFinding]) -> dg.AssetCheckResult:
    is_error = result.severity is expectations.Severity.ERROR
    metadata: dict[str, dg.MetadataValue | int | float | str] = {
        "findings": result.finding_count,
        "new findings": result.tally.new_count,
        "rows judged": result.evaluated_rows,
        "opportunities": result.tally.opportunity_count,
        "open amount": float(result.tally.open_amount),
        "severity": result.severity.value,
        "what to do": result.rule.action,
    }
    if findings:
        metadata["evidence"] = _evidence(findings)
        metadata["sample sql"] = dg.MetadataValue.md(f"```sql\n{findings[0].sample_sql}\n```")
    return dg.AssetCheckResult(
        asset_key=FINDINGS,
        check_name=result.rule.name,
        passed=result.passed,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _evidence(findings: list[OpenFinding]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "entity": finding.entity_id,
                    "observed": finding.observed,
                    "expected": finding.expected,
                    "opportunities": finding.opportunity_count,
                    "open amount": float(finding.open_amount),
                    "first seen": finding.first_seen_at,
                }
            )
            for finding in findings[:SHOWN_PER_CHECK]
        ]
    )
