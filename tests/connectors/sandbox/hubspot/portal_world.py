"""A HubSpot portal small enough to check by eye: a few records of each type, with one of every oddity."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self, cast

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, hubspot_properties

CLOCK = datetime(2026, 3, 17, 2, 0, tzinfo=UTC)
LIVE_DEALS = 230
FIRST_DEAL = 9_000_000_001
ARCHIVED_DEAL = "9000000901"
MERGED_AWAY = "9000000902"
MERGED_TWICE = "9000000903"  # merged into MERGED_AWAY, which was merged into the first deal

_METADATA = """
    CREATE TABLE hubspot._property_history (object_type VARCHAR, object_id VARCHAR, property VARCHAR, value VARCHAR,
        timestamp TIMESTAMP, source_type VARCHAR, source_id VARCHAR, updated_by_user_id VARCHAR);
    CREATE TABLE hubspot._associations (from_type VARCHAR, from_id VARCHAR, to_type VARCHAR, to_id VARCHAR,
        category VARCHAR, type_id INTEGER, label VARCHAR);
    CREATE TABLE hubspot._pipelines (id VARCHAR, label VARCHAR, display_order INTEGER, archived BOOLEAN,
        created_at TIMESTAMP, updated_at TIMESTAMP);
    CREATE TABLE hubspot._stages (pipeline_id VARCHAR, id VARCHAR, label VARCHAR, display_order INTEGER,
        probability VARCHAR, is_closed VARCHAR, archived BOOLEAN, created_at TIMESTAMP, updated_at TIMESTAMP);
    CREATE TABLE hubspot._owners (id VARCHAR, email VARCHAR, first_name VARCHAR, last_name VARCHAR, user_id VARCHAR,
        type VARCHAR, archived BOOLEAN, created_at TIMESTAMP, updated_at TIMESTAMP, teams JSON);
    CREATE TABLE state.world (clock TIMESTAMP, portal_id BIGINT);
    INSERT INTO state.world VALUES (TIMESTAMP '2026-03-17 02:00:00', 424242);

    INSERT INTO hubspot._pipelines VALUES
        ('default', 'Sales Pipeline', 0, FALSE, '2024-01-01', '2024-01-01'),
        ('71200001', 'Partner Pipeline', 1, FALSE, '2024-02-01', '2025-05-05'),
        ('71200009', 'Old Pipeline', 2, TRUE, '2023-01-01', '2024-06-01');
    INSERT INTO hubspot._stages VALUES
        ('default', 'appointmentscheduled', 'Appointment Scheduled', 0, '0.1', 'false', FALSE, '2024-01-01',
            '2024-01-01'),
        ('default', 'closedwon', 'Closed Won', 1, '1.0', 'true', FALSE, '2024-01-01', '2024-01-01'),
        ('71200001', '71200011', 'Partner Intro', 0, '0.1', 'false', FALSE, '2024-02-01', '2025-05-05'),
        ('71200001', '71200019', 'Dropped', 1, '0.2', 'false', TRUE, '2024-02-01', '2025-05-05');
    INSERT INTO hubspot._owners VALUES
        ('501', 'ada@sandbox.invalid', 'Ada', 'Ash', '7001', 'PERSON', FALSE, '2024-01-01', '2024-01-02',
            '[{"id": "31", "name": "East", "primary": true}]'),
        ('502', 'bo@sandbox.invalid', 'Bo', 'Birch', '7002', 'PERSON', FALSE, '2024-01-01', '2024-01-02', '[]'),
        ('503', 'gone@sandbox.invalid', 'Cy', 'Cedar', '7003', 'PERSON', TRUE, '2024-01-01', '2025-01-02', NULL);
"""

_DEAL_VALUES = {
    "hs_object_id": "id",
    "dealname": "'Deal ' || n || CASE n WHEN 7 THEN ' \"quoted\" \\ ü' ELSE '' END",
    "dealstage": "CASE WHEN n % 2 = 0 THEN 'closedwon' ELSE 'appointmentscheduled' END",
    "pipeline": "'default'",
    "amount": "CASE n % 10 WHEN 0 THEN NULL ELSE (n * 100) || '.50' END",
    "closedate": "strftime(created_at + INTERVAL 90 DAY, '%Y-%m-%dT%H:%M:%SZ')",
    "createdate": "strftime(created_at, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "hs_lastmodifieddate": "strftime(updated_at, '%Y-%m-%dT%H:%M:%S.%gZ')",
    "hubspot_owner_id": "(501 + n % 2)::VARCHAR",
    "hs_is_closed": "(n % 2 = 0)::VARCHAR",
    "competitor": "CASE n WHEN 3 THEN 'Acme Rival' WHEN 4 THEN 'Northwind' END",
}


class PortalWorld:
    """A world that only holds what the HubSpot wire reads; a tick touches the first deal."""

    def __init__(self, path: Path | None = None, *, live_deals: int = LIVE_DEALS) -> None:
        """In memory unless `path` is given."""
        self._connection = duckdb.connect(":memory:" if path is None else str(path))
        self._clock = CLOCK
        self.statements = 0
        _fill(self._connection, live_deals)

    @property
    def clock(self) -> datetime:
        """The virtual present."""
        return self._clock

    def tick(self, days: int = 1) -> dict[str, int]:
        """The first deal is edited an hour into the new day."""
        touched = self._clock + timedelta(hours=1)
        self._clock += timedelta(days=days)
        self._connection.execute(
            "UPDATE hubspot.deals SET updated_at = $at, dealname = 'Edited',"
            " hs_lastmodifieddate = strftime($at::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%gZ') WHERE id = $id",
            {"at": touched.replace(tzinfo=None), "id": str(FIRST_DEAL)},
        )
        return {"deals": 1}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor that counts what it is asked in `statements`."""
        return cast(duckdb.DuckDBPyConnection, _CountingCursor(self, self._connection.cursor()))

    def close(self) -> None:
        """Close the database."""
        self._connection.close()


