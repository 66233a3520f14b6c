"""The extractors that are compared: how each is installed, configured, run twice, and what its output says."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.sandbox.salesforce.tokens import FIRST_REFRESH_TOKEN
from connectors.sandbox.state import Credentials
from connectors.schema import raw_table

START_DATE = "2020-01-01T00:00:00Z"
REDIRECT = Path(__file__).parent / "redirect"
# the objects that all read; ours reads these and no others of substance
SALESFORCE_OBJECTS = (
    "Account",
    "Contact",
    "Event",
    "Lead",
    "Opportunity",
    "OpportunityContactRole",
    "OpportunityFieldHistory",
    "OpportunityHistory",
    "OpportunityLineItem",
    "OpportunityStage",
    "RecordType",
    "Task",
    "User",
    "UserRole",
)
FORMULA = "ExpectedRevenue"  # a formula field that every org has: its value moves without the record's stamp
HUBSPOT_TYPES = ("deals", "companies", "contacts", "calls", "meetings", "emails", "tasks")
_CREDENTIALS = Credentials()


@dataclass(frozen=True)
class Place:
    """Where one extractor works. `night` is 1 for the first load and 2 for the next day."""

    folder: Path
    environments: Path
    night: int
    url: str = ""
    """The sandbox's."""

    def path(self, name: str) -> Path:
        """A file of this extractor."""
        return self.folder / name

    @property
    def output(self) -> Path:
        """What the command wrote to its standard output."""
        return self.path(f"night-{self.night}.out")

    @property
    def outputs(self) -> list[Path]:
        """The same of all nights so far, in order."""
        return [self.path(f"night-{night}.out") for night in range(1, self.night + 1)]


class Extractor(ABC):
    """One package and the CRM that it reads."""

    name: str
    crm: str
    requirement: str = ""
    """What pip installs into an environment of its own; "" for ours and the floor."""
    nights: int = 2
    """1 if a next day has no meaning for it."""

    @abstractmethod
    def commands(self, place: Place) -> Sequence[Sequence[str]]:
        """The commands of one night; all but the last prepare and are not measured."""

    @abstractmethod
    def rows_sql(self, place: Place) -> str:
        """SQL that counts the rows read by this night and those before it, as one number."""

    @abstractmethod
    def known_sql(self, place: Place) -> str | None:
        """SQL of what a reader of the output believes: (object, id, modified, is_deleted, copies, formula).

        One row per record; `copies` above 1 are rows that the target holds twice, `formula` is the value of FORMULA
        where the record has one. None where the output keeps no such table.
        """

    @property
    def judged(self) -> Sequence[str]:
        """The objects of `known_sql`, as the CRM names them."""
        return SALESFORCE_OBJECTS if self.crm == "salesforce" else HUBSPOT_TYPES

    def environment(self, place: Place) -> Mapping[str, str]:
        """Variables for the commands."""
        return {"PYTHONPATH": str(REDIRECT), "PYTHONUNBUFFERED": ""}

    def binary(self, place: Place, name: str) -> str:
        """A command of the package's own environment."""
        return str(place.environments / self.name / "bin" / name)


