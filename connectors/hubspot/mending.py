"""Answers whose texts are no text: what is no UTF-8, and halves of characters, become U+FFFD and are counted."""

import re
import threading

REPLACEMENT = "\ufffd"
TEXT_MISFITS = "(text)"  # the name under which manifests count them

# a backslash that is itself escaped begins nothing
_BEFORE = rb"(?<!\\)((?:\\\\)*)"
_PAIR_OR_HALF = re.compile(
    _BEFORE + rb"\\u(?:(?P<pair>[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|[dD][89a-fA-F][0-9a-fA-F]{2})"
)


class Mender:
    """Mends answers, and counts what it replaced. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._replaced = 0

    @property
    def replaced(self) -> int:
        """Characters replaced so far."""
        return self._replaced

    def mend(self, body: bytes) -> bytes:
        """The answer with what is no text replaced."""
        text = body.decode("utf-8", "replace")
        replaced = text.count(REPLACEMENT) - body.count(REPLACEMENT.encode())
        halves = 0

        def keep_pairs(found: "re.Match[bytes]") -> bytes:
            nonlocal halves
            if found["pair"]:
                return found.group()
            halves += 1
            return found[1] + b"\\ufffd"

        mended = _PAIR_OR_HALF.sub(keep_pairs, text.encode())
        with self._lock:
            self._replaced += replaced + halves
        return mended
