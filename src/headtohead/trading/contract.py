"""The rules of perpetual futures at a venue: fees, slippage, leverage, margin and funding times."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headtohead.core.errors import InputError, UnknownName
from headtohead.files.toml import TomlFile

_BP = 1e-4


@dataclass(frozen=True, slots=True)
class Tier:
    """A step of the margin table of one coin.

    Attributes:
        above_usd: The position's value from which it holds.
        max_leverage: Value of the position over the margin to open it, at most.
    """

    above_usd: float
    max_leverage: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Perpetual futures at one venue.

    Margin to keep a position is half of that to open it at the tier's maximum leverage, and
    continuous from tier to tier (see `maintenance`).

    Attributes:
        taker_frac: Fee of an order at the market, of its value.
        maker_frac: Fee of a resting order (a target).
        slippage_frac: How far an order at the market fills beyond the price, against the agent.
        tiers: Coin -> its margin table, lowest step first, from 0 USD on.
        funding_hours: Hours from one funding payment to the next.
    """

    name: str
    taker_frac: float
    maker_frac: float
    slippage_frac: float = 0.0
    tiers: Mapping[str, tuple[Tier, ...]]
    funding_hours: int
    source: str = ""

    @property
    def max_leverage(self) -> dict[str, float]:
        """Coin -> the highest leverage of all."""
        return {coin: steps[0].max_leverage for coin, steps in self.tiers.items()}

    def steps(self, coins: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The margin tables of coins as arrays.

        Returns:
            Values from which each step holds, inf after the last; and maximum leverages; both of
            shape (coins, steps).

        Raises:
            InputError: If the venue has no table of a coin.
        """
        for coin in coins:
            if coin not in self.tiers:
                known = UnknownName("coin", coin, tuple(self.tiers))
                raise InputError(f"{self.name} has no leverage for it. {known}")
        most = max((len(self.tiers[coin]) for coin in coins), default=1)
        above, leverage = np.full((len(coins), most), np.inf), np.ones((len(coins), most))
        for row, coin in enumerate(coins):
            for step, tier in enumerate(self.tiers[coin]):
                above[row, step], leverage[row, step] = tier.above_usd, tier.max_leverage
            leverage[row, len(self.tiers[coin]) :] = self.tiers[coin][-1].max_leverage
        return above, leverage

    def maintenance(
        self, coins: tuple[str, ...]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What must stay behind a position: value times rate less deduction, the most of all steps.

        The deduction of a step is that of the step before plus its lower bound times the rise of
        the rate, which makes the margin continuous (Hyperliquid docs, "Margin tiers"). As rates
        only rise, the step that holds is the one that asks most.

        Returns:
            Rates and deductions in USD, both of shape (coins, steps).
        """
        above, leverage = self.steps(coins)
        rates = 0.5 / leverage
        rise = np.diff(rates, axis=1, prepend=rates[:, :1])
        lower = np.where(np.isfinite(above), above, 0.0)
        return rates, np.cumsum(lower * rise, axis=1)


_TEN_FROM_20M = (
    "DOGE kPEPE SUI WLD TRUMP LTC ENA POPCAT WIF AAVE kBONK LINK CRV AVAX ADA UNI NEAR TIA APT BCH "
    "HYPE FARTCOIN"
)
_TEN_FROM_3M = "BNB OP ARB LDO TON MKR ONDO JUP INJ kSHIB SEI TRX DOT"
HYPERLIQUID = Contract(
    name="Hyperliquid",
    taker_frac=4.5 * _BP,
    maker_frac=1.5 * _BP,
    tiers={
        "BTC": (Tier(0, 40), Tier(150e6, 20)),
        "ETH": (Tier(0, 25), Tier(100e6, 15)),
        "SOL": (Tier(0, 20), Tier(70e6, 10)),
        "XRP": (Tier(0, 20), Tier(40e6, 10)),
        **dict.fromkeys(_TEN_FROM_20M.split(), (Tier(0, 10), Tier(20e6, 5))),
        **dict.fromkeys(_TEN_FROM_3M.split(), (Tier(0, 10), Tier(3e6, 5))),
    },
    funding_hours=1,
    source=(
        "Hyperliquid documentation, 2025: fees of the lowest tier, margin tiers, liquidations, "
        "https://hyperliquid.gitbook.io/hyperliquid-docs/trading"
    ),
)
"""Hyperliquid as documented in 2025; fills at the price, which is kind to whoever trades much."""
_FIELDS = ("name", "source", "taker_bp", "maker_bp", "slippage_bp", "funding_hours", "coin")
_COIN = ("coin", "max_leverage", "tiers")


def contract_of(name: str) -> Contract:
    """The preset of that name, or the rules in a file.

    Raises:
        InputError: If there is neither; with a line for every mistake in a file.
    """
    if name.casefold() == HYPERLIQUID.name.casefold():
        return HYPERLIQUID
    if not Path(name).exists():
        raise InputError(
            f"`contract` {name!r} is neither hyperliquid nor a file that exists. The rules of any "
            "other venue are read from a TOML file."
        )
    return read_contract(Path(name))


def read_contract(path: Path) -> Contract:
    """A venue's rules from a TOML file.

    At the top: `name`, `taker_bp`, `maker_bp` (basis points of a fill's value), and if wanted
    `slippage_bp`, `funding_hours` (8) and `source`. One `[[coin]]` each: `coin`, and `max_leverage`
    or `tiers`, a list of [value in USD from which it holds, maximum leverage] from 0 on.

    Raises:
        InputError: With a line for every mistake in the file.
    """
    file = TomlFile(path, "a venue's rules")
    file.known(file.data, _FIELDS, "", 0)
    read: dict[str, Any] = {}
    for name in _FIELDS[:-1]:
        of = _text if name in ("name", "source") else _number
        read[name] = file.value(file.data, name, of, "", 0)
    for name in ("name", "taker_bp", "maker_bp"):
        if name not in file.data:
            file.wrong(1, f"`{name}` is missing.")
    coins = file.data.get("coin")
    if not isinstance(coins, list) or not all(isinstance(x, dict) for x in coins):
        file.wrong(1, "no [[coin]]. Give one for each coin, with `coin` and `max_leverage`.")
        coins = []
    tiers: dict[str, tuple[Tier, ...]] = {}
    for n, given in enumerate(coins):
        file.known(given, _COIN, "coin", n)
        coin = file.value(given, "coin", _text, "coin", n)
        most = file.value(given, "max_leverage", _leverage, "coin", n)
        steps = file.value(given, "tiers", _steps, "coin", n)
        if coin is None or coin in tiers or ("max_leverage" in given) == ("tiers" in given):
            why = "give `coin`, once, and either `max_leverage` or `tiers`."
            file.wrong(file.line("coin", n, ""), why)
        else:
            tiers[coin] = steps or (Tier(0.0, most or 1.0),)
    file.refuse()
    hours = read["funding_hours"]
    return Contract(
        name=read["name"],
        taker_frac=read["taker_bp"] * _BP,
        maker_frac=read["maker_bp"] * _BP,
        slippage_frac=(read["slippage_bp"] or 0.0) * _BP,
        tiers=tiers,
        funding_hours=8 if hours is None else int(hours),
        source=read["source"] or str(path),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InputError("is a text.")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
        raise InputError(f"is a number from 0 to 1000, not {value!r}.")
    return float(value)


def _leverage(value: object) -> float:
    if (number := _number(value)) < 1:
        raise InputError(f"is 1 or more, not {value!r}.")
    return number


def _steps(value: object) -> tuple[Tier, ...]:
    why = "is a list of [USD, leverage], from 0 USD on, USD rising and leverage falling."
    if not isinstance(value, list) or not value:
        raise InputError(why)
    tiers = []
    for step in value:
        if not isinstance(step, list) or len(step) != 2 or isinstance(step[0], bool | str):
            raise InputError(why)
        tiers.append(Tier(float(step[0]), _leverage(step[1])))
    rising = all(
        a.above_usd < b.above_usd and a.max_leverage > b.max_leverage for a, b in pairwise(tiers)
    )
    if tiers[0].above_usd != 0 or not rising:
        raise InputError(why)
    return tuple(tiers)
