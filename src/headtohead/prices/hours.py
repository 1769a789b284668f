"""The hours of the day in which a seller charges a price of its own."""

import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.resources import files

_SPAN = r"\d\d:\d\d to \d\d:\d\d"
_HOURS = re.compile(
    rf"(?P<outside>outside )?(?P<spans>{_SPAN}(?:, {_SPAN})*) UTC(?P<weekdays> on weekdays)?"
    r"(?:, (?P<holidays>[A-Z]\w+) public holidays excepted)?"
)
_WEEKEND = 5


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of the day in UTC, as "01:00 to 04:00, 06:00 to 10:00 UTC on weekdays".

    Attributes:
        spans: First and last minute of each span, counted from 00:00 UTC; a span that ends before
            it starts runs over midnight.
        weekdays: True if the spans are of Monday to Friday alone.
        holidays: Whose public holidays are not among these days, as "Chinese"; empty if all are.
        outside: True if the hours are those outside the spans.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    outside: bool = False
    weekdays: bool = False
    holidays: str = ""

    @classmethod
    def parse(cls, text: str) -> "Hours":
        """The hours that a price list states.

        Raises:
            ValueError: If the text is not of that form.
        """
        match = _HOURS.fullmatch(text)
        if not match or (match["holidays"] and match["holidays"] not in _holidays()):
            raise ValueError(f"{text!r} names no hours, as in '16:30 to 00:30 UTC on weekdays'")
        minutes = [60 * int(at[:2]) + int(at[3:]) for at in re.split(", | to ", match["spans"])]
        return cls(
            text,
            tuple(zip(minutes[::2], minutes[1::2], strict=True)),
            outside=bool(match["outside"]),
            weekdays=bool(match["weekdays"]),
            holidays=match["holidays"] or "",
        )

    def holds(self, at: datetime) -> bool:
        """Whether an instant, given with its time zone, lies in these hours."""
        moment = at.astimezone(UTC)
        minute = moment.hour * 60 + moment.minute
        free = self.weekdays and moment.weekday() >= _WEEKEND
        if self.holidays:
            offset, days = _holidays()[self.holidays]
            free = free or (moment + offset).date() in days
        inside = not free and any(
            first <= minute < last if first <= last else minute >= first or minute < last
            for first, last in self.spans
        )
        return inside != self.outside


@cache
def _holidays() -> dict[str, tuple[timedelta, frozenset[date]]]:
    """Whose -> the offset of their clock from UTC, and their public holidays."""
    text = files("headtohead").joinpath("data/holidays.toml").read_text("utf-8")
    return {
        whose: (timedelta(hours=kept["utc_offset_hours"]), frozenset(kept["days"]))
        for whose, kept in tomllib.loads(text).items()
    }
