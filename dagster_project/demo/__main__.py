"""`python -m dagster_project.demo`: make the sandbox CRMs and sync them; each further run plays the next day."""

import os
import sys

from rich.console import Console

from connectors.errors import ConfigurationError
from dagster_project.demo.night import play_night


def main() -> int:
    """Play one night on the sandbox; the exit code is 0, 1 (failed) or 75 (busy or paused: run again later)."""
    os.environ["CRM_SOURCE"] = "sandbox"
    # a terminal of our own: Dagster captures file descriptor 1 while a step runs
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as terminal:
        console = Console(file=terminal, highlight=False)
        try:
            return play_night(console)
        except ConfigurationError as error:
            console.print(f"[red]{error}[/red]")
            return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
