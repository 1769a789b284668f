"""What may be chosen when agents trade: who, on which candles, how often, under which rules."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from headtohead.core.dates import end_moment, first_moment
from headtohead.core.errors import InputError
from headtohead.core.settings import check_choices, option
from headtohead.trading.settings import check_ranges
from headtohead.trials.replay.settings import EndpointPace
from headtohead.trials.words import at_least

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def _functions(given: Any) -> tuple[str | Callable[..., Any], ...]:  # noqa: ANN401
    """Functions by name or as objects, one or many."""
    return (given,) if isinstance(given, str) or callable(given) else tuple(given)


def span(given: Any) -> timedelta:  # noqa: ANN401 - a text or a timedelta
    """A length of time: "15m", "1h", "1d".

    Raises:
        InputError: If it is none.
    """
    if isinstance(given, timedelta):
        return given
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mhd])", str(given).strip())
    if found is None:
        raise InputError(f"{given!r} is no length of time. Write 15m, 1h or 1d.")
    return timedelta(**{_UNITS[found[2]]: float(found[1])})


def span_text(length: timedelta) -> str:
    """A length of time as `span` reads it."""
    for letter, name in reversed(_UNITS.items()):
        number = length / timedelta(**{name: 1})
        if number >= 1:
            return f"{number:g}{letter}"
    return f"{length / timedelta(minutes=1):g}m"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """Every choice of a run but those of the models, each said at its field.

    Raises:
        InputError: If a choice lies outside its range.
    """

    functions: tuple[Any, ...] = option(
        (),
        many=True,
        flag="--function",
        metavar="MODULE:NAME",
        read=_functions,
        help="An agent that is a function: module:name or FILE.py:name; again for more. It runs "
        "in a process that has no candles but those it is shown.",
    )
    candles: tuple[Path, ...] = option(
        (),
        many=True,
        metavar="FILE",
        help="Candles, a file or folder; again for more. Default: those that "
        "`h2h update binance_candles` fetched.",
    )
    funding: tuple[Path, ...] = option(
        (), many=True, metavar="FILE", help="Funding rates, likewise. Default: none is charged."
    )
    coins: tuple[str, ...] = option(
        (), metavar="COIN,...", help="Coins to trade, the first one to buy and hold. Default: all."
    )
    start: datetime | None = option(
        None, read=first_moment, metavar="TIME", help="Use candles from this day or time on (UTC)."
    )
    end: datetime | None = option(
        None,
        read=end_moment,
        metavar="TIME",
        help="Use candles until this day is over, or until this time (UTC).",
    )
    windows: int = option(
        12, metavar="N", help="Windows, spread at random over all candles, the same for everyone."
    )
    days: float = option(7.0, metavar="D", help="Length of each.")
    every: timedelta = option(
        timedelta(hours=1),
        read=span,
        metavar="TIME",
        help="From one decision to the next: 15m, 1h, 1d. Default: 1h",
    )
    history: int = option(48, metavar="N", help="Closed candles that an agent is shown.")
    named: bool = option(
        False,
        help="Show dates and real prices. Without it both are hidden, so that no model can recall "
        "what it has read of those days.",
    )
    contract: str = option(
        "hyperliquid",
        metavar="NAME|FILE.toml",
        help="Fees, leverage and margin rules of the venue.",
    )
    margin: Literal["cross", "isolated"] = option(
        "cross", help="Margin shared by all positions, or apart for each."
    )
    stake: float = option(10_000.0, metavar="USD", help="What each account begins with.")
    tried: int | None = option(
        None,
        metavar="N",
        help="How many agents or variants were tried in all on these candles, in other runs too. "
        "Default: those of this run.",
    )
    alpha: float = option(
        0.05,
        metavar="SHARE",
        help="Chance of luck, corrected for all tried, up to which skill is shown.",
    )
    level: float = option(0.95, metavar="SHARE", help="Coverage of the intervals.")
    draws: int = option(1000, metavar="N", help="Random agents, and drawn sets of windows.")
    seed: int = option(0, metavar="N", help="Of windows and of all random draws.")
    log: Path = option(
        Path("trade-run.jsonl"),
        metavar="FILE",
        help="Where decisions are kept; a run that was stopped goes on there. "
        "Default: trade-run.jsonl",
    )
    replay: Path | None = option(
        None,
        metavar="LOG",
        help="Take all decisions and choices from this log, and ask nobody.",
    )

    def __post_init__(self) -> None:
        check_choices(self)
        check_ranges(
            self,
            ("windows", 1 <= self.windows <= 1000, "1 to 1,000"),
            ("days", 0 < self.days <= 366, "above 0 and at most 366"),
            ("every", self.every > timedelta(0), "above 0"),
            ("history", 1 <= self.history <= 1000, "1 to 1,000"),
            ("stake", 0 < self.stake < float("inf"), "above 0"),
            ("tried", self.tried is None or self.tried >= 1, "1 or more"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking(EndpointPace):
    """Which models are asked, where, how fast, and for how much money.

    Raises:
        InputError: If a choice lies outside its range.
    """

    models: tuple[str, ...] = option(
        (),
        many=True,
        flag="--model",
        metavar="MODEL[@URL]",
        help="An agent that is a model at an OpenAI-compatible endpoint; again for more.",
    )
    base_url: str = option(
        "https://api.openai.com/v1",
        metavar="URL",
        help="The endpoint of models that name none.",
    )
    key_env: str | None = option(
        None,
        metavar="NAME",
        help="Environment variable that holds the key. Default: each operator's usual one.",
    )
    prices: Mapping[str, str] = option(
        factory=dict,
        flag="--price",
        metavar="MODEL=IN,OUT[,CACHED]",
        help="$ per million tokens of a model. Default: its list price.",
    )
    concurrency: int = option(
        8, metavar="N", help="Windows run side by side, each with a request to every model."
    )
    cap_tokens: int = option(1024, metavar="N", help="Longest answer, reasoning included.")
    params: Mapping[str, Any] = option(
        factory=dict,
        flag="--param",
        metavar="NAME=VALUE",
        help="A parameter for every request, as temperature=0; response_format=null for endpoints "
        "that know no JSON schema.",
    )

    def __post_init__(self) -> None:
        EndpointPace.__post_init__(self)
        at_least(self, concurrency=1, cap_tokens=1)
