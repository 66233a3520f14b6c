"""What the org says about itself: its id, and which fields of which objects the integration user can read."""

from dataclasses import dataclass

from connectors.errors import CrmError, UnexpectedReplyError
from connectors.salesforce.client import SalesforceClient, object_of, query_path
from connectors.salesforce.objects import OBJECTS
from connectors.salesforce.query import readable_columns
from connectors.schema import TableSchema

ORGANIZATION = "SELECT Id FROM Organization"


@dataclass(frozen=True)
class Described:
    """What describe says of an object."""

    columns: TableSchema
    has_delete_log: bool


class Metadata:
    """Describes of all objects, read together and kept until the next `read`."""

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client
        self._described: dict[str, Described | CrmError] = {}

    def read(self) -> str:
        """Read the org's id and every describe in one call; the id."""
        names = [spec.name for spec in OBJECTS]
        paths = [query_path(ORGANIZATION), *(_path(name) for name in names)]
        organization, *answers = self._client.read_all(paths, family="describe")
        self._described = dict(zip(names, map(_described, answers), strict=True))
        if isinstance(organization, CrmError):
            raise organization
        records = object_of(organization).get("records")
        if not records or not isinstance(records[0].get("Id"), str):
            raise UnexpectedReplyError("Salesforce did not say which org this is; nothing was read.")
        return str(records[0]["Id"])

    def find(self, name: str) -> Described | None:
        """The object's description; None if this user cannot read it."""
        if not self._described:
            self.read()
        found = self._described[name]
        return found if isinstance(found, Described) else None

    def get(self, name: str) -> Described:
        """The object's description.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        if not self._described:
            self.read()
        found = self._described[name]
        if isinstance(found, CrmError):
            raise found
        return found

    def read_again(self, name: str) -> Described:
        """The object's description as it is now."""
        answer = self._client.get(_path(name), family="describe").json()
        found = _described(answer)
        if isinstance(found, CrmError):
            raise found
        self._described[name] = found
        return found


def _path(name: str) -> str:
    return f"/sobjects/{name}/describe"


def _described(answer: object) -> Described | CrmError:
    if isinstance(answer, CrmError):
        return answer
    description = object_of(answer)
    return Described(readable_columns(description), bool(description.get("replicateable")))
