"""What was measured, kept as JSON beside the worlds: a run takes long, and the page is made of many."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.extract.judge import Verdict
from benchmarks.extract.measure import Used

QUIET = "-quiet"  # ends the name of a size whose next day was a quiet one


@dataclass(frozen=True)
class Night:
    """One run of one extractor."""

    used: Used
    rows: int


@dataclass(frozen=True)
class Result:
    """What one extractor did on both nights, and on which machine."""

    extractor: str
    nights: tuple[Night, ...]
    verdict: Verdict | None
    machine: str
    day: str = ""
    """What the next day was, in words; "" if none was played."""


def is_own(name: str) -> bool:
    """Whether an extractor is ours or the floor: worlds that the others would take too long for are read by these."""
    return name.startswith(("ours", "floor"))


def keep_result(folder: Path, size: str, result: Result) -> None:
    """Write a result in the place of the one before."""
    path = folder / "results" / size / f"{result.extractor}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(result), indent=1))


def read_results(folder: Path, order: Sequence[str]) -> dict[str, list[Result]]:
    """All results by size, smaller results first, each in the order of `order`."""
    found: dict[str, list[Result]] = {}
    for size in (folder / "results").iterdir():
        paths = [size / f"{name}.json" for name in order]
        found[size.name] = [_result(path) for path in paths if path.exists()]
    return dict(sorted(found.items(), key=lambda item: max((one.nights[0].rows for one in item[1]), default=0)))


def _result(path: Path) -> Result:
    given = json.loads(path.read_text())
    nights = tuple(Night(Used(**night["used"]), night["rows"]) for night in given["nights"])
    verdict = Verdict(**given["verdict"]) if given["verdict"] else None
    return Result(given["extractor"], nights, verdict, given["machine"], given.get("day", ""))
