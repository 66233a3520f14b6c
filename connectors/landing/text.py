"""Bytes that are no text: found at the speed of memory, and mended only in the files that have any."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

TEXT_MISFITS = "(text)"  # the name under which manifests count them
CUT_TEXTS = "(cut)"  # and the one of texts that were too long
CHUNK = 4 << 20  # bytes in memory at a time
REPLACEMENT = "\ufffd"
COMPRESSED = frozenset([".gz", ".zst"])

# the escape of JSON, unless its backslash is itself escaped
_ESCAPED_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")


def scrub(path: Path) -> int:
    """Put U+FFFD in the place of NUL and of bytes that are no UTF-8; how many were replaced. Compressed files stay."""
    if path.suffix in COMPRESSED or _is_text(path):
        return 0
    mended, replaced = path.with_name(path.name + ".mended"), 0
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    is_json = path.suffix != ".csv"
    with mended.open("wb") as out:
        for chunk, is_last in _chunks(path):
            known = chunk.count(REPLACEMENT.encode())
            text = decoder.decode(chunk, final=is_last)
            nuls = text.count("\x00")
            content = text.replace("\x00", REPLACEMENT).encode()
            content, escapes = _ESCAPED_NUL.subn(rb"\1\\ufffd", content) if is_json else (content, 0)
            replaced += max(0, text.count(REPLACEMENT) - known) + nuls + escapes
            out.write(content)
    mended.replace(path)
    return replaced


def _is_text(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_json = path.suffix != ".csv"
    for chunk, is_last in _chunks(path):
        if b"\x00" in chunk or (is_json and b"\\u0000" in chunk and _ESCAPED_NUL.search(chunk)):
            return False
        try:
            decoder.decode(chunk, final=is_last)
        except UnicodeDecodeError:
            return False
    return True


def _chunks(path: Path) -> Iterator[tuple[bytes, bool]]:
    """The file in pieces that end at a line's end where there is one, so that nothing of interest is cut in two."""
    with path.open("rb") as file:
        rest = b""
        while piece := file.read(CHUNK):
            end = piece.rfind(b"\n") + 1 or piece.rfind(b",") + 1
            if not end:
                rest += piece
                continue
            yield rest + piece[:end], False
            rest = piece[end:]
        yield rest, True
