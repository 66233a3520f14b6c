"""What a command answers, and how failures become words and exit codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb
import orjson
from rich.console import RenderableType
from rich.text import Text

from connectors.errors import EXIT_FAILED, EXIT_TRY_LATER, ConfigurationError, CrmError, PausedError
from connectors.sandbox.process import SandboxError
from crm.terminal import Terminal, show_time

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Answer:
    """The result of a command: `document` for programs, `parts` for people, one below the other."""

    document: Mapping[str, object]
    parts: tuple[RenderableType, ...] = ()
    exit_code: int = 0


def carry_out(command: Callable[[Terminal], Answer], terminal: Terminal) -> int:
    """Run `command`, print its answer or what went wrong, and give the exit code."""
    try:
        answer = command(terminal)
    except (CrmError, SandboxError, OSError, duckdb.Error) as error:
        answer = Answer({"error": as_document(error)}, exit_code=exit_code_of(error))
        if not terminal.as_json:
            terminal.err.print(message_of(error), style=_style(error), markup=False)
    except KeyboardInterrupt:
        answer = Answer({"error": {"kind": "interrupted", "message": "Stopped."}}, exit_code=EXIT_INTERRUPTED)
        terminal.note("Stopped. What is landed is kept; the next run goes on from there.")
    if terminal.as_json:
        terminal.write_json(orjson.dumps({**answer.document, "exit_code": answer.exit_code}, default=_plain))
    else:
        for part in answer.parts:
            terminal.out.print(part)
    return answer.exit_code


def exit_code_of(error: Exception) -> int:
    """0 is no error's; 2 for settings, 75 for what may succeed later, else 1."""
    if isinstance(error, ConfigurationError):
        return EXIT_USAGE
    return error.exit_code if isinstance(error, CrmError) else EXIT_FAILED


def worst(exit_codes: list[int]) -> int:
    """The one exit code of several: what failed outweighs what may go on later."""
    order = (EXIT_INTERRUPTED, EXIT_FAILED, EXIT_USAGE, EXIT_TRY_LATER)
    return next((code for code in order if code in exit_codes), 0)


def message_of(error: Exception) -> str:
    """The error as a person reads it; a pause says when it ends."""
    if isinstance(error, PausedError):
        return f"Paused: {error}" + (f" Resumes at {show_time(error.resume_at)} UTC." if error.resume_at else "")
    if isinstance(error, OSError) and not isinstance(error, CrmError):
        return f"{error}. Make room or give access to the file, then run again: what was landed is kept."
    if isinstance(error, duckdb.Error):
        return f"DuckDB: {str(error).splitlines()[0]} See docs/runbooks.md (disk full, restore from the log)."
    return str(error)


def failure(crm: str, error: CrmError) -> Text:
    """What kept one CRM from being asked, while the others were."""
    return Text(f"{crm}: {message_of(error)}", style=_style(error))


def as_document(error: Exception) -> dict[str, object]:
    """The error for a program: its kind, its words, and when it may be tried again."""
    kind = type(error).__name__.removesuffix("Error").lower() or "error"
    document: dict[str, object] = {"kind": kind, "message": str(error)}
    if isinstance(error, PausedError):
        document["resumes_at"] = error.resume_at
    return document


def _style(error: Exception) -> str:
    return "yellow" if exit_code_of(error) == EXIT_TRY_LATER else "red"


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset | set | tuple):
        return sorted(value) if isinstance(value, frozenset | set) else list(value)
    return str(value)
