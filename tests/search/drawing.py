"""What is drawn: a world and the steps of its history, as plain JSON that can be printed and played again."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Step = list[Any]  # ["kind of step", its arguments ...]
TINY, SMALL = "50", "small"

_SALESFORCE_FAMILIES = [
    *("salesforce.query", "salesforce.composite", "salesforce.bulk_create", "salesforce.bulk_status"),
    *(
        "salesforce.bulk_results",
        "salesforce.bulk_delete",
        "salesforce.query_more",
        "salesforce.token",
        "salesforce.deleted",
        "salesforce.*",
    ),
]
_HUBSPOT_FAMILIES = [
    *("hubspot.search", "hubspot.list", "hubspot.batch_read", "hubspot.associations", "hubspot.records"),
    *("hubspot.properties", "hubspot.pipelines", "hubspot.owners", "hubspot.details", "hubspot.*"),
]
_CODES = [
    *("INVALID_FIELD", "INVALID_TYPE", "INVALID_QUERY_LOCATOR", "OPERATION_TOO_LARGE", "QUERY_TIMEOUT"),
    *("QUERY_TOO_COMPLICATED", "EXCEEDED_ID_LIMIT", "TXN_SECURITY_METERING_ERROR", "SERVER_UNAVAILABLE"),
    *("UNABLE_TO_LOCK_ROW", "INVALIDENTITY", "INSUFFICIENT_ACCESS", "REQUEST_LIMIT_EXCEEDED"),
]
_PICK = st.integers(0, 400)


@dataclass(frozen=True)
class Scenario:
    """A world, and what happens to it and to the runs that follow it."""

    seed: int
    size: str
    steps: list[Step]


def _json(**parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {key: part if isinstance(part, st.SearchStrategy) else st.just(part) for key, part in parts.items()}
    )


def _when(latest: int) -> st.SearchStrategy[dict[str, Any]]:
    """At some of the first `latest` calls, or at a share of all."""
    at = st.lists(st.integers(1, latest), min_size=1, max_size=3, unique=True)
    return st.one_of(
        _json(at=at),
        _json(rate=st.sampled_from([0.03, 0.1, 0.3]), seed=st.integers(0, 99), times=st.sampled_from([1, 3, 10, None])),
    )


def _fault(kinds: st.SearchStrategy[dict[str, Any]], latest: int = 25) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda kind, when: {**kind, **when}, kinds, _when(latest))


def _wire(families: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    """What any endpoint can do."""
    family = st.sampled_from(families)
    return st.one_of(
        _json(kind="status", family=family, status=st.sampled_from([401, 429, 500, 502, 503, 504])),
        _json(kind="reset", family=family),
        _json(kind="truncate", family=family, cut=st.sampled_from(["connection", "body", "rows", "gzip"]),
              keep=st.sampled_from([0.0, 0.3, 0.9])),
        _json(kind="slow", family=family, seconds=0.05),
    )  # fmt: skip


_SALESFORCE_KINDS = st.one_of(
    _wire(_SALESFORCE_FAMILIES),
    _json(kind="refuse", family=st.sampled_from(_SALESFORCE_FAMILIES), code=st.sampled_from(_CODES)),
    _json(kind=st.sampled_from(["expire_session", "daily_limit", "concurrent_limit"]),
          family=st.sampled_from(_SALESFORCE_FAMILIES)),
    _json(kind="locator_expired", family=st.sampled_from(["salesforce.query_more", "salesforce.bulk_results"])),
    _json(kind=st.sampled_from(["job_failed", "job_aborted", "job_stuck", "wrong_count"]),
          family=st.sampled_from(["salesforce.bulk_status", "salesforce.bulk_create"])),
    _json(kind="lose_rows", family="salesforce.bulk_results", keep=st.sampled_from([0.0, 0.5, 0.99])),
)  # fmt: skip
_HUBSPOT_KINDS = st.one_of(
    _wire(_HUBSPOT_FAMILIES),
    _json(kind="index_lag", family="hubspot.search", seconds=st.sampled_from([60.0, 3000.0])),
    _json(kind="unordered", family="hubspot.search", seconds=st.sampled_from([1.0, 300.0])),
    _json(kind="outside_window", family="hubspot.search", seconds=st.sampled_from([60.0, 500.0])),
    _json(kind="partial", family=st.sampled_from(["hubspot.batch_read", "hubspot.associations"]),
          keep=st.sampled_from([0.0, 0.5, 0.95])),
    _json(kind=st.sampled_from(["expire_session", "portal_changed"]), family=st.sampled_from(_HUBSPOT_FAMILIES)),
)  # fmt: skip
_FAULTS = st.lists(st.one_of(_fault(_SALESFORCE_KINDS), _fault(_HUBSPOT_KINDS)), min_size=1, max_size=3)
_LIMITS = st.one_of(
    st.just({}),
    _json(rest_page_rows=st.sampled_from([50, 200])),
    _json(query_rows=st.sampled_from([20, 100])),
    _json(deleted_ids=st.sampled_from([1, 3])),
    _json(activity_rows=st.sampled_from([5, 50])),
    _json(formula_fields=st.sampled_from([1, 3])),
    _json(bulk_page_rows=st.sampled_from([7, 60])),
)

_SF_OBJECTS = ["Opportunity", "Opportunity", "Account", "Contact", "Lead", "Task", "Event", "OpportunityLineItem",
               "OpportunityContactRole", "Project__c"]  # fmt: skip
_SF_EDIT = st.one_of(
    _json(kind="set_fields", object=st.sampled_from(_SF_OBJECTS), pick=_PICK, value=st.integers(1, 9999)),
    _json(kind="set_fields", object="Opportunity", pick=_PICK, value=st.integers(1, 9999), calculated=True),
    _json(kind="insert", object=st.sampled_from(_SF_OBJECTS), count=st.sampled_from([1, 2, 150]),
          value=st.integers(1, 9999)),
    _json(kind="late_commit", object=st.sampled_from(_SF_OBJECTS), pick=_PICK, value=st.integers(1, 9999),
          minutes=st.integers(1, 14)),
    _json(kind=st.sampled_from(["soft_delete", "undelete", "hard_delete"]), object=st.sampled_from(_SF_OBJECTS),
          pick=_PICK),
    _json(kind="merge", object=st.sampled_from(["Account", "Contact", "Lead"]), pick=_PICK, other=_PICK),
    _json(kind=st.sampled_from(["add_field", "drop_field"]), number=st.integers(1, 3),
          object=st.sampled_from(["Opportunity", "Task", "Project__c"]), pick=_PICK,
          type=st.sampled_from(["string", "currency", "date", "multipicklist"])),
    _json(kind=st.sampled_from(["hide_field", "show_field"]), object=st.just("Opportunity"),
          name=st.sampled_from(["NextStep", "Amount"])),
    _json(kind=st.sampled_from(["hide_object", "show_object"]),
          object=st.sampled_from(["OpportunityContactRole", "Event"])),
    _json(kind="add_object", object="Project__c"),
)  # fmt: skip
_HS_TYPES = ["deals", "deals", "contacts", "companies", "calls", "meetings", "emails", "tasks"]
_HS_EDIT = st.one_of(
    _json(kind="set_properties", type=st.sampled_from(_HS_TYPES), pick=_PICK, value=st.integers(1, 9999)),
    _json(kind="set_properties", type="deals", pick=_PICK, stage=_PICK),
    _json(kind="set_properties", type="deals", pick=_PICK, value=st.integers(1, 9999), calculated=True),
    _json(kind="insert", type=st.sampled_from(_HS_TYPES), value=st.integers(1, 9999), linked=_PICK),
    _json(kind="burst", type=st.sampled_from(_HS_TYPES), count=st.sampled_from([2, 130, 450]), existing=st.booleans(),
          value=st.integers(1, 9999)),
    _json(kind=st.sampled_from(["archive", "archive", "restore", "privacy_delete"]), type=st.sampled_from(_HS_TYPES),
          pick=_PICK),
    _json(kind="merge", type=st.sampled_from(["contacts", "companies", "deals"]), pick=_PICK, other=_PICK),
    _json(kind=st.sampled_from(["add_association", "remove_association", "move_association"]), pick=_PICK, other=_PICK,
          to_type=st.sampled_from(["contacts", "companies", "calls", "tasks"])),
    _json(kind="late_index", type=st.sampled_from(_HS_TYPES), pick=_PICK),
    _json(kind=st.sampled_from(["add_property", "drop_property"]), type=st.sampled_from(["deals", "contacts"]),
          number=st.integers(1, 3)),
    _json(kind=st.sampled_from(["hide", "show"]), type=st.sampled_from(["calls", "deals"]), named=st.booleans()),
    _json(kind="edit_stage", pick=_PICK, value=st.integers(1, 9999), touch_deals=st.booleans()),
    _json(kind="edit_pipeline", pick=_PICK, value=st.integers(1, 9999)),
    _json(kind="add_stage", pick=_PICK, value=st.integers(1, 9999)),
    _json(kind="add_object", type="machines"),
)  # fmt: skip

_CRM = st.sampled_from(["salesforce", "hubspot"])
_KILL = st.one_of(
    st.builds("answer:{}".format, st.integers(1, 80)),
    st.builds("event:{}".format, st.integers(1, 150)),
    st.builds("instant:{}".format, st.integers(1, 12_000)),
)
_SYNC = _json(page_rows=st.sampled_from([0, 0, 30]))
_STEP = st.one_of(
    st.tuples(st.just("edit"), st.just("salesforce"), _SF_EDIT),
    st.tuples(st.just("edit"), st.just("hubspot"), _HS_EDIT),
    st.tuples(st.just("edit"), st.just("hubspot"), _HS_EDIT),
    st.tuples(st.just("tick"), st.sampled_from([1, 1, 2])),
    st.tuples(st.just("faults"), _FAULTS, _LIMITS),
    st.tuples(st.just("clear")),
    st.tuples(st.just("sync"), _CRM, _SYNC),
    st.tuples(st.just("sync"), _CRM, _json(page_rows=30, kill=_KILL)),
    st.tuples(st.just("sync"), _CRM, _json(page_rows=30, kill=_KILL)),
    st.tuples(st.just("sync"), _CRM, _json(page_rows=30, budget=st.integers(3, 60))),
    st.tuples(st.just("sync"), _CRM, _json(page_rows=0, full=True)),
    st.tuples(st.just("nights"), _CRM, st.integers(2, 4)),
    st.tuples(st.just("compact"), _CRM),
    st.tuples(st.just("compact"), _CRM, st.builds("instant:{}".format, st.integers(1, 600))),
)


def scenarios(*, most_steps: int, sizes: list[str] | None = None) -> st.SearchStrategy[Scenario]:
    """Histories of up to `most_steps` steps."""
    return st.builds(
        Scenario,
        st.integers(1, 3),
        st.sampled_from(sizes or [TINY]),
        st.lists(_STEP.map(list), min_size=most_steps // 2, max_size=most_steps),
    )


@st.composite
def short_scenarios(draw: st.DrawFn) -> Scenario:
    """Histories of one CRM in which little is wasted: a first load, edits, and runs of the next day in trouble."""
    crm = draw(_CRM)
    edit, kinds = (_SF_EDIT, _SALESFORCE_KINDS) if crm == "salesforce" else (_HS_EDIT, _HUBSPOT_KINDS)
    fault = _fault(kinds, latest=4)  # a day's run makes few calls
    run = st.one_of(
        _json(page_rows=30),
        _json(page_rows=30, kill=_KILL),
        _json(page_rows=30, kill=_KILL),
        _json(page_rows=30, budget=st.integers(6, 40)),
    )
    return Scenario(
        draw(st.integers(1, 3)),
        TINY,
        [
            ["sync", crm, draw(run)],
            *(["edit", crm, made] for made in draw(st.lists(edit, min_size=2, max_size=5))),
            ["tick", 1],
            ["faults", draw(st.lists(fault, min_size=2, max_size=4)), draw(_LIMITS)],
            ["sync", crm, draw(run)],
            ["sync", crm, draw(run)],
        ],
    )
