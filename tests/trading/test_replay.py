"""Accounts over bars: by hand, by a second implementation, and conserved whatever is ordered."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.trading.plain_replay import plainly

from headtohead.core.errors import InputError
from headtohead.trading.contract import HYPERLIQUID, Contract, Tier
from headtohead.trading.market import Candles, Market
from headtohead.trading.replay import KINDS, REASONS, Accounts, Margin, Orders, Walk, replay

FREE = Contract(
    name="no fees", taker_frac=0, maker_frac=0, tiers={"BTC": (Tier(0, 20),)}, funding_hours=1
)


def market_of(
    bars: list[tuple[float, float, float, float]] | np.ndarray,
    funding: np.ndarray | None = None,
    coins: tuple[str, ...] = ("BTC",),
    marks: np.ndarray | None = None,
) -> Market:
    """A market of hourly bars: (open, high, low, close), shape (bars, 4) or (bars, coins, 4)."""
    prices = np.asarray(bars, float).reshape(len(bars), len(coins), 4)
    due = np.zeros(prices.shape[:2]) if funding is None else np.reshape(funding, prices.shape[:2])
    hours = np.arange(len(bars)) * np.timedelta64(1, "h")
    return Market(
        coins=coins,
        times=(np.datetime64("2025-10-17T22:00") + hours).astype("datetime64[us]"),
        bar=timedelta(hours=1),
        candles=Candles(*np.moveaxis(prices, -1, 0)),
        marks=None if marks is None else Candles(*np.moveaxis(marks, -1, 0)),
        funding=due,
        funded=np.ones(due.shape, np.bool_),
    )


def one(
    market: Market, contract: Contract = FREE, margin: Margin = "cross", **given: Any
) -> Accounts:
    """One account of 1,000 USD, which without other orders buys 10 coins at bar 0."""
    orders = {"bar": [0], "size": [10.0], **given}
    zero = np.zeros(len(orders["bar"]), int)
    whole = Orders(**{"agent": zero, "coin": zero, **orders})
    return replay(market, contract, whole, agents=1, stake_usd=1000.0, margin=margin)


def kinds(accounts: Accounts) -> list[str]:
    return [KINDS[k] for k in accounts.fills.kind]


FLAT = (100.0, 100.0, 100.0, 100.0)


class TestByHand:
    """Worked through with the venue's formulas (Hyperliquid docs, 2025)."""

    def test_fees_and_funding(self) -> None:
        """10 coins from 100 to 110: 100 won, 4.5 bp of 1,000 and of 1,100, 0.01% of 1,050 paid."""
        market = market_of(
            [FLAT, (105, 105, 105, 105), (110, 110, 110, 110)], np.array([[0.01], [1e-4], [0.0]])
        )
        accounts = one(market, HYPERLIQUID, bar=[0, 2], size=[10.0, 0.0])
        assert_allclose(accounts.fees_usd, 0.45 + 0.495)
        assert_allclose(accounts.funding_usd, -0.105)  # the first bar's was due before the order
        assert_allclose(accounts.equity_usd[0, -1], 1000 + 100 - 0.945 - 0.105)
        assert accounts.positions[0, 0] == 0

    @pytest.mark.parametrize(("side", "price"), [(1, 97.43589743589743), (-1, 102.4390243902439)])
    def test_isolated_margin_ends_at_the_venues_liquidation_price(
        self, side: int, price: float
    ) -> None:
        """Price - side * margin_available / size / (1 - l * side), l = 1 / maintenance leverage.

        At 20x, 10 coins at 100 have 50 USD of margin, 25 of them maintenance, 25 available.
        l = 1/40: long 100 - 2.5 / 0.975 = 97.436, short 100 + 2.5 / 1.025 = 102.439.
        """
        near = price + side * 1e-6
        just = (100.0, max(100.0, near), min(100.0, near), near)
        past = (near, max(near, price), min(near, price), price)
        held = one(market_of([FLAT, just]), margin="isolated", size=[10.0 * side])
        gone = one(market_of([FLAT, just, past]), margin="isolated", size=[10.0 * side])
        assert kinds(held) == ["order"]
        assert kinds(gone) == ["order", "liquidation"]
        assert_allclose(gone.fills.price_usd[1], price, rtol=1e-9)
        assert_allclose(gone.equity_usd[0, -1], 950)  # the position's margin is lost, and no more
        assert_allclose(gone.seized_usd[0], 50 - 10 * abs(100 - price))
        assert gone.liquidated_at[0] == 2

    def test_a_jump_past_everything_costs_the_margin_and_no_more(self) -> None:
        accounts = one(market_of([FLAT, (50, 50, 50, 50)]), margin="isolated")
        assert_allclose(accounts.equity_usd[0, -1], 950)
        assert_allclose(accounts.seized_usd[0], 50 - 500)  # the venue's insurance bears the rest

    def test_cross_margin_takes_the_account(self) -> None:
        """100 coins at 100 on 1,000 USD: gone where 1,000 - 100 x = 2.5% of 100 (100 - x), 7.69."""
        safe, low = (100, 100, 92.31, 95), (95, 95, 92.30, 95)
        accounts = one(market_of([FLAT, safe, low, FLAT]), bar=[0, 3], size=[100.0, 1.0])
        assert_allclose(accounts.equity_usd[0], [1000, 1000, 500, 0, 0])
        assert accounts.liquidated_at[0] == 2
        assert REASONS[accounts.rejected[1]] == "the account was lost"
        bankrupt = one(market_of([FLAT, (80, 80, 80, 80)]), size=[100.0])
        assert_allclose(bankrupt.equity_usd[0, -1], 0)
        assert_allclose(bankrupt.seized_usd[0], -1000)

    def test_maintenance_by_tiers_is_continuous(self) -> None:
        """BTC: 1.25% to 150 million, 2.5% above with a deduction of 1.875 million."""
        rates, deductions = HYPERLIQUID.maintenance(("BTC", "DOGE"))
        assert_allclose(rates, [[0.0125, 0.025], [0.05, 0.1]])
        assert_allclose(deductions, [[0, 150e6 * 0.0125], [0, 20e6 * 0.05]])

    def test_a_large_position_is_liquidated_by_its_tier(self) -> None:
        """2 million coins at 100, 20x above 150 million: margin 10 million, rate 2.5%.

        Equity is maintenance where 10 - 2 d = 2.5% of 2 (100 - d) - 1.875, in millions: 3.526.
        """
        at = 100 - (10 - 5 + 1.875) / (2 * 0.975)
        bars = [FLAT, (100.0, 100.0, 90.0, 90.0)]
        order = Orders(bar=[0], agent=[0], coin=[0], size=[2e6])
        free = Contract(
            name="free", taker_frac=0, maker_frac=0, tiers=HYPERLIQUID.tiers, funding_hours=1
        )
        accounts = replay(market_of(bars), free, order, agents=1, stake_usd=1e8, margin="isolated")
        assert_allclose(accounts.fills.price_usd[1], at)
        assert_allclose(accounts.equity_usd[0, -1], 9e7)