class Ours(Extractor):
    """The command line of this project, into its landing log and raw tables."""

    def __init__(self, crm: str, *only: str) -> None:
        self.name = f"ours-{crm}-{'-'.join(only)}" if only else f"ours-{crm}"
        self.crm = crm
        self._only = only

    @property
    def judged(self) -> Sequence[str]:
        """All of the CRM's, or the objects that are read."""
        return self._only or super().judged

    def commands(self, place: Place) -> Sequence[Sequence[str]]:
        """One command; the merge into raw tables is part of it."""
        chosen = [word for name in self._only for word in ("--object", name)]
        return [[sys.executable, "-m", "crm", "sync", "--crm", self.crm, *chosen, "--json"]]

    def environment(self, place: Place) -> Mapping[str, str]:
        """The sandbox, and a data folder of its own."""
        return {"CRM_SOURCE": "sandbox", "CRM_DATA_DIR": str(place.path("data"))}

    def rows_sql(self, place: Place) -> str:
        """What the loads' bookkeeping says."""
        return "select sum(rows_landed) from ours.raw_meta.loads"

    def known_sql(self, place: Place) -> str | None:
        """The raw tables themselves."""
        tables = (
            {name: raw_table(name) for name in SALESFORCE_OBJECTS}
            if self.crm == "salesforce"
            else {name: name for name in HUBSPOT_TYPES}
        )
        tables = {name: table for name, table in tables.items() if name in self.judged}
        return " union all ".join(
            f"select '{name}' as object, _record_id as id, cast(_modified_at as varchar) as modified, "
            f"_is_deleted as is_deleted, count(*) over (partition by _record_id) as copies, "
            f"{FORMULA if name == 'Opportunity' else 'null'} as formula "
            f'from ours.raw_{self.crm}."{table}"'
            for name, table in tables.items()
        )

    def warehouse(self, place: Place) -> Path:
        """The file that both queries read as `ours`."""
        return place.path("data") / "warehouse.duckdb"


class Tap(Extractor):
    """A Singer tap: messages on standard output, a state to go on from."""

    tap: str

    def __init__(self, crm: str, name: str, requirement: str) -> None:
        self.name, self.crm, self.requirement = name, crm, requirement

    @abstractmethod
    def config(self) -> dict[str, object]:
        """The tap's config.json."""

    def commands(self, place: Place) -> Sequence[Sequence[str]]:
        """Discovery on the first night, then the sync."""
        config, catalog, state = (place.path(name) for name in ("config.json", "catalog.json", "state.json"))
        tap = self.binary(place, self.tap)
        prepare: list[Sequence[str]] = []
        if place.night == 1:
            config.write_text(json.dumps(self.config()))
            found = place.path("discovered.json")
            prepare = [
                ["sh", "-c", f"{tap} --config {config} --discover > {found}"],
                [sys.executable, "-E", "-m", "benchmarks.extract.catalog", "select", str(found), str(catalog)],
            ]
            return [*prepare, [tap, "--config", str(config), "--properties", str(catalog)]]
        state.write_text(json.dumps(last_singer_state(place.outputs[0])))
        return [[tap, "--config", str(config), "--properties", str(catalog), "--state", str(state)]]

    def rows_sql(self, place: Place) -> str:
        """RECORD messages."""
        return f"select count(*) from {_messages(*place.outputs)} where type = 'RECORD'"

    def known_sql(self, place: Place) -> str | None:
        """The last message of each record."""
        return (
            "select stream as object, id, modified, is_deleted, 1 as copies, formula from ("
            f"select stream, record->>'Id' as id, record->>'SystemModstamp' as modified, "
            f"record->>'{FORMULA}' as formula, "
            "coalesce(try_cast(record->>'IsDeleted' as boolean), false) as is_deleted, filename, line from "
            f"{_messages(*place.outputs)} where type = 'RECORD') "
            "qualify row_number() over (partition by stream, id order by filename desc, line desc) = 1"
        )


class TapSalesforce(Tap):
    """singer-io's tap by REST."""

    tap = "tap-salesforce"

    def __init__(self) -> None:
        super().__init__("salesforce", "tap-salesforce", "tap-salesforce==2.8.1")

    def config(self) -> dict[str, object]:
        """REST, every field."""
        return {
            "refresh_token": FIRST_REFRESH_TOKEN,
            "client_id": _CREDENTIALS.salesforce_client_id,
            "client_secret": _CREDENTIALS.salesforce_client_secret,
            "start_date": START_DATE,
            "api_type": "REST",
            "select_fields_by_default": True,
        }


