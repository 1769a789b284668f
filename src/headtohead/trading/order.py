"""How often random agents end in the order in which real ones did."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.stats.bootstrap import percentile_interval
from headtohead.stats.inputs import FloatArray
from headtohead.trading.contract import HYPERLIQUID
from headtohead.trading.luck import chance, profile_of
from headtohead.trading.market import market_of_rows
from headtohead.trading.season import Season

if TYPE_CHECKING:
    import polars as pl

_ROUNDS = 400


def order_by_luck(
    season: Season,
    candles: "pl.DataFrame",
    ahead: Collection[str],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Interval:
    """The chance that every agent of a group ends above every other agent, with its 95% interval.

    Every agent is replaced by random ones of its trading times, sizes and share of longs
    (`luck.chance`), independently of the others, on the same candles; all combinations of their
    draws count. The interval is of the drawing alone: draws are drawn anew, those that share slots
    together.

    Args:
        candles: Rows of the evidence's coin prices.
        ahead: The agents of the group; neither nobody nor everybody.
        draws: Random agents for each.
    """
    market = market_of_rows(candles, season.coins, season.start, season.end)
    until = season.end if season.recorded_until < season.end else None
    groups: dict[str, list[FloatArray]] = {}
    for agent in season.agents:
        profile, final = profile_of(season, agent, until=until), season.final_return(agent)
        drawn = chance(profile, market, HYPERLIQUID, final, draws=draws, rng=rng)
        parts = drawn.groups if drawn.groups > 1 else draws
        groups[agent] = np.array_split(drawn.returns_frac, parts)

    def among(returns: Sequence[list[FloatArray]]) -> float:
        by_agent = dict(zip(groups, map(np.concatenate, returns), strict=True))
        return _above(
            [x for agent, x in by_agent.items() if agent in ahead],
            [x for agent, x in by_agent.items() if agent not in ahead],
        )

    anew = [
        among([[g[n] for n in rng.integers(0, len(g), len(g)).tolist()] for g in groups.values()])
        for _ in range(_ROUNDS)
    ]
    return percentile_interval(among(list(groups.values())), np.array(anew), 0.025, floor=0.0)


def _above(higher: Sequence[FloatArray], lower: Sequence[FloatArray]) -> float:
    """The chance that the least of some is above the greatest of others, all independent."""
    at = np.unique(np.concatenate(lower))
    best = np.prod([np.searchsorted(np.sort(x), at, "right") / x.size for x in lower], axis=0)
    worst = np.prod([1 - np.searchsorted(np.sort(x), at, "right") / x.size for x in higher], axis=0)
    return float(np.diff(best, prepend=0.0) @ worst)
