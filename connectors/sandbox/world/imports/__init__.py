"""A folder of exported files becomes a world: what is in it, what was left out, and what had to be derived."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from connectors.sandbox.catalogue import HUBSPOT, SALESFORCE
from connectors.sandbox.world.identifiers import create_macros
from connectors.sandbox.world.imports.hubspot import hubspot_object_of, read_hubspot_file, write_links
from connectors.sandbox.world.imports.portal import derive_portal, portal_file_of, read_portal_file
from connectors.sandbox.world.imports.reading import create_id_macro, read_salesforce_file, salesforce_object_of
from connectors.sandbox.world.imports.salesforce import derive_organization, fill_salesforce, stock_stages
from connectors.sandbox.world.imports.summary import ImportRefusedError, ImportSummary
from connectors.sandbox.world.scale import CLOCK_HOUR
from connectors.sandbox.world.storage import fetch_row
from connectors.sandbox.world.truth import create_truth
from connectors.sandbox.world.visible import create_tables

__all__ = ["ImportRefusedError", "ImportSummary", "derive_organization", "fill_from_folder"]


def fill_from_folder(connection: duckdb.DuckDBPyConnection, folder: Path) -> tuple[ImportSummary, datetime]:
    """Fill an empty world; returns what came of it and the world's clock (02:00 UTC of the day after the newest stamp).

    Raises:
        ImportRefusedError: the folder holds no file of a known object, or one of them cannot be read.
    """
    summary = ImportSummary()
    connection.execute("set TimeZone = 'UTC'; create schema plan")
    create_macros(connection)
    create_id_macro(connection)
    create_tables(connection)
    create_truth(connection)
    stock_stages(connection)
    fields = _read_files(connection, folder, summary)
    if not fields and not summary.rows:
        known = ", ".join([*(f"{name}.csv" for name in SALESFORCE), *(f"{name}.json" for name in HUBSPOT)])
        raise ImportRefusedError(f"{folder} holds no file named after an API object. Name files like: {known}.")
    fill_salesforce(connection, fields, summary)
    write_links(connection, summary)
    derive_portal(connection, summary)
    return summary, _clock_after(connection)


def _read_files(connection: duckdb.DuckDBPyConnection, folder: Path, summary: ImportSummary) -> dict[str, set[str]]:
    """Read every file that is named after something; returns the fields that each Salesforce object came with."""
    fields: dict[str, set[str]] = {}
    taken: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = None if path.is_dir() else salesforce_object_of(path) or hubspot_object_of(path) or portal_file_of(path)
        if name is None:
            summary.ignored_files.append(f"{path.name}/" if path.is_dir() else path.name)
            continue
        if name in taken:
            raise ImportRefusedError(
                f"{taken[name].name} and {path.name} both hold {name}. Put all records into one file."
            )
        taken[name] = path
        if name in SALESFORCE:
            fields[name] = read_salesforce_file(connection, path, summary)
        elif name in HUBSPOT:
            read_hubspot_file(connection, path, summary)
        else:
            read_portal_file(connection, path, summary)
    return fields


def _clock_after(connection: duckdb.DuckDBPyConnection) -> datetime:
    stamps = [
        f'select max("SystemModstamp") as stamp from salesforce."{name}"'
        for name in SALESFORCE
        if name != "OpportunityFieldHistory"
    ]
    stamps += [f"select max(updated_at) from hubspot.{name}" for name in (*HUBSPOT, "_pipelines", "_stages", "_owners")]
    (last_day,) = fetch_row(connection, f"select cast(max(stamp) as date) from ({' union all '.join(stamps)})")
    return datetime.combine(last_day + timedelta(days=1), datetime.min.time()) + timedelta(hours=CLOCK_HOUR)
