"""HubSpot's limits: how fast we may be, what its headers say of it, and what each refusal asks for."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.errors import (
    AuthenticationError,
    CrmError,
    NoAccessError,
    PausedError,
    TransientError,
    UnexpectedReplyError,
)
from connectors.hubspot.auth import PrivateToken
from connectors.pacing import LimitReading, Pace, Pacing
from connectors.reply import Refusal, http_date, retry_after_seconds

SEARCH = "search"  # the family with a limit of its own

RESERVE = 0.2  # of the daily limit, left to other apps
SPARE = 0.9  # of the rolling limit; the rest is for people and other apps
UNKNOWN_PER_SECOND = 9.0  # Free and Starter: 100 per 10 s (HubSpot usage guidelines), where no header says more
SEARCHES_PER_SECOND = 4.0  # documented as 5 per account, as 4 on older pages
BURST = 10
CONCURRENT = 8
TEN_SECONDS = 10.0
SECOND = 1.0
UNTOLD_AT_MOST = 200  # answers in a row without the daily meter; then it is asked for, at one call

_BEFORE_THE_FIRST_ANSWER = 1_000.0  # calls a second: the first answer's headers say the real limit
_PREFIX = "X-HubSpot-RateLimit-"
_SCOPE_KEYS = ("requiredGranularScopes", "requiredScopes")
_MOVING_DATA = 477  # the portal moves to another data centre, for up to a day
_BAD_TOKEN_TEXT = 530


def new_pacing(
    *,
    run_cap: int | None,
    searches_per_second: float | None,
    reserve: float = RESERVE,
    sleep: Callable[[float], None] = time.sleep,
) -> Pacing:
    """General calls follow the headers; searches their own pace, None if nothing limits them."""
    return Pacing(
        {SEARCH: Pace(searches_per_second, burst=1, concurrent=4)},
        default=Pace(_BEFORE_THE_FIRST_ANSWER, burst=BURST, concurrent=CONCURRENT),
        run_cap=run_cap,
        reserve=reserve,
        sleep=sleep,
    )


class Limits:
    """Reads every answer's headers into `pacing`, and every refusal into what the caller should do."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._has_rate = False
        self.advice = PrivateToken.advice
        self.per_second: float | None = None
        """General calls a second, as the answers allow; None before the first."""
        self.time_zone: str | None = None
        """The portal's, once its account details are read: daily limits start anew at its midnight."""
        self.has_meter = True
        """Whether HubSpot answers when it is asked for the calls of today."""
        self._untold: int | None = None
        self._clock: datetime | None = None

    def note(self, family: str, status: int, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the rolling and the daily limit."""
        most, interval = _number(headers, "Max"), _number(headers, "Interval-Milliseconds")
        if most and interval:
            self.per_second = SPARE * most * 1000 / interval
            self._pacing.follow("", self.per_second)
            self._has_rate = True
        elif not self._has_rate and family != SEARCH:
            self.per_second = UNKNOWN_PER_SECOND
            self._pacing.follow("", UNKNOWN_PER_SECOND)
            self._has_rate = True
        daily, remaining = _number(headers, "Daily"), _number(headers, "Daily-Remaining")
        self._clock = http_date(headers.get("Date")) or self._clock
        if daily and remaining is not None:
            self._untold = 0
            self._pacing.note_limit(LimitReading(daily - remaining, daily, self.midnight(self._clock)))
        elif self._untold is not None:
            self._untold += 1

    @property
    def is_meter_due(self) -> bool:
        """Whether the calls of today are to be asked for: no answer has told them, or none of the last hundreds."""
        return self.has_meter and (self._untold is None or self._untold >= UNTOLD_AT_MOST)

    def note_usage(self, fields: Mapping[str, object]) -> None:
        """Take over what HubSpot says when it is asked for the calls of today.

        Its count may be some minutes old, so that within a day ours is not lowered by it.

        Raises:
            UnexpectedReplyError: it says no number.
        """
        results = fields.get("results")
        meter = results[0] if isinstance(results, list) and results else None
        used, maximum = (
            (meter.get("currentUsage"), meter.get("usageLimit")) if isinstance(meter, dict) else (None, None)
        )
        if not isinstance(used, int) or not isinstance(maximum, int) or maximum <= 0:
            raise UnexpectedReplyError("HubSpot did not say how many API calls of today are used.")
        resets_at, known = self.midnight(self._clock), self._pacing.limit
        if known is not None and known.resets_at == resets_at:
            used = max(used, self._pacing.used or 0)
        self._untold = 0
        self._pacing.note_limit(LimitReading(used, maximum, resets_at))

    def midnight(self, now: datetime | None) -> datetime | None:
        """When the portal's next day begins, UTC; None while its time zone is unknown."""
        if now is None or self.time_zone is None:
            return None
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return None
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, datetime.min.time(), zone).astimezone(UTC)

    def classify(self, refusal: Refusal) -> CrmError | None:
        """The error that a refusal is; None where HTTP's own meaning says enough."""
        call = f"{refusal.method} {refusal.path}"
        body = refusal.json()
        fields = body if isinstance(body, dict) else {}
        if refusal.status in (401, _BAD_TOKEN_TEXT):
            return AuthenticationError(f"HubSpot refused the access token (HTTP {refusal.status}). {self.advice}")
        if refusal.status == 403:
            return _no_access(call, fields)
        if refusal.status == 429:
            return self._rate_limited(call, str(fields.get("policyName", "")), refusal)
        if refusal.status == _MOVING_DATA:
            return self._moving(refusal)
        return None

    def _rate_limited(self, call: str, policy: str, refusal: Refusal) -> CrmError:
        if policy == "DAILY":
            return PausedError(
                f"HubSpot's daily limit of API calls is reached ({call}, HTTP 429). What is landed is kept; run again "
                "after midnight in the portal's time zone, or see which other app uses the calls.",
                resume_at=self.midnight(http_date(refusal.headers.get("Date"))),
            )
        wait = SECOND if policy == "SECONDLY" else TEN_SECONDS
        interval = _number(refusal.headers, "Interval-Milliseconds")
        if policy != "SECONDLY" and interval:
            wait = interval / 1000
        return TransientError(
            f"HubSpot's rate limit is reached ({call}, HTTP 429{policy and ', ' + policy}). Nothing is lost: run again "
            "when fewer other apps call HubSpot.",
            retry_after=wait,
        )

    def _moving(self, refusal: Refusal) -> CrmError:
        now = http_date(refusal.headers.get("Date"))
        seconds = retry_after_seconds(refusal.headers, now)
        return PausedError(
            "HubSpot is moving this portal's data to another hosting location (HTTP 477). Run again when it is done.",
            resume_at=now + timedelta(seconds=seconds) if now and seconds else None,
        )


def _no_access(call: str, body: Mapping[str, object]) -> NoAccessError:
    code = str(body.get("category", ""))
    scopes = ", ".join(_scopes(body))
    remedy = (
        f"Add {scopes} to the private app's scopes"
        if scopes
        else "Give the private app's user access to it, or leave the object out if the portal's plan lacks it"
    )
    return NoAccessError(
        f"HubSpot refused {call} (HTTP 403{code and ', ' + code}). {remedy}.",
        status=403,
        code=code,
        detail=str(body.get("message", "")),
    )


def _scopes(body: Mapping[str, object]) -> list[str]:
    found: list[str] = []
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else []:
        context = error.get("context") if isinstance(error, dict) else None
        for key in _SCOPE_KEYS:
            names = context.get(key) if isinstance(context, dict) else None
            found += [str(name) for name in names] if isinstance(names, list) else []
    return list(dict.fromkeys(found))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_PREFIX + name, "").strip()
    return int(text) if text.isdigit() else None
