"""How often random agents end in the order in which real ones did."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from headtohead.trading.contract import HYPERLIQUID
from headtohead.trading.luck import chance, profile_of
from headtohead.trading.market import market_of_rows
from headtohead.trading.season import Season

if TYPE_CHECKING:
    import polars as pl


def order_by_luck(
    season: Season,
    candles: "pl.DataFrame",
    ahead: Collection[str],
    *,
    draws: int,
    rng: np.random.Generator,
) -> int:
    """In how many drawn seasons every agent of a group ends above every other agent.

    In each, every agent is replaced by a random one of its trading times, sizes and share of longs
    (`luck.chance`), independently of the others, on the same candles.

    Args:
        candles: Rows of the evidence's coin prices.
        ahead: The agents of the group; neither nobody nor everybody.
        draws: Seasons.
    """
    market = market_of_rows(candles, season.coins, season.start, season.end)
    until = season.end if season.recorded_until < season.end else None
    returns = {
        agent: chance(
            profile_of(season, agent, until=until),
            market,
            HYPERLIQUID,
            season.final_return(agent),
            draws=draws,
            rng=rng,
        ).returns_frac
        for agent in season.agents
    }
    # Draws of one agent stand in groups that share what is drawn for days without a record.
    mixed = {agent: rng.permutation(drawn) for agent, drawn in returns.items()}
    worst = np.min([mixed[a] for a in season.agents if a in ahead], axis=0)
    best = np.max([mixed[a] for a in season.agents if a not in ahead], axis=0)
    return int((worst > best).sum())
