"""A Salesforce org small enough to check by eye: 12 opportunities with one of every oddity, and 4,500 tasks to page."""

from datetime import UTC, datetime, timedelta

import duckdb

from connectors.sandbox.catalogue import SALESFORCE, salesforce_fields

CLOCK = datetime(2026, 3, 17, 2, 0, tzinfo=UTC)
OPPORTUNITIES = 12  # numbers 11 and 12 are in the recycle bin
TASKS = 4_500
PURGED = "006000000000099AAA"  # deleted for good: only the delete log knows it

# number n: id, oddity.  1 quotes and a backslash · 2 amount of ten million · 3 no amount, no account · 4 a line break
_OPPORTUNITY = {
    "Id": "'006' || lpad(n::VARCHAR, 12, '0') || 'AAA'",
    "IsDeleted": "n > 10",
    "AccountId": "CASE n WHEN 3 THEN NULL ELSE '001' || lpad((1 + n % 2)::VARCHAR, 12, '0') || 'AAA' END",
    "Name": """CASE n WHEN 1 THEN 'Say "hi", O''Brien \\ co' WHEN 4 THEN 'two' || chr(10) || 'lines'
        WHEN 5 THEN '50%_off' ELSE 'Deal ' || n END""",
    "Description": "'long text'",
    "StageName": "CASE WHEN n % 3 = 0 THEN 'Closed Won' WHEN n = 7 THEN NULL ELSE 'Prospecting' END",
    "Amount": "CASE n WHEN 2 THEN 12345678.9 WHEN 3 THEN NULL WHEN 4 THEN -20000000 ELSE n * 1000.5 END",
    "Probability": "n * 5",
    "CloseDate": "DATE '2026-03-10' + n::INTEGER",
    "IsClosed": "n % 3 = 0",
    "OwnerId": "'005000000000001AAA'",
    "CreatedDate": "TIMESTAMP '2026-01-01 08:00:00' + INTERVAL (n) DAY",
    "SystemModstamp": "TIMESTAMP '2026-03-01 10:00:00' + INTERVAL (n) DAY",
    "Competitor__c": "CASE n WHEN 6 THEN 'Acme' END",
}
_TASK = {
    "Id": "'00T' || lpad(n::VARCHAR, 12, '0') || 'EAA'",
    "IsDeleted": "FALSE",
    "Subject": "'Call ' || n",
    "ActivityDate": "DATE '2026-01-01'",
    "SystemModstamp": "TIMESTAMP '2026-02-01' + INTERVAL (n) SECOND",
}
_ROWS = """
    INSERT INTO salesforce."Organization" ("Id", "Name", "IsSandbox") VALUES ('00D000000000777EAA', 'Sandbox', TRUE);
    INSERT INTO salesforce."User" ("Id", "Name", "SystemModstamp")
        VALUES ('005000000000001AAA', 'Ada Ash', '2026-01-01');
    INSERT INTO salesforce."Account" ("Id", "IsDeleted", "Name", "AnnualRevenue") VALUES
        ('001000000000001AAA', FALSE, 'Alpha', 5600000000), ('001000000000002AAA', FALSE, 'Beta', NULL);
    INSERT INTO salesforce."OpportunityStage" ("Id", "MasterLabel", "IsActive", "SortOrder") VALUES
        ('01J000000000001EAA', 'Prospecting', TRUE, 1), ('01J000000000002EAA', 'Old stage', FALSE, 2);
    INSERT INTO salesforce."OpportunityFieldHistory" ("Id", "OpportunityId", "Field", "OldValue", "NewValue") VALUES
        ('017000000000001AAA', '006000000000001AAA', 'Amount', '1000.50', '2000.00'),
        ('017000000000002AAA', '006000000000001AAA', 'StageName', 'Prospecting', NULL);
    INSERT INTO salesforce._deleted VALUES
        ('Opportunity', '006000000000011AAA', '2026-03-12 10:00:00', FALSE),
        ('Opportunity', '006000000000012AAA', '2026-03-13 10:00:30', FALSE),
        ('Opportunity', '006000000000099AAA', '2026-03-14 10:00:00', TRUE),
        ('Opportunity', '006000000000098AAA', '2026-02-14 10:00:00', TRUE);
"""


class OrgWorld:
    """A world that holds what the Salesforce wire reads; a tick renames the first opportunity and drops the last."""

    def __init__(self) -> None:
        """In memory."""
        self._connection = duckdb.connect(":memory:")
        self._clock = CLOCK
        run = self._connection.execute
        run("CREATE SCHEMA salesforce; CREATE SCHEMA hubspot; CREATE SCHEMA truth")
        run("CREATE TABLE truth.findings (check_id VARCHAR); INSERT INTO truth.findings VALUES ('C01')")
        run("CREATE TABLE salesforce._deleted (object VARCHAR, id VARCHAR, deleted_at TIMESTAMP, is_hard BOOLEAN)")
        for name in SALESFORCE:
            columns = ", ".join(f'"{field.name}" {field.duckdb_type}' for field in salesforce_fields(name))
            run(f'CREATE TABLE salesforce."{name}" ({columns})')
        self._fill("Opportunity", _OPPORTUNITY, OPPORTUNITIES)
        self._fill("Task", _TASK, TASKS)
        run(_ROWS)

    @property
    def clock(self) -> datetime:
        """The virtual present."""
        return self._clock

    def tick(self, days: int = 1) -> dict[str, int]:
        """One edit, and every task but ten is gone."""
        self._connection.execute("""UPDATE salesforce."Opportunity" SET "Name" = 'Edited' WHERE "Id" LIKE '%01AAA'""")
        self._connection.execute("""DELETE FROM salesforce."Task" WHERE "Id" > '00T000000000010EAA'""")
        self._clock += timedelta(days=days)
        return {"opportunities edited": 1}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A new cursor."""
        return self._connection.cursor()

    def close(self) -> None:
        """Forget it all."""
        self._connection.close()

    def _fill(self, name: str, values: dict[str, str], rows: int) -> None:
        columns = ", ".join(f'"{column}"' for column in values)
        self._connection.execute(
            f'INSERT INTO salesforce."{name}" ({columns}) SELECT {", ".join(values.values())}'
            f" FROM range(1, {rows + 1}) AS numbers(n)"
        )
