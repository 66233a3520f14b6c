"""Keyed hashes as SQL: what takes the place of a personal value in the landing log and in raw tables.

The key reaches DuckDB as two variables of one private connection, never as a part of a statement, since DuckDB's
messages quote statements.
"""

import hashlib
from typing import Final

import duckdb

from connectors.errors import ConfigurationError
from connectors.secret import Secret

HASH_TYPE: Final = "VARCHAR"  # 64 hexadecimal digits; null stays null
MIN_KEY_BYTES: Final = 16  # a shorter key could be found by trying

_BLOCK: Final = 64  # bytes, of SHA-256
_INNER: Final = "crm_hash_inner"
_OUTER: Final = "crm_hash_outer"


def set_hash_key(connection: duckdb.DuckDBPyConnection, key: Secret) -> None:
    """Make `hmac_sha256_sql` work in this connection; do it once, and only in a private in-memory database."""
    inner, outer = _pads(key)
    for name, pad in ((_INNER, inner), (_OUTER, outer)):
        try:
            connection.execute(f"set variable {name} = unhex('{pad.hex()}')")
        except duckdb.Error as error:
            # DuckDB's message would quote the statement
            raise ConfigurationError(f"DuckDB refused the hash key ({type(error).__name__}).") from None


def hmac_sha256_sql(expression: str, key: Secret) -> str:
    """SQL for HMAC-SHA256 (RFC 2104) of the text `expression` in UTF-8, as 64 hexadecimal digits; null stays null.

    It works in a connection that `set_hash_key` was called for, and is an error in any other.

    Raises:
        ConfigurationError: there is no key, or one that is too short.
    """
    check_key(key)
    inner, outer = (f"coalesce(getvariable('{name}'), error('no hash key is set')::blob)" for name in (_INNER, _OUTER))
    return f"sha256({outer} || unhex(sha256({inner} || encode(cast({expression} as varchar)))))"


def hashed_column_sql(column_name: str, expression: str, key: Secret) -> str:
    """SQL for what a hashed column holds: e-mail addresses are trimmed and put into lower case before.

    So one address gives one hash in both CRMs, and joins over it keep working. A blank value becomes null: a hash of
    nothing would join with every other nothing.
    """
    text = f"cast({expression} as varchar)"
    if is_email_column(column_name):
        text = f"lower(trim({text}))"
    return hmac_sha256_sql(f"nullif({text}, '')", key)


def is_email_column(column_name: str) -> bool:
    """Whether a column holds e-mail addresses, by its name."""
    return "email" in column_name.lower().replace("_", "").replace("-", "")


def check_key(key: Secret | None) -> Secret:
    """The key, if it can be used.

    Raises:
        ConfigurationError: there is none, or it is too short.
    """
    if key is None or len(key.reveal().encode()) < MIN_KEY_BYTES:
        raise ConfigurationError(
            f"CRM_HASH_KEY is missing or shorter than {MIN_KEY_BYTES} bytes, and the reading rules hash a column. "
            "Put a long random text there (docs/privacy.md), or take the hash rules out."
        )
    return key


def _pads(key: Secret) -> tuple[bytes, bytes]:
    block = check_key(key).reveal().encode()
    if len(block) > _BLOCK:
        block = hashlib.sha256(block).digest()
    block = block.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
