"""Paired differences: known answers, agreement, properties, coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as sp
from tests.simulations import examples, leading
from tests.trials.paired.paired_worlds import tries

from headtohead.trials.paired.differences import difference, judge
from headtohead.trials.paired.means import (
    cluster_score_test,
    cluster_sums,
    likeness,
    standard_error,
)
from headtohead.trials.paired.pairs import tango_low

_COUNT = st.integers(0, 40)
_SCORES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=40)


def _pairs(n11: int, n10: int, n01: int, n00: int) -> tuple[list[int], list[int]]:
    a = [1] * (n11 + n10) + [0] * (n01 + n00)
    b = [1] * n11 + [0] * n10 + [1] * n01 + [0] * n00
    return a, b


# ---------------------------------------------------------------- published examples


def test_yes_no_reproduces_the_rule_of_three() -> None:
    # Hanley, Lippman-Hand (1983), doi:10.1001/jama.1983.03330370053031: of n without an event at
    # most 1 - .05^(1/n) have it, which is 9.5% of 30 with 95%. Here no pair differs.
    found = difference(*_pairs(20, 0, 0, 10), level=0.9)
    assert found.method == "exact-pairs"
    assert (round(found.interval.low, 3), round(found.interval.high, 3)) == (-0.095, 0.095)


def test_yes_no_reproduces_fagerland() -> None:
    # Fagerland, Lydersen, Laake (2013), doi:10.1186/1471-2288-13-91: exact p of 6 against 16.
    found = difference(*_pairs(59, 6, 16, 80))
    assert found.p_exact is not None
    assert round(found.p_exact, 4) == 0.0525
    assert (found.a_only, found.b_only) == (6, 16)


def test_graded_reproduces_darwin() -> None:
    # Fisher (1935), s. 17: fifteen pairs of maize, 20.93 with 0.03 to 41.84 eighths of an inch.
    maize = np.array([49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48])
    found = difference(np.zeros(15), maize)
    assert found.method == "student-t"
    assert round(found.value, 2) == 20.93
    assert (round(found.interval.low, 2), round(found.interval.high, 2)) == (0.03, 41.84)


def test_clusters_of_one_size_reproduce_student_on_their_means() -> None:
    # "Student" (1908), Biometrika 6, table of sleep gained: 1.58 hours, t = 4.0621.
    gained = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    rows = (gained[:, None] + np.array([-0.5, 0.2, 0.3])).ravel()
    found = difference(np.zeros(30), rows, clusters=np.repeat(np.arange(10), 3))
    assert found.method == "clustered-t"
    assert round(found.value / found.se, 4) == 4.0621
    assert (round(found.interval.low, 4), round(found.interval.high, 4)) == (0.7001, 2.4599)


# ---------------------------------------------------------------- second implementations


@settings(max_examples=examples(150))
@given(_COUNT, _COUNT, _COUNT, _COUNT, st.floats(0.5, 0.99))
def test_the_score_over_clusters_of_one_row_is_tangos(
    n11: int, n10: int, n01: int, n00: int, level: float
) -> None:
    n = n11 + n10 + n01 + n00
    if n == 0:
        return
    a, b = _pairs(n11, n10, n01, n00)
    sums = cluster_sums(np.array(b) - np.array(a), np.arange(n))
    found = cluster_score_test(sums, -1, 1).interval(level)
    z = sp.norm.ppf(0.5 + level / 2)
    assert found.low == pytest.approx(float(tango_low(n01, n10, n, z)), abs=1e-9)
    assert found.high == pytest.approx(-float(tango_low(n10, n01, n, z)), abs=1e-9)


def test_the_score_agrees_with_a_searched_likelihood() -> None:
    """The law of clusters that the score assumes is the likeliest one, found by brute force."""
    sums = cluster_sums([0, 0.5, -1, 0, 0.5, -0.5, 0, -1], np.arange(8))
    test = cluster_score_test(sums, -1, 1)
    for shift in (-0.6, -0.3, 0.1, 0.4, 0.7):
        values = np.array([-1.0, -0.5, 0.0, 0.5, 1.0]) - shift
        counts = np.array([2, 1, 3, 2, 0])

        def loss(logits: np.ndarray, counts: np.ndarray = counts) -> float:
            return -float(counts @ np.log(np.maximum(logits, 1e-12)))

        best = min(
            (
                optimize.minimize(
                    loss,
                    start,
                    method="SLSQP",
                    bounds=[(0, 1)] * 5,
                    constraints=[
                        {"type": "eq", "fun": lambda p: p.sum() - 1},
                        {"type": "eq", "fun": lambda p, v=values: p @ v},
                    ],
                    options={"maxiter": 500, "ftol": 1e-13},
                )
                for start in (np.full(5, 0.2), np.array([0.1, 0.1, 0.2, 0.2, 0.4]))
            ),
            key=lambda result: float(result.fun),
        )
        z = (sums.mean - shift) / math.sqrt(float(best.x @ values**2) / 8)
        assert test.z(shift) == pytest.approx(z, abs=2e-3)


def test_clustered_errors_agree_with_matrices() -> None:
    """CR2 and Satterthwaite by the matrices of Pustejovsky and Tipton (2018)."""
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(7), [1, 2, 3, 9, 4, 4, 2])
    y = rng.normal(size=codes.size) + rng.normal(size=7)[codes]
    n = codes.size
    hat = np.full((n, n), 1 / n)
    rest = np.eye(n) - hat
    found = standard_error(cluster_sums(y, codes))
    parts = []
    for g in range(7):
        own = np.flatnonzero(codes == g)
        block = rest[np.ix_(own, own)]
        values, vectors = np.linalg.eigh(block)
        root = vectors @ np.diag(values**-0.5) @ vectors.T
        parts.append(rest[:, own] @ root @ np.ones(own.size) / n)
    residuals = np.array(parts) @ y
    assert found.clustered == pytest.approx(math.sqrt(float((residuals**2).sum())))
    alike = (codes[:, None] == codes).astype(float)
    dfs = []
    for working in (np.eye(n), alike):
        gram = np.array(parts) @ working @ np.array(parts).T
        dfs.append(np.trace(gram) ** 2 / (gram**2).sum())
    assert found.df == pytest.approx(min(dfs))
    assert found.naive == pytest.approx(y.std(ddof=1) / math.sqrt(n))


@settings(max_examples=examples(50))
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=20))
def test_graded_agrees_with_scipy(differences: list[float]) -> None:
    values = np.round(np.array(differences), 3)
    if np.ptp(values) == 0:
        return
    found = difference(np.zeros(values.size), values)
    if found.method != "student-t":
        return
    known = sp.ttest_1samp(values, 0)
    ends = known.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high))
    assert judge(found, 0).p_equal == pytest.approx(known.pvalue, abs=1e-9)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(60))
@given(_SCORES, st.integers(1, 12), st.floats(0.6, 0.99), st.integers(0, 3))
def test_p_values_agree_with_the_interval(
    pairs: list[tuple[int, int]], groups: int, level: float, seed: int
) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    codes = np.random.default_rng(seed).integers(0, groups, len(a))
    for clusters in (None, codes):
        found = difference(a, b, clusters=clusters, level=level)
        tail = (1 - level) / 2
        low, high = found.interval.low, found.interval.high
        assert -1 <= low <= found.value <= high <= 1
        assert found.interval.width > 0
        if low > -1 + 1e-9:
            assert found.test.p_above(low - 1e-6) <= tail + 1e-9
            assert found.test.p_above(low + 1e-6) >= tail - 1e-9
        if high < 1 - 1e-9:
            assert found.test.p_below(high + 1e-6) <= tail + 1e-9
            assert found.test.p_below(high - 1e-6) >= tail - 1e-9


@settings(max_examples=examples(40))
@given(_SCORES, st.integers(1, 8), st.integers(0, 3))
def test_swapping_sides_mirrors(pairs: list[tuple[int, int]], groups: int, seed: int) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    codes = np.random.default_rng(seed).integers(0, groups, len(a))
    one, other = (difference(x, y, clusters=codes) for x, y in ((a, b), (b, a)))
    assert one.interval.low == pytest.approx(-other.interval.high, abs=1e-9)
    assert one.test.p_above(-0.1) == pytest.approx(other.test.p_below(0.1), abs=1e-9)


def test_copies_of_a_row_are_not_news() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.integers(0, 2, (2, 60))
    once = difference(a, b)
    copied = difference(np.repeat(a, 5), np.repeat(b, 5), clusters=np.repeat(np.arange(60), 5))
    naive = difference(np.repeat(a, 5), np.repeat(b, 5))
    assert copied.interval.width >= once.interval.width - 1e-9
    assert copied.interval.width == pytest.approx(once.interval.width, rel=0.03)
    assert (copied.se / copied.naive_se) ** 2 == pytest.approx(5, rel=0.05)
    assert naive.interval.width < 0.6 * once.interval.width


def test_tries_need_no_pairing_inside_an_item() -> None:
    rng = np.random.default_rng(4)
    a, b, codes, _ = tries(rng, "varied", 20)
    shuffled = b.reshape(20, 8)[:, ::-1].ravel()
    one, other = (difference(a, side, clusters=codes) for side in (b, shuffled))
    assert one.interval == other.interval


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize(
    ("kind", "items", "sizes"),
    leading(
        [
            ("varied", 20, "equal"),
            ("rare", 20, "unequal"),
            ("topics", 8, "large"),
            ("varied", 50, "unequal"),
            ("flips", 20, "equal"),
            ("topics", 20, "large"),
        ],
        3,
    ),
)
def test_clustered_intervals_cover(kind: str, items: int, sizes: str) -> None:
    rng = np.random.default_rng(11)
    below = above = 0
    for _ in range(120):
        a, b, codes, true = tries(rng, kind, items, sizes)
        found = difference(a, b, clusters=codes).interval
        below += found.high < true
        above += found.low > true
    # Each end may miss 2.5%: 3 of 120; 10 would happen once in 2,500 runs.
    assert below < 10
    assert above < 10


def test_ordinary_clusters_are_not_punished() -> None:
    rng = np.random.default_rng(12)
    a, b, codes, _ = tries(rng, "varied", 50)
    found = difference(a, b, clusters=codes)
    student = 2 * sp.t.ppf(0.975, 49) * found.se
    assert found.interval.width < 1.1 * student


@pytest.mark.parametrize("p", [0.02, 0.5, 0.98])
def test_unclustered_type_one_error_at_twenty_items(p: float) -> None:
    margin, n = 0.1, 20
    # A solves p + 0.1 where that is possible; B is worse by exactly the margin.
    only_b = min(0.05, max(0.0, 1 - p))
    probabilities = [0.0, margin + only_b, only_b, 1 - margin - 2 * only_b]
    tables = np.random.default_rng(13).multinomial(n, probabilities, 4000)
    kinds, counts = np.unique(tables, axis=0, return_counts=True)
    wrong = 0
    for table, count in zip(kinds.tolist(), counts.tolist(), strict=True):
        wrong += count * (judge(difference(*_pairs(*table)), margin).noninferior == "yes")
    assert wrong / 4000 < 0.035


# ---------------------------------------------------------------- degenerate input


def test_full_agreement_is_neither_certainty_nor_nothing() -> None:
    few = difference(np.ones(160), np.ones(160), clusters=np.repeat(np.arange(20), 8))
    assert few.method == "clustered-t-and-score"
    assert (few.interval.low, few.interval.high) == pytest.approx((-0.1611, 0.1611), abs=1e-4)
    assert few.naive_se == 0
    assert judge(few, 0.2).noninferior == "yes"
    assert judge(few, 0.15).noninferior == "undecided"
    one = difference([1.0], [1.0])
    assert one.interval.low < -0.7
    graded = difference([3.0, 4.0], [3.0, 4.0])
    assert graded.interval.low == -math.inf
    assert judge(graded, 100).p_noninferior == 1
    bounded = difference([3.0, 4.0] * 20, [3.0, 4.0] * 20, bounds=(0, 10))
    assert -1 < bounded.interval.low < 0


def test_one_cluster_decides_nothing() -> None:
    found = difference([1, 0, 1, 1], [1, 1, 0, 1], clusters=["x"] * 4)
    assert found.interval.low < -0.7
    assert found.clusters_n == 1


def test_likeness_is_cautious() -> None:
    codes = np.repeat(np.arange(20), 8)
    assert likeness(cluster_sums(np.ones(160), codes), 0, 1) == 1
    mixed = np.random.default_rng(6).integers(0, 2, 4000)
    assert likeness(cluster_sums(mixed, np.repeat(np.arange(100), 40)), 0, 1) < 0.05
    assert likeness(cluster_sums([0.0, 1.0], np.arange(2)), 0, 1) == 1


def test_refuses_what_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        difference([1, 0], [1])
    with pytest.raises(ValueError, match="not finite"):
        difference([1, math.nan], [1, 0])
    with pytest.raises(ValueError, match="level is 1"):
        difference([1], [1], level=1)
    with pytest.raises(ValueError, match="1 cluster labels for 2 values"):
        difference([1, 0], [1, 0], clusters=["a"])
    with pytest.raises(ValueError, match="outside its bounds"):
        difference([0.5], [2.0], bounds=(0, 1))
    with pytest.raises(ValueError, match="the first must be below"):
        difference([0.5], [0.5], bounds=(1, 0))
    with pytest.raises(ValueError, match="at least 1"):
        difference([], [])
