"""The stages of the generated world: the stock sets, the planted ones, and what admins change as days go by."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from connectors.sandbox.world.days import day_number
from connectors.sandbox.world.hashing import Ints

SALESFORCE, HUBSPOT = "salesforce", "hubspot"
DEFAULT_PIPELINE, PARTNER_PIPELINE = "default", "71200001"

# (crm, pipeline) of the three ladders that deals climb
LADDER_PIPELINES = ((SALESFORCE, DEFAULT_PIPELINE), (HUBSPOT, DEFAULT_PIPELINE), (HUBSPOT, PARTNER_PIPELINE))

PIPELINE, BEST_CASE, COMMIT, CLOSED, OMITTED = 1, 2, 3, 4, 5
CATEGORY_ENUMS = {PIPELINE: "Pipeline", BEST_CASE: "BestCase", COMMIT: "Forecast", CLOSED: "Closed", OMITTED: "Omitted"}
CATEGORY_NAMES = {PIPELINE: "Pipeline", BEST_CASE: "Best Case", COMMIT: "Commit", CLOSED: "Closed", OMITTED: "Omitted"}

SET_UP_DAY = day_number(date(2023, 6, 1))


@dataclass(frozen=True)
class Stage:
    """One stage; `probability` in percent, `canonical` 0..8 or None where no map covers it.

    `order` only sorts. `retired_day` is the day number it was switched off, None while it is in use.
    A `ghost` is a value that deals carry and no metadata lists.
    """

    no: int
    crm: str
    pipeline_id: str
    id: str
    label: str
    order: float
    probability: int
    category: int
    canonical: int | None
    is_closed: bool = False
    is_won: bool = False
    plant: str | None = None
    retired_day: int | None = None
    changed_day: int = SET_UP_DAY
    ghost: bool = False


@dataclass(frozen=True)
class Edit:
    """What an admin changes on one stage on one day."""

    day: int
    stage_no: int
    probability: int | None = None
    label: str | None = None
    retires: bool = False


_SF = (SALESFORCE, DEFAULT_PIPELINE)
_HS = (HUBSPOT, DEFAULT_PIPELINE)
_PARTNER = (HUBSPOT, PARTNER_PIPELINE)

# crm and pipeline, id, label (None: the id), order, percent, category, canonical
_STOCK: tuple[tuple[tuple[str, str], str, str | None, int, int, int, int], ...] = (
    (_SF, "Prospecting", None, 1, 10, PIPELINE, 1),
    (_SF, "Qualification", None, 2, 10, PIPELINE, 2),
    (_SF, "Needs Analysis", None, 3, 20, PIPELINE, 3),
    (_SF, "Value Proposition", None, 4, 50, PIPELINE, 4),
    (_SF, "Id. Decision Makers", None, 5, 60, BEST_CASE, 4),
    (_SF, "Perception Analysis", None, 6, 70, BEST_CASE, 5),
    (_SF, "Proposal/Price Quote", None, 7, 75, BEST_CASE, 5),
    (_SF, "Negotiation/Review", None, 8, 90, COMMIT, 6),
    (_SF, "Closed Won", None, 9, 100, CLOSED, 7),
    (_SF, "Closed Lost", None, 10, 0, OMITTED, 8),
    (_HS, "appointmentscheduled", "Appointment Scheduled", 0, 10, PIPELINE, 1),
    (_HS, "qualifiedtobuy", "Qualified To Buy", 1, 10, PIPELINE, 2),
    (_HS, "presentationscheduled", "Presentation Scheduled", 2, 50, PIPELINE, 4),
    (_HS, "decisionmakerboughtin", "Decision Maker Bought-In", 3, 70, BEST_CASE, 5),
    (_HS, "contractsent", "Contract Sent", 4, 90, COMMIT, 6),
    (_HS, "closedwon", "Closed Won", 5, 100, CLOSED, 7),
    (_HS, "closedlost", "Closed Lost", 6, 0, OMITTED, 8),
    (_PARTNER, "71200011", "Partner Intro", 0, 10, PIPELINE, 1),
    (_PARTNER, "71200012", "Qualified", 1, 10, PIPELINE, 2),
    (_PARTNER, "71200013", "Joint Needs Assessment", 2, 20, PIPELINE, 3),
    (_PARTNER, "71200014", "Solution Pitch", 3, 50, PIPELINE, 4),
    (_PARTNER, "71200015", "Commercial Offer", 4, 70, BEST_CASE, 5),
    (_PARTNER, "71200016", "Contracting", 5, 90, COMMIT, 6),
    (_PARTNER, "71200017", "Won", 6, 100, CLOSED, 7),
    (_PARTNER, "71200018", "Lost", 7, 0, OMITTED, 8),
)
# ladder -> stage number by position 1..8; a zero pads the shorter ladders
LADDERS = np.array(
    [[0, 1, 2, 3, 4, 5, 6, 7, 8], [0, 11, 12, 13, 14, 15, 0, 0, 0], [0, 18, 19, 20, 21, 22, 23, 0, 0]], dtype=np.int64
)
# how far along the canonical road a position lies: halves are second stages of one canonical step
LADDER_DEPTHS = np.array(
    [[0, 1, 2, 3, 4, 4.5, 5, 5.5, 6], [0, 1, 2, 4, 5, 6, 9, 9, 9], [0, 1, 2, 3, 4, 5, 6, 9, 9]], dtype=np.float64
)
WON_STAGES = np.array([9, 16, 24], dtype=np.int64)
LOST_STAGES = np.array([10, 17, 25], dtype=np.int64)
QUALIFIED_TO_BUY, SOLUTION_PITCH = 12, 21
NEEDS_ANALYSIS, PERCEPTION_ANALYSIS, COMMERCIAL_OFFER = 3, 6, 22

VERBAL_AGREEMENT, WON_PARTNER, PROPOSAL_LEGACY, SOLUTION_REVIEW = 41, 42, 43, 44
BUSINESS_REVIEW, BUSINESS_REVIEW_PARTNER, TECHNICAL_CHECK, LOST_OLD = 45, 46, 47, 48
REFERENCE_CHECK, DISQUALIFIED, NURTURING = 49, 50, 51
SOLUTION_REVIEW_RETIRED = day_number(date(2025, 6, 1))
_ADDED = day_number(date(2025, 11, 3))
_PLANTED = (
    Stage(
        VERBAL_AGREEMENT,
        *_SF,
        "Verbal Agreement",
        "Verbal Agreement",
        7.8,
        85,
        BEST_CASE,
        None,
        plant="C01",
        changed_day=_ADDED,
    ),
    Stage(
        WON_PARTNER,
        *_SF,
        "Closed Won - Partner",
        "Closed Won - Partner",
        9.5,
        100,
        PIPELINE,
        7,
        True,
        True,
        plant="C06",
    ),
    Stage(
        PROPOSAL_LEGACY,
        *_SF,
        "Proposal Sent (legacy)",
        "Proposal Sent (legacy)",
        7.5,
        75,
        BEST_CASE,
        5,
        plant="C07",
        ghost=True,
    ),
    Stage(
        SOLUTION_REVIEW,
        *_SF,
        "Solution Review",
        "Solution Review",
        4.5,
        50,
        BEST_CASE,
        4,
        plant="C08",
        retired_day=SOLUTION_REVIEW_RETIRED,
        changed_day=SOLUTION_REVIEW_RETIRED,
    ),
    # canonical 4 beside the partner pipeline's 5: a step that the pipeline has anyway, so nobody skips it unknowingly
    Stage(BUSINESS_REVIEW, *_HS, "71300021", "Business Review", 2.5, 50, PIPELINE, 4, plant="C02", changed_day=_ADDED),
    Stage(
        BUSINESS_REVIEW_PARTNER,
        *_PARTNER,
        "71300022",
        "Business Review",
        4.5,
        70,
        BEST_CASE,
        5,
        plant="C02",
        changed_day=_ADDED,
    ),
    Stage(
        TECHNICAL_CHECK, *_PARTNER, "71300024", "Technical Check", 3.5, 50, PIPELINE, 4, plant="C04", changed_day=_ADDED
    ),
    # the last three stand in the lists and no deal ever does in them
    Stage(
        REFERENCE_CHECK,
        *_SF,
        "Reference Check",
        "Reference Check",
        6.5,
        72,
        PIPELINE,
        5,
        plant="C26",
        changed_day=_ADDED,
    ),
    Stage(
        DISQUALIFIED,
        *_HS,
        "71300026",
        "Disqualified",
        6.5,
        0,
        OMITTED,
        8,
        is_closed=True,
        plant="C27",
        changed_day=_ADDED,
    ),
    Stage(NURTURING, *_SF, "Nurturing", "Nurturing", 0.5, 5, OMITTED, 0, plant="C28", changed_day=_ADDED),
    Stage(LOST_OLD, *_PARTNER, "71300025", "Closed Lost (old)", 7.5, 10, OMITTED, 8, plant="C05", changed_day=_ADDED),
)

# a tick reaches these soon after the world's first day; each stays within every rule that the checks hold
_EDITS = (
    Edit(day_number(date(2026, 3, 19)), NEEDS_ANALYSIS, probability=25),
    Edit(day_number(date(2026, 3, 20)), COMMERCIAL_OFFER, label="Commercial Proposal"),
    Edit(day_number(date(2026, 3, 24)), PERCEPTION_ANALYSIS, retires=True),
)


def stages_on(plants: Iterable[str], day: int) -> list[Stage]:
    """Every stage as it stands at the end of a day, ordered within its pipeline; ghosts included."""
    planted = frozenset(plants)
    stages = {stage.no: stage for stage in _stock(planted)}
    stages |= {stage.no: stage for stage in _PLANTED if stage.plant in planted}
    for edit in _EDITS:
        if edit.day <= day and edit.stage_no in stages:
            stages[edit.stage_no] = _edited(stages[edit.stage_no], edit)
    return sorted(stages.values(), key=lambda stage: (stage.crm, stage.pipeline_id, stage.order))


def default_probabilities(plants: Iterable[str], stage_nos: Ints, days: Ints) -> Ints:
    """The percent that each stage stood at on the day that a deal entered it."""
    table = np.zeros(64, dtype=np.int64)
    for stage in stages_on(plants, 0):
        table[stage.no] = stage.probability
    result = table[stage_nos]
    for edit in _EDITS:
        if edit.probability is not None:
            result = np.where((stage_nos == edit.stage_no) & (days > edit.day), edit.probability, result)
    return result


def retired_days() -> dict[int, int]:
    """Stage number -> the day on which an admin retires it; no deal enters it from then on."""
    return {edit.stage_no: edit.day for edit in _EDITS if edit.retires}


def edited_days(until: int) -> list[int]:
    """Days up to `until`, in order, on which an admin changes a stage."""
    return sorted({edit.day for edit in _EDITS if edit.day <= until})


def stage_categories() -> Ints:
    """Forecast category number by stage number."""
    table = np.full(64, PIPELINE, dtype=np.int64)
    for no, (_, _, _, _, _, category, _) in enumerate(_STOCK, start=1):
        table[no] = category
    for stage in _PLANTED:
        table[stage.no] = stage.category
    return table


def _stock(planted: frozenset[str]) -> list[Stage]:
    stages = [
        Stage(no, *pipeline, id_, label or id_, order, percent, category, canonical, canonical >= 7, canonical == 7)
        for no, (pipeline, id_, label, order, percent, category, canonical) in enumerate(_STOCK, start=1)
    ]
    if "C03" in planted:
        stages[QUALIFIED_TO_BUY - 1] = replace(stages[QUALIFIED_TO_BUY - 1], probability=40)
    if "C04" in planted:
        stages[SOLUTION_PITCH - 1] = replace(stages[SOLUTION_PITCH - 1], probability=60)
    return stages


def _edited(stage: Stage, edit: Edit) -> Stage:
    return replace(
        stage,
        probability=stage.probability if edit.probability is None else edit.probability,
        label=edit.label or stage.label,
        retired_day=edit.day if edit.retires else stage.retired_day,
        changed_day=edit.day,
    )
