"""Records of one object as an edit changes them: values, stamps, the recycle bin, merges, and the delete log."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import duckdb

from connectors.sandbox.catalogue import SalesforceField
from connectors.sandbox.salesforce.schema import OrgSchema, SalesforceObject
from connectors.sandbox.salesforce.values import long_id
from connectors.sandbox.state import EditError, SandboxState

MERGEABLE = ("Account", "Contact", "Lead")
# what goes to the bin, and leaves it, with a record: child object and the field that names the parent
OWNED: dict[str, tuple[tuple[str, str], ...]] = {
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId")),
    "Opportunity": (
        ("OpportunityHistory", "OpportunityId"),
        ("OpportunityFieldHistory", "OpportunityId"),
        ("OpportunityLineItem", "OpportunityId"),
        ("OpportunityContactRole", "OpportunityId"),
        ("Task", "WhatId"),
        ("Event", "WhatId"),
    ),
    "Contact": (("OpportunityContactRole", "ContactId"),),
}
# fields that lead to a record without naming its object
POLYMORPHIC = ("WhoId", "WhatId")
# what the world's days must leave alone (world/salesforce_edited.py reads it)
CREATE_EDITED = "CREATE TABLE IF NOT EXISTS salesforce._edited (object VARCHAR, id VARCHAR)"


class Records:
    """One edit of one object. All changes happen in the caller's transaction."""

    def __init__(self, state: SandboxState, cursor: duckdb.DuckDBPyConnection, given: Mapping[str, object]) -> None:
        """`given` names the `object`, and the `stamp` if it is not the virtual clock."""
        self._state = state
        self._cursor = cursor
        self._given = given
        self._schema = OrgSchema.read(cursor)
        self.object = self._object(str(given.get("object")))
        stamp = given.get("stamp")
        self.stamp = _moment(stamp) if stamp is not None else state.clock.astimezone(UTC).replace(tzinfo=None)
        cursor.execute(CREATE_EDITED)
        cursor.execute("CREATE SEQUENCE IF NOT EXISTS salesforce._edit_number")

    def sibling(self, object_name: str) -> "Records":
        """The same edit of another object."""
        return Records(self._state, self._cursor, {"object": object_name, "stamp": self.stamp.isoformat()})

    def read(self, names: Sequence[str], ids: Sequence[str]) -> list[dict[str, object]]:
        """Some fields of some records."""
        columns = ", ".join(f'"{name}"' for name in names)
        rows = self._cursor.execute(
            f'SELECT {columns} FROM salesforce."{self.object.name}" WHERE "Id" IN (SELECT unnest(?)) ORDER BY "Id"',
            [list(ids)],
        ).fetchall()
        return [dict(zip(names, row, strict=True)) for row in rows]

    def named(self, *keys: str) -> list[str]:
        """Ids under one of `keys`, each of a record that is there."""
        for key in keys:
            if key in self._given:
                asked = self._given[key]
                listed = [str(one) for one in asked] if isinstance(asked, list) else [str(asked)]
                ids = [long_id(one) or one for one in listed]
                missing = set(ids) - self._existing(ids)
                if missing or not ids:
                    raise EditError(f"there is no {self.object.name} {', '.join(sorted(missing)) or '(none named)'}")
                return ids
        raise EditError(f"this kind needs {' or '.join(keys)}")

    def fields(self, given: Mapping[str, object]) -> dict[str, object]:
        """The `fields` of an edit as the world stores them; a list is a multi-select's."""
        fields = given.get("fields", {})
        if not isinstance(fields, Mapping):
            raise EditError("fields must be an object of names and values")
        known = {field.name.lower(): field for field in self.object.fields}
        unknown = [name for name in fields if name.lower() not in known or known[name.lower()].is_compound]
        if unknown:
            raise EditError(f"{self.object.name} has no field {', '.join(unknown)} that can be set")
        return {known[name.lower()].name: _stored(value) for name, value in fields.items()}

    def stamps(self) -> dict[str, object]:
        """The stamps that a change moves."""
        return {name: self.stamp for name in ("LastModifiedDate", "SystemModstamp") if self.object.has_field(name)}

    def update(self, ids: Sequence[str], values: Mapping[str, object], object_name: str | None = None) -> None:
        """Write values into records, and take the records over from the plan."""
        name = object_name or self.object.name
        if values:
            assignments = ", ".join(f'"{field}" = ?' for field in values)
            self._cursor.execute(
                f'UPDATE salesforce."{name}" SET {assignments} WHERE "Id" IN (SELECT unnest(?))',
                [*values.values(), list(ids)],
            )
        self._take_over(name, ids)

    def insert(self, rows: Sequence[Mapping[str, object]]) -> list[str]:
        """New records with ids of their own unless `Id` is given."""
        ids = []
        for row in rows:
            made = {"Id": self._new_id(), **self._birth(), **row}
            columns = ", ".join(f'"{name}"' for name in made)
            marks = ", ".join("?" * len(made))
            self._cursor.execute(
                f'INSERT INTO salesforce."{self.object.name}" ({columns}) VALUES ({marks})', list(made.values())
            )
            ids.append(str(made["Id"]))
        self._take_over(self.object.name, ids)
        return ids

    def delete(self, ids: Sequence[str]) -> None:
        """Into the bin, children first."""
        if not self.object.has_field("IsDeleted"):
            raise EditError(f"{self.object.name} has no recycle bin; hard_delete it")
        for name, found in self._with_owned(self.object.name, ids):
            target = self._object(name)
            stamps = {"SystemModstamp": self.stamp} if target.has_field("SystemModstamp") else {}
            self.update(found, {"IsDeleted": True, **stamps}, name)
            self._log(name, found, is_hard=False)

    def undelete(self, ids: Sequence[str]) -> None:
        """Out of the bin, with what went in under the same record."""
        for name, found in self._with_owned(self.object.name, ids):
            target = self._object(name)
            stamps = {"SystemModstamp": self.stamp} if target.has_field("SystemModstamp") else {}
            self.update(found, {"IsDeleted": False, **stamps}, name)
            self._cursor.execute(
                "DELETE FROM salesforce._deleted WHERE object = ? AND id IN (SELECT unnest(?))", [name, found]
            )

    def erase(self, ids: Sequence[str], *, logged: bool) -> None:
        """Gone, with what belongs to them."""
        for name, found in self._with_owned(self.object.name, ids):
            self._take_over(name, found)
            self._cursor.execute(f'DELETE FROM salesforce."{name}" WHERE "Id" IN (SELECT unnest(?))', [found])
            if logged:
                self._log(name, found, is_hard=True)
            else:
                self._cursor.execute(
                    "DELETE FROM salesforce._deleted WHERE object = ? AND id IN (SELECT unnest(?))", [name, found]
                )

    def merge(self, winner: str, losers: Sequence[str]) -> None:
        """Losers to the bin with the winner's id; every reference to them leads to the winner, newly stamped."""
        name = self.object.name
        if name not in MERGEABLE or winner in losers:
            raise EditError(f"only different records of {', '.join(MERGEABLE)} can be merged")
        for child in self._schema.objects.values():
            for field in child.fields:
                if (field.reference_to == name or field.name in POLYMORPHIC) and field.name != "MasterRecordId":
                    self._move_references(child, field, winner, losers)
        self.update([winner], self.stamps())
        self.update(losers, {"IsDeleted": True, "MasterRecordId": winner, "SystemModstamp": self.stamp})
        self._log(name, losers, is_hard=False)
        if self._has_truth("merges"):
            self._cursor.execute(
                "INSERT INTO truth.merges SELECT 'salesforce', ?, unnest(?), ?, ?",
                [name, list(losers), winner, self.stamp],
            )

    def report(self, ids: Sequence[str]) -> dict[str, object]:
        """What the edit answers."""
        answer: dict[str, object] = {
            "object": self.object.name,
            "ids": list(ids),
            "stamp": f"{self.stamp.isoformat()}Z",
        }
        return {**answer, "id": ids[0]} if len(ids) == 1 else answer

    def _move_references(
        self, child: SalesforceObject, field: SalesforceField, winner: str, losers: Sequence[str]
    ) -> None:
        found = [
            row[0]
            for row in self._cursor.execute(
                f'SELECT "Id" FROM salesforce."{child.name}" WHERE "{field.name}" IN (SELECT unnest(?))', [list(losers)]
            ).fetchall()
        ]
        if found:
            stamps = {"SystemModstamp": self.stamp} if child.has_field("SystemModstamp") else {}
            self.update(found, {field.name: winner, **stamps}, child.name)

    def _with_owned(self, name: str, ids: Sequence[str]) -> list[tuple[str, list[str]]]:
        found: list[tuple[str, list[str]]] = []
        for child, link in OWNED.get(name, ()):
            if child in self._schema.objects and self._object(child).has_field(link):
                rows = self._cursor.execute(
                    f'SELECT "Id" FROM salesforce."{child}" WHERE "{link}" IN (SELECT unnest(?))', [list(ids)]
                ).fetchall()
                if rows:
                    found.extend(self._with_owned(child, [row[0] for row in rows]))
        return [*found, (name, list(ids))]

    def _log(self, name: str, ids: Sequence[str], *, is_hard: bool) -> None:
        self._cursor.execute(
            "INSERT INTO salesforce._deleted SELECT ?, unnest(?), ?, ?", [name, list(ids), self.stamp, is_hard]
        )
        if self._has_truth("deletions"):
            self._cursor.execute(
                "INSERT INTO truth.deletions SELECT 'salesforce', ?, unnest(?), ?, ?",
                [name, list(ids), self.stamp, "hard" if is_hard else "soft"],
            )

    def _has_truth(self, table: str) -> bool:
        found = self._cursor.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'truth' AND table_name = ?", [table]
        ).fetchone()
        return found is not None

    def _take_over(self, name: str, ids: Sequence[str]) -> None:
        self._cursor.execute(
            "INSERT INTO salesforce._edited SELECT ?, unnest(?) EXCEPT FROM salesforce._edited", [name, list(ids)]
        )

    def _birth(self) -> dict[str, object]:
        values: dict[str, object] = {"IsDeleted": False, "CreatedDate": self.stamp, **self.stamps()}
        return {name: value for name, value in values.items() if self.object.has_field(name)}

    def _new_id(self) -> str:
        number = self._cursor.execute("SELECT nextval('salesforce._edit_number')").fetchone()
        identity = long_id(f"{self.object.key_prefix}ed00{number[0] if number else 0:08d}")
        if identity is None:
            raise EditError(f"{self.object.name} has no key prefix; give the record an Id")
        return identity

    def _existing(self, ids: Sequence[str]) -> set[str]:
        rows = self._cursor.execute(
            f'SELECT "Id" FROM salesforce."{self.object.name}" WHERE "Id" IN (SELECT unnest(?))', [list(ids)]
        ).fetchall()
        return {row[0] for row in rows}

    def _object(self, name: str) -> SalesforceObject:
        found = self._schema.objects.get(name)
        if found is None:
            raise EditError(f"there is no object {name!r}")
        return found


def _moment(given: object) -> datetime:
    parsed = datetime.fromisoformat(str(given))
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def _stored(value: object) -> object:
    if isinstance(value, list):
        return ";".join(str(one) for one in value)
    return value
