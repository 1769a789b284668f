"""What may be chosen of a watch; the stack itself stands in its file."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from headtohead.core.dates import day, instant
from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """Every choice of a watch, each said at its field.

    Raises:
        InputError: If one lies outside its range, or two exclude each other.
    """

    days: int = option(90, help="How many days ahead to look, 1 to 3650.")
    since: date | None = option(
        None,
        read=partial(day, argument="since"),
        metavar="DAY",
        help="Also what has changed since what was known then.",
    )
    state: Path | None = option(
        None,
        metavar="FILE",
        help="Also what has changed since the last run, which this file keeps; made if it is not "
        "there, and written anew.",
    )
    at: datetime | None = option(
        None,
        read=partial(instant, argument="at"),
        metavar="INSTANT",
        help="Prices of this moment (2026-10-31T09:00Z), or of a day's noon. Default: the day.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if not 1 <= self.days <= 3650:
            raise InputError(f"`days` is {self.days}; it must be 1 to 3650.")
        if self.since and self.state:
            raise InputError("`state` knows its own day: leave out `since`.")
