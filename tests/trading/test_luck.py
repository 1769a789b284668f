"""Agents without skill: what is drawn, whether the chance is honest, and what it finds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from scipy import stats

from headtohead.core.errors import InputError
from headtohead.trading.contract import HYPERLIQUID
from headtohead.trading.luck import (
    LuckChance,
    _drawn,
    _overlaps,
    _Slots,
    _slots,
    chance,
    profile_of,
)
from headtohead.trading.market import Candles, Market, read_market
from headtohead.trading.reading import recorded as read_trades
from headtohead.trading.replay import Orders, replay
from headtohead.trading.season import Season, Trade
from headtohead.trading.season import season_of as season_of_files

START = datetime(2025, 10, 17, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
COINS = ("BTC", "ETH", "SOL", "XRP")
BARS = 48


def walk(rng: np.random.Generator, drift: float = 0.0) -> Market:
    """Coins that share half of what moves them."""
    steps = drift + 0.01 * (rng.normal(size=(BARS, 1)) + rng.normal(size=(BARS, len(COINS))))
    last = 100 * np.exp(np.cumsum(steps, axis=0))
    first = np.vstack([np.full((1, len(COINS)), 100.0), last[:-1]])
    nothing = np.zeros_like(first)
    return Market(
        coins=COINS,
        times=(np.datetime64("2025-10-17T22:00") + np.arange(BARS) * np.timedelta64(1, "h")).astype(
            "datetime64[us]"
        ),
        bar=HOUR,
        candles=Candles(first, np.maximum(first, last), np.minimum(first, last), last),
        funding=nothing,
        funded=nothing.astype(np.bool_),
    )


def bets(rng: np.random.Generator, market: Market, skill: float = 0.5, n: int = 10) -> _Slots:
    """Bets of a share of the account, on free coins, a share `skill` of them on the right side."""
    while True:
        opens = np.sort(rng.uniform(0, BARS - 13, n))
        closes = opens + rng.uniform(0.5, 12, n)
        if max(((opens <= at) & (closes > at)).sum() for at in opens) <= len(COINS):
            break
    blank = _Slots(opens, closes, rng.uniform(0.3, 1.2, n), np.zeros(n, np.int64), np.ones(n))
    coin = _drawn(blank, len(COINS), 1, rng, "evenly")[0][0]
    first, last = (
        np.array(
            [
                market.open[int(at), c] * (1 - at % 1) + market.close[int(at), c] * (at % 1)
                for at, c in zip(x, coin, strict=True)
            ]
        )
        for x in (opens, closes)
    )
    right = rng.random(n) < skill
    side = np.where(right, 1.0, -1.0) * np.where(last > first, 1.0, -1.0)
    return _Slots(opens, closes, blank.size, coin, side)


def recorded(slots: _Slots, market: Market) -> Season:
    """The season of one agent with these bets, as its venue would have recorded it."""
    n = slots.opens.size
    at = np.r_[slots.opens, slots.closes]
    accounts = replay(
        market,
        HYPERLIQUID,
        Orders(
            bar=at.astype(np.int64),
            moment=at % 1,
            agent=np.zeros(2 * n, np.int64),
            coin=np.r_[slots.coin, slots.coin],
            size=np.r_[slots.side * slots.size, np.zeros(n)],
            unit="equity",
            adds=True,
            undoes=np.r_[np.full(n, -1), np.arange(n)],
        ),
        agents=1,
        stake_usd=10_000.0,
    )
    fills = accounts.fills
    trades = []
    for row in range(n):
        mine = np.flatnonzero(fills.coin == slots.coin[row])
        place = int((slots.opens[slots.coin == slots.coin[row]] < slots.opens[row]).sum())
        first, last = mine[2 * place], mine[2 * place + 1]
        price = fills.price_usd[[first, last]]
        quantity = float(fills.quantity[first])
        fees = float(fills.fee_usd[[first, last]].sum())
        trades.append(
            Trade(
                agent="one",
                coin=market.coins[slots.coin[row]],
                side="long" if quantity > 0 else "short",
                opened_at=START + slots.opens[row] * HOUR,
                closed_at=START + slots.closes[row] * HOUR,
                entry_usd=float(price[0]),
                exit_usd=float(price[1]),
                quantity=abs(quantity),
                fees_usd=fees,
                net_usd=float(quantity * (price[1] - price[0])) - fees,
            )
        )
    return season_of(trades, market.end)


def season_of(trades: list[Trade], end: datetime) -> Season:
    return Season(
        agents=tuple(dict.fromkeys(t.agent for t in trades)),
        trades=tuple(sorted(trades, key=lambda t: t.closed_at)),
        equity={},
        start=START,
        end=end,
        stake_usd=10_000.0,
    )


def p_values(
    seed: int, rounds: int, skill: float = 0.5, draws: int = 99, n: int = 10
) -> NDArray[np.float64]:
    """Chances of luck of agents each on a market of its own, shape (rounds,)."""
    values = []
    for rng in np.random.default_rng(seed).spawn(rounds):
        market = walk(rng, drift=0.002)
        profile = profile_of(recorded(bets(rng, market, skill, n), market), "one")
        values.append(chance(profile, market, HYPERLIQUID, None, draws=draws, rng=rng).value)
    return np.array(values)


class TestHonesty:
    """The chance is uniform for agents without skill, on rising markets too."""

    @staticmethod
    def check(values: NDArray[np.float64]) -> None:
        assert stats.kstest(values, "uniform").pvalue > 1e-3
        for level in (0.05, 0.2, 0.5):
            error = np.sqrt(level * (1 - level) / values.size)
            assert abs((values <= level).mean() - level) < 3.3 * error

    def test_short(self) -> None:
        self.check(p_values(seed=1, rounds=20, draws=19))

    @pytest.mark.slow
    def test_full(self) -> None:
        self.check(p_values(seed=2, rounds=600))

    def test_planted_skill_is_found(self) -> None:
        values = p_values(seed=3, rounds=6, skill=0.95, draws=39, n=16)
        assert np.median(values) < 0.1

    @pytest.mark.slow
    def test_power_rises_with_skill(self) -> None:
        power = [(p_values(4, 100, x, n=16) <= 0.05).mean() for x in (0.5, 0.65, 0.8, 0.95)]
        assert power[0] < 0.12
        assert np.all(np.diff(power) > 0.05)
        assert power[-1] > 0.7


class TestWhatIsDrawn:
    """Slots, long share and coins of random agents are the agent's own."""

    rng = np.random.default_rng(5)
    market = walk(rng)
    slots = bets(rng, market)

    def test_coins_and_sides_are_permuted(self) -> None:
        coin, side = _drawn(self.slots, len(COINS), 50, np.random.default_rng(6), "used")
        assert (np.sort(coin, axis=1) == np.sort(self.slots.coin)).all()
        assert (side.sum(axis=1) == self.slots.side.sum()).all()
        assert len(np.unique(coin, axis=0)) > 40

    @pytest.mark.parametrize("how", ["used", "evenly"])
    def test_no_coin_is_held_twice_at_once(self, how: str) -> None:
        coin, _ = _drawn(self.slots, len(COINS), 50, np.random.default_rng(7), how)  # type: ignore[arg-type]
        near = _overlaps(self.slots)
        padded = np.column_stack([coin, np.full(len(coin), -1)])
        there = padded[:, near] == coin[:, :, None]
        assert near.shape[1] > 1
        assert not there.any()

    def test_all_that_swaps_reach_is_equally_likely(self) -> None:
        """Two slots at once and one later, on coins A, B, A: A, A, B would hold A twice."""
        slots = _Slots(
            np.array([0.0, 0.0, 5.0]),
            np.array([2.0, 2.0, 6.0]),
            np.ones(3),
            np.array([0, 1, 0]),
            np.ones(3),
        )
        coin, _ = _drawn(slots, 2, 4000, np.random.default_rng(8), "used")
        found, counts = np.unique(coin, axis=0, return_counts=True)
        assert found.tolist() == [[0, 1, 0], [1, 0, 0]]
        assert stats.chisquare(counts).pvalue > 1e-3

    def test_sizes_are_shares_of_the_account_then(self) -> None:
        season = recorded(self.slots, self.market)
        read = _slots(profile_of(season, "one"), self.market, [])
        assert_allclose(read.size, self.slots.size, rtol=2e-3)  # but for fees of open trades
        assert_allclose(read.opens, self.slots.opens, atol=1e-6)

    def test_a_trade_of_no_length_costs_its_fees(self) -> None:
        trade = Trade(
            agent="one",
            coin="BTC",
            side="long",
            opened_at=START + HOUR,
            closed_at=START + HOUR,
            entry_usd=100.0,
            exit_usd=100.0,
            quantity=100.0,
            net_usd=-9.0,
        )
        found = self.found(season_of([trade], self.market.end), draws=9)
        assert found.replayed_frac == pytest.approx(-9e-4, rel=1e-3)

    def test_the_own_bets_return_what_was_recorded(self) -> None:
        season = recorded(self.slots, self.market)
        found = self.found(season, draws=9)
        net = sum(t.net_usd for t in season.trades) / season.stake_usd
        assert found.replayed_frac is not None
        assert_allclose(found.replayed_frac, net, atol=2e-4)

    def found(self, season: Season, draws: int, until: datetime | None = None) -> LuckChance:
        profile = profile_of(season, "one", until=until)
        rng = np.random.default_rng(9)
        return chance(profile, self.market, HYPERLIQUID, 0.1, draws=draws, rng=rng)

    def test_the_band_and_its_error(self) -> None:
        found = self.found(recorded(self.slots, self.market), draws=199)
        assert len(found.times) == found.low.size == BARS + 1
        assert (found.low <= found.median).all()
        assert (found.median <= found.high).all()
        as_good = int((found.returns_frac >= 0.1).sum())
        assert found.value == (as_good + 1) / 200
        assert found.se == pytest.approx(np.sqrt(found.value * (1 - found.value) / 199), rel=0.1)
        assert not found.extended

    def test_days_without_a_record_are_filled_at_the_same_rate(self) -> None:
        season = recorded(self.slots, self.market)
        early = [t for t in season.trades if t.closed_at <= START + 24 * HOUR]
        found = self.found(season_of(early, self.market.end), 20, until=self.market.end)
        assert found.extended
        assert found.replayed_frac is None
        idle = self.found(season_of(early, self.market.end), 20)
        assert not idle.extended
        assert found.returns_frac.std() > idle.returns_frac.std()


