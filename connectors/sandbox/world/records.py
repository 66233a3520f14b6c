"""Who the deals are with: accounts and their contacts, the leads that became deals and those that did not."""

import duckdb
import numpy as np

from connectors.sandbox import facts
from connectors.sandbox.world import names
from connectors.sandbox.world.days import SECONDS_PER_DAY, on_or_after
from connectors.sandbox.world.deals import Deals, is_shared_account, seat_of_account
from connectors.sandbox.world.hashing import Flags, Ints, Keys, between, choose, happens, make_keys, pick
from connectors.sandbox.world.scale import HUBSPOT_BASE, LOOKAHEAD_DAYS, SHOWCASE_BASE, TWIN_BASE, Scale
from connectors.sandbox.world.storage import MISSING, Nullable, append_rows, seconds

CONTACTS_PER_ACCOUNT = 4
_MORNING = 7 * 3600 + 300
_EVENING = 18 * 3600 + 600


def store_accounts(connection: duckdb.DuckDBPyConnection, scale: Scale, first_day: int, last_day: int) -> None:
    """Append accounts and contacts that come up in these days, of both CRMs."""
    days = np.arange(first_day, last_day + 2, dtype=np.int64)
    for is_hubspot in (False, True):
        firsts = -(-scale.first_numbers(is_hubspot, days) // 3)
        number = np.arange(firsts[0], firsts[-1], dtype=np.int64)
        created = np.repeat(days[:-1], np.diff(firsts))
        base = HUBSPOT_BASE if is_hubspot else 0
        _store(connection, scale, base + number, base + number, created, is_hubspot)
        if not is_hubspot:
            shared = is_shared_account(scale, number)
            _store(connection, scale, HUBSPOT_BASE + TWIN_BASE + number[shared], number[shared], created[shared], True)


def _store(
    connection: duckdb.DuckDBPyConnection, scale: Scale, no: Ints, looks_like: Ints, created_day: Ints, is_hubspot: bool
) -> None:
    """`looks_like` is the number whose name and address an account bears: its own, or its record's in the other CRM."""
    own_keys = make_keys(scale.seed, "account", no)
    is_merged = _is_duplicate(scale, no)
    bears = np.where(is_merged, looks_like - 1, looks_like)
    keys = make_keys(scale.seed, "account look", bears)
    created_at = created_day * SECONDS_PER_DAY + _MORNING + pick(own_keys, "minute", 2400)
    merged_day = on_or_after(created_day + between(own_keys, "merged after", 30, 150))
    merged_at = np.where(
        is_merged, merged_day * SECONDS_PER_DAY + _EVENING + pick(own_keys, "merge minute", 900), MISSING
    )
    if is_hubspot:
        other = np.where(no >= HUBSPOT_BASE + TWIN_BASE, no - HUBSPOT_BASE - TWIN_BASE, MISSING)
    else:
        other = np.where(is_shared_account(scale, no), HUBSPOT_BASE + TWIN_BASE + no, MISSING)
    append_rows(
        connection,
        "plan.accounts",
        {
            "account_no": no,
            "is_hubspot": np.full(len(no), is_hubspot),
            "head": pick(keys, "head", len(names.COMPANY_HEADS)),
            "tail": pick(keys, "tail", len(names.COMPANY_TAILS)),
            "form": pick(own_keys, "form", len(names.COMPANY_FORMS)),
            "industry": pick(keys, "industry", len(names.INDUSTRIES)),
            "place": pick(keys, "place", len(names.PLACES)),
            "employees": np.array([12, 80, 450, 3200])[choose(keys, "size", (0.35, 0.35, 0.2, 0.1))]
            + pick(keys, "people", 60),
            "created_at": seconds(created_at),
            "seat": (HUBSPOT_BASE if is_hubspot else 0) + seat_of_account(scale, is_hubspot, no),
            "other_no": Nullable(other),
            "merged_into_no": Nullable(np.where(is_merged, no - 1, MISSING)),
            "merged_at": seconds(merged_at),
        },
    )
    _store_contacts(connection, scale, no, looks_like, created_at)


def _is_duplicate(scale: Scale, no: Ints) -> Flags:
    """Accounts entered twice and later merged into the one numbered before; never two in a row, never shared ones."""

    def drawn(numbers: Ints) -> Flags:
        return happens(make_keys(scale.seed, "account", numbers), "duplicate", facts.DUPLICATE_ACCOUNT_SHARE)

    local = no % HUBSPOT_BASE
    shared = is_shared_account(scale, no) | is_shared_account(scale, no - 1) | (local >= SHOWCASE_BASE)
    return drawn(no) & ~drawn(no - 1) & ~shared & (local > 0)


def _store_contacts(
    connection: duckdb.DuckDBPyConnection, scale: Scale, account_no: Ints, looks_like: Ints, created_at: Ints
) -> None:
    """One to three contacts per account; a fourth is a duplicate, merged later. Only the third may be deleted."""
    place = np.tile(np.arange(CONTACTS_PER_ACCOUNT, dtype=np.int64), len(account_no))
    account, born, looks_like_each = (
        np.repeat(each, CONTACTS_PER_ACCOUNT) for each in (account_no, created_at, looks_like)
    )
    no = account * CONTACTS_PER_ACCOUNT + place
    count = contact_counts(scale, looks_like_each)
    is_duplicate = place == CONTACTS_PER_ACCOUNT - 1
    # HubSpot gives the merged record a new id; there it is a contact without deals that is merged, here the first
    is_hubspot = no >= HUBSPOT_BASE
    account_keys, share = make_keys(scale.seed, "contacts of", account), facts.DUPLICATE_CONTACT_SHARE
    chance = np.where(is_hubspot, np.where(count == CONTACTS_PER_ACCOUNT - 1, 3 * share, 0.0), share)
    again = happens(account_keys, "duplicate", chance)
    exists = np.where(is_duplicate, again, place < count)
    twin_place = np.where(is_hubspot, CONTACTS_PER_ACCOUNT - 2, 0)
    look = looks_like_each * CONTACTS_PER_ACCOUNT + np.where(is_duplicate, twin_place, place)
    looks = make_keys(scale.seed, "contact look", look)
    columns = {
        "contact_no": no,
        "account_no": account,
        "look_no": look,
        "first_name": pick(looks, "first name", len(names.FIRST_NAMES)),
        "last_name": pick(looks, "last name", len(names.LAST_NAMES)),
        "title": pick(looks, "title", len(names.JOB_TITLES)),
        "source": pick(looks, "source", len(names.LEAD_SOURCES)),
    }
    times = _contact_times(make_keys(scale.seed, "contact", no), place, again, is_hubspot, born)
    append_rows(
        connection,
        "plan.contacts",
        {name: values[exists] for name, values in columns.items()}
        | {name: seconds(values[exists]) for name, values in times.items()},
    )


def _contact_times(keys: Keys, place: Ints, again: Flags, is_hubspot: Flags, account_born: Ints) -> dict[str, Ints]:
    """When each contact comes, is merged, deleted and purged, in seconds; `again`: its account has a duplicate."""

    def evening(day: Ints, purpose: str) -> Ints:
        return on_or_after(day) * SECONDS_PER_DAY + _EVENING + pick(keys, purpose, 900)

    is_duplicate = place == CONTACTS_PER_ACCOUNT - 1
    born = account_born + 300 * (place + 1)
    second_day = on_or_after(born // SECONDS_PER_DAY + between(keys, "entered again", 20, 60))
    second_birth = second_day * SECONDS_PER_DAY + 10 * 3600 + pick(keys, "minute", 20_000)
    merged_at = evening(second_day + between(keys, "merged after", 10, 50), "merge minute")
    deleted = (place == CONTACTS_PER_ACCOUNT - 2) & ~again
    deleted &= happens(keys, "deleted", facts.DELETED_CONTACT_SHARE * 3)
    deleted_at = evening(born // SECONDS_PER_DAY + between(keys, "deleted after", 60, 500), "delete minute")
    purged = deleted & happens(keys, "purged", 0.5)
    # a privacy deletion takes effect at once, the recycle bin is emptied after 15 days
    wait = np.where(is_hubspot, 0, 15) * SECONDS_PER_DAY
    return {
        "created_at": np.where(is_duplicate, second_birth, born),
        "merged_at": np.where(is_duplicate, merged_at, MISSING),
        "deleted_at": np.where(deleted, deleted_at, MISSING),
        "purged_at": np.where(purged, deleted_at + wait, MISSING),
    }


def contact_counts(scale: Scale, looks_like: Ints) -> Ints:
    """How many ordinary contacts each account has, 1 to 3."""
    return 1 + pick(make_keys(scale.seed, "account", looks_like), "contacts", CONTACTS_PER_ACCOUNT - 1)


def stems_from_lead(deals: Deals) -> Flags:
    """Salesforce deals that were made by converting a lead."""
    return (deals.no < SHOWCASE_BASE) & happens(deals.key, "lead", facts.LEAD_CONVERTED_SHARE)


def store_leads(connection: duckdb.DuckDBPyConnection, scale: Scale, deals: Deals, created_at: Ints) -> None:
    """Append Salesforce's leads: those that turn into these deals, and as many again that lead nowhere."""
    leads_nowhere = (deals.no < SHOWCASE_BASE) & happens(deals.key, "lead nowhere", facts.LEAD_UNCONVERTED_SHARE)
    for converts, chosen in ((True, stems_from_lead(deals)), (False, leads_nowhere)):
        part, born = deals.only(chosen), created_at[chosen]
        keys = make_keys(scale.seed, "lead", part.no * 2 + int(converts))
        days_before = between(keys, "days before", 2, LOOKAHEAD_DAYS - 6)
        end = (
            born - 240
            if converts
            else (on_or_after(part.created_day + between(keys, "ends", 10, 80)) * SECONDS_PER_DAY + 54_000)
        )
        lead_day = on_or_after(part.created_day - days_before) if converts else part.created_day
        lead_at = lead_day * SECONDS_PER_DAY + 8 * 3600 + pick(keys, "minute", 10_000)
        # a lead that arrived on the deal's own day came before it
        lead_at = np.where(converts & (lead_at >= born - 900), born - 7200, lead_at)
        append_rows(
            connection,
            "plan.leads",
            {
                "lead_no": part.no * 2 + int(converts),
                "deal_no": Nullable(part.no if converts else np.full(len(part), MISSING)),
                "account_no": Nullable(part.account_no if converts else np.full(len(part), MISSING)),
                "seat": part.seat,
                "first_name": pick(keys, "first name", len(names.FIRST_NAMES)),
                "last_name": pick(keys, "last name", len(names.LAST_NAMES)),
                "title": pick(keys, "title", len(names.JOB_TITLES)),
                "head": pick(keys, "head", len(names.COMPANY_HEADS)),
                "tail": pick(keys, "tail", len(names.COMPANY_TAILS)),
                "industry": pick(keys, "industry", len(names.INDUSTRIES)),
                "source": pick(keys, "source", len(names.LEAD_SOURCES)),
                "created_at": seconds(lead_at),
                "worked_at": seconds(lead_at + (end - lead_at) // 2 // SECONDS_PER_DAY * SECONDS_PER_DAY + 1800),
                "ended_at": seconds(end),
            },
        )
