"""What may be chosen of prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from headtohead.core.dates import instant
from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingSettings:
    """Every choice of a listing, each said at its field.

    Raises:
        InputError: If choices exclude each other.
    """

    at: datetime | None = option(
        None,
        read=partial(instant, argument="at"),
        metavar="INSTANT",
        help="The price then: 2025-09-05T16:00Z, or a day, which means its noon by UTC.",
    )
    operator: str = option("", metavar="SELLER", help="Only what this seller asks.")
    channel: str | None = option(
        None, metavar="NAME", help="As served so: turbo, fp8, free. Default: as MODEL says."
    )
    history: bool = option(False, help="Also every price since the first one known.")
    audit: bool = option(
        False, help="Where price lists contradict each other, and which is right by which rule."
    )
    usage: Path | None = option(
        None, metavar="LOG", help="Price a log call by call, and compare with what it was billed."
    )
    format: str = option("auto", metavar="FORMAT", help="Of LOG, if it cannot be told from it.")
    mapping: Mapping[str, str] = option(
        factory=dict, flag="--map", metavar="FIELD=COLUMN", help="Where the fields of LOG are."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if self.at and self.usage:
            raise InputError("Every call of `usage` has its own time: leave out `at`.")
        if self.history and (self.audit or self.usage):
            raise InputError("`history` is of one model: leave out `audit` and `usage`.")
