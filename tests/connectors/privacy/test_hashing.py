"""The keyed hash: RFC 2104 to the byte, and a key that nobody sees."""

import hashlib
import hmac
import traceback

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import ConfigurationError
from connectors.hashing import hashed_column_sql, hmac_sha256_sql, set_hash_key
from connectors.schema import literal
from connectors.secret import Secret

KEY = Secret("an owl, a pear and 12 long winters")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=16, max_size=200)


def hashed(sql: str, *, key: Secret = KEY) -> object:
    """What `sql` gives in a connection that has the key."""
    with duckdb.connect() as connection:
        set_hash_key(connection, key)
        row = connection.execute(f"select {sql}").fetchone()
    return row[0] if row else None


@given(text=TEXTS, key=KEYS)
@settings(max_examples=60, deadline=None)
def test_a_hash_is_what_python_s_hmac_says(text: str, key: str) -> None:
    expected = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

    assert hashed(hmac_sha256_sql(literal(text), Secret(key)), key=Secret(key)) == expected


@pytest.mark.parametrize("length", [63, 64, 65, 200])
def test_a_key_around_and_beyond_a_block_is_padded_or_hashed(length: int) -> None:
    key, text = "k" * length, "Zoë 東京 🙂"
    expected = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()

    assert hashed(hmac_sha256_sql(literal(text), Secret(key)), key=Secret(key)) == expected


def test_null_stays_null_and_an_empty_text_has_a_hash() -> None:
    empty = hmac.new(KEY.reveal().encode(), b"", hashlib.sha256).hexdigest()

    assert hashed(hmac_sha256_sql("null", KEY)) is None
    assert hashed(hmac_sha256_sql("''", KEY)) == empty


def test_an_address_has_one_hash_however_a_crm_writes_it() -> None:
    written = [
        hashed(hashed_column_sql("Email", literal(text), KEY)) for text in ("Ann@Firm.EXAMPLE", " ann@firm.example ")
    ]
    names = [hashed(hashed_column_sql("FirstName", literal(text), KEY)) for text in ("Ann", "ann")]

    assert written[0] == written[1] is not None
    assert names[0] != names[1]


def test_blank_values_do_not_share_a_hash() -> None:
    assert hashed(hashed_column_sql("Email", "'  '", KEY)) is None
    assert hashed(hashed_column_sql("FirstName", "''", KEY)) is None


@pytest.mark.parametrize("key", [None, Secret(""), Secret("too short")])
def test_a_key_that_could_be_guessed_is_refused(key: Secret | None) -> None:
    with pytest.raises(ConfigurationError, match="CRM_HASH_KEY"):
        hmac_sha256_sql("'x'", key)  # type: ignore[arg-type]


def test_without_its_key_a_connection_hashes_nothing_instead_of_giving_null() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.InvalidInputException, match="no hash key"):
        connection.execute(f"select {hmac_sha256_sql(literal('x'), KEY)}").fetchall()


@pytest.mark.parametrize(
    "broken",
    ["select {hash} from nowhere", "select {hash} from from", "select cast({hash} as integer)", "select error({hash})"],
)
def test_no_message_of_duckdb_shows_the_key_or_what_would_do_in_its_place(broken: str) -> None:
    key = KEY.reveal().encode()
    pads = [bytes(byte ^ mask for byte in key.ljust(64, b"\0")) for mask in (0x36, 0x5C)]
    with duckdb.connect() as connection:
        set_hash_key(connection, KEY)
        sql = hmac_sha256_sql("'x'", KEY)

        with pytest.raises(duckdb.Error) as caught:
            connection.execute(broken.format(hash=sql)).fetchall()

        plan = str(connection.execute(f"explain select {sql}").fetchall())
    for shown in (sql, repr(KEY), "".join(traceback.format_exception(caught.value))):
        assert not [
            secret for secret in (key, *pads) if secret.decode("latin-1") in shown or secret.hex() in shown.lower()
        ]
    assert KEY.reveal() not in plan