class TestRefusals:
    """What cannot be judged is said."""

    def test_values_alone(self) -> None:
        season = season_of([], START + HOUR)
        with pytest.raises(InputError, match="only account values"):
            profile_of(season, "one")

    def test_candles_of_other_coins_or_days(self) -> None:
        market = walk(np.random.default_rng(10))
        season = recorded(bets(np.random.default_rng(11), market), market)
        profile = profile_of(season, "one")
        rng = np.random.default_rng(12)
        other = replace(market, coins=("BTC", "ETH", "SOL", "DOGE"))
        with pytest.raises(InputError, match="no candles of XRP"):
            chance(profile, other, HYPERLIQUID, 0.0, draws=9, rng=rng)
        later = replace(market, times=market.times + np.timedelta64(90, "D"))
        with pytest.raises(InputError, match="No candle lies between"):
            chance(profile, later, HYPERLIQUID, 0.0, draws=9, rng=rng)


@pytest.fixture(scope="module")
def arena(shared_evidence: Path) -> tuple[Season, Market]:
    """Alpha Arena's season 1 with its candles, in place."""
    end = datetime(2025, 11, 3, 22, tzinfo=UTC)
    parts, _ = read_trades([shared_evidence / "alpha_arena"])
    season = season_of_files(parts, stake_usd=10_000.0, start=START, end=end)
    market = read_market([shared_evidence / name for name in ("crypto_candles", "crypto_funding")])
    return season, market.window(START, end)


