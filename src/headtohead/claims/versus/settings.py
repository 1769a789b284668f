"""What may be chosen for two sides, side by side."""

from dataclasses import dataclass
from typing import Literal

from headtohead.core.dates import Period, window
from headtohead.core.settings import Choices, option

Kind = Literal["model", "lab", "family", "country", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersusSettings(Choices):
    """What two sides are taken for, and what about."""

    group: Kind | None = option(
        None,
        metavar="GROUP",
        help="What the two names are, where they could be several: model, lab, family, country "
        "or open.",
    )
    about: Period | None = option(
        None,
        metavar="DATE",
        read=window,
        help="The day or month asked about. Default: the day of our knowledge.",
    )