class TapHubspot(Tap):
    """singer-io's tap."""

    tap = "tap-hubspot"

    def __init__(self) -> None:
        super().__init__("hubspot", "tap-hubspot", "tap-hubspot==4.5.0")

    def config(self) -> dict[str, object]:
        """A private app's token."""
        return {
            "api_key": _CREDENTIALS.hubspot_private_token,
            "start_date": START_DATE,
            "redirect_uri": "",
            "client_id": "",
            "client_secret": "",
            "refresh_token": "",
        }

    @property
    def judged(self) -> Sequence[str]:
        """Deals alone: the tap's other streams have keys and stamps of their own."""
        return ("deals",)

    def known_sql(self, place: Place) -> str | None:
        """The last message of each deal."""
        return (
            "select 'deals' as object, id, modified, false as is_deleted, 1 as copies, null as formula from ("
            "select record->>'dealId' as id, record->'properties'->'hs_lastmodifieddate'->>'value' as modified, "
            f"filename, line from {_messages(*place.outputs)} where type = 'RECORD' and stream = 'deals') "
            "qualify row_number() over (partition by id order by filename desc, line desc) = 1"
        )


class AirbyteSalesforce(Extractor):
    """Airbyte's source, as its command runs without the platform."""

    def __init__(self) -> None:
        self.name, self.crm = "airbyte-source-salesforce", "salesforce"
        self.requirement = "airbyte-source-salesforce==2.10.3"

    def commands(self, place: Place) -> Sequence[Sequence[str]]:
        """Discovery on the first night, then read."""
        config, catalog, state = (place.path(name) for name in ("config.json", "catalog.json", "state.json"))
        source = self.binary(place, "source-salesforce")
        read = [source, "read", "--config", str(config), "--catalog", str(catalog)]
        if place.night == 1:
            config.write_text(json.dumps(self._config()))
            found = place.path("discovered.jsonl")
            return [
                ["sh", "-c", f"{source} discover --config {config} > {found}"],
                [sys.executable, "-E", "-m", "benchmarks.extract.catalog", "configure", str(found), str(catalog)],
                read,
            ]
        state.write_text(json.dumps(last_airbyte_states(place.outputs[0])))
        return [[*read, "--state", str(state)]]

    def rows_sql(self, place: Place) -> str:
        """RECORD messages."""
        return f"select count(*) from {_messages(*place.outputs)} where type = 'RECORD'"

    def known_sql(self, place: Place) -> str | None:
        """The last message of each record."""
        return (
            "select object, id, modified, is_deleted, 1 as copies, formula from ("
            "select record->>'stream' as object, record->'data'->>'Id' as id, "
            f"record->'data'->>'SystemModstamp' as modified, record->'data'->>'{FORMULA}' as formula, "
            "coalesce(try_cast(record->'data'->>'IsDeleted' as boolean), false) as is_deleted, filename, line from "
            f"{_messages(*place.outputs)} where type = 'RECORD') "
            "qualify row_number() over (partition by object, id order by filename desc, line desc) = 1"
        )

    def _config(self) -> dict[str, object]:
        return {
            "client_id": _CREDENTIALS.salesforce_client_id,
            "client_secret": _CREDENTIALS.salesforce_client_secret,
            "refresh_token": FIRST_REFRESH_TOKEN,
            "start_date": START_DATE,
            "is_sandbox": False,
            "auth_type": "Client",
            # one slice for all of the time, the cheapest that its settings allow
            "stream_slice_step": "P3650D",
        }


def last_singer_state(output: Path) -> object:
    """The value of the last STATE message."""
    state: object = {}
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"type": "STATE"'):
                state = json.loads(line)["value"]
    return state


def last_airbyte_states(output: Path) -> list[object]:
    """The last STATE message of each stream."""
    states: dict[str, object] = {}
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            if '"type":"STATE"' in line[:40]:
                state = json.loads(line)["state"]
                states[json.dumps(state.get("stream", {}).get("stream_descriptor"), sort_keys=True)] = state
    return list(states.values())


def _messages(*outputs: Path) -> str:
    files = ", ".join(f"'{output}'" for output in outputs)
    return (
        "(select type, stream, record, filename, row_number() over () as line from "
        f"read_json([{files}], format = 'newline_delimited', ignore_errors = true, filename = true, "
        "maximum_object_size = 64000000, columns = {type: 'VARCHAR', stream: 'VARCHAR', record: 'JSON'}))"
    )