class TestInsideABar:
    """The worst order that high and low allow."""

    wide = (100.0, 120.0, 90.0, 110.0)

    def test_the_stop_comes_before_the_target(self) -> None:
        accounts = one(market_of([self.wide]), stop=[95.0], target=[115.0])
        assert kinds(accounts) == ["order", "stop"]
        assert_allclose(accounts.equity_usd[0, -1], 950)
        short = one(market_of([self.wide]), size=[-10.0], stop=[110.0], target=[92.0])
        assert_allclose(short.equity_usd[0, -1], 900)

    def test_a_target_alone_fills_at_its_price(self) -> None:
        accounts = one(market_of([self.wide]), HYPERLIQUID, stop=[85.0], target=[115.0])
        assert kinds(accounts) == ["order", "target"]
        assert_allclose(accounts.equity_usd[0, -1], 1150 - 1000 * 4.5e-4 - 1150 * 1.5e-4)

    @pytest.mark.parametrize(
        ("stop", "kind", "left"), [(98.0, "stop", 980), (97.0, "liquidation", 950)]
    )
    def test_the_nearer_of_stop_and_liquidation_comes_first(
        self, stop: float, kind: str, left: float
    ) -> None:
        accounts = one(market_of([self.wide]), margin="isolated", stop=[stop])
        assert kinds(accounts)[1] == kind
        assert_allclose(accounts.equity_usd[0, -1], left)

    def test_a_stop_saves_a_cross_account_only_above_liquidation(self) -> None:
        saved = one(market_of([self.wide]), size=[100.0], stop=[95.0])
        lost = one(market_of([self.wide]), size=[100.0], stop=[92.0])
        assert_allclose([saved.equity_usd[0, -1], lost.equity_usd[0, -1]], [500, 0])

    def test_a_jump_fills_at_the_open(self) -> None:
        below = one(market_of([FLAT, (90, 99, 90, 99)]), stop=[95.0], target=[105.0])
        above = one(market_of([FLAT, (110, 110, 90, 99)]), stop=[95.0], target=[105.0])
        assert_allclose([below.equity_usd[0, -1], above.equity_usd[0, -1]], [900, 1100])

    def test_liquidation_looks_at_the_mark(self) -> None:
        bars = np.array([[FLAT], [self.wide]])
        calm = np.full((2, 1, 4), 100.0)
        accounts = one(market_of(bars, marks=calm), margin="isolated")
        assert kinds(accounts) == ["order"]
        assert_allclose(accounts.equity_usd[0, -1], 1000)

    def test_slippage_is_against_the_agent(self) -> None:
        slip = Contract(
            name="slip",
            taker_frac=0,
            maker_frac=0,
            slippage_frac=0.01,
            tiers=FREE.tiers,
            funding_hours=1,
        )
        accounts = one(market_of([FLAT, FLAT]), slip, bar=[0, 1], size=[1.0, -1.0])
        assert_allclose(accounts.fills.price_usd, [101, 99])


