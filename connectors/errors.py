"""Every failure a caller of the connectors can meet, sorted by what the caller should do.

```
CrmError
├── ConfigurationError        a setting is missing or unusable; nothing was sent
│   └── IdentityError         the connection answers for another org or portal than its log
├── DamagedLogError           a file of the landing log is torn or missing; restore it
├── AuthenticationError       the CRM refused the credentials; a person must act
├── TransientError            the same request may succeed later; retry_after in seconds
│   ├── CrowdedError          too many of our calls ran at once; fewer will get through
│   ├── BusyError             somebody else holds the lease or the warehouse file (exit code 75)
│   └── PausedError           a limit says: not before resume_at (exit code 75)
│       └── BudgetError       our own cap on calls is reached
├── RejectedRequestError      the CRM says our request is wrong; retrying cannot help
│   ├── StalePlanError        the CRM's fields changed after they were asked for; plan again
│   └── NoAccessError         the object or field is not there for this user: coverage, not failure
└── UnexpectedReplyError      the reply has a shape we do not know; nothing was landed
    └── CountMismatchError    fewer or more rows came than the CRM announced
```

A message has three parts: what was refused or missing, the concrete object and value, the next action.
None carries a token, a header or a response body; `detail` holds the CRM's own sentence and is not in `str()`.
"""

from datetime import datetime

EXIT_FAILED = 1
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h: nothing is broken, run again later


class CrmError(Exception):
    """What every error of the connectors is; `exit_code` is what a command line ends with."""

    exit_code = EXIT_FAILED


class ConfigurationError(CrmError):
    """A setting is missing or unusable; nothing was sent."""


class IdentityError(ConfigurationError):
    """The CRM behind a connection is not the one its landing log was filled from."""


class DamagedLogError(CrmError):
    """A file of the landing log is torn or missing; what can be applied without it was left alone, too."""


class AuthenticationError(CrmError):
    """The CRM refused the credentials; a person must act."""


class TransientError(CrmError):
    """The same request may succeed later; `retry_after` is in seconds, None if the CRM named no time."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class CrowdedError(TransientError):
    """The CRM refused a call because too many ran at the same time."""


class BusyError(TransientError):
    """Another run or program holds what this run needs; nothing was changed."""

    exit_code = EXIT_TRY_LATER


class PausedError(TransientError):
    """A limit is reached; everything landed is kept. `resume_at` is UTC, None if the next run may simply go on."""

    exit_code = EXIT_TRY_LATER

    def __init__(self, message: str, *, resume_at: datetime | None = None) -> None:
        super().__init__(message)
        self.resume_at = resume_at


class BudgetError(PausedError):
    """The cap on API calls that the settings give this run, or the reserve left to others, is reached."""


class RejectedRequestError(CrmError):
    """The CRM refused this request for good.

    `status` is HTTP's (0 if there was none), `code` the CRM's own error code ("" if it sent none),
    `detail` the CRM's sentence, cut to 500 characters: for decisions, not for logs.
    """

    def __init__(self, message: str, *, status: int = 0, code: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail[:500]


class StalePlanError(RejectedRequestError):
    """The CRM's fields are not those that the plan was made of: it is planned again, once."""


class NoAccessError(RejectedRequestError):
    """The object does not exist for this user or licence; the run goes on without it and says so."""


class UnexpectedReplyError(CrmError):
    """The reply has a shape we do not know; nothing of it was landed."""


class CountMismatchError(UnexpectedReplyError):
    """The CRM announced `expected` rows and `landed` came, after one more reading; nothing was committed."""

    def __init__(self, message: str, *, expected: int, landed: int) -> None:
        super().__init__(message)
        self.expected = expected
        self.landed = landed
