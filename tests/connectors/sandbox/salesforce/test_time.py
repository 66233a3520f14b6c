"""A day that passes: what was opened before it stays as it was, until it is too old."""

from tests.connectors.sandbox.salesforce.conftest import ServedOrg
from tests.connectors.sandbox.salesforce.org_world import TASKS


def test_a_tick_moves_the_clock_and_leaves_open_cursors_and_jobs_as_they_were(org: ServedOrg) -> None:
    page = org.query("SELECT Id FROM Task").json()["nextRecordsUrl"]
    job = "/jobs/query/" + org.post("/jobs/query", {"operation": "query", "query": "SELECT Id FROM Task"}).json()["id"]
    used = org.get("/limits").headers["Sforce-Limit-Info"]

    ticked = org.send("POST", "/__sandbox__/tick").json()

    assert ticked == {"clock": "2026-03-18T02:00:00+00:00", "changes": {"opportunities edited": 1}}
    assert org.get(job).json()["numberRecordsProcessed"] == TASKS
    assert org.get(page).json()["totalSize"] == TASKS
    assert org.query("SELECT COUNT() FROM Task").json()["totalSize"] == 10
    after = org.get("/limits")
    assert after.headers["Date"] == "Wed, 18 Mar 2026 02:00:00 GMT"
    assert after.headers["Sforce-Limit-Info"] == "api-usage=4/125000" != used

    org.send("POST", "/__sandbox__/tick?days=6")

    assert org.get(page).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert org.get(job).status_code == 404
