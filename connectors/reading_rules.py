"""Which objects and columns are read of each CRM, and which are hashed on the way: decided before a request is built.

```
reading_rules.toml (defaults) ─► a person's own file ─► ReadingRules ─► asked for · hashed · never asked for
```

Lists and treatments are globs without regard to case; of several lines that fit, the last one wins, and a person's
own lines come after the defaults. Record ids, stamps and foreign keys are always read as they are.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, Literal, cast, get_args

from connectors.errors import ConfigurationError

Treatment = Literal["keep", "hash", "block"]
"""keep: as the CRM sends it; hash: a keyed HMAC in its place; block: never asked for."""

CRMS: Final = ("hubspot", "salesforce")
DEFAULTS: Final = Path(__file__).with_suffix(".toml")

# holds the values of every tracked field of Opportunity in two columns of its own
_FIELD_HISTORY: Final = "OpportunityFieldHistory"
_FIELD_VALUES: Final = ("oldvalue", "newvalue")

_TREATMENTS: Final = get_args(Treatment)
_SECTIONS: Final = ("allow_columns", "columns", "custom_objects", "deny_columns", "objects")
_LISTS: Final = ("allow", "deny")
_EVERYTHING: Final = ("*",)
_GLOB_SIGNS: Final = frozenset("*?[")

# without them no row can be found again, ordered or joined
_ALWAYS_READ: Final = {
    "salesforce": frozenset(["id", "createddate", "systemmodstamp", "lastmodifieddate", "isdeleted", "stagename"]),
    "hubspot": frozenset(
        [
            *("id", "created_at", "updated_at", "archived", "archived_at", "hs_object_id", "hs_merged_object_ids"),
            *("createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate", "hs_timestamp"),
            *("hubspot_owner_id", "associatedcompanyid", "hs_parent_company_id", "pipeline", "dealstage"),
        ]
    ),
}
# every value that they ever had is read too, and a hash of the newest alone would hide nothing
_NOT_HASHED: Final = {"hubspot": frozenset(["amount", "closedate", "hs_manual_forecast_category"])}
# these come whole, and their columns are the same in every portal
_WHOLE: Final = {"hubspot": frozenset(["owners", "pipelines", "pipeline_stages"])}


@dataclass(frozen=True)
class _ColumnRule:
    objects: str
    columns: str
    treatment: Treatment

    def fits(self, object_name: str, column: str) -> bool:
        return fnmatchcase(object_name, self.objects) and fnmatchcase(column, self.columns)


@dataclass(frozen=True)
class _CrmRules:
    """The rules of one CRM; all names in lower case."""

    treatments: tuple[_ColumnRule, ...] = ()
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    denied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objects: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """`objects.allow`, `custom_objects.deny` and so on: globs."""


@dataclass(frozen=True)
class ReadingRules:
    """What may be read. Made by `default` or `read`; equal files make equal rules."""

    _crms: Mapping[str, _CrmRules]

    @classmethod
    def default(cls) -> "ReadingRules":
        """The rules of reading_rules.toml: bodies and addresses of messages are blocked, all else is kept."""
        return _defaults()

    @classmethod
    def read(cls, path: Path) -> "ReadingRules":
        """The defaults, extended and overridden by the TOML file at `path`.

        Raises:
            ConfigurationError: the file cannot be read, has a key or value that no rule knows, or would block or
                hash a column without which no row can be found again.
        """
        rules = cls(_extended(_defaults()._crms, path))
        _check_field_history(rules, path)
        return rules

    def allows_object(self, crm: str, name: str, *, is_custom: bool) -> bool:
        """Whether the object is read at all."""
        lists = self._crms[crm].objects
        section = "custom_objects" if is_custom else "objects"
        return _fits(name, lists.get(f"{section}.allow", _EVERYTHING)) and not _fits(
            name, lists.get(f"{section}.deny", ())
        )

    def allows_column(self, crm: str, object_name: str, column: str) -> bool:
        """Whether the lists of columns let it through; what `treatment` says comes on top."""
        if is_always_read(crm, object_name, column):
            return True
        rules = self._crms[crm]
        lists = [names for objects, names in rules.allowed.items() if _fits(object_name, (objects,))]
        if lists and not any(_fits(column, names) for names in lists):
            return False
        return not any(
            _fits(object_name, (objects,)) and _fits(column, names) for objects, names in rules.denied.items()
        )

    def treatment(self, crm: str, object_name: str, column: str) -> Treatment:
        """What becomes of a column that the lists let through."""
        if is_always_read(crm, object_name, column):
            return "keep"
        object_lower, lower = object_name.lower(), column.lower()
        for rule in reversed(self._crms[crm].treatments):
            if rule.fits(object_lower, lower) and not (
                rule.treatment == "hash" and lower in _NOT_HASHED.get(crm, frozenset())
            ):
                return rule.treatment
        return "keep"

    def hashes(self, crm: str) -> bool:
        """Whether some column may be hashed, so that a key is needed before anything is sent."""
        return any(rule.treatment == "hash" for rule in self._crms[crm].treatments)


def is_always_read(crm: str, object_name: str, column: str) -> bool:
    """Whether it is a record id, a stamp or a foreign key: those no rule changes."""
    lower = column.lower()
    if lower in _ALWAYS_READ[crm] or object_name.lower() in _WHOLE.get(crm, frozenset()):
        return True
    return crm == "salesforce" and lower.endswith("id")  # references end in Id; custom fields end in __c


@cache
def _defaults() -> ReadingRules:
    return ReadingRules(_extended({crm: _CrmRules() for crm in CRMS}, DEFAULTS))


def _extended(known: Mapping[str, _CrmRules], path: Path) -> dict[str, _CrmRules]:
    file = _File(path)
    document = file.document()
    file.check_names(document, CRMS, "")
    return {crm: _extended_crm(known[crm], file, crm, file.table(document.get(crm, {}), crm)) for crm in CRMS}


def _check_field_history(rules: ReadingRules, path: Path) -> None:
    """Refuse to take a field out of Opportunity while its old and new values are read from the field history."""
    crm = rules._crms["salesforce"]
    withdrawn = any(rule.treatment != "keep" and _fits("opportunity", (rule.objects,)) for rule in crm.treatments)
    denied = any(_fits("opportunity", (objects,)) for objects in (*crm.allowed, *crm.denied))
    decided = [any(rule.fits(_FIELD_HISTORY.lower(), name) for rule in crm.treatments) for name in _FIELD_VALUES]
    is_read = rules.allows_object("salesforce", _FIELD_HISTORY, is_custom=False)
    if is_read and (withdrawn or denied) and not all(decided):
        raise ConfigurationError(
            f"{path}: a rule takes a field out of Opportunity, whose old values {_FIELD_HISTORY} may still hold. Say "
            f"what becomes of them: [salesforce.columns.{_FIELD_HISTORY}] with OldValue and NewValue. "
            f"Allowed: {', '.join(_TREATMENTS)}."
        )


def _extended_crm(known: _CrmRules, file: "_File", crm: str, sections: Mapping[str, object]) -> _CrmRules:
    file.check_names(sections, _SECTIONS, crm)
    objects = dict(known.objects)
    for section in ("objects", "custom_objects"):
        key = f"{crm}.{section}"
        lists = file.table(sections.get(section, {}), key)
        file.check_names(lists, _LISTS, key)
        objects |= {f"{section}.{name}": file.globs(value, f"{key}.{name}") for name, value in lists.items()}
    return _CrmRules(
        known.treatments + tuple(file.treatments(sections.get("columns", {}), crm)),
        {**known.allowed, **file.column_lists(sections.get("allow_columns", {}), crm, "allow_columns")},
        {**known.denied, **file.column_lists(sections.get("deny_columns", {}), crm, "deny_columns")},
        objects,
    )


@dataclass(frozen=True)
class _File:
    """A TOML file of rules; every complaint names the file, the key and what is allowed there."""

    path: Path

    def document(self) -> Mapping[str, object]:
        try:
            return tomllib.loads(self.path.read_text("utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} cannot be read ({error.strerror or error}). Correct CRM_READING_RULES, or unset it to "
                "read by the defaults."
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"{self.path} is no TOML file: {error}. Correct it there.") from error

    def treatments(self, value: object, crm: str) -> Iterator[_ColumnRule]:
        for objects, columns in self.table(value, f"{crm}.columns").items():
            for column, treatment in self.table(columns, f"{crm}.columns.{objects}").items():
                key = f"{crm}.columns.{objects}.{column}"
                if treatment not in _TREATMENTS:
                    raise self.error(key, f"{treatment!r} is no treatment", _TREATMENTS)
                if treatment != "keep":
                    self.check_protected(crm, objects, column, key)
                if treatment == "hash" and column.lower() in _NOT_HASHED.get(crm, frozenset()):
                    raise self.error(
                        key, "its history is read value by value, so it cannot be hashed", ("keep", "block")
                    )
                yield _ColumnRule(objects.lower(), column.lower(), cast("Treatment", treatment))

    def column_lists(self, value: object, crm: str, section: str) -> dict[str, tuple[str, ...]]:
        lists = {}
        for objects, names in self.table(value, f"{crm}.{section}").items():
            key = f"{crm}.{section}.{objects}"
            lists[objects.lower()] = self.globs(names, key)
            for name in lists[objects.lower()] if section == "deny_columns" else ():
                self.check_protected(crm, objects, name, f"{key} ({name})")
        return lists

    def check_protected(self, crm: str, objects: str, column: str, key: str) -> None:
        """Refuse a rule that names what must be read; a glob just does not reach it."""
        if objects.lower() in _WHOLE.get(crm, frozenset()):
            raise self.error(key, f"the CRM sends {objects} whole, no column of it can be left out", ("keep",))
        if not _GLOB_SIGNS & set(column) and is_always_read(crm, objects, column):
            raise self.error(key, f"{column} is a record id, a stamp or a foreign key and must be read", ("keep",))

    def check_names(self, table: Mapping[str, object], allowed: tuple[str, ...], key: str) -> None:
        for name in table:
            if name not in allowed:
                raise self.error(f"{key}.{name}".removeprefix("."), "is not known", allowed)

    def table(self, value: object, key: str) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise self.error(key, f"{value!r} is no table", (f"[{key}]",))
        return value

    def globs(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
            raise self.error(key, f"{value!r} is no list of names", ('["name", "glob*"]',))
        return tuple(name.lower() for name in value)

    def error(self, key: str, what: str, allowed: tuple[str, ...]) -> ConfigurationError:
        return ConfigurationError(f"{self.path}: {key}: {what}. Allowed: {', '.join(allowed)}.")


def _fits(name: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name.lower(), glob) for glob in globs)