class _CountingCursor:
    def __init__(self, world: PortalWorld, cursor: duckdb.DuckDBPyConnection) -> None:
        self._world = world
        self._cursor = cursor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def execute(self, query: str, parameters: object = None) -> duckdb.DuckDBPyConnection:
        self._world.statements += 1
        return self._cursor.execute(query, parameters)

    def close(self) -> None:
        self._cursor.close()


def _fill(connection: duckdb.DuckDBPyConnection, live_deals: int) -> None:
    connection.execute("CREATE SCHEMA hubspot; CREATE SCHEMA state")
    connection.execute(_METADATA)
    for kind in HUBSPOT:
        columns = ", ".join(f'"{prop.name}" VARCHAR' for prop in hubspot_properties(kind))
        connection.execute(
            f"CREATE TABLE hubspot.{kind} (id VARCHAR, created_at TIMESTAMP, updated_at TIMESTAMP, archived BOOLEAN,"
            f" archived_at TIMESTAMP, merged_into VARCHAR, {columns})"
        )
    names = ", ".join(f'"{name}"' for name in _DEAL_VALUES)
    values = ", ".join(_DEAL_VALUES.values())
    # record n was created on day n and edited n seconds after the last midnight but one
    connection.execute(
        f"""
        INSERT INTO hubspot.deals (id, created_at, updated_at, archived, archived_at, merged_into, {names})
        SELECT record.*, {values} FROM (
            SELECT (9000000000 + n)::VARCHAR AS id, TIMESTAMP '2025-01-01' + to_days((n % 400)::INTEGER) AS created_at,
                TIMESTAMP '2026-03-15' + to_seconds(n) AS updated_at, n = 901 AS archived,
                CASE n WHEN 901 THEN TIMESTAMP '2026-03-10 12:00:00.250' END AS archived_at,
                CASE n WHEN 902 THEN '{FIRST_DEAL}' WHEN 903 THEN '{MERGED_AWAY}' END AS merged_into
            FROM (SELECT unnest(range(1, {live_deals + 1}) || [901, 902, 903]) AS n) numbers
        ) record, LATERAL (SELECT record.id::BIGINT - 9000000000 AS n) numbered"""
    )
    connection.execute(f"""
        INSERT INTO hubspot._property_history VALUES
            ('deals', '{FIRST_DEAL}', 'dealstage', 'qualifiedtobuy', '2025-01-02 00:00:00.001', 'CRM_UI',
                'userId:7001', '7001'),
            ('deals', '{FIRST_DEAL}', 'dealstage', 'appointmentscheduled', '2025-02-02', 'INTEGRATION', NULL, NULL),
            ('deals', '{FIRST_DEAL}', 'amount', '', '2025-01-02', 'CRM_UI', 'say "hi"', '7002');
        INSERT INTO hubspot.contacts (id, created_at, updated_at, archived, hs_object_id, email, firstname)
        SELECT (100 + n)::VARCHAR, '2025-01-01', '2025-01-02', FALSE, (100 + n)::VARCHAR,
            'c' || n || '@sandbox.invalid', 'C' || n
        FROM range(1, 1301) contact(n);
        INSERT INTO hubspot._associations
        SELECT 'deals', '{FIRST_DEAL}', 'contacts', id, 'HUBSPOT_DEFINED', 3, NULL FROM hubspot.contacts;
        INSERT INTO hubspot._associations VALUES
            ('deals', '{FIRST_DEAL}', 'companies', '77', 'HUBSPOT_DEFINED', 5, 'Primary'),
            ('deals', '{FIRST_DEAL}', 'companies', '77', 'HUBSPOT_DEFINED', 341, NULL),
            ('deals', '{FIRST_DEAL + 1}', 'contacts', '101', 'USER_DEFINED', 36, 'Decision maker');
    """)
