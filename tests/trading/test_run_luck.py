"""Random agents over all windows: what `chance` says of each, on average."""

from pathlib import Path

import numpy as np
import pytest
from tests.trading.run_parts import walk
from tests.trading.test_run_look_ahead import course_of, played_on

from headtohead.trading.luck import Profile, chance
from headtohead.trading.running.luck_over import luck_over
from headtohead.trading.running.observation import Observation


def _bets(seen: Observation) -> list[dict[str, object]]:
    """A bet of three hours, then none for one."""
    if seen.number % 4 == 3:
        return [{"action": "close", "coin": coin} for coin in seen.positions]
    if seen.number % 4:
        return []
    side = "long" if seen.number % 8 else "short"
    return [
        {"action": "open", "coin": seen.coins[seen.number // 4 % 2], "side": side, "share": 0.5}
    ]


@pytest.mark.parametrize("first", [(20,), (20, 70)])
def test_the_chance_is_of_the_mean_over_windows(first: tuple[int, ...], tmp_path: Path) -> None:
    plan = course_of(walk(120), first=first)
    played = played_on(plan, tmp_path / "log", _bets)
    found = luck_over(played, plan, np.random.default_rng(1), draws=300, tried=1, wait=print)[
        "agent"
    ]
    rng, own, drawn = np.random.default_rng(1), 0.0, np.zeros(300)
    for window, row in enumerate(first):
        start = plan.market.start + row * plan.market.bar
        end = start + 40 * plan.market.bar
        profile = Profile(
            agent="agent",
            trades=played.trades["agent", window],
            start=start,
            known_until=end,
            until=end,
            stake_usd=1000.0,
        )
        one = chance(
            profile, plan.market.window(start, end), plan.contract, None, draws=300, rng=rng
        )
        own, drawn = own + one.observed_frac, drawn + one.returns_frac
        # Without stops and fees the replay of its own bets is its account.
        assert one.observed_frac == pytest.approx(played.returns[0, window], abs=1e-3)
        if len(first) == 1:
            assert found.chance == pytest.approx(one.value)
    assert found.chance == pytest.approx((int((drawn >= own - 1e-9).sum()) + 1) / 301)
    assert found.mean_frac == pytest.approx(drawn.mean() / len(first))
    assert found.corrected == found.chance  # of one agent
