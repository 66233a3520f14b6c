"""What can go wrong while judging, sorted by who must act.

ExpectationsError
├── UnknownCheckError        the caller asked for a check that no suite holds
└── BrokenExpectationError   a rule could not be judged at all; nothing about the data follows from it
"""


class ExpectationsError(Exception):
    """Anything that keeps the suites from giving a verdict."""


class UnknownCheckError(ExpectationsError):
    """A check id that no suite holds."""

    def __init__(self, check_id: str, known: list[str]) -> None:
        super().__init__(f"There is no check {check_id}. Ask for one of: {', '.join(known)}.")
        self.check_id = check_id


class BrokenExpectationError(ExpectationsError):
    """A rule raised instead of judging: neither passed nor failed.

    The findings of the last complete evaluation stay as they were.
    """

    def __init__(self, check_id: str, name: str, reason: str) -> None:
        super().__init__(
            f"Check {check_id} ({name}) could not be evaluated: {reason} "
            "The findings of the last evaluation are unchanged. "
            f"Whoever changed the conformed tables or the rule repairs the SQL of {check_id} in expectations/suites/."
        )
        self.check_id = check_id
        self.name = name
        self.reason = reason
