"""Open loads as a later process finds them: what is kept of them, and their removal."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

import orjson

from connectors.errors import ConfigurationError
from connectors.landing.load import PROGRESS
from connectors.landing.manifest import LoadRequest, Part


def read_progress(folder: Path) -> tuple[LoadRequest, tuple[Part, ...]] | None:
    """The request and parts of an open load; None if it cannot be continued."""
    with suppress(FileNotFoundError, ValueError, KeyError, ConfigurationError):
        values: Mapping[str, object] = orjson.loads((folder / PROGRESS).read_bytes())
        request, parts = values["request"], values["parts"]
        if isinstance(request, dict) and isinstance(parts, list):
            return LoadRequest.from_json(request), tuple(Part.from_json(part) for part in parts)
    return None


def remove_open(folder: Path) -> None:
    """Remove an open load; first what makes it one, so that a crash in the middle leaves rubbish and no half load."""
    (folder / PROGRESS).unlink(missing_ok=True)
    rmtree(folder)
