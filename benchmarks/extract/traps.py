"""The next day of the benchmark: what the world does by itself, and the traps that extractors fall into."""

from datetime import datetime, timedelta

from benchmarks.extract.extractors import FORMULA
from benchmarks.extract.measure import sandbox_environment
from connectors.sandbox.process import RunningSandbox

VICTIMS = 25


def prepare_world(sandbox: RunningSandbox) -> None:
    """Before the first load: refresh tokens stay valid, since not every extractor can store a rotated one; and
    somebody is at work six minutes before it, so that what is committed late has a stamp behind the newest one."""
    sandbox.set_faults(rotate_refresh_tokens=False)
    deal = _live(sandbox, "salesforce/Opportunity", "IsDeleted")[-1]
    just_before = datetime.fromisoformat(sandbox_environment(sandbox)["SANDBOX_CLOCK"]) - timedelta(minutes=6)
    sandbox.edit(
        crm="salesforce",
        kind="set_fields",
        object="Opportunity",
        ids=[deal],
        fields={"NextStep": "call"},
        stamp=just_before.isoformat(),
    )


def play_next_day(sandbox: RunningSandbox) -> None:
    """Deletions for good, merges, late commits and formula values that move no stamp; then a day of both CRMs."""
    _salesforce_traps(sandbox)
    _hubspot_traps(sandbox)
    sandbox.tick()


def _salesforce_traps(sandbox: RunningSandbox) -> None:
    deals = _live(sandbox, "salesforce/Opportunity", "IsDeleted")
    accounts = _live(sandbox, "salesforce/Account", "IsDeleted")
    leads = _live(sandbox, "salesforce/Lead", "IsDeleted")

    def edit(kind: str, name: str, **fields: object) -> None:
        sandbox.edit(crm="salesforce", kind=kind, object=name, **fields)

    edit("hard_delete", "Lead", ids=leads[:VICTIMS])
    edit("soft_delete", "Lead", ids=leads[VICTIMS : 2 * VICTIMS])
    for winner, loser in zip(accounts[:VICTIMS:2], accounts[1:VICTIMS:2], strict=False):
        edit("merge", "Account", winner=winner, losers=[loser])
    edit("set_fields", "Opportunity", ids=deals[:VICTIMS], fields={FORMULA: 123456.78}, move_stamp=False)
    edit("late_commit", "Opportunity", ids=deals[VICTIMS : 2 * VICTIMS], fields={"NextStep": "late"}, minutes=8)


def _hubspot_traps(sandbox: RunningSandbox) -> None:
    contacts = _live(sandbox, "hubspot/contacts", "archived")
    companies = _live(sandbox, "hubspot/companies", "archived")
    deals = _live(sandbox, "hubspot/deals", "archived")

    def edit(kind: str, name: str, **fields: object) -> None:
        sandbox.edit(crm="hubspot", kind=kind, type=name, **fields)

    for key in contacts[:VICTIMS]:
        edit("archive", "contacts", id=key)
    for key in contacts[VICTIMS : VICTIMS + 5]:
        edit("privacy_delete", "contacts", id=key)
    for primary, other in zip(companies[:10:2], companies[1:10:2], strict=False):
        edit("merge", "companies", ids=[primary, other])
    for key in deals[:VICTIMS]:
        edit("archive", "deals", id=key)


def _live(sandbox: RunningSandbox, path: str, deleted: str) -> list[str]:
    key = "Id" if path.startswith("salesforce") else "id"
    rows = sandbox.truth(path, full=True)
    return sorted(str(row[key]) for row in rows if not row[deleted])
