"""What the landing log keeps, refuses and forgets."""

import traceback
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import orjson
import pytest

from connectors import __version__
from connectors.errors import (
    ConfigurationError,
    CountMismatchError,
    DamagedLogError,
    IdentityError,
    UnexpectedReplyError,
)
from connectors.landing import ApplyMode, LandingLog, Lane, Lease, LoadRequest, Manifest, RecordRule, Window
from connectors.schema import TableSchema, csv_source, json_source
from tests.connectors.core.ledger_crm import FIRST_NIGHT

SCHEMA = TableSchema.of({"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"})
RULE = RecordRule('"Id"', '"At"')


def request(
    *, hi: int = 0, lane: Lane = "rows", mode: ApplyMode = "upsert", schema: TableSchema = SCHEMA, org: str = "org-1"
) -> LoadRequest:
    """A load of Deal up to `hi` days after the first night."""
    window = Window(None, FIRST_NIGHT + timedelta(days=hi))
    return LoadRequest("ledger", "Deal", lane, window, schema, mode, "deal", org)


def rows(*values: str) -> str:
    """A source with one row per id."""
    listed = ", ".join(f"('{value}', '1.50', timestamp '2026-03-17 01:00:00')" for value in values)
    return f'(select * from (values {listed}) as rows("Id", "Amount", "At"))'


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LandingLog]:
    with LandingLog(tmp_path / "landing") as opened:
        yield opened


@pytest.fixture
def lease(log: LandingLog) -> Iterator[Lease]:
    with log.lease("ledger") as held:
        yield held


def read(log: LandingLog, manifest: Manifest) -> list[tuple[object, ...]]:
    """The CRM's columns and the record id of a load."""
    files = [str(path) for path in log.part_paths(manifest)]
    return duckdb.read_parquet(files).project('"Id", "Amount", "At", _record_id').fetchall()


