"""Length bias, self-preference, and the clustered regression beneath."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg
from tests.simulations import examples, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray, IntArray
from headtohead.stats.intervals import student_quantile
from headtohead.trials.judging.bias import length_bias, self_preference
from headtohead.trials.judging.means import clustered_slopes

# Student (1908): hours of sleep gained with two drugs.
_DRUG_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
_DRUG_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def _holds(interval: Interval | None, truth: float) -> bool:
    assert interval is not None
    return interval.low <= truth <= interval.high


# ---------------------------------------------------------------- the regression


def test_slope_of_two_groups_reproduces_welch() -> None:
    # Welch's t of these data is 1.8608 (R, t.test on the set sleep): HC2 has its standard error.
    # Imbens and Kolesar (2016), section II: for two groups of 10 the freedom is 18.
    columns = np.column_stack([np.ones(20), np.repeat([0.0, 1.0], 10)])
    found = clustered_slopes(_DRUG_1 + _DRUG_2, columns)
    slope = found.intervals[1]
    assert slope.value == pytest.approx(1.58)
    assert found.df[1] == pytest.approx(18)
    error = (slope.high - slope.value) / student_quantile(0.975, 18)
    assert slope.value / error == pytest.approx(1.8608, abs=5e-5)


def test_mean_alone_reproduces_student() -> None:
    # Student (1908): the mean gain of the second over the first drug is 1.58, t = 4.06 with 9.
    gain = np.array(_DRUG_2) - np.array(_DRUG_1)
    found = clustered_slopes(gain, np.ones((10, 1)))
    assert found.df[0] == pytest.approx(9)
    error = (found.intervals[0].high - 1.58) / student_quantile(0.975, 9)
    assert 1.58 / error == pytest.approx(4.0621, abs=5e-5)


def _dense(y: FloatArray, x: FloatArray, codes: IntArray) -> tuple[FloatArray, FloatArray]:
    """Standard errors and degrees of freedom by full matrices."""
    n, k = x.shape
    inverse = np.linalg.inv(x.T @ x)
    residual_maker = np.eye(n) - x @ inverse @ x.T
    rest = residual_maker @ y
    meat, pulls = np.zeros((k, k)), []
    for g in np.unique(codes):
        at = codes == g
        root = np.real(linalg.fractional_matrix_power(residual_maker[np.ix_(at, at)], -0.5))
        score = x[at].T @ root @ rest[at]
        meat += np.outer(score, score)
        pulls.append(residual_maker[:, at] @ root @ x[at] @ inverse)
    errors = np.sqrt(np.diag(inverse @ meat @ inverse))
    freedom = []
    for j in range(k):
        made = np.column_stack([pull[:, j] for pull in pulls])
        values = np.linalg.eigvalsh(made.T @ made)
        freedom.append(values.sum() ** 2 / (values**2).sum())
    return errors, np.array(freedom)


@settings(max_examples=examples(25))
@given(st.integers(0, 10**6), st.integers(3, 12))
def test_it_agrees_with_full_matrices(seed: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.arange(groups), np.arange(groups), rng.integers(0, groups, 20)])
    n = codes.size
    columns = np.column_stack([np.ones(n), rng.normal(0, 3, n)])
    y = rng.normal(0, 1, groups)[codes] + 0.2 * columns[:, 1] + rng.normal(0, 1, n)
    found = clustered_slopes(y, columns, clusters=codes.tolist())
    errors, freedom = _dense(y, columns, codes)
    assert found.df == pytest.approx(freedom, rel=1e-6)
    for interval, error, df in zip(found.intervals, errors, freedom, strict=True):
        half = student_quantile(0.975, df) * error
        assert interval.high - interval.value == pytest.approx(half, rel=1e-6)


@pytest.mark.parametrize("rounds", lengths(150, 400))
def test_clusters_of_few_still_cover(rounds: int) -> None:
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(12), 10)
    hits, naive = 0, 0
    for _ in range(rounds):
        x = rng.normal(0, 1, 12)[codes] + rng.normal(0, 0.3, 120)
        y = 0.3 * x + rng.normal(0, 1, 12)[codes] + rng.normal(0, 1, 120)
        columns = np.column_stack([np.ones(120), x])
        hits += _holds(clustered_slopes(y, columns, clusters=codes.tolist()).intervals[1], 0.3)
        naive += _holds(clustered_slopes(y, columns).intervals[1], 0.3)
    assert hits / rounds >= 0.95 - slack(0.95, rounds, 2.75)
    assert naive / rounds < 0.7


def test_a_slope_that_hangs_on_one_cluster_is_unbounded() -> None:
    columns = np.column_stack([np.ones(6), [0, 0, 0, 0, 1, 1]])
    found = clustered_slopes([1, 2, 3, 2, 5, 6], columns, clusters=["a", "b", "c", "d", "e", "e"])
    assert found.intervals[1].high == math.inf
    assert math.isfinite(found.intervals[0].high)


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ([[1, 2], [1, 2], [1, 2]], "do not vary apart"),
        ([[1, 2], [1, 2]], "columns of shape"),
        ([1, 2, 3], "columns of shape"),
    ],
)
def test_the_regression_refuses(columns: list[list[float]], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        clustered_slopes([1, 2, 3], columns)


# ---------------------------------------------------------------- length


def _lengths(
    rng: np.random.Generator, n: int, extra: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Longer answers are better by 0.1 a doubling; the judge adds `extra`."""
    a: FloatArray = np.exp2(rng.normal(8, 1, n))
    b: FloatArray = np.exp2(rng.normal(8, 1, n))
    better = np.clip(0.1 * np.log2(a / b), -1, 1)
    liked = np.clip(better + extra * np.log2(a / b), -1, 1)
    human, judge = (np.where(rng.random(n) < (1 + p) / 2, 1.0, -1.0) for p in (better, liked))
    return judge, human, a, b


