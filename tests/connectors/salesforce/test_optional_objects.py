"""Objects that only some orgs have: splits of an opportunity, and campaigns."""

import pytest

from tests.connectors.salesforce.conftest import ServedOrg

SPLIT_TYPE = "149000000000001AAA"
SPLITS: list[dict[str, object]] = [
    {"name": "OpportunityId", "type": "reference", "reference_to": "Opportunity"},
    {"name": "SplitOwnerId", "type": "reference", "reference_to": "User"},
    {"name": "SplitTypeId", "type": "reference", "reference_to": "OpportunitySplitType"},
    {"name": "SplitPercentage", "type": "percent", "precision": 5, "scale": 2},
    {"name": "SplitAmount", "type": "currency", "precision": 18, "scale": 2},
]
CAMPAIGNS: list[dict[str, object]] = [
    {"name": "ParentId", "type": "reference", "reference_to": "Campaign"},
    {"name": "OwnerId", "type": "reference", "reference_to": "User"},
    {"name": "Type", "type": "picklist"},
    {"name": "Status", "type": "picklist"},
    {"name": "IsActive", "type": "boolean"},
    {"name": "StartDate", "type": "date"},
    {"name": "EndDate", "type": "date"},
]


@pytest.fixture
def sharing(org: ServedOrg) -> ServedOrg:
    """An org whose people share opportunities: one is split between two of them."""
    org.edit("add_object", name="OpportunitySplit", label="Opportunity Split", fields=SPLITS)
    deal = org.world.ids("Opportunity", 'not "IsDeleted"')[0]
    rows = [
        {"OpportunityId": deal, "SplitOwnerId": owner, "SplitTypeId": SPLIT_TYPE, "SplitPercentage": share,
         "SplitAmount": amount}
        for owner, share, amount in zip(org.world.ids("User")[:2], ("62.5", "37.5"), ("1250.01", "750.01"), strict=True)
    ]  # fmt: skip
    org.edit("insert", object="OpportunitySplit", rows=rows, stamp="2026-03-16T12:00:00Z")
    return org


def splits(org: ServedOrg) -> list[tuple[object, ...]]:
    """Share and amount of each split, and whether it is gone."""
    return org.rows(
        "select splitpercentage::varchar, splitamount::varchar, _is_deleted "
        "from raw_salesforce.opportunity_split order by splitpercentage desc"
    )


def test_an_org_without_these_objects_is_asked_for_none_of_their_rows(org: ServedOrg) -> None:
    report = org.sync_discovered()

    names = {line.stream.object_name for line in report.streams}
    assert report.is_complete
    assert names.isdisjoint({"OpportunitySplit", "OpportunitySplitType", "Campaign"})


def test_shares_of_an_opportunity_come_to_the_cent_and_change_with_a_new_agreement(sharing: ServedOrg) -> None:
    sharing.sync_discovered("OpportunitySplit").raise_for_failure()
    assert splits(sharing) == [("62.50", "1250.01", False), ("37.50", "750.01", False)]
    first, second = sharing.world.ids("OpportunitySplit")
    sharing.edit(
        "set_fields",
        object="OpportunitySplit",
        id=first,
        fields={"SplitPercentage": "100", "SplitAmount": "2000.02"},
        stamp="2026-03-17T12:00:00Z",
    )
    sharing.edit("hard_delete", object="OpportunitySplit", id=second, stamp="2026-03-17T12:00:00Z")
    sharing.play_day()

    report = sharing.sync_discovered("OpportunitySplit")

    report.raise_for_failure()
    assert splits(sharing) == [("100.00", "2000.02", False), ("37.50", "750.01", True)]
    assert sharing.differences("OpportunitySplit") == []


def test_the_kinds_of_splits_say_which_of_them_add_up_to_the_amount(sharing: ServedOrg) -> None:
    fields = [
        {"name": "MasterLabel", "type": "string"},
        {"name": "DeveloperName", "type": "string"},
        {"name": "SplitField", "type": "picklist"},
        {"name": "IsActive", "type": "boolean"},
        {"name": "IsTotalValidated", "type": "boolean"},
    ]
    sharing.edit("add_object", name="OpportunitySplitType", label="Split Type", fields=fields)
    rows = [
        {"MasterLabel": "Revenue", "SplitField": "Amount", "IsActive": True, "IsTotalValidated": True},
        {"MasterLabel": "Overlay", "SplitField": "Amount", "IsActive": True, "IsTotalValidated": False},
    ]
    sharing.edit("insert", object="OpportunitySplitType", rows=rows, stamp="2026-03-16T12:00:00Z")

    sharing.sync_discovered("OpportunitySplitType", "OpportunitySplit").raise_for_failure()

    kinds = "select masterlabel, istotalvalidated from raw_salesforce.opportunity_split_type order by 1"
    assert sharing.rows(kinds) == [("Overlay", False), ("Revenue", True)]


def test_campaigns_are_read_with_their_tree_until_the_right_to_them_goes(org: ServedOrg) -> None:
    org.edit("add_object", name="Campaign", label="Campaign", fields=CAMPAIGNS)
    (year,) = org.edit("insert", object="Campaign", rows=[{"Name": "2026", "IsActive": True}])["ids"]  # type: ignore[misc]
    fair = {"Name": "Fair", "ParentId": year, "Status": "Planned", "StartDate": "2026-04-01", "IsActive": True}
    org.edit("insert", object="Campaign", rows=[fair])
    org.play_day()
    org.sync_discovered("Campaign").raise_for_failure()
    tree = org.rows("select name, parentid is not null, startdate::varchar from raw_salesforce.campaign order by name")
    org.edit("hide_object", object="Campaign")
    org.play_day()

    report = org.sync_discovered("Campaign", "UserRole")

    assert tree == [("2026", False, None), ("Fair", True, "2026-04-01")]
    assert report.exit_code == 0
    assert org.rows("select count(*) from raw_salesforce.campaign where not _is_deleted") == [(2,)]