class TestRefused:
    """Orders that a venue does not take, each with its reason."""

    @pytest.mark.parametrize("margin", ["cross", "isolated"])
    def test_margin(self, margin: Margin) -> None:
        accounts = one(market_of([FLAT, FLAT]), margin=margin, bar=[0, 1], size=[200.0, 201.0])
        assert [REASONS[x] for x in accounts.rejected] == ["", "not enough margin"]
        assert accounts.positions[0, 0] == 200

    def test_leverage(self) -> None:
        accounts = one(market_of([FLAT]), leverage=[21.0])
        assert REASONS[accounts.rejected[0]] == "leverage above the maximum"

    def test_a_bar_that_is_missing(self) -> None:
        gap = (np.nan,) * 4
        market = market_of([FLAT, gap, (110, 110, 110, 110)])
        accounts = one(market, bar=[0, 1], size=[10.0, 0.0])
        assert REASONS[accounts.rejected[1]] == "no price at that bar"
        assert_allclose(accounts.equity_usd[0], [1000, 1000, 1000, 1100])

    def test_closing_is_never_refused(self) -> None:
        accounts = one(market_of([FLAT, (94, 94, 94, 94)]), bar=[0, 1], size=[100.0, 50.0])
        assert accounts.rejected.sum() == 0
        assert accounts.positions[0, 0] == 50

    def test_what_rounding_leaves_to_close_is_not_refused(self) -> None:
        """0.04 + 0.02 - 0.04 is less than 0.02, and the other coin's margin is not there."""
        fallen = [(98.0,) * 4] * 2
        market = market_of(
            np.stack([[FLAT, *fallen], [FLAT, *fallen]], axis=1), coins=("BTC", "ETH")
        )
        orders = Orders(
            bar=[0, 0, 0, 1, 2],
            agent=[0] * 5,
            coin=[1, 0, 0, 0, 0],
            size=[0.5, 0.04, 0.02, 0.0, 0.0],
            leverage=[20.0, 20.0, 20.0, 99.0, 99.0],
            adds=True,
            undoes=[-1, -1, -1, 1, 2],
        )
        both = replace(FREE, tiers=dict.fromkeys(("BTC", "ETH"), (Tier(0, 20),)))
        accounts = replay(market, both, orders, agents=1, stake_usd=3.0)
        assert accounts.rejected.tolist() == [0] * 5
        assert accounts.positions.tolist() == [[0.0, 0.5]]

    def test_a_coin_that_the_venue_does_not_offer(self) -> None:
        with pytest.raises(InputError, match="no leverage"):
            one(market_of([FLAT], coins=("PEPPER",)))

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"bar": [9]}, "`bar`"),
            ({"size": [np.inf]}, "`size`"),
            ({"moment": [1.0]}, "`moment`"),
            ({"undoes": [0]}, "`adds`"),
            ({"undoes": [7], "adds": True}, "rows from 0 to 0"),
        ],
    )
    def test_orders_that_no_replay_can_follow(self, wrong: dict[str, Any], said: str) -> None:
        with pytest.raises(ValueError, match=said):
            one(market_of([FLAT]), **wrong)


