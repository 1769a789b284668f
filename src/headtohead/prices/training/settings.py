"""What may be chosen of a training cost."""

from dataclasses import dataclass
from typing import Any

from headtohead.core.errors import InputError, UnknownName
from headtohead.core.settings import check_choices, option, words
from headtohead.prices.training.scopes import SCOPES


def _method(given: Any) -> str:  # noqa: ANN401 - what a caller gave
    """One method; several are of several scopes."""
    named = tuple(dict.fromkeys(words(given)))
    for name in named:
        if name not in SCOPES:
            raise UnknownName("method of costing a training run", name, SCOPES)
    if len(named) > 1:
        counted = "; ".join(f"{name} counts {SCOPES[name].counts}" for name in named)
        raise InputError(
            f"These are costs of different scope, which no ratio can join: {counted}. Choose one "
            "`method`, or leave it out to see each by itself."
        )
    return named[0] if named else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """Every choice of a training cost.

    Raises:
        InputError: If a number is not above 0, or methods of several scopes are joined.
    """

    method: str = option(
        "",
        read=_method,
        metavar="METHOD",
        help="One of amortised, cloud, acquisition, final-run and flops; all, each with its scope, "
        "if left out.",
    )
    active_b: float | None = option(
        None, metavar="B", help="Parameters used per token, in billions, of a model of your own."
    )
    tokens: float | None = option(None, metavar="N", help="Tokens it is trained on.")
    chip: str = option("", metavar="CHIP", help="The chip it is trained on.")
    chip_hours: float | None = option(None, metavar="HOURS", help="Chip-hours of the run.")
    usd_per_chip_hour: float | None = option(
        None, metavar="USD", help="What a chip-hour costs, for the method final-run."
    )

    def __post_init__(self) -> None:
        check_choices(self)
        for name in ("active_b", "tokens", "chip_hours", "usd_per_chip_hour"):
            value = getattr(self, name)
            if value is not None and not 0 < value < 1e18:
                raise InputError(
                    f"`{name}` is {value}; it must be a number above 0 and below 1e18."
                )
        if (self.active_b is None) != (self.tokens is None):
            raise InputError("Compute is 6 x `active_b` x `tokens`: give both.")
        if self.active_b is not None and self.active_b > 1e6:
            raise InputError(
                f"`active_b` is {self.active_b:g} billion parameters; a model of 37 billion is 37."
            )
        if self.tokens is not None and self.tokens < 1e6:
            raise InputError(f"`tokens` is {self.tokens:g}; 14.8 trillion is 14.8e12.")
