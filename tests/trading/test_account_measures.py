"""What an account did: curves by trades and candles, ratios, and the part of the market."""

import math
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.trading.seasons import HOUR, START, hours, market, season, trade, walk

from headtohead.stats.inputs import FloatArray
from headtohead.trading.market import Market
from headtohead.trading.measures import Account, Hold, account_of, curve_of, hold
from headtohead.trading.season import AccountValue, Season


def measured(
    a: Season, prices: Market | None = None, held: Hold | None = None, rounds: int = 200
) -> Account:
    rng = np.random.default_rng(0)
    return account_of(a, a.agents[0], prices, held, rng, rounds=rounds, level=0.95)


def test_a_curve_follows_open_positions_and_ends_where_the_profits_do(tmp_path: Path) -> None:
    prices = market(tmp_path, BTC=[100.0, 102.0, 104.0, 103.0, 108.0])
    trades = [
        trade(opened_at=hours(0.5), closed_at=hours(3.5), exit_usd=104.0, quantity=2, net_usd=7.0),
        trade(
            side="short", opened_at=hours(1.5), closed_at=hours(2.5), exit_usd=103.0, net_usd=-4.0
        ),
    ]
    curve = curve_of(season(trades, end=hours(5)), "A", prices)
    assert curve is not None
    # Open: quantity times what the price moved, less the fee of the entry (half of 1).
    opened = [1000, 1000 + 0 - 0.5, 1000 + 4 - 0.5 - 2 - 0.5, 1000 + 8 - 0.5 - 4, 1000 + 7 - 4]
    assert curve.equity_usd.tolist() == opened
    assert (curve.made, curve.step, curve.times[0]) == ("trades", HOUR, START)
    assert curve.equity_usd[-1] == 1000 + sum(t.net_usd for t in trades)


def test_without_candles_profits_are_booked_when_trades_end() -> None:
    curve = curve_of(season([trade()], end=hours(12)), "A", None)
    assert curve is not None
    assert curve.made == "closings"
    assert curve.equity_usd.tolist() == [1000.0] * 10 + [1009.0]


def test_values_recorded_all_along_are_the_curve() -> None:
    points = [AccountValue("A", hours(n), 1000.0 + n) for n in range(1, 60)]
    curve = curve_of(season([trade()], points), "A", None)
    assert curve is not None
    assert (curve.made, curve.equity_usd.tolist()) == ("recorded", [1000.0 + n for n in range(60)])
    # A few of them are none: between them nothing is known.
    few = curve_of(season([trade()], points[:2] + points[-2:]), "A", None)
    assert few is not None
    assert few.made == "closings"


def recorded_path(returns: object, stake: float = 1000.0) -> Season:
    """A season of one account with these hourly returns."""
    worth = stake * np.cumprod(1 + np.asarray(returns, dtype=float))
    points = [AccountValue("A", hours(n), float(x)) for n, x in enumerate(worth, 1)]
    return season(values=points, stake=stake)


