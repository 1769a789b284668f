"""What may be chosen when a season is judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from headtohead.core.dates import end_moment, first_moment
from headtohead.core.errors import InputError
from headtohead.core.estimate import is_level
from headtohead.core.settings import check_choices, option


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeSettings:
    """Every choice of a judgement, each said at its field.

    Raises:
        InputError: If a choice lies outside its range.
    """

    candles: tuple[Path, ...] = option(
        (),
        many=True,
        metavar="FILE",
        help="Candles of what was traded, a file or folder; again for more. Default: those that "
        "`h2h update binance_candles` fetched.",
    )
    funding: tuple[Path, ...] = option(
        (), many=True, metavar="FILE", help="Funding rates, likewise. Default: none is charged."
    )
    contract: str = option(
        "hyperliquid",
        metavar="NAME|FILE.toml",
        help="Fees, leverage and margin rules of the venue on which random agents trade.",
    )
    stake: float | None = option(
        None, metavar="USD", help="What each account began with, where the files do not say."
    )
    tried: int | None = option(
        None,
        metavar="N",
        help="How many agents or variants were tried in all, also those not in the files. "
        "Default: as many as are in the files.",
    )
    start: datetime | None = option(
        None,
        read=first_moment,
        metavar="TIME",
        help="Leave out what was opened before this day or time (UTC).",
    )
    end: datetime | None = option(
        None,
        read=end_moment,
        metavar="TIME",
        help="Leave out what was closed after this day or time (UTC).",
    )
    alpha: float = option(
        0.05,
        metavar="SHARE",
        help="Chance of luck, corrected for all tried, up to which skill is shown.",
    )
    level: float = option(0.95, metavar="SHARE", help="Coverage of the intervals.")
    draws: int = option(1000, metavar="N", help="Random agents, and drawn paths; 100 to 100,000.")
    format: str = option(
        "auto",
        metavar="auto|nof1|freqtrade|plain",
        help="Layout of the files, if it cannot be told from them.",
    )
    mapping: Mapping[str, str] = option(
        factory=dict,
        flag="--map",
        metavar="FIELD=COLUMN",
        help="Where a field is: agent, coin, side, opened_at, closed_at, entry_usd, exit_usd, "
        "quantity, fees_usd, net_usd; or at, equity_usd, return_pct.",
    )
    seed: int = option(0, help="Of all random draws: the same seed gives the same numbers.")

    def __post_init__(self) -> None:
        check_choices(self)
        check_ranges(
            self,
            ("stake", self.stake is None or 0 < self.stake < float("inf"), "above 0"),
            ("tried", self.tried is None or self.tried >= 1, "1 or more"),
        )


def check_ranges(settings: Any, *more: tuple[str, bool, str]) -> None:  # noqa: ANN401
    """See that `alpha`, `level`, `draws` and `seed`, and more, lie in their ranges.

    Args:
        settings: Of a judgement or a run.
        more: Field, whether it is fine, what it must be.

    Raises:
        InputError: If one does not.
    """
    for name, fine, wanted in (
        *more,
        ("alpha", is_level(settings.alpha), "a share between 0 and 1, as 0.05"),
        ("level", is_level(settings.level), "a share between 0 and 1, as 0.95"),
        ("draws", 100 <= settings.draws <= 100_000, "100 to 100,000"),
        ("seed", settings.seed >= 0, "0 or more"),
    ):
        if not fine:
            raise InputError(f"`{name}` is {getattr(settings, name)}; it must be {wanted}.")
