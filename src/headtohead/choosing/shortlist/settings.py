"""What a team asks of a model and of who sells it: every condition, said once."""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Literal

from headtohead.core.dates import day, instant
from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option

LICENCE_WORDS = ("commercial", "unconditional", "open")
_TOKENS = re.compile(r"([0-9]+(?:[.][0-9]+)?)\s*([km]?)", re.IGNORECASE)
_BLEND = re.compile(r"([0-9]+(?:[.][0-9]+)?)\s*:\s*([0-9]+(?:[.][0-9]+)?)")


def tokens_of(given: Any) -> int:  # noqa: ANN401 - a number or a text
    """A number of tokens: 128000, "128k" (128,000), "1M".

    Raises:
        InputError: If it is none, or not above 0.
    """
    found = _TOKENS.fullmatch(str(given).strip().replace(",", "").replace("_", ""))
    size = float(found[1]) * {"": 1, "k": 1e3, "m": 1e6}[found[2].lower()] if found else 0
    if isinstance(given, bool) or not 1 <= size < 1e12:
        raise InputError(f"{given!r} is no number of tokens. Write it as 128000 or 128k.")
    return round(size)


def share_of(given: Any) -> float:  # noqa: ANN401 - a number or a text
    """The share of input of a blend "3:1", or that share itself, 0 to 1.

    Raises:
        InputError: If it is neither.
    """
    found = _BLEND.fullmatch(str(given).strip())
    if found:
        into, out = float(found[1]), float(found[2])
        if 0 < into + out < 1e12:
            return into / (into + out)
    elif not isinstance(given, bool):
        with suppress(ValueError):
            if 0 <= float(given) <= 1:
                return float(given)
    raise InputError(f"{given!r} is no blend. Write input:output as 3:1, or the share of input.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortlistSettings:
    """Every condition and choice of a shortlist, each said at its field.

    Raises:
        InputError: If one lies outside its range, or two exclude each other.
    """

    licence: str = option(
        "",
        metavar="LICENCE",
        help="What the licence must let a business do: commercial (some with conditions), "
        "unconditional, open (for anyone and any purpose), or licences as 'MIT OR Apache-2.0'.",
    )
    weights: Literal["any", "open", "closed"] = option(
        "any", help="Whether the weights can be downloaded."
    )
    lab_country: tuple[str, ...] = option(
        (), metavar="COUNTRY,...", help="Where the maker is seated."
    )
    not_lab_country: tuple[str, ...] = option(
        (), metavar="COUNTRY,...", help="Where it must not be."
    )
    operator_country: tuple[str, ...] = option(
        (), metavar="COUNTRY,...", help="Where the seller, who runs the endpoint, is seated."
    )
    not_operator_country: tuple[str, ...] = option(
        (), metavar="COUNTRY,...", help="Where it must not be."
    )
    operator: tuple[str, ...] = option((), metavar="SELLER,...", help="Only these sellers.")
    context: int | None = option(
        None, read=tokens_of, metavar="TOKENS", help="The least context: 128k is 128,000 tokens."
    )
    max_cost: float | None = option(
        None, metavar="USD", help="The most that a million tokens of the blend may cost."
    )
    blend: float = option(
        0.75,
        read=share_of,
        metavar="IN:OUT",
        help="Input to output tokens, as 3:1, or the share of input.",
    )
    min_index: float | None = option(
        None, metavar="POINTS", help="The least points on the scale, with the chance asked for."
    )
    no_worse_than: str = option(
        "", metavar="MODEL", help="At most the margin below this model, with the chance asked for."
    )
    margin: float | None = option(
        None, metavar="POINTS", help="Points that count as no worse. Default: 1; arena: 10"
    )
    chance: float = option(
        0.8, metavar="SHARE", help="How sure the two before must be, above 0 and below 1."
    )
    until: date | None = option(
        None,
        read=partial(day, argument="until"),
        metavar="DAY",
        help="No seller may have said that it goes by this day.",
    )
    by: Literal["index", "arena"] = option(
        "index", help="What ranks: our capability index, or ratings of the text board (arena)."
    )
    domain: str = option("", metavar="DOMAIN", help="Of the index: only maths, coding_agentic, ...")
    at: datetime | None = option(
        None,
        read=partial(instant, argument="at"),
        metavar="INSTANT",
        help="The prices then: 2026-10-31T09:00Z, or a day, which means its noon by UTC.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        if not 0 < self.chance < 1:
            raise InputError(f"`chance` is {self.chance}; it must be between 0 and 1.")
        for name in ("max_cost", "margin"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1e9:
                raise InputError(f"`{name}` is {value}; it must be a number of 0 or more.")
        if self.min_index is not None and not -1e6 < self.min_index < 1e6:
            raise InputError(f"`min_index` is {self.min_index}; it must be a number of points.")
        if self.margin is not None and not self.no_worse_than:
            raise InputError("`margin` needs `no_worse_than`: below which model?")
        if self.weights == "closed" and self.licence not in ("", "commercial", "unconditional"):
            raise InputError(
                f"`licence` {self.licence!r} is of weights that can be downloaded: leave it out "
                "with `weights='closed'`."
            )
        if self.domain and self.by == "arena":
            raise InputError("`domain` is of the index: leave it out with `by='arena'`.")
