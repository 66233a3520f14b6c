"""What changes without a record's stamp: links, computed values, and what merges do to both."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.hubspot.sweeps import begins_day, begins_week, share_of_night
from connectors.landing import Window
from tests.connectors.hubspot.conftest import DEAL_TABLES, DEALS, Night, streams_of
from tests.connectors.hubspot.portal_edits import created_like, modified

TUESDAY = datetime(2026, 3, 17, 2, tzinfo=UTC)
OVERLAP = timedelta(minutes=10)
TO_MONDAY = "update state.world set clock = clock + interval 5 days"  # a day passes anyway


def closed_and_open(night: Night) -> tuple[str, str]:
    rows = night.query(
        "select hs_is_closed, min(deal_id) from raw_hubspot.deal_associations inner join raw_hubspot.deals "
        "on deals.id = deal_id where not deals._is_deleted and to_object_type = 'contacts' group by 1 order by 1 desc"
    )
    return str(rows[0][1]), str(rows[1][1])


def test_every_record_has_its_turn_and_no_night_costs_more_than_its_share() -> None:
    ids = [str(9_000_000 + 7 * number) for number in range(10_000)]
    nights = [share_of_night(ids, 2_000, TUESDAY + timedelta(days=day)) for day in range(6)]

    assert sorted(key for night in nights for key in night) == ids
    assert max(map(len, nights)) <= 2_000
    assert share_of_night(ids[:2_000], 2_000, TUESDAY) == ids[:2_000]


@pytest.mark.parametrize(
    ("lo", "hi", "is_day", "is_week"),
    [
        (None, TUESDAY, False, False),
        (TUESDAY - OVERLAP, TUESDAY + timedelta(hours=1), False, False),
        (TUESDAY - OVERLAP, TUESDAY + timedelta(days=1), True, False),
        (TUESDAY - OVERLAP, TUESDAY + timedelta(days=6), True, True),
        # the overlap reaches into the week before, the watermark does not
        (datetime(2026, 3, 22, 23, 55, tzinfo=UTC), datetime(2026, 3, 23, 1, tzinfo=UTC), False, False),
        (datetime(2026, 12, 31, 3, tzinfo=UTC), datetime(2027, 1, 1, 3, tzinfo=UTC), True, False),
    ],
)
def test_days_and_weeks_begin_at_the_watermark(lo: datetime | None, hi: datetime, is_day: bool, is_week: bool) -> None:
    window = Window(lo, hi)

    assert (begins_day(window, OVERLAP), begins_week(window, OVERLAP)) == (is_day, is_week)


def test_a_link_of_a_closed_deal_that_was_taken_away_is_found_within_the_week(night: Night) -> None:
    night.sync(DEALS)
    closed, open_deal = closed_and_open(night)
    cut = f"delete from hubspot._associations where from_type = 'deals' and from_id in ('{closed}', '{open_deal}')"
    night.let_a_day_pass(cut)
    live = "select count(*) from raw_hubspot.deal_associations where not _is_deleted and deal_id = '{}'"

    night.sync(DEALS)
    next_day = [night.query(live.format(deal))[0][0] for deal in (closed, open_deal)]
    night.let_a_day_pass(TO_MONDAY)
    night.sync(DEALS).raise_for_failure()

    assert next_day[0] != 0
    assert next_day[1] == 0
    assert night.differences(*DEAL_TABLES) == {}


def test_links_to_contacts_that_were_merged_are_read_again_whichever_deals_they_belong_to(night: Night) -> None:
    streams = [*streams_of("deals", "contacts")]
    night.sync(streams)
    closed, _ = closed_and_open(night)
    ((loser,),) = night.query(
        f"select min(to_object_id) from raw_hubspot.deal_associations where deal_id = '{closed}' "
        "and to_object_type = 'contacts' and not _is_deleted"
    )
    new = str(int(night.live_ids("contacts")[-1]) + 1)
    night.let_a_day_pass(
        created_like("contacts", str(loser)),
        f"update hubspot.contacts set merged_into = '{new}' where id = '{loser}'",
        modified("contacts", f"id = '{new}'", f"hs_merged_object_ids = '{loser}'"),
        f"update hubspot._associations set to_id = '{new}' where to_type = 'contacts' and to_id = '{loser}'",
    )

    night.sync(streams).raise_for_failure()

    assert night.differences(*DEAL_TABLES, "contacts") == {}


def test_computed_values_follow_without_a_stamp_and_say_as_of_when(night: Night) -> None:
    night.sync(DEALS)
    closed, open_deal = closed_and_open(night)
    edit = f"update hubspot.deals set num_notes = '77' where id in ('{closed}', '{open_deal}')"
    night.let_a_day_pass(edit)
    values = f"select num_notes = 77, _calculated_as_of from raw_hubspot.deals where id = '{closed}' union all " + (
        f"select num_notes = 77, _calculated_as_of from raw_hubspot.deals where id = '{open_deal}'"
    )

    report = night.sync(DEALS)
    next_day = night.query(values)
    again = night.sync(DEALS)
    night.let_a_day_pass(TO_MONDAY)
    night.sync(DEALS).raise_for_failure()
    on_monday = night.query(values)

    calculated = next(stream for stream in report.streams if stream.stream.lane == "calculated")
    assert dict(calculated.calls) == {"batch_read": 1}
    assert [row[0] for row in next_day] == [False, True]
    assert next_day[0][1] < next_day[1][1]  # type: ignore[operator]
    assert {s.stream.lane: s.outcome for s in again.streams}["calculated"] == "not_due"
    assert [row[0] for row in on_monday] == [True, True]
    assert night.differences("deals") == {}


def test_types_without_computed_values_cost_no_call_for_them(night: Night) -> None:
    streams = streams_of("calls")
    night.sync(streams)
    night.let_a_day_pass(TO_MONDAY)

    report = night.sync(streams)

    assert {s.stream.lane: s.calls.get("batch_read", 0) for s in report.streams}["calculated"] == 0
