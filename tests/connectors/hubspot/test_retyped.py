"""A property whose type changes: its column is widened in place, nothing is lost, and the change is on record."""

from tests.connectors.hubspot.conftest import Night, streams_of
from tests.connectors.hubspot.portal_edits import modified

COMPANIES = streams_of("companies")
DRIFT = (
    "select change, old_type, new_type from raw_meta.drift where object = 'companies' "
    "and column_name = 'numberofemployees' order by observed_at"
)


def retype(night: Night, value_type: str) -> None:
    night.sandbox.edit(
        crm="hubspot", kind="retype_property", type="companies", name="numberofemployees", value_type=value_type
    )


def column(night: Night) -> list[tuple[object, ...]]:
    """The column's type, how many companies have a value, and how many values are numbers."""
    return night.query(
        "select any_value(typeof(numberofemployees)), count(numberofemployees), "
        "count(try_cast(numberofemployees as double)) from raw_hubspot.companies"
    )


def test_a_number_that_becomes_text_and_a_number_again_stays_one_column_with_all_its_values(night: Night) -> None:
    first, second = night.live_ids("companies", 2)
    night.let_a_day_pass(modified("companies", f"id in ('{first}', '{second}')", "numberofemployees = '12'"))
    night.sync(COMPANIES).raise_for_failure()
    ((kind, values, _),) = column(night)

    retype(night, "string")
    night.let_a_day_pass(modified("companies", f"id = '{first}'", "numberofemployees = 'about ten'"))
    night.sync(COMPANIES).raise_for_failure()
    as_text = column(night)
    retype(night, "number")
    night.let_a_day_pass(modified("companies", f"id = '{first}'", "numberofemployees = '11'"))
    night.sync(COMPANIES).raise_for_failure()

    assert kind == "DECIMAL(38,16)"
    assert as_text == [("VARCHAR", values, int(str(values)) - 1)]
    assert column(night) == [("VARCHAR", values, values)]
    assert night.query(DRIFT) == [("retyped", kind, "VARCHAR"), ("retyped", "VARCHAR", kind)]
    found = night.query(
        f"select numberofemployees::double from raw_hubspot.companies where id in ('{first}', '{second}') order by 1"
    )
    assert found == [(11.0,), (12.0,)]
    assert night.differences("companies") == {}
