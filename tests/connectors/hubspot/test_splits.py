"""Deals that several people share: read where the portal has splits and the token may see them."""

from collections.abc import Sequence

import pytest

from connectors.hubspot.objects import SPLITS
from connectors.hubspot.paths import DATED
from connectors.hubspot.splits import COUNT
from connectors.sandbox.faults import Fault
from connectors.streams import SyncReport
from tests.connectors.hubspot.conftest import Night

Shares = Sequence[tuple[str, str]]


@pytest.fixture
def sharing(night: Night) -> Night:
    """A portal with the feature, and a deal that two people share."""
    night.sandbox.edit(crm="hubspot", kind="add_property", type="deals", name=COUNT, value_type="number")
    share(night, night.live_ids("deals")[0], [("701", "0.62500001"), ("702", "0.37499999")])
    return night


def share(night: Night, deal: str, shares: Shares, **more: object) -> None:
    """What a person does on a deal's page."""
    splits = [{"owner_id": owner, "percentage": part} for owner, part in shares]
    night.sandbox.edit(crm="hubspot", kind="split_deal", id=deal, splits=splits, **more)


def sync(night: Night, **options: object) -> SyncReport:
    """A run over deals and, where they can be read, their splits."""
    connector = night.connect(**options)  # type: ignore[arg-type]
    connector.identity()
    chosen = [one for one in connector.streams() if one.object_name == SPLITS or one.raw_table == "deals"]
    report = night.sync(chosen, connector=connector)
    connector.close()
    return report


def splits(night: Night) -> list[tuple[object, ...]]:
    """Owner and part of each split that stands."""
    return night.query(
        "select owner_id, percentage::varchar from raw_hubspot.deal_splits where not _is_deleted order by 1"
    )


def calls(night: Night) -> int:
    """How many calls asked for splits."""
    return len(night.sandbox.requests("hubspot.deal_splits"))


def test_a_portal_without_splits_is_never_asked_for_them(first_night: Night) -> None:
    report = sync(first_night)

    assert SPLITS not in {line.stream.object_name for line in report.streams}
    assert calls(first_night) == 0


@pytest.mark.parametrize("version", ["v3", DATED])
def test_shares_come_exactly_and_follow_each_new_agreement(sharing: Night, version: str) -> None:
    deal, other = sharing.live_ids("deals")[:2]
    sync(sharing, api_version=version).raise_for_failure()
    assert splits(sharing) == [("701", "0.62500001"), ("702", "0.37499999")]
    share(sharing, deal, [("701", "1")])
    share(sharing, other, [("703", "0.5"), ("704", "0.5")])
    sharing.sandbox.tick()

    sync(sharing, api_version=version).raise_for_failure()

    assert splits(sharing) == [("701", "1.00000000"), ("703", "0.50000000"), ("704", "0.50000000")]
    assert sharing.differences("deals", "deal_splits") == {}


def test_a_split_that_moved_no_stamp_is_found_within_the_week(sharing: Night) -> None:
    sync(sharing).raise_for_failure()
    share(sharing, sharing.live_ids("deals")[0], [], move_stamp=False)
    for _ in range(7):
        sharing.sandbox.tick()

    sync(sharing).raise_for_failure()

    assert splits(sharing) == []
    assert sharing.differences("deal_splits") == {}


def test_deals_that_a_batch_does_not_answer_for_keep_their_splits_and_are_asked_for_again(sharing: Night) -> None:
    sync(sharing).raise_for_failure()
    share(sharing, sharing.live_ids("deals")[0], [("705", "1")])
    sharing.sandbox.tick()
    sharing.sandbox.set_faults([Fault("partial", "hubspot.deal_splits", rate=1.0, keep=0.0)])
    sync(sharing).raise_for_failure()
    kept = splits(sharing)
    sharing.sandbox.clear_faults()
    sharing.sandbox.tick()

    sync(sharing).raise_for_failure()

    assert kept == [("701", "0.62500001"), ("702", "0.37499999")]
    assert splits(sharing) == [("705", "1.00000000")]
    assert sharing.differences("deal_splits") == {}


def test_a_token_that_may_not_read_splits_reads_everything_else(sharing: Night) -> None:
    sync(sharing).raise_for_failure()
    sharing.sandbox.set_faults([Fault("status", "hubspot.deal_splits", rate=1.0, status=403, code="MISSING_SCOPES")])

    report = sync(sharing)

    assert report.is_complete
    assert SPLITS not in {line.stream.object_name for line in report.streams}
    assert len(splits(sharing)) == 2