class TestChanges:
    """Orders that add, and take back what an earlier one filled."""

    def test_one_of_two_is_taken_back(self) -> None:
        accounts = one(
            market_of([FLAT, FLAT, FLAT]),
            bar=[0, 1, 2],
            size=[5.0, 3.0, 0.0],
            adds=True,
            undoes=[-1, -1, 0],
        )
        assert accounts.positions[0, 0] == 3

    def test_what_was_stopped_is_not_closed_again(self) -> None:
        accounts = one(
            market_of([FLAT, (100, 100, 90, 90), FLAT]),
            bar=[0, 2],
            size=[5.0, 0.0],
            stop=[95.0, np.nan],
            adds=True,
            undoes=[-1, 0],
        )
        assert REASONS[accounts.rejected[1]] == "what it closes was closed before"
        assert accounts.positions[0, 0] == 0

    def test_an_order_undoes_only_its_own(self) -> None:
        orders = Orders(
            bar=[0, 0], agent=[0, 1], coin=[0, 0], size=[1.0, 0.0], adds=True, undoes=[-1, 0]
        )
        with pytest.raises(ValueError, match="same agent and coin"):
            replay(market_of([FLAT]), FREE, orders, agents=2, stake_usd=1000.0)

    def test_accounts_without_orders_keep_their_stakes(self) -> None:
        none = Orders(bar=[], agent=[], coin=[], size=[])
        accounts = replay(market_of([FLAT] * 9), FREE, none, agents=2, stake_usd=[1.0, 2.0])
        assert_allclose(accounts.equity_usd, np.outer([1, 2], np.ones(10)))

    def test_windows_of_a_market(self) -> None:
        """Two accounts with the same orders from different bars on."""
        bars = [(p, p, p, p) for p in (100.0, 110.0, 99.0)]
        orders = Orders(bar=[0, 0], agent=[0, 1], coin=[0, 0], size=[1.0, 1.0], unit="equity")
        accounts = replay(
            market_of(bars), FREE, orders, agents=2, stake_usd=1000.0, starts=[0, 1], bars=2
        )
        assert_allclose(accounts.return_frac, [0.1, -0.1])


STEEP = Contract(
    name="steep",
    taker_frac=4.5e-4,
    maker_frac=1.5e-4,
    slippage_frac=5e-4,
    tiers={
        "BTC": (Tier(0, 20), Tier(3_000, 10), Tier(9_000, 4)),
        "ETH": (Tier(0, 10), Tier(2_000, 5)),
    },
    funding_hours=1,
)


