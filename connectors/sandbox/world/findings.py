"""What each check must find at the clock: every planted inconsistency, worked out from the plan's own knowledge."""

import json
from collections.abc import Iterator
from itertools import combinations, groupby, pairwise

import duckdb

from connectors.sandbox.world.days import moment
from connectors.sandbox.world.stages import CLOSED, OMITTED, SALESFORCE, Stage

# check, crm, pipeline, stage, entity type, entity id, detail
Finding = tuple[str, str | None, str | None, str | None, str, str, str]


def write_findings(connection: duckdb.DuckDBPyConnection, stages: list[Stage], day: int) -> int:
    """Rewrite truth.findings as of the end of `day`; returns how many there are."""
    connection.execute(_VISITS)
    found = [
        *_stage_findings(stages, day),
        *_entered_after_retirement(connection, stages, day),
        *_ghosts(connection, stages),
    ]
    connection.execute("delete from truth.findings")
    if found:
        connection.executemany("insert into truth.findings values (?, ?, ?, ?, ?, ?, ?)", found)
    for select in (_SKIPS, _TIME_DEFECTS, _OVERDUE, _NO_REASON):
        connection.execute(f"insert into truth.findings {select}")
    row = connection.execute("select count(*) from truth.findings").fetchone()
    return int(row[0]) if row else 0


def _stage_findings(stages: list[Stage], day: int) -> Iterator[Finding]:
    listed = [stage for stage in stages if not stage.ghost]
    active = [stage for stage in listed if stage.retired_day is None or stage.retired_day > day]
    for stage in listed:
        if stage.canonical is None:
            yield _of_stage("C01", stage, {})
        if _contradicts_probability(stage):
            yield _of_stage("C05", stage, {"probability": stage.probability / 100})
        if stage.crm == SALESFORCE and _contradicts_category(stage):
            yield _of_stage("C06", stage, {"is_closed": stage.is_closed})
    yield from _labels_of_two_meanings(listed)
    yield from _probabilities_apart(active)
    yield from _falling_probabilities(active)
    yield from _odd_sets(active)


def _contradicts_probability(stage: Stage) -> bool:
    is_won = stage.is_won or stage.canonical == 7
    is_lost = (stage.is_closed and not stage.is_won) or stage.canonical == 8
    if is_won:
        return stage.probability < 100
    if is_lost:
        return stage.probability > 0
    return not stage.is_closed and stage.probability in (0, 100)


def _contradicts_category(stage: Stage) -> bool:
    if stage.is_closed:
        return stage.category != (CLOSED if stage.is_won else OMITTED)
    return stage.category == CLOSED


def _labels_of_two_meanings(stages: list[Stage]) -> Iterator[Finding]:
    meanings: dict[str, set[int]] = {}
    for stage in stages:
        if stage.canonical is not None:
            meanings.setdefault(stage.label, set()).add(stage.canonical)
    for label, canonicals in sorted(meanings.items()):
        if len(canonicals) > 1:
            yield "C02", None, None, None, "label", label, json.dumps({"canonical_stages": sorted(canonicals)})


def _probabilities_apart(active: list[Stage]) -> Iterator[Finding]:
    """Pipelines whose probability ranges for one canonical stage lie more than 0.10 apart."""
    ranges: dict[tuple[int, str], tuple[int, int]] = {}
    for stage in active:
        if stage.canonical is not None and stage.canonical <= 6:
            key = (stage.canonical, f"{stage.crm}/{stage.pipeline_id}")
            low, high = ranges.get(key, (100, 0))
            ranges[key] = (min(low, stage.probability), max(high, stage.probability))
    for (step, one), (other_step, other) in combinations(sorted(ranges), 2):
        if step != other_step:
            continue
        first, second = ranges[step, one], ranges[step, other]
        gap = max(first[0] - second[1], second[0] - first[1])
        if gap > 10:
            yield "C03", None, None, None, "canonical_stage", f"{step}:{one}|{other}", json.dumps({"gap": gap / 100})


def _falling_probabilities(active: list[Stage]) -> Iterator[Finding]:
    # a stage that no map covers has its place in the order all the same
    open_stages = [
        stage for stage in active if (not stage.is_closed if stage.canonical is None else stage.canonical <= 6)
    ]
    for _, group in groupby(open_stages, key=lambda stage: (stage.crm, stage.pipeline_id)):
        for before, after in pairwise(group):
            if after.probability < before.probability:
                yield _of_stage("C04", after, {"after": before.id})


def _odd_sets(active: list[Stage]) -> Iterator[Finding]:
    """Categories that fall along the order, pipelines with two ends of a kind, open stages that nobody forecasts."""
    for _, group in groupby(active, key=lambda stage: (stage.crm, stage.pipeline_id)):
        stages = list(group)
        open_stages = [stage for stage in stages if not stage.is_closed and stage.crm == SALESFORCE]
        for before, after in pairwise(open_stages):
            if after.category % OMITTED < before.category % OMITTED:
                yield _of_stage("C26", after, {"after": before.id})
        for stage in open_stages:
            if stage.category == OMITTED:
                yield _of_stage("C28", stage, {})
        ends = [stage for stage in stages if stage.is_closed and stage.category in (CLOSED, OMITTED)]
        for stage in ends:
            count = sum(other.is_won == stage.is_won for other in ends)
            if count > 1:
                yield _of_stage("C27", stage, {"count": count})


