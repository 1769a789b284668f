"""What may be chosen for the scores of forecasts."""

from collections.abc import Mapping
from dataclasses import dataclass

from headtohead.core.errors import InputError
from headtohead.core.settings import Choices, option

_MOST_BINS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastsSettings(Choices):
    """How forecasts are read and how finely calibration is looked at.

    Raises:
        InputError: If there are too few bins or too many.
    """

    bins: int = option(
        5, metavar="N", help="Into how many equal parts of 0 to 1 probabilities are sorted."
    )
    mapping: Mapping[str, str] = option(
        factory=dict,
        flag="--map",
        metavar="FIELD=COLUMN",
        help="Of a table: where question, probability, outcome, day and forecaster are.",
    )

    def __post_init__(self) -> None:
        Choices.__post_init__(self)
        if not 1 <= self.bins <= _MOST_BINS:
            raise InputError(f"`bins` is {self.bins}. Use a number from 1 to {_MOST_BINS}.")
