"""Means over windows and their differences: by hand, by Student, and how often they hold."""

from datetime import timedelta

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.simulations import lengths

from headtohead.stats.intervals import student_quantile
from headtohead.trading.running.runner import Played
from headtohead.trading.running.summing import Contender, summed


def _played(returns: np.ndarray, agents: int = 1) -> Played:
    """Accounts of two bars with these returns, shape (contenders, windows); agents come first."""
    names = tuple(f"agent {n}" for n in range(agents))
    names += tuple(f"baseline {n}" for n in range(len(returns) - agents))
    middle = 1 + np.minimum(returns, 0)
    equity = 1000 * np.stack([np.ones_like(returns), middle, 1 + returns], axis=2)
    zero = np.zeros(returns.shape)
    windows = tuple(range(returns.shape[1]))
    return Played(
        names=names,
        agents=agents,
        windows=windows,
        equity_usd=equity,
        fees_usd=zero,
        funding_usd=zero,
        turnover_usd=zero,
        liquidated=zero > 0,
        trades={(name, window): () for name in names for window in windows},
        decisions=(),
        rejected=dict.fromkeys(names, ()),
        stopped="end",
    )


def _summed(
    returns: np.ndarray, agents: int = 1, *, rounds: int = 4000, seed: int = 0
) -> tuple[Contender, ...]:
    return summed(
        _played(returns, agents),
        {f"agent {n}": "function" for n in range(agents)},
        {},
        np.random.default_rng(seed),
        length=timedelta(days=1),
        level=0.95,
        rounds=rounds,
    )


def test_by_hand() -> None:
    """Five windows of +2, -1, 3, 0 and 6%, against a baseline of 1% each."""
    found = _summed(np.array([[0.02, -0.01, 0.03, 0.0, 0.06], [0.01] * 5]))
    agent = found[0]
    assert agent.returned_pct.value == pytest.approx(2.0)
    assert agent.drawdown_pct == pytest.approx(0.2)  # 1% in one of five
    assert agent.deepest_pct == pytest.approx(1.0)
    assert_allclose(agent.path[0], [100, 100, 102])
    assert agent.differences[0].pp.value == pytest.approx(1.0)
    # A baseline that always does the same has no interval; of the difference t = 1 / 1.2247.
    assert found[1].returned_pct.low == -np.inf
    assert agent.differences[0].p == pytest.approx(0.46, abs=0.03)


def test_the_interval_is_nearly_that_of_student() -> None:
    """A second way: mean and standard error of thirty windows from a normal distribution."""
    returns = np.random.default_rng(1).normal(0.01, 0.05, (1, 30))
    found = _summed(np.vstack([returns, returns * 0]), rounds=20_000)[0].returned_pct
    half = 100 * student_quantile(0.975, 29) * returns.std(ddof=1) / np.sqrt(30)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.05)


def test_too_few_windows_give_no_interval() -> None:
    found = _summed(np.random.default_rng(0).normal(0, 0.1, (2, 4)))[0]
    assert (found.returned_pct.low, found.returned_pct.high) == (-np.inf, np.inf)
    assert found.differences[0].pp.low == -np.inf


@pytest.mark.parametrize("runs", lengths(80, 1500))
def test_intervals_hold_as_often_as_they_say_and_differences_jointly(runs: int) -> None:
    """Ten windows; two agents and two baselines alike in the mean, so each difference is 0."""
    rng = np.random.default_rng(2)
    alone = jointly = shown = 0
    for n in range(runs):
        market = rng.normal(0, 0.04, 10)  # what all have in common
        found = _summed(market + rng.normal(0, 0.03, (4, 10)), 2, seed=n)
        of_agent = found[0].returned_pct
        alone += of_agent.low <= 0 <= of_agent.high
        every = [x for agent in found[:2] for x in agent.differences]
        jointly += all(x.pp.low <= 0 <= x.pp.high for x in every)
        shown += any(x.p < 0.05 for x in every)
    slack = 2.6 * np.sqrt(0.05 * 0.95 / runs)
    assert alone / runs >= 0.95 - slack
    assert jointly / runs >= 0.95 - slack
    assert shown / runs <= 0.05 + slack
