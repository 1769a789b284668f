"""No agent sees what has not closed: planted agents that would profit from it, and cannot."""

import asyncio
import gc
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest
from tests.trading.run_parts import bars_of, walk

from headtohead.trading.contract import HYPERLIQUID
from headtohead.trading.market import Candles, Market
from headtohead.trading.running.agents import AskedFunction, open_agents
from headtohead.trading.running.decisions import LogHead, open_log
from headtohead.trading.running.observation import Observation
from headtohead.trading.running.runner import Played, RunPlan, play
from headtohead.trading.running.windows import Windows

FREE = replace(HYPERLIQUID, taker_frac=0.0, maker_frac=0.0)
STEP = 0.02


def course_of(market: Market, first: tuple[int, ...] = (20, 70), bars: int = 40) -> RunPlan:
    return RunPlan(
        market=market,
        contract=FREE,
        margin="cross",
        stake_usd=1000.0,
        windows=Windows(np.array(first), bars, 1),
        history=5,
        anonymous=True,
        seed=0,
        at_once=2,
    )


def played_on(
    course: RunPlan, log: Path, function: Callable[[Observation], Any] | None, source: str = ""
) -> Played:
    one = AskedFunction(name="agent", function=function, source=source)

    async def run() -> Played:
        with open_log(log, LogHead(identity={})) as kept:
            rng = np.random.default_rng(0)
            async with open_agents([one], course.market.coins, None, rng, print) as opened:
                return await play(course, ["agent"], kept, opened)

    return asyncio.run(run())


def _steps(seed: int = 0) -> Market:
    """One coin that moves by 2% an hour, up or down by the toss of a coin."""
    sides = np.random.default_rng(seed).choice([-1, 1], 120)
    return bars_of(100 * np.cumprod(1 + STEP * sides)[:, None])


def _with_the_last_bar(seen: Observation) -> list[dict[str, Any]]:
    """Right in every bar, if the last one that is shown were the one that comes."""
    side = "long" if seen.close["BTC"][-1] > seen.open["BTC"][-1] else "short"  # type: ignore[operator]
    return [{"action": "open", "coin": "BTC", "side": side, "share": 1}]


def test_an_agent_that_would_profit_from_the_next_bar_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its bets are right as often as a coin; one bar more, and each of them is."""
    honest = played_on(course_of(_steps()), tmp_path / "honest", _with_the_last_bar)
    best = (1 + STEP) ** 40 - 1
    assert abs(honest.returns[0]).max() < 0.3 * best
    assert (honest.returns[0] < 0).any()
    closed = Market.closed_before

    def leaky(market: Market, instant: datetime) -> Market:
        return closed(market, instant + market.bar)

    monkeypatch.setattr(Market, "closed_before", leaky)
    planted = played_on(course_of(_steps()), tmp_path / "planted", _with_the_last_bar)
    # The same test sees a leak of one bar at once.
    assert planted.returns[0].min() > 0.95 * best


@pytest.mark.parametrize("cut", [20, 41, 59])
def test_other_bars_to_come_change_no_byte_of_what_is_seen_and_decided(
    cut: int, tmp_path: Path
) -> None:
    """The window starts at row 20: from row `cut` on all prices are others."""
    market, content = walk(80), list[tuple[int, bytes]]()

    def noting(seen: Observation) -> list[dict[str, Any]]:
        content.append((seen.number, seen.encoded()))
        return _with_the_last_bar(seen) if seen.number % 3 == 0 else []

    other = np.vstack([market.close[:cut], 7 * walk(80, seed=9).close[cut:]])
    changed = bars_of(other)
    # A bar opens where the last one closed, so the first changed bar has its open in common.
    moved = [
        np.vstack([a[:cut], b[cut:]]) for a, b in zip(market.candles, changed.candles, strict=True)
    ]
    futures = (market, replace(market, candles=Candles(*moved)))
    seen, lines = [], []
    for place, one in enumerate(futures):
        content.clear()
        log = tmp_path / str(place)
        played_on(course_of(one, first=(20,)), log, noting)
        # The decision at row `cut` is the last one before the first changed bar has closed.
        known = cut - 20 + 1
        assert [n for n, _ in content] == list(range(40))
        seen.append([each for _, each in content][:known])
        lines.append(log.read_bytes().splitlines()[1 : known + 1])
    assert seen[0] == seen[1]
    assert lines[0] == lines[1]
    assert [len(x) for x in lines] == [known, known]


def test_nothing_leads_from_what_is_seen_to_the_market(tmp_path: Path) -> None:
    """Every object that can be reached from an observation is a number, a text or holds such."""
    found = set[type]()

    def searching(seen: Observation) -> None:
        known, ahead = set[int](), [seen]
        while ahead:
            one: Any = ahead.pop()
            if id(one) in known or isinstance(one, type | ModuleType | FunctionType):
                continue
            known.add(id(one))
            found.add(type(one))
            ahead += gc.get_referents(one)

    played_on(course_of(walk(80), bars=2), tmp_path / "log", searching)
    names = {kind.__name__ for kind in found} - {"NoneType", "str", "float", "int"}
    assert names <= {"Observation", "AgentRules", "Position", "dict", "tuple"}


_CHEAT = """
import gc, sys
def decide(seen):
    held = [x for x in gc.get_objects() if type(x).__name__ in ("Market", "RunPlan", "Walk")]
    frame, names = sys._getframe(), []
    while frame:
        names += [k for k, v in frame.f_locals.items() if type(v).__name__ == "Market"]
        frame = frame.f_back
    if held or names:
        return [{"action": "open", "coin": "BTC", "side": "long", "share": 1}]
    return []
"""


def test_a_function_that_is_named_runs_where_there_is_no_market(tmp_path: Path) -> None:
    """It looks through all objects of its process and through all frames around it."""
    file = tmp_path / "cheat.py"
    file.write_text(_CHEAT)

    source = f"{file}:decide"
    played = played_on(course_of(walk(80), first=(20,), bars=2), tmp_path / "log", None, source)
    assert [x.failure for x in played.decisions] == ["", ""]
    assert all(x.actions == () for x in played.decisions)
