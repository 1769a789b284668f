"""Whether one side's trading agents took the first places, and how often luck alone does that."""

from datetime import timedelta
from math import comb

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    once,
    shown,
    side,
    side_name,
    span,
    unplaced,
    where,
)
from headtohead.stats.inputs import same_length, vector

QUESTION = Question(
    asks="Did side B's agents end ahead of side A's, and could luck have done it?",
    reads=("equity",),
    optional=("trades", "coin_prices"),
    units=("frac", "pp"),
    scope={
        "season": ScopeWord("text", "Which season.", "alpha_arena_1", column="season"),
        "measure": ScopeWord(
            "text",
            "luck: chance that agents without skill end in this order, on the same candles where "
            "they and the trades are known; "
            "lead: the worst of B less the best of A, in points of return.",
            "lead",
            ("luck", "lead"),
        ),
        "alpha": ScopeWord(
            "number", "Chance of luck that still counts as showing skill.", 0.05, ends=(0, 1)
        ),
    },
)

_STAKE_USD = 10_000.0
_DRAWS = 2000


def run(frames: Frames, ask: Ask) -> Answer:
    """The lead in percentage points, or the exact permutation probability of the order."""
    season = frames["equity"].filter(pl.col("season") == ask.scope["season"])
    final = once(season.filter(pl.col("is_final")), "season")
    a, b = where(final, side(ask, "a")), where(final, side(ask, "b"))
    if a.is_empty() or b.is_empty():
        return ask.lacks("no final returns of both sides were known")
    both = pl.concat([b, a])
    lead = float(np.min(b["return_pct"].to_numpy()) - np.max(a["return_pct"].to_numpy()))
    luck = order_p([True] * b.height + [False] * a.height, both["return_pct"].to_numpy())
    is_lead = ask.scope["measure"] == "lead"
    name_a, name_b = side_name(side(ask, "a")), side_name(side(ask, "b"))
    least = 1 / comb(both.height, b.height)
    if not is_lead and (drawn := _drawn(frames, ask, both, b, luck)):
        return drawn
    if not is_lead and least > float(ask.scope["alpha"]):
        return Answer(
            pending=True,
            missing=f"even the best order of {b.height} in {both.height} agents comes about by "
            f"luck in {least:.1%} of seasons, so one season cannot tell skill from luck",
        )
    value = lead if is_lead else luck
    by = (
        f"best {name_a} agent ahead of the worst {name_b} one by",
        f"worst {name_b} agent ahead of the best {name_a} one by",
    )
    one = estimate(
        ask,
        both,
        label=f"lead of every {name_b} over any {name_a} agent" if is_lead else "chance by luck",
        interval=value,
        unit="pp" if is_lead else "frac",
        method="final account values" if is_lead else "exact permutation of the final order",
        n=both.height,
        n_of="agents in one season",
        called=by if is_lead else (),
    )
    ahead = f"{abs(lead):.1f} percentage points {'above' if lead >= 0 else 'below'}"
    says = (
        f"on {span(both)} the worst of the {b.height} {name_b} agents ended {ahead} the best "
        f"{name_a} one; {b.height} of {both.height} agents without skill take the first places "
        f"with probability {luck:.3f}"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(both, "model_name lab country return_pct observed_at"),
        notes=(
            "one season is one draw: an order of six agents cannot show skill by itself",
            *unplaced(final, "agents", side(ask, "a"), side(ask, "b")),
        ),
    )