def wild(rng: np.random.Generator, bars: int, *, marked: bool, calm: bool = False) -> Market:
    """Prices that jump, bars that are missing, funding of both signs."""
    steps = rng.normal(0, 0.01 if calm else 0.03, (bars, 2, 4))
    last = 100 * np.exp(np.cumsum(steps[..., 0], axis=0))
    first = np.vstack([[[100, 100]], last[:-1]]) * np.exp(0.3 * steps[..., 1])
    high = np.maximum(first, last) * np.exp(np.abs(steps[..., 2]))
    low = np.minimum(first, last) * np.exp(-np.abs(steps[..., 3]))
    prices = np.stack([first, high, low, last], axis=-1)
    marks = prices * np.exp(rng.normal(0, 0.002, (bars, 2, 1))) if marked else None
    prices[rng.random((bars, 2)) < 0.05] = np.nan
    funding = rng.normal(0, 1e-3, (bars, 2)) * (rng.random((bars, 2)) < (0.03 if calm else 0.5))
    return market_of(prices, funding, ("BTC", "ETH"), marks)


def scattered(rng: np.random.Generator, bars: int, agents: int, *, adds: bool) -> Orders:
    """Orders of all kinds, a third of which close."""
    n = 6 * agents
    bar, agent, coin = (rng.integers(0, most, n) for most in (bars, agents, 2))
    unit = ("coins", "equity", "stake")[rng.integers(3)]
    size = rng.normal(0, 30.0 if unit == "coins" else 4.0, n) * (rng.random(n) > (not adds) / 3)
    near = 100 * np.exp(rng.normal(0, 0.1, (2, n)))
    near[rng.random((2, n)) < 0.4] = np.nan
    undoes = np.full(n, -1)
    if adds:
        for row in range(n // 2, n):
            of = row - n // 2
            if bar[of] < bar[row]:
                agent[row], coin[row], undoes[row] = agent[of], coin[of], of
    return Orders(
        bar=bar,
        agent=agent,
        coin=coin,
        size=size,
        unit=unit,  # type: ignore[arg-type]
        stop=near[0],
        target=near[1],
        leverage=np.where(rng.random(n) < 0.7, np.nan, rng.uniform(1, 22, n)),
        adds=adds,
        undoes=undoes,
        moment=rng.random(n) * rng.integers(2),
    )


class TestAnyOrders:
    """Whatever is ordered."""

    @given(
        seed=st.integers(0, 2**32 - 1),
        isolated=st.booleans(),
        adds=st.booleans(),
        marked=st.booleans(),
        calm=st.booleans(),
    )
    @settings(max_examples=40, deadline=None)
    def test_money_is_conserved_and_two_implementations_agree(
        self, seed: int, isolated: bool, adds: bool, marked: bool, calm: bool
    ) -> None:
        """Also over calm days, whose bars are run together."""
        rng = np.random.default_rng(seed)
        bars, agents = (70, 1) if calm else (12, 4)
        market = wild(rng, bars, marked=marked, calm=calm)
        orders = scattered(rng, bars, agents, adds=adds)
        whole = replay(
            market,
            STEEP,
            orders,
            agents=agents,
            stake_usd=1000.0,
            margin="isolated" if isolated else "cross",
        )
        plain, values, codes = plainly(market, STEEP, orders, agents, 1000.0, isolated=isolated)
        assert whole.rejected.tolist() == codes
        assert whole.liquidated_at.tolist() == [x.liquidated_at for x in plain]
        traded = 1000.0 + np.abs(whole.fills.quantity * whole.fills.price_usd).sum()
        near = {"rtol": 0.0, "atol": 1e-9 * traded}
        assert_allclose(whole.equity_usd, values, **near)
        for name in ("fees", "funding", "realised", "seized"):
            assert_allclose(
                getattr(whole, f"{name}_usd"), [getattr(x, name) for x in plain], **near
            )
        assert_allclose(
            whole.stake_usd
            + whole.realised_usd
            + whole.unrealised_usd
            - whole.fees_usd
            + whole.funding_usd
            - whole.seized_usd,
            whole.equity_usd[:, -1],
            **near,
        )
        assert (whole.equity_usd >= -1e-9 * traded).all()
        assert (np.diff(whole.fills.bar * agents + whole.fills.agent) >= 0).all()
        bought = np.zeros((agents, 2))
        np.add.at(bought, (whole.fills.agent, whole.fills.coin), whole.fills.quantity)
        assert_allclose(bought, whole.positions, rtol=0, atol=1e-9 * traded)

    @given(seed=st.integers(0, 2**32 - 1), isolated=st.booleans(), adds=st.booleans())
    @settings(max_examples=12, deadline=None)
    def test_windows_are_markets_of_their_own(self, seed: int, isolated: bool, adds: bool) -> None:
        rng, bars, starts = np.random.default_rng(seed), 10, [0, 3, 7]
        market = wild(rng, bars + max(starts), marked=True)
        # Before the first price of a window nothing is known, so no window begins with a gap.
        market.candles.open[starts] = market.candles.low[starts] = 100.0
        market.candles.high[starts] = market.candles.close[starts] = 101.0
        orders = scattered(rng, bars, len(starts), adds=adds)
        margin: Margin = "isolated" if isolated else "cross"
        whole = replay(
            market, STEEP, orders, agents=3, stake_usd=1e3, margin=margin, starts=starts, bars=bars
        )
        for agent, start in enumerate(starts):
            days = timedelta(hours=start), timedelta(hours=start + bars)
            alone = replay(
                market.window(market.start + days[0], market.start + days[1]),
                STEEP,
                orders,
                agents=3,
                stake_usd=1e3,
                margin=margin,
            )
            assert_allclose(whole.equity_usd[agent], alone.equity_usd[agent], rtol=1e-9, atol=1e-6)
            mine = np.asarray(orders.agent) == agent
            assert (whole.rejected[mine] == alone.rejected[mine]).all()

    @given(seed=st.integers(0, 2**32 - 1), isolated=st.booleans(), together=st.integers(1, 50))
    @settings(max_examples=12, deadline=None)
    def test_how_many_bars_are_looked_at_together_changes_nothing(
        self, seed: int, isolated: bool, together: int
    ) -> None:
        rng = np.random.default_rng(seed)
        market = wild(rng, 70, marked=True, calm=True)
        orders = scattered(rng, 70, 2, adds=False)
        margin: Margin = "isolated" if isolated else "cross"
        with patch("headtohead.trading.replay._TOGETHER", together):
            few = replay(market, STEEP, orders, agents=2, stake_usd=1e3, margin=margin)
        many = replay(market, STEEP, orders, agents=2, stake_usd=1e3, margin=margin)
        assert_allclose(few.equity_usd, many.equity_usd, rtol=1e-12)

    @given(seed=st.integers(0, 2**32 - 1), isolated=st.booleans())
    @settings(max_examples=12, deadline=None)
    def test_bar_by_bar_is_as_all_at_once(self, seed: int, isolated: bool) -> None:
        rng, bars, agents = np.random.default_rng(seed), 12, 3
        market = wild(rng, bars, marked=True)
        orders = scattered(rng, bars, agents, adds=False)
        margin: Margin = "isolated" if isolated else "cross"
        whole = replay(market, STEEP, orders, agents=agents, stake_usd=1e3, margin=margin)
        starts = np.zeros(agents, np.int64)
        walk = Walk(market, STEEP, stake_usd=1e3, margin=margin, starts=starts, bars=bars)
        for t in range(bars):
            rows = np.flatnonzero(np.asarray(orders.bar) == t)
            columns = ("bar", "agent", "coin", "size", "stop", "target", "leverage", "moment")
            part: dict[str, Any] = {x: np.asarray(getattr(orders, x))[rows] for x in columns}
            codes = walk.bar(Orders(unit=orders.unit, **part))
            assert codes.tolist() == whole.rejected[rows].tolist()
        assert_allclose(walk.accounts().equity_usd, whole.equity_usd, rtol=1e-9, atol=1e-6)

    def test_orders_of_another_bar_are_not_of_the_next(self) -> None:
        walk = Walk(
            market_of([FLAT] * 3),
            FREE,
            stake_usd=1e3,
            margin="cross",
            starts=np.zeros(1, np.int64),
            bars=3,
        )
        walk.bar()
        with pytest.raises(ValueError, match="the next bar, 1"):
            walk.bar(Orders(bar=[0], agent=[0], coin=[0], size=[1.0]))