def luck_of(arena: tuple[Season, Market], agent: str, draws: int) -> LuckChance:
    """By the closed trades to 28 October 2025."""
    season, market = arena
    until = max(t.closed_at for t in season.trades)
    profile = profile_of(replace(season, end=until), agent)
    net = sum(t.net_usd for t in season.trades_of(agent)) / season.stake_usd
    rng = np.random.default_rng(20)
    return chance(profile, market, HYPERLIQUID, net, draws=draws, rng=rng)


class TestAlphaArena:
    """The real season: what luck explains."""

    def test_every_fill_lies_between_the_low_and_the_high_of_its_hour(
        self, arena: tuple[Season, Market]
    ) -> None:
        """All 538, within 10 basis points, at another venue: trades and candles agree."""
        season, market = arena
        fills = [
            (t.coin, *fill)
            for t in season.trades
            for fill in ((t.opened_at, t.entry_usd), (t.closed_at, t.exit_usd))
        ]
        assert len(fills) == 538
        for coin, at, price in fills:
            place = market.index_of(at), market.coins.index(coin)
            assert 0.999 * market.low[place] <= price <= 1.001 * market.high[place]

    def test_deepseeks_profit_is_the_markets(self, arena: tuple[Season, Market]) -> None:
        """All coins held long while all rose: random agents with its slots earn as much."""
        deepseek = next(a for a in arena[0].agents if "deepseek" in a.casefold())
        found = luck_of(arena, deepseek, 99)
        assert found.observed_frac == pytest.approx(1.005, abs=0.01)
        assert np.median(found.returns_frac) > 0.7
        assert 0.2 < found.value < 0.6
        assert found.refused_frac == 0

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("agent", "better", "worse"),
        [
            ("qwen", (0.05, 0.2), (0.8, 1)),
            ("deepseek", (0.3, 0.5), (0.5, 0.7)),
            ("claude", (0.5, 0.8), (0.2, 0.5)),
            ("grok", (0.8, 0.95), (0.05, 0.2)),
            ("gemini", (0.9, 1), (0.01, 0.1)),
            ("gpt-5", (0.99, 1), (0, 0.01)),
        ],
    )
    def test_all_six(
        self,
        arena: tuple[Season, Market],
        agent: str,
        better: tuple[float, ...],
        worse: tuple[float, ...],
    ) -> None:
        name = next(a for a in arena[0].agents if agent in a.casefold())
        found = luck_of(arena, name, 1999)
        assert better[0] <= found.value <= better[1]
        assert worse[0] <= found.worse <= worse[1]
