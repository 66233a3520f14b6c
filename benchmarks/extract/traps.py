"""The next day of the benchmark: what the world does by itself, and the traps that extractors fall into."""

from connectors.sandbox.process import RunningSandbox

VICTIMS = 25


def prepare_world(sandbox: RunningSandbox) -> None:
    """Before the first load: nothing yet that the generated world lacks."""


def play_next_day(sandbox: RunningSandbox) -> None:
    """A day of both CRMs."""
    sandbox.tick()
