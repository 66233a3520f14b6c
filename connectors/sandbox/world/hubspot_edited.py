"""What edits from outside did to a world's HubSpot side, and how played days leave it standing.

A record that was edited is no longer the plan's: days to come leave it alone, and links that the plan draws to it
lead to where the edit left it.
"""

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, hubspot_properties
from connectors.sandbox.world.storage import upsert

# _edited: `links_to` is the record's own id, the record that it was merged into, or null once it is gone for good
# _properties: definitions that add to the catalogue's or take their place; archived ones are no longer listed
# _audit: every state that a pipeline or stage had, as the audit endpoints send it; stage_id is null for a pipeline
# _unindexed: records that search does not know before a moment
# _account: what is otherwise about the portal itself, by name
EDIT_TABLES = """
    create table if not exists hubspot._edited (object_type varchar, id varchar, links_to varchar);
    create table if not exists hubspot._properties (object_type varchar, name varchar, type varchar,
        field_type varchar, label varchar, is_calculated boolean, is_custom boolean, options json,
        archived boolean, created_at timestamp, updated_at timestamp);
    create table if not exists hubspot._schemas (name varchar, object_type_id varchar, singular varchar,
        plural varchar, primary_property varchar, associated varchar[], archived boolean, created_at timestamp,
        updated_at timestamp);
    create table if not exists hubspot._audit (pipeline_id varchar, stage_id varchar, action varchar,
        changed_at timestamp, raw_object json, user_id varchar);
    create table if not exists hubspot._unindexed (object_type varchar, id varchar, until timestamp);
    create table if not exists hubspot._account (name varchar, value varchar);
    create table if not exists hubspot._deal_splits (deal_id varchar, id varchar, owner_id varchar,
        percentage decimal(18, 8), created_at timestamp, updated_at timestamp);
    create table if not exists hubspot._exchange_rates (id varchar, from_code varchar, to_code varchar,
        rate decimal(22, 6), effective_at timestamp, created_at timestamp, updated_at timestamp);
"""


def create_edit_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that edits write, where a world has none yet."""
    connection.execute(EDIT_TABLES)


def not_edited(select: str, kind: str, key: str) -> str:
    """The rows of `select` whose `key` no edit has touched."""
    return f"select * from ({select}) where {key} not in (select id from hubspot._edited where object_type = '{kind}')"


def upsert_planned(connection: duckdb.DuckDBPyConnection, kind: str, select: str) -> int:
    """Write the plan's rows of an object type; edited records stay, values of added properties stay with theirs."""
    rows = not_edited(select, kind, "id")
    added = added_columns(connection, kind)
    if added:
        columns = ", ".join(f'standing."{name}"' for name in added)
        rows = f"select planned.*, {columns} from ({rows}) planned left join hubspot.{kind} standing using (id)"
    return upsert(connection, f"hubspot.{kind}", ["id"], rows)


def added_columns(connection: duckdb.DuckDBPyConnection, kind: str) -> list[str]:
    """Columns that edits added to an object type of the catalogue."""
    planned = {prop.name for prop in hubspot_properties(kind)} if kind in HUBSPOT else set()
    rows = connection.execute("select name from hubspot._properties where object_type = ?", [kind]).fetchall()
    return sorted({name for (name,) in rows} - planned)


def redirect_links(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Lead the links of a table (to_type, to_id) to the records that edits left; links to nothing go."""
    connection.execute(f"""
        update {table} as links set to_id = edited.links_to from hubspot._edited as edited
        where edited.object_type = links.to_type and edited.id = links.to_id and edited.links_to <> links.to_id""")
    connection.execute(f"""
        delete from {table} as links using hubspot._edited as edited
        where edited.object_type = links.to_type and edited.id = links.to_id and edited.links_to is null""")
