"""The floor that extractors are held against: a download to files, in which no row is parsed."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.extract.extractors import HUBSPOT_TYPES, SALESFORCE_OBJECTS, Extractor, Place
from connectors.hubspot.objects import HISTORY_PROPERTIES, LINKED_TYPES
from connectors.salesforce.lanes import API_VERSION
from connectors.sandbox.state import Credentials

DOWNLOAD = Path(__file__).with_name("download.py")
_CREDENTIALS = Credentials()


class Floor(Extractor):
    """`download.py` for one CRM, or for some of its objects. It has no next day: it would be the same again."""

    nights = 1

    def __init__(self, crm: str, *only: str) -> None:
        self.name = f"floor-{crm}-{'-'.join(only)}" if only else f"floor-{crm}"
        self.crm = crm
        self._names = only or (SALESFORCE_OBJECTS if crm == "salesforce" else HUBSPOT_TYPES)

    def commands(self, place: Place) -> Sequence[Sequence[str]]:
        """One command, by an interpreter that imports nothing by itself."""
        request = place.path("request.json")
        asked = {"crm": self.crm, "names": self._names, "url": place.url, "folder": str(place.path("downloaded"))}
        request.write_text(json.dumps(asked | self._of_the_crm()))
        return [[sys.executable, "-I", "-S", str(DOWNLOAD), str(request)]]

    def environment(self, place: Place) -> Mapping[str, str]:
        """Nothing: the request says all."""
        return {}

    def rows_sql(self, place: Place) -> str:
        """Rows in the files; of HubSpot, versions of properties and links count as rows too, as they do for ours."""
        downloaded = place.path("downloaded")
        if self.crm == "salesforce":
            files = [f"read_csv('{downloaded}/{name}-*.csv', all_varchar = true, header = true, quote = '\"', "
                     "max_line_size = 16000000)" for name in self._names]  # fmt: skip
            return f"select {' + '.join(f'(select count(*) from {file})' for file in files)}"
        record = (
            '\'STRUCT("propertiesWithHistory" MAP(VARCHAR, JSON[]), '
            "associations MAP(VARCHAR, STRUCT(results JSON[])))[]'"
        )
        return (
            'select sum(1 + coalesce(list_sum(list_transform(map_values(record."propertiesWithHistory"), '
            "one -> len(one))), 0) + coalesce(list_sum(list_transform(map_values(record.associations), "
            "one -> len(one.results))), 0)) from (select unnest(results) as record from "
            f"read_json('{downloaded}/*.json', maximum_object_size = 64000000, columns = {{results: {record}}}))"
        )

    def known_sql(self, place: Place) -> str | None:
        """Nobody knows anything by it."""
        return None

    def _of_the_crm(self) -> dict[str, object]:
        if self.crm == "hubspot":
            return {
                "token": _CREDENTIALS.hubspot_private_token,
                "history": HISTORY_PROPERTIES,
                "links": LINKED_TYPES,
            }
        login = {
            "grant_type": "client_credentials",
            "client_id": _CREDENTIALS.salesforce_client_id,
            "client_secret": _CREDENTIALS.salesforce_client_secret,
        }
        return {"login": login, "version": API_VERSION}
