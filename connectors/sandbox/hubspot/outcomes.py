"""What follows from a deal's stage: HubSpot's calculated properties, and the deal's line in the truth."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import duckdb

from connectors.sandbox.hubspot.object_types import ObjectType
from connectors.sandbox.world.names import HUBSPOT_LOSS_REASONS

_CLASS_NAMES = {2: "lost_competitor", 3: "no_decision", 4: "lost_other"}


def derive_from_stage(
    cursor: duckdb.DuckDBPyConnection, kind: ObjectType, key: str, values: Mapping[str, str | None]
) -> dict[str, str | None]:
    """`values` with the probability, flags and forecast amount of a new stage or amount, unless they are given."""
    if kind.plural != "deals" or not {"dealstage", "amount"} & set(values):
        return dict(values)
    row = cursor.execute("SELECT dealstage, amount FROM hubspot.deals WHERE id = ?", [key]).fetchone()
    stage = values.get("dealstage", row[0] if row else None)
    amount = values.get("amount", row[1] if row else None)
    found = cursor.execute("SELECT probability, is_closed FROM hubspot._stages WHERE id = ?", [stage]).fetchone()
    if found is None:
        return dict(values)
    probability, is_closed = Decimal(found[0]), found[1] == "true"
    derived: dict[str, str | None] = {"hs_forecast_amount": _weighted(amount, probability)}
    if "dealstage" in values:
        derived |= {
            "hs_deal_stage_probability": found[0],
            "hs_is_closed": str(is_closed).lower(),
            "hs_is_closed_won": str(is_closed and probability == 1).lower(),
            "hs_is_closed_lost": str(is_closed and probability < 1).lower(),
        }
    return {**derived, **values}


def write_deal_truth(cursor: duckdb.DuckDBPyConnection, key: str) -> None:
    """Bring a deal's line in truth.opportunities to what the record says now; a new deal gets one."""
    cases = " ".join(
        f"WHEN '{reason.replace(chr(39), chr(39) * 2)}' THEN '{_CLASS_NAMES[number]}'"
        for reason, number in HUBSPOT_LOSS_REASONS
    )
    cursor.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE edited_truth AS
        SELECT 'hubspot' AS crm, id,
            CASE WHEN hs_is_closed_won = 'true' THEN 'won' WHEN hs_is_closed_lost = 'true'
                THEN CASE closed_lost_reason {cases} ELSE 'lost_unknown' END ELSE 'open' END AS outcome_class,
            closed_lost_reason AS loss_reason, pipeline AS pipeline_id, dealstage AS stage_id,
            try_cast(amount AS DECIMAL(18, 2)) AS amount, try_cast(closedate AS TIMESTAMP)::DATE AS close_date,
            created_at, CASE WHEN hs_is_closed = 'true' THEN updated_at END AS closed_at,
            hubspot_owner_id AS owner_id, archived OR merged_into IS NOT NULL AS is_deleted,
            salesforce_opportunity_id AS crosswalk_id
        FROM hubspot.deals WHERE id = $id""",
        {"id": key},
    )
    cursor.execute("""
        UPDATE edited_truth SET closed_at = truth.closed_at FROM truth.opportunities AS truth
        WHERE truth.crm = 'hubspot' AND truth.id = edited_truth.id AND truth.closed_at IS NOT NULL
            AND truth.stage_id = edited_truth.stage_id""")
    cursor.execute("DELETE FROM truth.opportunities WHERE crm = 'hubspot' AND id = ?", [key])
    cursor.execute("INSERT INTO truth.opportunities BY NAME SELECT * FROM edited_truth")


def _weighted(amount: str | None, probability: Decimal) -> str | None:
    try:
        return None if amount is None else f"{Decimal(amount) * probability:.2f}".removesuffix(".00")
    except InvalidOperation:
        return None