@pytest.mark.parametrize("rounds", lengths(50, 300))
def test_length_bias_is_told_from_better_answers(rounds: int) -> None:
    rng = np.random.default_rng(6)
    hits, sure, looks = 0, 0, 0
    for _ in range(rounds):
        judge, human, a, b = _lengths(rng, 300, 0.1)
        found = length_bias(judge, a, b, human)
        hits += _holds(found.extra, 0.1)
        judge, human, a, b = _lengths(rng, 300, 0.0)
        fair = length_bias(judge, a, b, human)
        assert fair.extra is not None
        sure += not fair.extra.low <= 0 <= fair.extra.high
        looks += fair.judge.low > 0
    assert hits / rounds >= 0.95 - slack(0.95, rounds, 2.4)
    assert sure / rounds <= 0.05 + slack(0.05, rounds, 2.4)
    # Without people the fair judge often looks biased.
    assert looks / rounds >= 0.5


def test_length_by_hand() -> None:
    # log2 ratios -1, 0, 1, 2: slope of (-1, 0, 0, 1) is 0.6.
    found = length_bias([-1, 0, 0, 1], [1, 1, 2, 4], [2, 1, 1, 1])
    assert found.judge.value == pytest.approx(0.6)
    assert found.extra is found.human is None
    assert "nobody can tell" in found.sentence
    with_people = length_bias([-1, 0, 0, 1], [1, 1, 2, 4], [2, 1, 1, 1], [0, 0, 0, 1])
    assert with_people.human is not None
    assert with_people.extra is not None
    assert with_people.extra.value == pytest.approx(0.6 - with_people.human.value)
    assert "more than people's" in with_people.sentence


@settings(max_examples=examples(40))
@given(st.integers(0, 10**6))
def test_length_bias_does_not_hang_on_units_or_names(seed: int) -> None:
    judge, human, a, b = _lengths(np.random.default_rng(seed), 40, 0.1)
    one = length_bias(judge, a, b, human)
    assert one.extra is not None
    for other in (
        length_bias(judge, a * 7, b * 7, human),
        length_bias(-judge, b, a, -human),
    ):
        assert other.extra is not None
        assert (other.extra.low, other.extra.high) == pytest.approx(
            (one.extra.low, one.extra.high), abs=1e-9
        )


def test_length_refuses() -> None:
    with pytest.raises(ValueError, match="above 0"):
        length_bias([1, 0], [1, 0], [1, 1])
    with pytest.raises(ValueError, match="vary"):
        length_bias([1, 0], [1, 3], [1, 3])


# ---------------------------------------------------------------- own family


@pytest.mark.parametrize("rounds", lengths(50, 300))
def test_self_preference_is_told_from_better_answers_and_from_place(rounds: int) -> None:
    rng = np.random.default_rng(7)
    hits = mistaken = 0
    for _ in range(rounds):
        n = 300
        own = rng.choice([-1.0, 0.0, 1.0], n, p=[0.2, 0.5, 0.3])
        # The own family is better (0.2); the judge adds 0.15, and 0.3 for the first side.
        human = (rng.random(n) < 0.5 + 0.1 * own) * 2.0 - 1
        judge = (rng.random(n) < 0.5 + 0.1 * own + 0.075 * own + 0.15) * 2.0 - 1
        found = self_preference(judge, own > 0, own < 0, human)
        assert found.place_removed
        assert found.pairs_n == found.human_n == np.count_nonzero(own)
        hits += _holds(found.extra, 0.15)
        mistaken += not _holds(self_preference(human, own > 0, own < 0, human).extra, 0)
    assert hits / rounds >= 0.95 - slack(0.95, rounds, 2.4)
    assert mistaken == 0


def test_self_preference_by_hand() -> None:
    # Always A: plain difference. Judge 1, 1, 0 and people 1, 0, -1: 2/3 and 0.
    found = self_preference([1, 1, 0], [1, 1, 1], [0, 0, 0], [1, 0, -1])
    assert not found.place_removed
    assert found.judge.value == pytest.approx(2 / 3)
    assert found.extra is not None
    assert found.human is not None
    assert (found.human.value, found.extra.value) == pytest.approx((0, 2 / 3))
    assert "more than people's" in found.sentence
    # The first side gets 0.5 beyond people, the own family 0.5 on top.
    both = self_preference([1, 0, 0.5, 0.5], [1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0])
    assert both.place_removed
    assert both.extra is not None
    assert both.extra.value == pytest.approx(0.5)


def test_self_preference_says_what_it_cannot_tell() -> None:
    for human in (None, [math.nan, math.nan, math.nan], [math.nan, math.nan, 1]):
        found = self_preference([1, 1, 0], [1, 1, 0], [0, 0, 0], human)
        assert found.extra is None
        assert "nobody can tell" in found.sentence
    with pytest.raises(ValueError, match="no pair"):
        self_preference([1, 0], [1, 0], [1, 0])
