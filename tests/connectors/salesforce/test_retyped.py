"""A field whose type changes: its column is widened in place, never narrowed, and each change is on record."""

from tests.connectors.salesforce.conftest import ServedOrg

COLUMN = (
    "select any_value(typeof(fit__c)), count(*) filter (fit__c::varchar = '1.25'), "
    "count(*) filter (fit__c::varchar = 'good') "
    "from raw_salesforce.opportunity"
)
DRIFT = "select change, old_type, new_type from raw_meta.drift where column_name = 'Fit__c' order by observed_at"


def test_a_number_that_becomes_text_and_a_number_again_stays_one_column_with_all_its_values(org: ServedOrg) -> None:
    number = {"type": "double", "precision": 18, "scale": 2}
    first, second = org.world.ids("Opportunity", 'not "IsDeleted"')[:2]
    org.edit("add_field", object="Opportunity", name="Fit__c", **number)
    for deal in (first, second):
        org.edit("set_fields", object="Opportunity", id=deal, fields={"Fit__c": "1.25"}, stamp="2026-03-16T12:00:00Z")
    org.sync("Opportunity").raise_for_failure()
    as_number = org.rows(COLUMN)

    org.edit("retype_field", object="Opportunity", name="Fit__c", type="string", length=80)
    org.edit("set_fields", object="Opportunity", id=first, fields={"Fit__c": "good"}, stamp="2026-03-17T12:00:00Z")
    org.play_day()
    org.sync("Opportunity").raise_for_failure()
    as_text = org.rows(COLUMN)
    org.edit("retype_field", object="Opportunity", name="Fit__c", **number)
    org.edit("set_fields", object="Opportunity", id=first, fields={"Fit__c": "1.25"}, stamp="2026-03-18T12:00:00Z")
    org.play_day()
    org.sync("Opportunity").raise_for_failure()

    assert as_number == [("DECIMAL(18,2)", 2, 0)]
    assert as_text == [("VARCHAR", 1, 1)]
    assert org.rows(COLUMN) == [("VARCHAR", 2, 0)]
    assert org.rows(DRIFT) == [("retyped", "DECIMAL(18,2)", "VARCHAR"), ("retyped", "VARCHAR", "DECIMAL(18,2)")]
    assert org.differences("Opportunity") == []
