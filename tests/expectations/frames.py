"""Small conformed tables, written by hand: two pipelines, two sound deals, and whatever a test adds.

The frame as it comes passes every rule; a test changes the one thing that its rule is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb

AS_OF_DAY = date(2026, 3, 17)

DEFINITIONS = (
    "create schema intermediate",
    """
    create table intermediate.int_stages_conformed (
        stage_key varchar, crm varchar, pipeline_id varchar, pipeline_label varchar, source_stage_id varchar,
        source_label varchar, stage_order integer, default_probability decimal(5, 4), forecast_category varchar,
        is_closed boolean, is_won boolean, is_lost boolean, is_active boolean, is_in_metadata boolean,
        deactivated_at timestamp, canonical_stage integer, canonical_stage_name varchar, exit_criteria varchar,
        sla_days integer, map_owner varchar, mapping_status varchar, open_opportunity_count bigint,
        open_amount decimal(18, 2), opportunity_count bigint, first_entered_at timestamp, last_entered_at timestamp
    )""",
    """
    create table intermediate.int_opportunities_conformed (
        opportunity_id varchar, opportunity_key varchar, crm varchar, source_id varchar, opportunity_name varchar,
        pipeline_id varchar, source_stage_id varchar, stage_key varchar, canonical_stage integer,
        amount decimal(18, 2), forecast_category varchar, close_date date, created_at timestamp, closed_at timestamp,
        source_close_at timestamp, is_closed boolean, is_won boolean, is_lost boolean, owner_id varchar,
        loss_reason_raw varchar, loss_class varchar, outcome_class varchar, is_deleted boolean
    )""",
    """
    create table intermediate.int_stage_visits (
        opportunity_id varchar, crm varchar, pipeline_id varchar, visit_no integer, source_stage_id varchar,
        stage_key varchar, canonical_stage integer, from_source_stage_id varchar, from_canonical_stage integer,
        entered_at timestamp, exited_at timestamp, is_reentry boolean, skipped_stage_count integer,
        skipped_canonical_stages varchar
    )""",
)

# id, label, probability, canonical stage: the same ladder in both pipelines
LADDER = (
    ("new", "New", "0.1", 1),
    ("qualified", "Qualified", "0.2", 2),
    ("demo", "Demo", "0.5", 4),
    ("offer", "Offer", "0.7", 5),
    ("won", "Won", "1", 7),
    ("lost", "Lost", "0", 8),
)
PIPELINES = (("salesforce", "default"), ("hubspot", "partners"))


class Frame:
    """A DuckDB file with the three conformed tables that the rules read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = duckdb.connect(str(path))
        for statement in DEFINITIONS:
            self.change(statement)
        for crm, pipeline in PIPELINES:
            for order, (stage_id, label, probability, canonical) in enumerate(LADDER, start=1):
                self.add_stage(
                    stage_id, crm, pipeline, source_label=label, stage_order=order,
                    default_probability=Decimal(probability), canonical_stage=canonical,
                )  # fmt: skip
        self.add_deal("salesforce:open", path=("new", "qualified", "demo"))
        self.add_deal("hubspot:lost", path=("qualified", "lost"), loss_reason_raw="Price", loss_class="competitor")

    def add_stage(self, stage_id: str, crm: str = "salesforce", pipeline: str = "default", **changes: object) -> None:
        """A stage that is listed, active and mapped unless `changes` says otherwise."""
        canonical = changes.get("canonical_stage", 4)
        stage = {
            "stage_key": f"{crm}/{pipeline}/{stage_id}", "crm": crm, "pipeline_id": pipeline,
            "source_stage_id": stage_id, "source_label": stage_id.title(), "stage_order": 50,
            "default_probability": Decimal("0.5"), "is_closed": canonical in (7, 8), "is_won": canonical == 7,
            "forecast_category": {7: "closed", 8: "omitted"}.get(canonical, "pipeline"),  # type: ignore[call-overload]
            "is_active": True, "is_in_metadata": True, "canonical_stage": canonical, "opportunity_count": 0,
        }  # fmt: skip
        self._insert("int_stages_conformed", {**stage, **changes})

    def add_deal(
        self,
        opportunity_id: str,
        *,
        path: tuple[str, ...] = ("new",),
        skipped: Mapping[int, str] | None = None,
        **changes: object,
    ) -> None:
        """A live deal that was created on 2 January 2026 and entered one stage of `path` every ten days.

        `skipped` says which canonical stages a visit (counted from 1) passed over: `{2: "3,4"}`.
        """
        crm = opportunity_id.split(":")[0]
        pipeline = dict(PIPELINES)[crm]
        days = [datetime(2026, 1 + day // 30, 2 + day % 30 // 2) for day in range(0, 10 * len(path), 10)]  # noqa: DTZ001
        canonical = self.canonical_stages(crm)
        entries = enumerate(zip((None, *path), path, days, strict=False), start=1)
        for number, (from_stage, stage_id, entered_at) in entries:
            passed_over = (skipped or {}).get(number)
            self._insert(
                "int_stage_visits",
                {
                    "opportunity_id": opportunity_id, "crm": crm, "pipeline_id": pipeline, "visit_no": number,
                    "source_stage_id": stage_id, "stage_key": f"{crm}/{pipeline}/{stage_id}",
                    "canonical_stage": canonical.get(stage_id), "from_source_stage_id": from_stage,
                    "from_canonical_stage": canonical.get(from_stage), "entered_at": entered_at,
                    "skipped_stage_count": len(passed_over.split(",")) if passed_over else 0,
                    "skipped_canonical_stages": passed_over,
                },
            )  # fmt: skip
        last = canonical.get(path[-1])
        deal = {
            "opportunity_id": opportunity_id, "crm": crm, "pipeline_id": pipeline, "source_stage_id": path[-1],
            "stage_key": f"{crm}/{pipeline}/{path[-1]}", "canonical_stage": last, "amount": Decimal(1000),
            "created_at": days[0], "closed_at": days[-1] if last in (7, 8) else None, "close_date": date(2026, 6, 30),
            "is_closed": last in (7, 8), "is_won": last == 7, "is_lost": last == 8, "owner_id": "rep",
            "is_deleted": False,
        }  # fmt: skip
        self._insert("int_opportunities_conformed", {**deal, **changes})

    def canonical_stages(self, crm: str) -> dict[str | None, int | None]:
        rows = self.rows(
            "select source_stage_id, canonical_stage from intermediate.int_stages_conformed where crm = ?", crm
        )
        return dict(rows)  # type: ignore[arg-type]

    def change(self, statement: str) -> None:
        self._connection.execute(statement)

    def rows(self, query: str, *parameters: object) -> list[tuple[object, ...]]:
        return self._connection.execute(query, parameters).fetchall()

    def close(self) -> None:
        """Let other processes open the file; the frame cannot be changed or read after that."""
        self._connection.close()

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        columns, holes = ", ".join(row), ", ".join("?" for _ in row)
        self._connection.execute(f"insert into intermediate.{table} ({columns}) values ({holes})", list(row.values()))
