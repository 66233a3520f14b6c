"""The next day of the benchmark: what the world does by itself, and the traps that extractors fall into.

A day of the world changes 2.4 % of the deals from Tuesday to Friday, 5 % on a Monday and 0.25 % on a weekend. A quiet
day is a Saturday on which people edit open HubSpot deals as well, until about one in a hundred of all has changed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from benchmarks.extract.extractors import FORMULA
from benchmarks.extract.measure import sandbox_environment
from connectors.sandbox.process import RunningSandbox

VICTIMS = 25

DAYS_TO_SATURDAY = 4  # a world's clock starts on a Tuesday
EDITED_PER_LIVE = 0.0075  # of a weekend's tick and these, and the traps, comes about one deal in a hundred
HOURS_OF_EDITS = 20  # one after the other: a page of equal stamps is another trap


def prepare_world(sandbox: RunningSandbox, *, is_quiet: bool) -> None:
    """Before the first load: refresh tokens stay valid, since not every extractor can store a rotated one; and
    somebody is at work six minutes before it, so that what is committed late has a stamp behind the newest one."""
    sandbox.set_faults(rotate_refresh_tokens=False)
    for _ in range(DAYS_TO_SATURDAY if is_quiet else 0):
        sandbox.tick()  # one by one: days of a large world take longer together than an answer may
    deal = _live(sandbox, "salesforce/Opportunity", "IsDeleted")[-1]
    sandbox.edit(
        crm="salesforce",
        kind="set_fields",
        object="Opportunity",
        ids=[deal],
        fields={"NextStep": "call"},
        stamp=(_clock(sandbox) - timedelta(minutes=6)).isoformat(),
    )


def play_next_day(sandbox: RunningSandbox, crm: str, *, is_quiet: bool) -> str:
    """Deletions for good, merges, late commits and formula values that move no stamp; then a day of both CRMs.

    What the day was, and how many deals of `crm` it changed, in words.
    """
    deals = "hubspot/deals" if crm == "hubspot" else "salesforce/Opportunity"
    before, day = _hashes(sandbox, deals), _clock(sandbox)
    _salesforce_traps(sandbox)
    _hubspot_traps(sandbox)
    edited = _edit_deals(sandbox, day) if is_quiet else 0
    sandbox.tick()
    after = _hashes(sandbox, deals)
    changed = sum(before.get(key) != after.get(key) for key in before.keys() | after.keys())
    gone = len(before.keys() - after.keys())
    return (
        f"{day:%A}, {changed:,} of {len(before):,} deals ({changed / len(before):.2%}) changed, came or went, "
        f"{gone or 'none'} of them for good"
        + (f"; {edited:,} were edited beside the world's own day" if edited else "")
    )


def _edit_deals(sandbox: RunningSandbox, day: datetime) -> int:
    """Amounts, close dates and stages of open HubSpot deals from all years; each tenth gets a contact. How many."""
    rows = sandbox.truth("hubspot/deals", full=True)
    live = sorted(
        (row for row in rows if not row["archived"] and not row["merged_into"]), key=lambda row: str(row["id"])
    )
    still = [row for row in live[VICTIMS:] if row["hs_is_closed"] == "false"]
    wanted = min(round(EDITED_PER_LIVE * len(live)), len(still))
    chosen = [still[number * len(still) // wanted] for number in range(wanted)]
    contacts = _live(sandbox, "hubspot/contacts", "archived")[2 * VICTIMS :]
    for number, row in enumerate(chosen):
        neighbour = next(other for other in _from(chosen, number + 1) if other["pipeline"] == row["pipeline"])
        values = (
            {"amount": f"{1_000 + number}"},
            {"closedate": (day + timedelta(days=30 + number % 60)).isoformat()},
            {"dealstage": neighbour["dealstage"]},
        )
        stamp = day + timedelta(seconds=number * HOURS_OF_EDITS * 3600 // wanted)
        edit = {"crm": "hubspot", "type": "deals", "id": row["id"], "stamp": stamp.isoformat()}
        sandbox.edit(kind="set_properties", properties=values[number % len(values)], **edit)
        if number % 10 == 0:
            sandbox.edit(kind="add_association", to_type="contacts", to_id=contacts[number % len(contacts)], **edit)
    return len(chosen)


def _from(rows: Sequence[dict[str, object]], first: int) -> list[dict[str, object]]:
    return [*rows[first:], *rows[:first]]


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


def _hashes(sandbox: RunningSandbox, path: str) -> dict[str, object]:
    return {str(row["id"]): row["hash"] for row in sandbox.truth(path)}


def _clock(sandbox: RunningSandbox) -> datetime:
    return datetime.fromisoformat(sandbox_environment(sandbox)["SANDBOX_CLOCK"])
