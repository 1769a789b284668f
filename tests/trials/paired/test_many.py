"""Many runs: joint intervals, ranks and ties."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats as sp
from tests.simulations import leading, lengths, slack

from headtohead.trials.paired.differences import difference
from headtohead.trials.paired.joint import compare_many


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_clear_fields_are_ranked_and_near_ones_tied() -> None:
    rng = _rng()
    scores = (rng.random((400, 4)) < np.array([0.5, 0.9, 0.88, 0.2])).astype(float)
    found = compare_many(scores, rng)
    assert found.ranks.rank[3] == 4
    assert found.ranks.best.tolist() == [3, 1, 1, 4]
    assert found.ranks.worst.tolist() == [3, 2, 2, 4]
    assert sorted(found.ties[0].tolist()) == [1, 2]
    assert found.ties[-1].tolist() == [3]
    assert 0.95 < found.pair_level <= 1 - 0.05 / 6
    for pair in found.pairs:
        assert pair.joint.width >= pair.difference.interval.width


def test_two_runs_are_one_difference() -> None:
    scores = _rng(2).integers(0, 2, (50, 2))
    found = compare_many(scores, _rng())
    alone = difference(scores[:, 0], scores[:, 1])
    assert found.pairs[0].joint == alone.interval
    assert found.pair_level == pytest.approx(0.95)


def test_the_critical_value_agrees_with_tukey() -> None:
    # For exchangeable runs the largest of all paired contrasts follows the studentised range.
    scores = _rng(3).normal(size=(3000, 5))
    found = compare_many(scores, _rng(4), rounds=10_000)
    critical = sp.norm.ppf(0.5 + found.pair_level / 2)
    assert critical == pytest.approx(
        sp.studentized_range.ppf(0.95, 5, 1e5) / math.sqrt(2), abs=0.06
    )


@pytest.mark.parametrize("p", [0.5, 0.95])
@pytest.mark.parametrize("rounds", lengths(12, 60))
def test_joint_intervals_cover_together(p: float, rounds: int) -> None:
    rng = _rng(5)
    clusters = np.repeat(np.arange(25), 2)
    missed = 0
    for _ in range(rounds):
        own = rng.beta(4 * p, 4 * (1 - p), 25)[clusters]
        scores = (rng.random((50, 4)) < own[:, None]).astype(float)
        found = compare_many(scores, rng, clusters=clusters, rounds=1000)
        missed += not all(pair.joint.low <= 0 <= pair.joint.high for pair in found.pairs)
    # Of 60, 3 are due; 10 would happen once in 1,300 runs.
    assert missed <= sp.binom.isf(0.001, rounds, 0.05)


@pytest.mark.parametrize(
    ("kind", "n"),
    leading(
        [
            *itertools.product(["normal", "skewed", "unequal"], [5, 10, 50]),
            *(("halves", n) for n in (10, 5, 50)),
        ],
        10,
    ),
)
@pytest.mark.parametrize("rounds", lengths(15, 1500))
def test_few_graded_items_keep_the_promise_of_the_family(kind: str, n: int, rounds: int) -> None:
    rng, runs = _rng(11), 4
    missed = 0
    for _ in range(rounds):
        scores = rng.normal(size=(n, runs))
        if kind == "unequal":
            scores *= np.linspace(0.3, 3, runs)
        elif kind == "halves":
            scores = rng.choice([0.0, 0.5, 1.0], (n, runs), p=[0.3, 0.3, 0.4])
        elif kind == "skewed":
            scores = rng.exponential(size=(n, runs))
        bounds = (0.0, 1.0) if kind == "halves" else None
        found = compare_many(scores, rng, bounds=bounds, rounds=1000)
        missed += not all(pair.joint.low <= 0 <= pair.joint.high for pair in found.pairs)
    assert missed / rounds < 0.055 + slack(0.05, rounds, 2.5)


def test_the_critical_value_of_few_items_is_that_of_normal_samples() -> None:
    """Drawn by brute force: ten items, four runs of equal spread, each pair's own error."""
    levels = [compare_many(_rng(i).normal(size=(10, 4)), _rng(i)).pair_level for i in range(8)]
    drawn = _rng(9).normal(size=(20_000, 10, 4))
    a, b = np.triu_indices(4, 1)
    apart = drawn[:, :, b] - drawn[:, :, a]
    t = np.abs(apart.mean(axis=1)) / (apart.std(axis=1, ddof=1) / math.sqrt(10))
    known = sp.t.sf(np.quantile(t.max(axis=1), 0.95), 9)
    assert 1 - np.mean(levels) == pytest.approx(2 * known, rel=0.1)


def test_equal_runs_stay_tied() -> None:
    found = compare_many(np.ones((30, 3)), _rng())
    assert found.ranks.rank.tolist() == [1, 1, 1]
    assert found.ranks.worst.tolist() == [3, 3, 3]
    assert all(tie.size == 3 for tie in found.ties)


def test_refuses_what_is_no_field() -> None:
    with pytest.raises(ValueError, match="at least two runs"):
        compare_many([[1.0], [0.0]], _rng())
    with pytest.raises(ValueError, match="not a finite number"):
        compare_many([[1.0, math.nan]], _rng())
