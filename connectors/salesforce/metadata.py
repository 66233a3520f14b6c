"""What the org says about itself: its id, its objects, and which of their fields the integration user can read."""

from collections.abc import Iterable, Iterator

from connectors.errors import CrmError, UnexpectedReplyError
from connectors.reading_rules import ReadingRules
from connectors.salesforce.client import SalesforceClient, object_of, query_path
from connectors.salesforce.columns import Selection, select_columns
from connectors.salesforce.describe import Described, OptionLabel, read_description
from connectors.salesforce.objects import CONNECTION, OBJECTS, OPTIONAL_OBJECTS, SalesforceObject, custom_object

ORGANIZATION = "SELECT Id FROM Organization"
ALL_OBJECTS = "/sobjects"


class Metadata:
    """Describes of all objects that the rules allow, read together and kept until the next `read`."""

    def __init__(self, client: SalesforceClient, rules: ReadingRules | None = None) -> None:
        self.rules = rules or ReadingRules.default()
        self._client = client
        self._specs: dict[str, SalesforceObject] = {}
        self._described: dict[str, Described | CrmError] = {}

    def read(self) -> str:
        """Read the org's id, the list of its objects and every describe, in one call if there are few; the id."""
        specs = [spec for spec in (*OBJECTS, *OPTIONAL_OBJECTS) if self._allows(spec.name)]
        paths = [query_path(ORGANIZATION), ALL_OBJECTS, *(_path(spec.name) for spec in specs)]
        organization, listed, *answers = self._client.read_all(paths, family="describe")
        self._specs = {spec.name: spec for spec in specs}
        self._described = {spec.name: _described(answer) for spec, answer in zip(specs, answers, strict=True)}
        if isinstance(organization, CrmError):
            raise organization
        records = object_of(organization).get("records")
        if not records or not isinstance(records[0].get("Id"), str):
            raise UnexpectedReplyError("Salesforce did not say which org this is; nothing was read.")
        self._read_custom_objects(listed)
        return str(records[0]["Id"])

    @property
    def objects(self) -> tuple[SalesforceObject, ...]:
        """Every object of ours, the optional ones that this org has, and the custom ones that the rules allow."""
        self._read_once()
        return tuple(
            spec
            for spec in self._specs.values()
            if not spec.is_optional or isinstance(self._described[spec.name], Described)
        )

    def spec(self, name: str) -> SalesforceObject:
        """The object of that name; KeyError if it is not read."""
        self._read_once()
        return self._specs[name]

    def find(self, name: str) -> Described | None:
        """The object's description; None if this user cannot read it."""
        self._read_once()
        found = self._described.get(name)
        return found if isinstance(found, Described) else None

    def get(self, name: str) -> Described:
        """The object's description.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        self._read_once()
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

    def select(self, name: str) -> Selection:
        """The columns that are read of an object.

        Raises:
            NoAccessError: this user cannot read the object.
        """
        return select_columns(self.spec(name), self.get(name), self.rules)

    def calculated(self, name: str) -> Selection | None:
        """Id and computed columns of an object; None if it has none that are read."""
        described = self.find(name)
        if described is None or not described.calculated:
            return None
        selection = self.select(name).only(described.calculated)
        return selection if len(selection.asked.columns) > 1 else None

    def labels(self) -> Iterator[tuple[str, OptionLabel]]:
        """(object, label) of every choice of every column that is read."""
        for spec in self.objects:
            described = self.find(spec.name)
            if described is not None:
                read = set(self.select(spec.name).asked.names)
                yield from ((spec.name, label) for label in described.labels if label.field in read)

    def _read_once(self) -> None:
        if not self._described:
            self.read()

    def _allows(self, name: str) -> bool:
        return self.rules.allows_object(CONNECTION, name, is_custom=False)

    def _read_custom_objects(self, listed: object) -> None:
        if isinstance(listed, CrmError):
            return  # an org without the list has no custom objects for us; its standard ones are read all the same
        names = list(self._custom_names(object_of(listed).get("sobjects") or ()))
        if not names:
            return
        answers = self._client.read_all([_path(name) for name in names], family="describe")
        for name, answer in zip(names, answers, strict=True):
            found = _described(answer)
            self._described[name] = found
            if isinstance(found, Described):
                self._specs[name] = custom_object(name, found.columns, has_delete_log=found.has_delete_log)

    def _custom_names(self, entries: Iterable[object]) -> Iterator[str]:
        for entry in entries:
            if not isinstance(entry, dict) or not entry.get("custom") or not entry.get("queryable"):
                continue
            name = str(entry.get("name"))
            is_setting = bool(entry.get("customSetting")) or bool(entry.get("deprecatedAndHidden"))
            if not is_setting and self.rules.allows_object(CONNECTION, name, is_custom=True):
                yield name


def _path(name: str) -> str:
    return f"/sobjects/{name}/describe"


def _described(answer: object) -> Described | CrmError:
    return answer if isinstance(answer, CrmError) else read_description(object_of(answer))