def _entered_after_retirement(
    connection: duckdb.DuckDBPyConnection, stages: list[Stage], day: int
) -> Iterator[Finding]:
    for stage in stages:
        if stage.retired_day is None or stage.retired_day > day:
            continue
        retired_at = moment(stage.retired_day, 7).replace(tzinfo=None)
        row = connection.execute(
            "select count(distinct deal_no) from visits where stage_no = ? and happened_at > ?", [stage.no, retired_at]
        ).fetchone()
        if row and row[0]:
            yield _of_stage("C08", stage, {"deals": row[0]})


def _ghosts(connection: duckdb.DuckDBPyConnection, stages: list[Stage]) -> Iterator[Finding]:
    for stage in stages:
        row = connection.execute("select count(distinct deal_no) from visits where stage_no = ?", [stage.no]).fetchone()
        if stage.ghost and row and row[0]:
            yield _of_stage("C07", stage, {"deals": row[0]})


def _of_stage(check_id: str, stage: Stage, detail: dict[str, object]) -> Finding:
    return check_id, stage.crm, stage.pipeline_id, stage.id, "stage", stage.id, json.dumps(detail)


# every entry of a living deal into a stage, in order; `is_now` marks where it stands
_VISITS = """
create or replace temp table visits as
select
    versions.deal_no, versions.version_no, versions.happened_at, versions.stage_no, stages.canonical, stages.crm,
    stages.pipeline_id, stages.stage_id,
    case when deals.is_hubspot then plan.deal_id(deals.deal_no) else plan.opportunity_id(deals.deal_no) end as id
from plan.versions as versions
inner join plan.deals as deals using (deal_no)
inner join plan.stages_now as stages using (stage_no)
where versions.happened_at <= getvariable('hi')
    and coalesce(deals.deleted_at > getvariable('hi'), true)
    and versions.stage_no is distinct from versions.prev_stage_no
"""

# bit k of a mask stands for canonical stage k
_SKIPS = """
with pipelines as (
    select crm, pipeline_id, bit_or(1 << canonical) as has
    from plan.stages_now where is_active and not is_ghost and canonical <= 6 group by all
),
moves as (
    select visits.*, coalesce(pipelines.has, 0) as has,
        coalesce(lag(canonical) over life, case when version_no = 0 then 1 end) as from_canonical,
        coalesce(bit_or(1 << canonical) over (life rows between unbounded preceding and 1 preceding), 0) as seen
    from visits inner join pipelines using (crm, pipeline_id)
    window life as (partition by deal_no order by version_no)
),
skips as (
    -- stages strictly between where it came from and where it went, that it never saw
    select *, has & ((1 << canonical) - 1) & ~((1 << (from_canonical + 1)) - 1) & ~seen as skipped
    from moves where canonical <= 7 and from_canonical < canonical
)
select 'C13', crm, pipeline_id, stage_id, 'opportunity_move',
    crm || ':' || id || ':' || stage_id || ':' || strftime(happened_at, '%Y-%m-%dT%H:%M:%SZ'),
    json_object('skipped', list_filter(range(2, 7), k -> (skipped >> k) & 1 = 1))
from skips where skipped <> 0
order by all
"""

_STANDS = """
from plan.versions as versions
inner join plan.deals as deals using (deal_no)
inner join plan.stages_now as stages using (stage_no)
where versions.happened_at <= getvariable('hi') and (versions.ended_at is null or versions.ended_at > getvariable('hi'))
    and coalesce(deals.deleted_at > getvariable('hi'), true)
"""
_ENTITY = """stages.crm, stages.pipeline_id, stages.stage_id, 'opportunity',
    stages.crm || ':' || case when deals.is_hubspot then plan.deal_id(deals.deal_no)
        else plan.opportunity_id(deals.deal_no) end"""

_TIME_DEFECTS = f"""
select 'C16', {_ENTITY}, json_object('created_at', deals.shown_created_at, 'closed_at', versions.close_at)
{_STANDS} and ((stages.is_closed and versions.close_at < deals.created_at) or deals.shown_created_at > deals.created_at)
order by all
"""

_OVERDUE = f"""
select 'C17', {_ENTITY}, json_object('close_date', cast(versions.close_at as date))
{_STANDS} and not stages.is_closed and cast(versions.close_at as date) < cast(getvariable('hi') as date)
order by all
"""

_NO_REASON = f"""
select 'C24', {_ENTITY}, json_object('reason', versions.reason)
{_STANDS} and stages.canonical = 8 and (versions.reason = 0 or versions.reason >= 100)
order by all
"""
