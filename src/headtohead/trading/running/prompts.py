"""What a model is told: numbers only, made of an observation by the template beside this file."""

from functools import cache
from importlib.resources import files

from headtohead.trading.running.observation import BASE, Observation

_HIDING = (
    f"Prices are scaled so that every coin stood at {BASE:g} before the start; dates are hidden.\n"
)


def messages(seen: Observation) -> list[dict[str, str]]:
    """The conversation that asks for one decision."""
    system, user = _template()
    rules = seen.rules
    told = system.format(
        leverages=", ".join(f"{coin} {most:g}" for coin, most in rules.max_leverage.items()),
        taker_bp=_n(rules.taker_bp),
        maker_bp=_n(rules.maker_bp),
        slippage_bp=_n(rules.slippage_bp),
        funding_hours=rules.funding_hours,
        margin="shared by all positions" if rules.margin == "cross" else "apart for each position",
        hiding="" if seen.at else _HIDING,
        example=seen.coins[0],
    )
    asked = user.format(
        number=seen.number + 1,
        of=seen.of,
        when=f", at {seen.at}" if seen.at else f", {_n(seen.hours)} h after the start",
        every=_n(seen.every_hours),
        equity=_n(seen.equity_usd, 7),
        stake=_n(seen.stake_usd, 7),
        free=_n(seen.free_usd, 7),
        positions=_positions(seen),
        bar=_n(seen.bar_hours),
        candles="\n".join(_candles(seen, coin) for coin in seen.coins),
    )
    return [{"role": "system", "content": told}, {"role": "user", "content": asked}]


@cache
def _template() -> tuple[str, str]:
    text = files("headtohead.trading.running").joinpath("prompt.txt").read_text(encoding="utf-8")
    system, _, user = text.partition("=====\n")
    return system.strip(), user.strip()


def _positions(seen: Observation) -> str:
    if not seen.positions:
        return "Positions: none."
    lines = [
        f"{coin} {p.side}: worth {_n(p.value_usd, 7)} USD, entered at {_n(p.entry)}, profit "
        f"{_n(p.profit_usd)} USD, leverage {_n(p.leverage)}, stop {_n(p.stop)}, "
        f"target {_n(p.target)}"
        for coin, p in seen.positions.items()
    ]
    return "\n".join(["Positions:", *lines])


def _candles(seen: Observation, coin: str) -> str:
    ends = (seen.open[coin][-1], seen.high[coin][-1], seen.low[coin][-1])
    last = " ".join(
        f"{name} {_n(x)}" for name, x in zip(("open", "high", "low"), ends, strict=True)
    )
    paid = seen.funding[coin][-1]
    funding = "" if paid is None else f", funding {_n(1e4 * paid)} bp"
    return f"{coin} closes: {' '.join(map(_n, seen.close[coin]))}; last candle {last}{funding}"


def _n(value: float | None, digits: int = 5) -> str:
    return "none" if value is None else f"{value:.{digits}g}"
