"""How records are called: Salesforce's 18-character ids with their checksum, and HubSpot's numbers, as SQL macros.

Numbers of the plan become ids by pure arithmetic, so an id is the same wherever and whenever it is written.
"""

import duckdb

from connectors.sandbox.world.activities import ACTIVITIES_PER_KIND
from connectors.sandbox.world.people import SERVICE_NO
from connectors.sandbox.world.records import CONTACTS_PER_ACCOUNT
from connectors.sandbox.world.scale import HUBSPOT_BASE

FIRST_ORGANIZATION = 1000
FIRST_PORTAL = 48_210_000
# a deal has fewer versions than this (checked when they are planned); its history ids are numbered with it
VERSIONS_PER_DEAL = 64

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define plan.salesforce_id and the macros of single objects; they live in the world's file."""
    digit = [f"(n // {62**place}) % 62" for place in range(8)]
    body = " || ".join(f"substr('{_ALPHABET}', cast({digit[place]} as integer) + 1, 1)" for place in reversed(range(8)))

    def checked(places: list[tuple[int, int]]) -> str:
        """The checksum letter of five characters: one bit per upper-case letter, the first character lowest."""
        bits = " + ".join(
            f"(case when {digit[place]} between 10 and 35 then {bit} else 0 end)" for place, bit in places
        )
        return f"substr('{_CHECKSUM}', cast({bits} as integer) + 1, 1)"

    # characters: prefix(3) b m | 0 0 d7 d6 d5 | d4 d3 d2 d1 d0
    head = "case when substr(prefix, 3, 1) between 'A' and 'Z' then 'E' else 'A' end"
    middle, tail = checked([(7, 4), (6, 8), (5, 16)]), checked([(4, 1), (3, 2), (2, 4), (1, 8), (0, 16)])
    whole = f"prefix || 'bm00' || {body} || {head} || {middle} || {tail}"
    connection.execute(f"create or replace macro plan.salesforce_id(prefix, n) as {whole}")
    for name, prefix in (
        ("opportunity", "006"),
        ("account", "001"),
        ("contact", "003"),
        ("lead", "00Q"),
        ("user", "005"),
    ):
        connection.execute(f"create or replace macro plan.{name}_id(n) as plan.salesforce_id('{prefix}', n)")
    connection.execute(f"create or replace macro plan.service_user_id() as plan.user_id({SERVICE_NO})")
    _create_hubspot_macros(connection)


def _create_hubspot_macros(connection: duckdb.DuckDBPyConnection) -> None:
    activity_base = HUBSPOT_BASE * 4 * ACTIVITIES_PER_KIND
    # some ids have ten digits and some eleven: whoever compares them as text gets caught
    for name, base, first, step in (
        ("deal", HUBSPOT_BASE, 9_999_998_000, 13),
        ("company", HUBSPOT_BASE, 7_400_000_000, 11),
        ("merged_company", HUBSPOT_BASE, 310_000_000_000, 11),
        ("hubspot_contact", HUBSPOT_BASE * CONTACTS_PER_ACCOUNT, 99_999_000, 7),
        ("merged_contact", HUBSPOT_BASE * CONTACTS_PER_ACCOUNT, 410_000_000_000, 7),
        ("engagement", activity_base, 33_000_000_000, 1),
        ("owner", HUBSPOT_BASE, 71_000_000, 3),
        ("owner_user", HUBSPOT_BASE, 52_000_000, 3),
    ):
        connection.execute(
            f"create or replace macro plan.{name}_id(n) as cast({first} + (n - {base}) * {step} as varchar)"
        )
