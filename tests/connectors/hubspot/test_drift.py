"""Properties that appear, vanish, are hidden or change their type; and rows that are committed late."""

import orjson

from connectors.hubspot.objects import OBJECT_TYPES
from connectors.hubspot.properties import choose_properties
from tests.connectors.hubspot.conftest import Night, streams_of
from tests.connectors.hubspot.meddling_proxy import Exchange, meddle
from tests.connectors.hubspot.portal_edits import modified

CONTACTS = streams_of("contacts")


def test_a_property_that_appears_is_filled_and_one_that_vanishes_keeps_what_it_held(night: Night) -> None:
    night.sync(CONTACTS).raise_for_failure()
    first, second = night.live_ids("contacts", 2)
    night.sandbox.edit(crm="hubspot", kind="add_property", type="contacts", name="shoe_size", value_type="number")
    night.sandbox.edit(
        crm="hubspot",
        kind="set_properties",
        type="contacts",
        id=first,
        properties={"shoe_size": "42"},
        move_stamp=False,
    )
    night.let_a_day_pass(modified("contacts", f"id = '{second}'"))

    night.sync(CONTACTS).raise_for_failure()
    appeared = night.query(f"select shoe_size::int from raw_hubspot.contacts where id = '{first}'")
    night.sandbox.edit(crm="hubspot", kind="drop_property", type="contacts", name="shoe_size")
    night.let_a_day_pass(modified("contacts", f"id = '{first}'"))
    report = night.sync(CONTACTS)

    assert report.exit_code == 0
    assert appeared == [(42,)]
    assert night.query(f"select shoe_size::int from raw_hubspot.contacts where id = '{first}'") == [(42,)]


def test_a_number_that_becomes_text_loses_no_value(night: Night) -> None:
    companies = streams_of("companies")
    night.sync(companies).raise_for_failure()
    changed = night.live_ids("companies", 1)[0]
    night.let_a_day_pass(modified("companies", f"id = '{changed}'", "numberofemployees = 'about ten'"))

    def retype(exchange: Exchange) -> None:
        if exchange.path == "/crm/v3/properties/companies":
            known = orjson.loads(exchange.body)["results"]
            for entry in known:
                if entry["name"] == "numberofemployees":
                    entry.update(type="string", fieldType="text")
            exchange.answer(200, {"results": known})

    with meddle(night.sandbox.url, retype) as proxy:
        report = night.sync(companies, host=proxy.url)

    rows = night.query(
        "select numberofemployees, typeof(numberofemployees), "
        f"(select count(*) filter (numberofemployees is not null) > 10 from raw_hubspot.companies) "
        f"from raw_hubspot.companies where id = '{changed}'"
    )
    assert report.exit_code == 0
    assert rows == [("about ten", "VARCHAR", True)]


def test_a_hidden_property_keeps_its_values_and_is_reported_absent(night: Night) -> None:
    night.sync(CONTACTS).raise_for_failure()
    before = night.query("select count(jobtitle) from raw_hubspot.contacts")
    night.let_a_day_pass(modified("contacts", "true"))
    night.sandbox.set_faults(hidden=["contacts.jobtitle"])

    report = night.sync(CONTACTS)

    newest = sorted(night.folder.glob("landing/hubspot/contacts/*-rows-*/manifest.json"))[-1]
    assert report.exit_code == 0
    assert night.query("select count(jobtitle) from raw_hubspot.contacts") == before
    assert orjson.loads(newest.read_bytes())["withheld"]["jobtitle"] == "absent"


def test_values_that_do_not_fit_are_counted_in_the_manifest(night: Night) -> None:
    deals = streams_of("deals")
    night.sync(deals).raise_for_failure()
    odd = night.live_ids("deals", 1)[0]
    night.let_a_day_pass(modified("deals", f"id = '{odd}'", "amount = 'plenty'"))

    night.sync(deals).raise_for_failure()

    newest = sorted(night.folder.glob("landing/hubspot/deals/*-rows-*/manifest.json"))[-1]
    assert orjson.loads(newest.read_bytes())["misfits"] == {"amount": 1}
    night.let_a_day_pass(modified("deals", f"id = '{odd}'", "amount = '1000.5'"))
    night.sync(deals).raise_for_failure()
    assert night.differences("deals") == {}


def test_a_change_that_is_committed_late_lies_in_the_overlap(night: Night) -> None:
    night.sync(CONTACTS).raise_for_failure()
    late = night.live_ids("contacts", 1)[0]
    # stamped five minutes before the first run's bound, shown only after that run
    just_before = "(select clock - interval 24 hours - interval 65 minutes from state.world)"
    night.let_a_day_pass(
        f"update hubspot.contacts set jobtitle = 'late', updated_at = {just_before}, "
        f"lastmodifieddate = strftime({just_before}, '%Y-%m-%dT%H:%M:%S.%gZ') where id = '{late}'"
    )

    night.sync(CONTACTS).raise_for_failure()

    assert night.query(f"select jobtitle from raw_hubspot.contacts where id = '{late}'") == [("late",)]
    assert night.differences("contacts") == {}


def test_a_property_whose_name_the_warehouse_uses_is_left_out() -> None:
    chosen = choose_properties(OBJECT_TYPES["calls"], [{"name": "_load_id", "type": "string"}])

    assert chosen.withheld["_load_id"] == "unsupported"
    assert chosen.asked == ()
