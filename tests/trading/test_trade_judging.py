"""Verdicts: corrected for how many were tried, by luck's two chances, and two by two."""

import math

import numpy as np
import pytest
from scipy import stats
from tests.trading.seasons import hours, season

from headtohead.stats.inputs import FloatArray
from headtohead.trading.judging import Judgement, expected_best, judged, sharpe_above
from headtohead.trading.measures import account_of
from headtohead.trading.season import AccountValue, Season


def several(*paths: FloatArray) -> Season:
    """Accounts A, B, ... with these hourly returns."""
    values = [
        AccountValue(chr(65 + n), hours(t), float(x))
        for n, path in enumerate(paths)
        for t, x in enumerate(1000 * np.cumprod(1 + path), 1)
    ]
    return season(values=values)


def judgement(*paths: FloatArray, tried: int | None = None, rounds: int = 400) -> Judgement:
    a, rng = several(*paths), np.random.default_rng(1)
    accounts = [account_of(a, x, None, None, rng, rounds=rounds, level=0.95) for x in a.agents]
    tried = tried or len(paths)
    return judged(a, accounts, {}, None, rng, tried=tried, alpha=0.05, level=0.95, rounds=rounds)


def test_the_deflated_sharpe_ratio_of_the_papers_example() -> None:
    # Bailey and Lopez de Prado (2014), section "A numerical example": an annual Sharpe ratio of 2.5
    # by 1,250 daily returns, skewness -3, kurtosis 10, 100 trials whose annual ratios vary by 1/2.
    best = expected_best(100, math.sqrt(1 / 2 / 250))
    assert best == pytest.approx(0.1132, abs=1e-4)
    sharpe = 2.5 / math.sqrt(250)
    assert sharpe_above(sharpe, best, 1250, -3, 10) == pytest.approx(0.9004, abs=1e-4)
    fewer = expected_best(46, math.sqrt(1 / 2 / 250))
    assert sharpe_above(sharpe, fewer, 1250, -3, 10) == pytest.approx(0.9505, abs=1e-4)


def test_the_expected_best_nears_the_mean_of_maxima() -> None:
    rng = np.random.default_rng(0)
    for n in (5, 50, 500):
        largest = rng.normal(size=(4000, n)).max(axis=1).mean()
        assert expected_best(n, 1.0) == pytest.approx(largest, rel=0.05)
    assert expected_best(1, 1.0) == 0.0
    with pytest.raises(ValueError, match="tried"):
        expected_best(0, 1.0)


def test_the_chance_of_a_sharpe_ratio_is_that_of_a_mean_where_returns_are_normal() -> None:
    # With a small ratio and normal returns it is the one-sided test of a mean.
    n, sharpe = 400, 0.05
    assert sharpe_above(sharpe, 0.0, n, 0.0, 3.0) == pytest.approx(
        stats.norm.cdf(sharpe * math.sqrt(n - 1)), abs=2e-3
    )


def test_a_clear_edge_is_better_than_luck_and_many_tried_take_it_back() -> None:
    rng = np.random.default_rng(5)
    edge = rng.normal(0.0016, 0.01, 500)
    alone = judgement(edge)
    (only,) = alone.verdicts
    assert (alone.answer, only.answer, only.basis) == ("yes", "yes", "standing still")
    assert only.chance is not None
    assert only.corrected == pytest.approx(only.chance)
    assert only.word == "better than luck explains"
    many = judgement(edge, tried=1000)
    assert (many.answer, many.verdicts[0].corrected) == ("undecided", 1.0)
    assert many.verdicts[0].deflated is not None
    assert only.deflated is not None
    assert many.verdicts[0].deflated < only.deflated


def test_steady_losses_are_worse_than_luck_and_noise_is_undecided() -> None:
    rng = np.random.default_rng(6)
    losing, noise = rng.normal(-0.003, 0.01, 400), rng.normal(0, 0.01, 400)
    assert judgement(losing).answer == "no"
    both = judgement(losing, noise)
    assert {v.account.agent: v.answer for v in both.verdicts} == {"A": "no", "B": "undecided"}
    assert both.answer == "undecided"
    (pair,) = both.pairs
    assert (pair.a, pair.b) == ("B", "A")
    assert pair.ratio.value == pytest.approx(np.prod(1 + noise) / np.prod(1 + losing))
    assert pair.ratio.low > 1
    assert pair.p < 0.05


def test_pairs_hold_jointly_and_those_without_a_common_stretch_are_told() -> None:
    rng = np.random.default_rng(7)
    paths = rng.normal(0, 0.01, (3, 300))
    three, two = judgement(*paths), judgement(*paths[:2])
    assert len(three.pairs) == 3
    first = next(p for p in three.pairs if {p.a, p.b} == {"A", "B"})
    alone = two.pairs[0].ratio
    width = first.ratio.high / first.ratio.low
    assert math.log(width) > 1.1 * math.log(alone.high / alone.low)
    short = judgement(paths[0], paths[1][:10])
    assert short.pairs == ()
    assert "no curve of the same steps" in short.unpaired[0]
    assert {v.account.agent: v.answer for v in short.verdicts}["B"] == "none"


def test_an_account_without_a_curve_cannot_be_judged() -> None:
    a = season(values=[AccountValue("A", hours(50), 1500.0)])
    rng = np.random.default_rng(0)
    account = account_of(a, "A", None, None, rng, rounds=200, level=0.95)
    found = judged(a, [account], {}, None, rng, tried=1, alpha=0.05, level=0.95, rounds=200)
    assert (found.verdicts[0].answer, found.verdicts[0].word) == ("none", "cannot be judged")
    assert found.answer == "undecided"


def false_alarms(seasons: int, rounds: int) -> float:
    """How often one of three accounts without an edge is called better than luck."""
    rng = np.random.default_rng(9)
    found = [
        judgement(*np.expm1(rng.normal(0, 0.01, (3, 150))), rounds=rounds).answer == "yes"
        for _ in range(seasons)
    ]
    return float(np.mean(found))


def test_luck_is_seldom_called_skill_in_short() -> None:
    assert false_alarms(20, 200) <= 0.2


@pytest.mark.slow
def test_luck_is_seldom_called_skill() -> None:
    assert false_alarms(300, 400) <= 0.08


def test_an_account_that_stays_the_same_is_not_called_too_short() -> None:
    found = judgement(np.zeros(100))
    assert found.verdicts[0].answer == "none"
    assert found.verdicts[0].account.notes == (
        "All 100 steps of A's account are alike, so nothing tells skill from luck",
    )
    # Steady growth has no Sharpe ratio, and none is made up of what rounding leaves.
    steady = judgement(np.full(100, 0.01)).verdicts[0]
    assert (steady.answer, "sharpe" in steady.account.measures) == ("none", False)


def test_the_chance_of_a_pair_agrees_with_its_interval() -> None:
    rng = np.random.default_rng(11)
    for _ in range(12):
        (pair,) = judgement(*(0.01 * rng.standard_t(3, (2, 30))), rounds=200).pairs
        # By a percentile alone p is below 5% where the interval, which is wider, holds 1.
        assert pair.p > 0.04 or not pair.ratio.low < 0.995 < 1.005 < pair.ratio.high
