"""How the verbs read dates, and which sources an answer rests on."""

from collections.abc import Sequence
from datetime import date

from headtohead.core.dates import Period, parse_day
from headtohead.core.question import Answer

Day = date | str
Window = Period | date | str


def day(value: Day) -> date:
    """A day, written or not.

    Raises:
        InputError: If what is written is no day.
    """
    return parse_day(value) if isinstance(value, str) else value


def window(value: Window | None) -> Period | None:
    """A day or window, written or not; None stays None.

    Raises:
        InputError: If what is written is none.
    """
    if isinstance(value, str):
        return Period.parse(value)
    return Period(value, value) if isinstance(value, date) else value


def words(given: str | Sequence[str]) -> tuple[str, ...]:
    """Words given as a sequence, or as one text with commas."""
    if isinstance(given, str):
        return tuple(filter(None, (part.strip() for part in given.split(","))))
    return tuple(given)


def sources(answer: Answer) -> list[str]:
    """Every source behind an answer, in name order."""
    columns = ("source_id", "also_source_id")
    of_rows = {str(row[c]) for row in answer.rows for c in columns if row.get(c)}
    return sorted(of_rows | {i for e in answer.estimates for i in e.source_ids})
