"""What may be chosen for a report, a check, one verdict or a list of changes.

`--as-of` is not among them: the command line fills in today, and Python has no today.
"""

from dataclasses import dataclass
from pathlib import Path

from headtohead.core.dates import Period, window
from headtohead.core.settings import Choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings(Choices):
    """What claims are asked about."""

    about: Period | None = option(
        None,
        metavar="DATE",
        read=window,
        help="Ask about this day, month or start/end, instead of each statement's own time.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSettings(CheckSettings):
    """Where a claim stands, and what it is asked about."""

    claims: Path | None = option(
        None,
        metavar="FILE",
        read=Path,
        help="A claims file of your own; the reference article's if none is given.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings(ShowSettings):
    """Whom a report compares, and what about."""

    a: str = option("US", metavar="SIDE", help="The side that would be replaced.")
    b: str = option("CN", metavar="SIDE", help="The side that might stand in.")
    group: str = option(
        "country",
        metavar="GROUP",
        help="What tells the sides apart: country, open, lab or family.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffSettings(Choices):
    """How far down the changes are told."""

    top: int = option(20, metavar="N", help="Places of the text board to compare.")