def test_ratios_agree_with_numpy_and_scipy(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    held = walk(rng, 400)
    moved = np.diff(np.log(np.concatenate([held[:1], held])))
    grown = 2.0 * moved + rng.normal(0.0005, 0.002, 400)
    a = recorded_path(np.expm1(grown))
    prices = market(tmp_path, BTC=held)
    found = measured(a, prices, hold(prices, a)).measures
    r = np.expm1(grown)
    assert found["sharpe"].value == pytest.approx(r.mean() / r.std(ddof=1) * math.sqrt(8760))
    line = stats.linregress(moved, grown)
    assert found["beta"].value == pytest.approx(line.slope)
    market_part, rest = found["market"].value / 100, found["rest"].value / 100
    assert market_part == pytest.approx(math.expm1(line.slope * moved.sum()))
    # The two parts times each other are the whole.
    assert (1 + market_part) * (1 + rest) == pytest.approx(math.exp(grown.sum()))
    worth = np.concatenate([[1.0], np.exp(np.cumsum(grown))])
    worst = max(1 - worth[m] / worth[: m + 1].max() for m in range(401))
    assert found["drawdown"].value == pytest.approx(100 * worst)
    for name in ("return", "sharpe", "beta", "market", "rest", "drawdown"):
        interval = found[name].interval
        assert interval is not None
        assert interval.low < found[name].value < interval.high
    beta = found["beta"].interval
    assert beta is not None
    assert 1.8 < beta.low < 2.0 < beta.high < 2.2


def test_facts_of_trades_are_counted() -> None:
    trades = [
        trade(closed_at=hours(12)),
        trade(side="short", opened_at=hours(12), closed_at=hours(24), fees_usd=2.0),
    ]
    found = measured(season(trades)).measures
    assert {n: found[n].value for n in ("trades", "wins", "long", "fees")} == {
        "trades": 2,
        "wins": 0.5,
        "long": 0.5,
        "fees": 3.0,
    }
    worth = curve_of(season(trades), "A", None)
    assert worth is not None
    mean = float(worth.equity_usd.mean())
    assert found["turnover"].value == pytest.approx(2 * 210 / mean)
    assert found["exposure"].value == pytest.approx(100 / mean)
    assert "funding" not in found  # nobody said


def test_holding_leaves_out_a_coin_without_a_first_price(tmp_path: Path) -> None:
    prices = market(tmp_path, BTC=[100.0, 110.0, 120.0], ETH=[10.0, 10.0, 5.0])
    held = hold(prices, season([trade()], end=hours(3)))
    assert held.by_coin == pytest.approx({"BTC": 0.2, "ETH": -0.5})
    assert held.value[-1] - 1 == pytest.approx(-0.15)


@pytest.mark.parametrize("n", [5, 19])
def test_a_short_account_has_no_interval_and_says_so(n: int) -> None:
    found = measured(recorded_path([0.01] * n))
    assert found.measures["return"].interval is None
    assert "too few for an interval" in found.notes[0]
    assert found.growth.size == 0


def test_a_season_shorter_than_its_blocks_has_open_intervals() -> None:
    rise = np.concatenate([np.full(13, 0.02), np.full(13, -0.015)])
    found = measured(recorded_path(rise + np.random.default_rng(0).normal(0, 1e-4, 26)))
    assert "too few for an interval" in found.notes[0]
    total = found.measures["return"].interval
    assert total is not None
    assert math.isinf(total.high)


def test_ruin_is_a_return_of_minus_100_percent() -> None:
    values = [AccountValue("A", hours(n), x) for n, x in enumerate([900.0] * 30 + [-50.0] * 5, 1)]
    found = measured(season(values=values))
    assert found.measures["return"].value == pytest.approx(-105.0)
    assert found.curve is not None
    assert found.curve.returns.min() >= -1
    assert found.measures["drawdown"].value == pytest.approx(100, abs=0.01)


def test_long_seasons_are_measured_in_longer_steps() -> None:
    days = [AccountValue("A", START + timedelta(days=n), 1000.0 + n) for n in range(1, 400)]
    curve = curve_of(season(values=days), "A", None)
    assert curve is not None
    assert curve.step == timedelta(days=1)


def covered(seasons: int, rounds: int, hours_n: int = 240) -> dict[str, float]:
    """How often the intervals of an account hold what is true of all accounts made like it.

    It follows a market without a trend by half, and its own hours hang on the hours before.
    """
    rng = np.random.default_rng(11)
    mean, spread, beta = 0.001, 0.01, 0.5

    def made(n: int) -> tuple[FloatArray, FloatArray]:
        noise, moved = rng.normal(size=(n, hours_n + 1)), rng.normal(0, 0.01, (n, hours_n))
        return moved, mean + beta * moved + spread * (noise[:, 1:] + 0.3 * noise[:, :-1])

    total = np.cumsum(made(4000)[1], axis=1)
    fallen = (np.maximum.accumulate(np.maximum(total, 0), axis=1) - total).max(axis=1)
    deviation = math.hypot(spread * math.sqrt(1.09), beta * 0.01)
    true = {
        "return": 100 * math.expm1(mean * hours_n),
        "rest": 100 * math.expm1(mean * hours_n),
        "beta": beta,
        "sharpe": mean / deviation * math.sqrt(8760),
        "drawdown": float(-100 * np.expm1(-fallen).mean()),
    }
    inside = dict.fromkeys(true, 0)
    for moved, grown in zip(*made(seasons), strict=True):
        a = recorded_path(np.expm1(grown))
        times = [START, *(hours(n) for n in range(1, hours_n + 1))]
        held = Hold(tuple(times), np.exp(np.concatenate([[0.0], np.cumsum(moved)])))
        for name, measure in measured(a, held=held, rounds=rounds).measures.items():
            if name in true:
                assert measure.interval is not None
                inside[name] += measure.interval.low <= true[name] <= measure.interval.high
    return {name: n / seasons for name, n in inside.items()}


def test_intervals_of_an_account_cover_in_short() -> None:
    found = covered(40, 200)
    assert min(found.values()) >= 0.85


@pytest.mark.slow
def test_intervals_of_an_account_cover() -> None:
    """The drawdown's, which draws other orders of the same swings, hold its mean more often."""
    found = covered(400, 500)
    assert min(found.values()) >= 0.89
    assert max(found.values()) <= 0.99
