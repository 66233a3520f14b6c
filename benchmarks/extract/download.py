"""The floor: one CRM downloaded to files by Python's standard library, in which no row is parsed.

`python -I -S download.py REQUEST` with the addresses, credentials and names that a JSON file says (floor.py writes it).
Salesforce comes as Bulk 2.0 results, HubSpot as list pages. Only what is needed to ask is understood: the login, the
fields of an object, a job's state, where the next page begins. Bodies go to disk as they come, uncompressed.
"""

import http.client
import json
import re
import shutil
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

COPIED_BYTES = 1 << 18
BULK_PAGE_ROWS = 100_000
POLL_SECONDS = 0.5
ENDED_WITHOUT_ROWS = ("Failed", "Aborted")
LIST_PAGE, HISTORY_PAGE = 100, 50  # records; the most that HubSpot lists without and with history
WITHOUT_VALUES = ("address", "location")  # types of fields that Bulk does not select: their parts are fields too
# the cursor of the whole page stands behind all records
NEXT = re.compile(rb'"paging":\{"next":\{"after":"([^"]+)"[^\]]*\Z')
TAIL_BYTES = 1 << 16


class Connection:
    """One connection that is kept open, and the token that goes with each call."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)
        self.headers: dict[str, str] = {}

    def send(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> http.client.HTTPResponse:
        """The answer, not yet read."""
        headers = {**self.headers, **({"Content-Type": kind} if kind else {})}
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path.split('?')[0]}: HTTP {answer.status} {answer.read()[:300]!r}")
        return answer

    def read(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A small answer that has to be understood."""
        sent = None if body is None else json.dumps(body).encode()
        answer: dict[str, Any] = json.loads(self.send(method, path, sent, "application/json" if sent else "").read())
        return answer


def download_salesforce(asked: dict[str, Any], folder: Path) -> None:
    """All rows of the named objects, deleted ones too, as CSV."""
    connection = Connection(asked["url"])
    form = urlencode(asked["login"]).encode()
    answer = connection.send("POST", "/services/oauth2/token", form, "application/x-www-form-urlencoded")
    connection.headers = {"Authorization": f"Bearer {json.loads(answer.read())['access_token']}"}
    root = f"/services/data/v{asked['version']}"
    jobs = {}
    for name in asked["names"]:
        fields = connection.read("GET", f"{root}/sobjects/{name}/describe")["fields"]
        columns = ", ".join(field["name"] for field in fields if field["type"] not in WITHOUT_VALUES)
        query = {"operation": "queryAll", "query": f"SELECT {columns} FROM {name}"}
        jobs[name] = connection.read("POST", f"{root}/jobs/query", query)["id"]
    for name, job in jobs.items():
        while (state := connection.read("GET", f"{root}/jobs/query/{job}")["state"]) != "JobComplete":
            if state in ENDED_WITHOUT_ROWS:
                raise RuntimeError(f"The Bulk job of {name} ended as {state}: look at the sandbox, then measure again.")
            time.sleep(POLL_SECONDS)  # nothing else tells when a job is done
        locator, number = "", 0
        while locator != "null":
            parameters = {"maxRecords": BULK_PAGE_ROWS, **({"locator": locator} if locator else {})}
            answer = connection.send("GET", f"{root}/jobs/query/{job}/results?{urlencode(parameters)}")
            with (folder / f"{name}-{number:05d}.csv").open("wb") as file:
                shutil.copyfileobj(answer, file, COPIED_BYTES)
            locator, number = answer.headers["Sforce-Locator"], number + 1


def download_hubspot(asked: dict[str, Any], folder: Path) -> None:
    """All live records of the named types as list pages; deals with their history and links."""
    connection = Connection(asked["url"])
    connection.headers = {"Authorization": f"Bearer {asked['token']}"}
    for name in asked["names"]:
        properties = connection.read("GET", f"/crm/v3/properties/{name}")["results"]
        parameters = {"limit": LIST_PAGE, "properties": ",".join(entry["name"] for entry in properties)}
        if name == "deals":
            history, links = ",".join(asked["history"]), ",".join(asked["links"])
            parameters |= {"limit": HISTORY_PAGE, "propertiesWithHistory": history, "associations": links}
        after, number = "0", 0
        while after:
            answer = connection.send("GET", f"/crm/v3/objects/{name}?{urlencode({**parameters, 'after': after})}")
            body = answer.read()
            (folder / f"{name}-{number:05d}.json").write_bytes(body)
            found = NEXT.search(body, max(0, len(body) - TAIL_BYTES))
            after, number = found[1].decode() if found else "", number + 1


if __name__ == "__main__":
    request = json.loads(Path(sys.argv[1]).read_text())
    target = Path(request["folder"])
    target.mkdir(parents=True)
    {"salesforce": download_salesforce, "hubspot": download_hubspot}[request["crm"]](request, target)
