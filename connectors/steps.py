"""How far long work has come, for whoever watches it."""

from collections.abc import Callable

# steps done, steps in all, and what the newest one was about
Tell = Callable[[int, int, str], None]


def tell_nobody(_done: int, _total: int, _about: str) -> None:
    """No one watches."""
