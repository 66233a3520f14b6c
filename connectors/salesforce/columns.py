"""Which columns of an object are asked for, which of them land and how, and which are kept back and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from connectors.landing import Withheld
from connectors.reading_rules import ReadingRules
from connectors.salesforce.describe import Described
from connectors.salesforce.objects import CONNECTION, SalesforceObject
from connectors.schema import Column, TableSchema

# standard fields that an org without the feature does not have: their absence hides nothing
FEATURE_FIELDS = frozenset(["currencyisocode", "recordtypeid", "pushcount", "laststagechangedate", "territory2id"])


@dataclass(frozen=True)
class Selection:
    """`asked` is what is queried, in the CRM's types; `schema` what lands, in the same order and then some.

    What is in `schema` alone lands as null, and is in `withheld`.
    """

    asked: TableSchema
    schema: TableSchema
    withheld: Mapping[str, Withheld] = field(default_factory=dict)
    hashed: frozenset[str] = frozenset()

    @classmethod
    def plain(cls, columns: TableSchema) -> "Selection":
        """All of `columns`, as they are."""
        return cls(columns, columns)

    def only(self, names: Collection[str]) -> "Selection":
        """The record's id and those of `names` that are asked for."""
        wanted = {name.lower() for name in names} | {"id"}
        asked = TableSchema(tuple(column for column in self.asked.columns if column.name.lower() in wanted))
        kept = {column.name for column in asked.columns}
        schema = TableSchema(tuple(column for column in self.schema.columns if column.name in kept))
        return Selection(asked, schema, {}, self.hashed & kept)

    def without(self, readable: TableSchema) -> "Selection":
        """The same for those columns that are readable now; the others land as null and have vanished."""
        known = {name.lower() for name in readable.names}
        kept = tuple(column for column in self.asked.columns if column.name.lower() in known)
        gone: dict[str, Withheld] = {
            column.name: "vanished" for column in self.asked.columns if column.name.lower() not in known
        }
        return Selection(TableSchema(kept), self.schema, {**self.withheld, **gone}, self.hashed)


def select_columns(spec: SalesforceObject, described: Described, rules: ReadingRules) -> Selection:
    """What is read of an object: all that this user can see and the rules allow, and at least a place for `spec`'s."""
    withheld: dict[str, Withheld] = dict.fromkeys(described.unsupported, "unsupported")
    asked: list[Column] = []
    hashed: set[str] = set()
    for column in described.columns.columns:
        treatment = rules.treatment(CONNECTION, spec.name, column.name)
        if not rules.allows_column(CONNECTION, spec.name, column.name):
            withheld[column.name] = "denied"
        elif treatment == "block":
            withheld[column.name] = "blocked"
        else:
            asked.append(column)
            if treatment == "hash":
                hashed.add(column.name)
    landed = [Column(column.name, "VARCHAR") if column.name in hashed else column for column in asked]
    landed_names = {column.name.lower() for column in asked}
    described_names = {name.lower() for name in described.columns.names}
    for column in spec.columns.columns:
        if column.name.lower() not in landed_names:
            landed.append(column)
        if column.name.lower() not in described_names:
            withheld[column.name] = _why_missing(column.name)
    return Selection(TableSchema(tuple(asked)), TableSchema(tuple(landed)), withheld, frozenset(hashed))


def _why_missing(name: str) -> Withheld:
    """A custom field that is not described may not exist; a standard one exists, and is hidden from this user."""
    return "absent" if name.endswith("__c") or name.lower() in FEATURE_FIELDS else "hidden"