def _drawn(
    frames: Frames, ask: Ask, final: pl.DataFrame, b: pl.DataFrame, luck: float
) -> Answer | None:
    """How often random agents on the same candles end in this order; None without candles.

    Each trades at the times, in the sizes and as often long as one of the real agents. The interval
    reaches to `luck`, the chance if all orders are alike: what decides holds by both.
    """
    from headtohead.trading.order import order_by_luck
    from headtohead.trading.season import AccountValue, Recorded, Trade, season_of

    trades = frames["trades"].filter(pl.col("season") == ask.scope["season"])
    trades = once(trades, "trade_id").filter(pl.col("agent").is_in(final["agent"].implode()))
    candles = frames["coin_prices"].filter(
        pl.col("close_usd").is_not_null(), pl.col("coin").is_in(trades["coin"].implode())
    )
    if set(trades["agent"]) != set(final["agent"]) or set(candles["coin"]) != set(trades["coin"]):
        return None
    names = ("agent", "coin", "side", "opened_at", "closed_at", "entry_usd", "exit_usd")
    columns = (*names, "fees_usd", "net_usd", "quantity_n")
    recorded = Recorded(
        trades=tuple(
            Trade(quantity=row.pop("quantity_n"), **row)
            for row in trades.select(columns).iter_rows(named=True)
        ),
        values=tuple(
            AccountValue(agent, at, None, percent / 100)
            for agent, at, percent in final.select("agent", "observed_at", "return_pct").iter_rows()
        ),
    )
    season = season_of([recorded], stake_usd=_STAKE_USD)
    late = candles.filter(pl.col("observed_at") >= season.end - timedelta(hours=2))
    if late.is_empty():
        return None
    drawn = order_by_luck(season, candles, set(b["agent"]), draws=_DRAWS, rng=ask.rng)
    rows = pl.concat([final, trades, candles], how="diagonal_relaxed")
    one = estimate(
        ask,
        rows,
        label="chance by luck",
        interval=Interval(drawn.value, min(drawn.low, luck), max(drawn.high, luck)),
        unit="frac",
        method=f"{_DRAWS} random agents for each on the same candles; the interval reaches to the "
        "chance if all orders are alike",
        n=final.height,
        n_of="agents in one season",
    )
    says = (
        "if each agent's coins and sides are drawn anew, at its own times and sizes and on the "
        f"same candles, {drawn.value:.1%} of seasons end in this order; if all orders are alike, "
        f"{luck:.1%} do"
    )
    return Answer(
        estimates=(one,),
        says=says,
        rows=shown(final, "model_name lab country return_pct observed_at"),
        notes=(
            f"trades are known until {season.recorded_until:%Y-%m-%d}; for the days after it "
            "random agents trade as the agents did before",
        ),
    )


def order_p(members: ArrayLike, values: ArrayLike) -> float:
    """The exact probability that a group ranks at least this high by luck.

    All ways of handing out the places are equally likely; the group's ranks are added up
    (ties get their middle rank) and compared with the observed sum. Two of six agents in the
    first two places: 1/15. A group chosen after the order was seen makes the answer too small.

    Args:
        members: True for each agent of the group, shape (n,).
        values: The agents' results, shape (n,), higher is better.

    Returns:
        From 1 / C(n, size of the group) to 1.

    Raises:
        ValueError: If lengths differ, or the group has nobody or everybody.

    References:
        Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin
        1, 80-83. doi:10.2307/3001968
        Mann, H. B., Whitney, D. R. (1947). On a test of whether one of two random variables
        is stochastically larger than the other. Annals of Mathematical Statistics 18, 50-60.
        doi:10.1214/aoms/1177730491
    """
    lost, own = -vector(values, "values", least=2), np.asarray(members, dtype=bool)
    same_length(members=own, values=lost)
    n, size = own.size, int(own.sum())
    if size in (0, n):
        raise ValueError(f"the group has {size} of {n} agents: no order to test")
    # Twice the middle rank of each, 2 for the best: whole numbers even with ties.
    ordered = np.sort(lost)
    ranks = np.searchsorted(ordered, lost, "left") + np.searchsorted(ordered, lost, "right") + 1
    # How many subsets of each size have each sum; whole numbers of any size.
    counts = np.zeros((size + 1, 2 * n * size + 1), dtype=object)
    counts[0, 0] = 1
    for rank in ranks.tolist():
        counts[1:, rank:] += counts[:-1, :-rank]
    return int(counts[size, : ranks[own].sum() + 1].sum()) / comb(n, size)
