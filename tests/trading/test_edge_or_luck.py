"""A second opinion by another tool: edgeorluck judges each trade against a flipped coin."""

from pathlib import Path
from typing import Any

import numpy as np
from edgeorluck.judge import judge_dict  # type: ignore[import-untyped]
from tests.trading.seasons import hours, season, trade

from headtohead.trading.judging import judged
from headtohead.trading.measures import account_of
from headtohead.trading.reading import recorded
from headtohead.trading.season import Season, season_of


def second_opinion(a: Season, agent: str, tried: int) -> str:
    """The code of its verdict on the trades of one agent."""
    rows: list[dict[str, Any]] = [
        {
            "symbol": t.coin,
            "side": t.side,
            "entry_time": f"{t.opened_at:%Y-%m-%d %H:%M:%S}",
            "exit_time": f"{t.closed_at:%Y-%m-%d %H:%M:%S}",
            "pnl": t.net_usd,
        }
        for t in a.trades_of(agent)
    ]
    said = judge_dict(rows, variants_tried=tried, fees_included=True)
    return str(said["verdict"]["code"])


def by_swings(a: Season, tried: int) -> str:
    """Our verdict without candles."""
    rng = np.random.default_rng(0)
    account = account_of(a, a.agents[0], None, None, rng, rounds=1000, level=0.95)
    found = judged(a, [account], {}, None, rng, tried=tried, alpha=0.05, level=0.95, rounds=1000)
    return found.answer


def test_both_see_a_clear_edge_and_neither_sees_one_in_noise() -> None:
    rng = np.random.default_rng(3)
    clear, noise = {"real_edge"}, {"no_edge", "cant_tell"}
    for mean, ours, theirs in ((6.0, "yes", clear), (0.0, "undecided", noise)):
        profits = rng.normal(mean, 12.0, 120)
        trades = [
            trade(opened_at=hours(6 * n), closed_at=hours(6 * n + 5), net_usd=float(profit))
            for n, profit in enumerate(profits)
        ]
        a = season(trades)
        assert by_swings(a, 1) == ours
        assert second_opinion(a, "A", 1) in theirs


def test_it_sees_no_edge_in_the_recorded_season_either(shared_evidence: Path) -> None:
    a = season_of(recorded([shared_evidence / "alpha_arena"])[0])
    assert {second_opinion(a, agent, 6) for agent in a.agents} <= {"too_early", "no_edge"}