def test_a_load_says_everything_about_itself_and_survives_a_reading(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.land(rows("a", "b"), RULE, checkpoint={"page": 1})
    load.land(rows("c"), RULE, checkpoint={"page": 2})
    manifest = load.commit(expected_rows=3, calls={"list": 2}, code_version="1.0")

    with LandingLog(log.root) as again:
        assert again.manifests("ledger") == [manifest]
        assert again.watermark("ledger", "Deal", "rows") == FIRST_NIGHT
        assert again.watermark("ledger", "Deal", "deletes") is None
    assert manifest.trail == ({"page": 1}, {"page": 2})
    assert (manifest.rows_landed, manifest.sequence, manifest.calls) == (3, 1, {"list": 2})


def test_an_uncommitted_load_is_read_by_nobody(log: LandingLog, lease: Lease) -> None:
    log.open_load(request(), lease).land(rows("a"), RULE)

    assert log.manifests("ledger") == []
    assert log.watermark("ledger", "Deal", "rows") is None


def test_what_lies_between_two_parts_after_a_crash_is_swept_away(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.land(rows("a"), RULE, checkpoint={"page": 1})
    folder = log.path("ledger", "Deal", load.load_id)
    (folder / "part-000001.parquet").write_bytes(b"written, but not in progress.json")
    (folder / "part-000002.parquet.tmp").write_bytes(b"half")
    load.spool("page.csv").write_bytes(b"half")

    again = log.open_load(request(), lease)

    assert again.was_resumed
    assert again.checkpoint == {"page": 1}
    assert sorted(path.name for path in folder.iterdir()) == ["part-000000.parquet", "progress.json"]


@pytest.mark.parametrize(
    "other",
    [
        request(hi=1),
        request(schema=TableSchema.of({"Id": "VARCHAR", "Amount": "DECIMAL(18,4)", "At": "TIMESTAMP"})),
        request(mode="append"),
    ],
    ids=["window", "schema", "mode"],
)
def test_an_open_load_of_anything_else_is_stale_and_removed(log: LandingLog, lease: Lease, other: LoadRequest) -> None:
    stale = log.open_load(request(), lease)
    stale.land(rows("a"), RULE)

    load = log.open_load(other, lease)

    assert not load.was_resumed
    assert load.parts == ()
    assert [path.name for path in log.path("ledger", "Deal").iterdir()] == [load.load_id]


def test_open_loads_of_two_lanes_leave_each_other_alone(log: LandingLog, lease: Lease) -> None:
    log.open_load(request(), lease).land(rows("a"), RULE)
    log.open_load(request(lane="history", mode="append"), lease).land(rows("h"), RULE)

    assert log.open_load(request(), lease).rows_landed == 1
    assert log.open_load(request(lane="history", mode="append"), lease).rows_landed == 1


def test_damaged_progress_begins_the_load_again(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.land(rows("a"), RULE)
    (log.path("ledger", "Deal", load.load_id) / "progress.json").write_bytes(b'{"request": {')

    assert not log.open_load(request(), lease).was_resumed


def test_a_load_that_lacks_announced_rows_cannot_be_committed(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.land(rows("a"), RULE)

    with pytest.raises(CountMismatchError, match="announced 2 rows of Deal") as caught:
        load.commit(expected_rows=2)

    assert (caught.value.expected, caught.value.landed) == (2, 1)
    assert log.manifests("ledger") == []


def test_a_source_that_covers_less_moves_the_watermark_less(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.commit(expected_rows=None, covered_until=FIRST_NIGHT - timedelta(hours=1))

    assert log.watermark("ledger", "Deal", "rows") == FIRST_NIGHT - timedelta(hours=1)


def test_a_value_that_does_not_fit_its_type_lands_nothing(log: LandingLog, lease: Lease, tmp_path: Path) -> None:
    file = tmp_path / "page.csv"
    file.write_text('"Id","Amount","At"\n"a","a lot","2026-03-17T01:00:00Z"\n')
    load = log.open_load(request(), lease)

    with pytest.raises(UnexpectedReplyError, match="Deal that do not fit"):
        load.land(csv_source([file], {"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"}), RULE)

    assert load.parts == ()


def test_a_row_that_does_not_fit_is_shown_by_its_column_alone(log: LandingLog, lease: Lease, tmp_path: Path) -> None:
    file = tmp_path / "page.csv"
    file.write_text('"Id","Amount","At"\n"ada@example.com","a lot","2026-03-17T01:00:00Z"\n')
    load = log.open_load(request(), lease)

    with pytest.raises(UnexpectedReplyError, match="column Amount;") as caught:
        load.land(csv_source([file], {"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"}), RULE)

    # what a log shows: the error with whatever it was raised from
    assert "ada@example.com" not in "".join(traceback.format_exception(caught.value))


def test_a_row_without_record_id_lands_nothing(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)

    with pytest.raises(UnexpectedReplyError, match="a row has no record id"):
        load.land(rows("a"), RecordRule("null", '"At"'))

    assert load.parts == ()


def test_csv_keeps_money_exact_empty_as_null_and_times_in_utc(log: LandingLog, lease: Lease, tmp_path: Path) -> None:
    file = tmp_path / "page.csv"
    file.write_text(
        '"Id","Amount","At"\n"a\nb ""c"", ü","9999999999999999.99","2026-03-17T03:30:00.000+0200"\n"d","",""\n'
    )
    load = log.open_load(request(), lease)
    load.land(csv_source([file], {"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"}), RULE)

    landed = read(log, load.commit(expected_rows=2))

    assert [tuple(map(str, row)) for row in landed] == [
        ('a\nb "c", ü', "9999999999999999.99", "2026-03-17 01:30:00", 'a\nb "c", ü'),
        ("d", "None", "None", "d"),
    ]


def test_json_pages_give_one_row_per_record_in_page_order(log: LandingLog, lease: Lease, tmp_path: Path) -> None:
    pages = [tmp_path / "1.json", tmp_path / "2.json", tmp_path / "3.json"]
    pages[0].write_text(
        '{"totalSize": 3, "records": [{"attributes": {"type": "Deal"}, "Id": "b", "Amount": 12.5, '
        '"At": "2026-03-17T01:00:00.000+0000"}, {"Id": "a", "Amount": null}]}'
    )
    pages[1].write_text('{"records": [{"Id": "c", "Amount": 0.1, "Unknown": {"x": 1}}]}')
    pages[2].write_text('{"records": []}')
    load = log.open_load(request(), lease)
    fields = {"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"}
    load.land(json_source(pages, fields, records="records"), RULE)

    landed = read(log, load.commit(expected_rows=3))

    assert [tuple(map(str, row)) for row in landed] == [
        ("b", "12.50", "2026-03-17 01:00:00", "b"),
        ("a", "None", "None", "a"),
        ("c", "0.10", "None", "c"),
    ]


def test_another_org_is_refused_before_anything_is_written(log: LandingLog, lease: Lease) -> None:
    log.open_load(request(), lease).commit(expected_rows=0)

    with pytest.raises(IdentityError):
        log.open_load(request(org="org-2"), lease)


@pytest.mark.parametrize("name", ["", "..", "a/b", "a\\b"])
def test_no_name_leads_out_of_the_log(log: LandingLog, name: str) -> None:
    with pytest.raises(ConfigurationError):
        log.path("ledger", name)


def test_bytes_that_are_no_text_are_replaced_and_counted(log: LandingLog, lease: Lease, tmp_path: Path) -> None:
    load = log.open_load(request(), lease)
    clean, torn, page = (load.spool(name) for name in ("clean.csv", "torn.csv", "page.json"))
    clean.write_bytes('"Id","Amount","At"\n"\\u0000 ü","1.00",""\n'.encode())
    torn.write_bytes(b'"Id","Amount","At"\n"nul\x00","1.00",""\n"latin \xfc\xe9","2.00",""\n')
    page.write_text('{"records": [{"Id": "j\\u0000", "Amount": 3}, {"Id": "kept \\\\u0000", "Amount": 4}]}')
    columns = {"Id": "VARCHAR", "Amount": "DECIMAL(18,2)", "At": "TIMESTAMP"}
    load.land(csv_source([clean, torn], columns), RULE)
    load.land(json_source([page], columns, records="records"), RULE)

    manifest = load.commit(expected_rows=5, misfits={"Amount": 0})

    assert [row[0] for row in read(log, manifest)] == [
        "\\u0000 ü",
        "nul\ufffd",
        "latin \ufffd\ufffd",
        "j\ufffd",
        "kept \\u0000",
    ]
    assert manifest.misfits == {"(text)": 4}


def test_a_manifest_of_an_earlier_version_is_read(log: LandingLog, lease: Lease) -> None:
    load = log.open_load(request(), lease)
    load.land(rows("a"), RULE)
    manifest = load.commit(expected_rows=1)
    path = log.path("ledger", "Deal", manifest.load_id, "manifest.json")
    values = orjson.loads(path.read_bytes())
    for name in ("withheld", "hashed", "ids", "moves_watermark", "reason", "misfits", "rewritten_at", "rewritten_by"):
        del values[name]
    del values["parts"][0]["replaced"]
    path.write_bytes(orjson.dumps(values))

    with LandingLog(log.root) as again:
        assert again.manifests("ledger") == [manifest]
        assert again.watermark("ledger", "Deal", "rows") == FIRST_NIGHT
    assert manifest.code_version == __version__


def test_a_damaged_manifest_is_named(log: LandingLog, lease: Lease) -> None:
    manifest = log.open_load(request(), lease).commit(expected_rows=0)
    log.path("ledger", "Deal", manifest.load_id, "manifest.json").write_bytes(b'{"format": 1, "load')

    with LandingLog(log.root) as again, pytest.raises(DamagedLogError, match=f"Deal/{manifest.load_id}/manifest.json"):
        again.manifests("ledger")


def test_several_choices_stay_a_list(log: LandingLog, lease: Lease) -> None:
    schema = TableSchema.of({"Id": "VARCHAR", "Amount": "VARCHAR[]", "At": "TIMESTAMP"})
    load = log.open_load(request(schema=schema), lease)
    load.land("(select 'a' as \"Id\", string_split('x;y', ';') as \"Amount\", null as \"At\")", RULE)

    assert read(log, load.commit(expected_rows=1)) == [("a", ["x", "y"], None, "a")]
