"""The two dates of every statement: what it is about, and what was known (ADR 0003)."""

import calendar
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from headtohead.core.errors import InputError

_DAY = re.compile(r"^(\d{4})-(\d{2})-(\d{2})$")
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")

MONTHS_A_DAY = 12 / 365.25
Day = date | str


@dataclass(frozen=True, slots=True)
class Period:
    """The day or window that a statement speaks of; both ends count.

    Raises:
        InputError: If it ends before it starts.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InputError(
                f"The period {self.start}/{self.end} ends before it starts. Swap them."
            )

    @classmethod
    def parse(cls, text: str) -> "Period":
        """The period written as a day, a month or `start/end`.

        Args:
            text: "2025-12-15", "2025-12" or "2025-12-01/2025-12-07".

        Raises:
            InputError: If it is none of these.
        """
        if "/" in text:
            first, last = text.split("/", 1)
            return cls(cls.parse(first).start, cls.parse(last).end)
        if match := _MONTH.match(text):
            year, month = int(match[1]), int(match[2])
            if 1 <= month <= 12 and year > 0:
                return cls(
                    date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
                )
        elif _DAY.match(text):
            return cls(parse_day(text), parse_day(text))
        raise InputError(
            f"{text!r} is not a date. Write a day (2025-12-15), a month (2025-12) "
            "or a window (2025-12-01/2025-12-07)."
        )

    def back(self, days: int) -> "Period":
        """The same period, starting `days` earlier."""
        return Period(self.start - timedelta(days=days), self.end)

    @property
    def in_words(self) -> str:
        """The period as a sentence has it: a day, or "2025-12-01 to 2025-12-07"."""
        return str(self).replace("/", " to ")

    def __str__(self) -> str:
        return str(self.start) if self.start == self.end else f"{self.start}/{self.end}"


def long_day(value: date) -> str:
    """A day as a sentence has it: 17 December 2025."""
    return f"{value.day} {calendar.month_name[value.month]} {value.year}"


def parse_day(text: str, argument: str = "") -> date:
    """The day written as YYYY-MM-DD; `argument` is the one that an error names.

    Raises:
        InputError: If it is not such a day.
    """
    try:
        if not _DAY.match(text):
            raise ValueError
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        named = f"`{argument}`: " * bool(argument)
        raise InputError(f"{named}{text!r} is not a day. Write it as 2025-12-15.") from None


def day(value: Day, argument: str = "") -> date:
    """A day, written or not; `argument` is the one that an error names.

    Raises:
        InputError: If what is written is no day.
    """
    return value if isinstance(value, date) else parse_day(value, argument)


Instant = datetime | date | str


def instant(value: Instant, argument: str = "") -> datetime:
    """A moment in UTC, written or not; a day stands for its noon.

    Args:
        value: With a time zone where it has a time: "2025-09-05T16:00Z", "2025-09-05".
        argument: The one that an error names.

    Raises:
        InputError: If it is no moment, or has a time without a zone.
    """
    named = f"`{argument}`: " * bool(argument)
    at: object = value
    if isinstance(value, str):
        text = value.strip()
        with suppress(InputError, ValueError):
            at = parse_day(text) if _DAY.match(text) else datetime.fromisoformat(text)
    if not isinstance(at, date):
        raise InputError(
            f"{named}{value!r} is no moment. Write a day (2025-09-05) or a time with its zone "
            "(2025-09-05T16:00Z, 2025-09-06T00:00+08:00)."
        )
    if not isinstance(at, datetime):
        return datetime.combine(at, time(12), UTC)
    if at.tzinfo is None:
        raise InputError(
            f"{named}{value} names no time zone. Add Z for UTC or an offset: {at.isoformat()}Z, "
            f"{at.isoformat()}+08:00."
        )
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise InputError(f"{named}{value} lies outside the calendar.") from None


def first_moment(value: Instant) -> datetime:
    """A moment in UTC as `instant` reads it; a day stands for its first one."""
    return _edge(value, 0)


def end_moment(value: Instant) -> datetime:
    """A moment in UTC as `instant` reads it; a day stands for the one in which it is over."""
    return _edge(value, 1)


def _edge(value: Instant, days: int) -> datetime:
    at = instant(value)
    written = isinstance(value, str) and _DAY.match(value.strip())
    if written or not isinstance(value, str | datetime):
        try:
            return datetime.combine(at.date(), time(), UTC) + timedelta(days=days)
        except OverflowError:
            raise InputError(f"{value} lies outside the calendar.") from None
    return at


Window = Period | date | str


def window(value: Window | None) -> Period | None:
    """A day or window, written or not; None stays None.

    Raises:
        InputError: If what is written is none.
    """
    if isinstance(value, str):
        return Period.parse(value)
    if value is None or isinstance(value, Period):
        return value
    on = day(value)
    return Period(on, on)
