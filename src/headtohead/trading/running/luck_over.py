"""Random agents beside each agent, in every window: how often do they do as well on average?"""

from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np

from headtohead.stats.tails import holm
from headtohead.trading.luck import Profile, chance
from headtohead.trading.running.runner import Played, RunPlan
from headtohead.trading.running.summing import LuckOver


def luck_over(
    played: Played,
    course: RunPlan,
    rng: np.random.Generator,
    *,
    draws: int,
    tried: int,
    wait: Callable[[str], None],
) -> dict[str, LuckOver]:
    """Agent -> the random agents that bet when it did, as much and as often long.

    Its own bets are replayed as theirs are, at the opens of bars and without stops, so that it is
    one of them if it has no skill. A window in which it made no bet counts as 0 for all.

    Args:
        tried: For how many agents, those that are not here too, chances are corrected.
    """
    found: dict[str, tuple[float, float, float, bool]] = {}
    for name in played.names[: played.agents]:
        wait(f"Drawing random agents that bet as {name} did.")
        own, drawn, some = 0.0, np.zeros(draws), False
        for window in played.windows:
            trades = played.trades[name, window]
            if not trades:
                continue
            start, end = _ends(course, window)
            profile = Profile(
                agent=name,
                trades=tuple(sorted(trades, key=lambda t: (t.opened_at, t.closed_at))),
                start=start,
                known_until=end,
                until=end,
                stake_usd=course.stake_usd,
            )
            luck = chance(
                profile,
                course.market.window(start, end),
                course.contract,
                None,
                draws=draws,
                rng=rng,
                margin=course.margin,
            )
            own, drawn, some = own + luck.observed_frac, drawn + luck.returns_frac, True
        if some:
            slack = 1e-9 * max(1.0, abs(own))
            n = len(played.windows)
            above = (int((drawn >= own - slack).sum()) + 1) / (draws + 1)
            below = (int((drawn <= own + slack).sum()) + 1) / (draws + 1)
            found[name] = (above, below, float(drawn.mean()) / n, bool(np.ptp(drawn) <= 1e-9))
    return _corrected(found, draws, tried)


def _corrected(
    found: Mapping[str, tuple[float, float, float, bool]], draws: int, tried: int
) -> dict[str, LuckOver]:
    if not found:
        return {}
    above, below = (holm([x[side] for x in found.values()], tried).tolist() for side in (0, 1))
    return {
        name: LuckOver(
            chance=one[0], corrected=a, worse=b, mean_frac=one[2], draws=draws, alike=one[3]
        )
        for (name, one), a, b in zip(found.items(), above, below, strict=True)
    }


def _ends(course: RunPlan, window: int) -> tuple[datetime, datetime]:
    first = int(course.windows.first[window])
    start = course.market.start + first * course.market.bar
    return start, start + course.windows.bars * course.market.bar
