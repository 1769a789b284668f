"""Agreement of a judge with people: published tables, intervals, direction."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import student_quantile
from headtohead.trials.judging.bias import agreement

_LABEL = st.sampled_from([-1.0, 0.0, 1.0])
_TABLE = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=3, max_size=3)


def _items(table: list[list[int]]) -> tuple[list[int], list[int]]:
    """The items of a table: labels of the rows and of the columns."""
    cells = [(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)]
    return [i for i, _ in cells], [j for _, j in cells]


def _error(interval: Interval | None, n: int) -> float:
    assert interval is not None
    return (interval.high - interval.value) / student_quantile(0.975, n - 1)


# ---------------------------------------------------------------- published examples


def test_kappa_reproduces_cohen() -> None:
    # Cohen (1960), table 1: agreement .70, .41 by chance, kappa .492.
    found = agreement(*_items([[88, 10, 2], [14, 40, 6], [18, 10, 12]]), tie=None)
    assert found.raw.value == pytest.approx(0.70)
    assert found.kappa is not None
    assert round(found.kappa.value, 3) == 0.492


def test_kappa_reproduces_fleiss_cohen_everitt() -> None:
    # Fleiss, Cohen, Everitt (1969), table 1, n = 200: kappa .429, variance .002885.
    found = agreement(*_items([[106, 10, 4], [22, 28, 10], [2, 12, 6]]), tie=None)
    assert found.kappa is not None
    assert round(found.kappa.value, 3) == 0.429
    assert _error(found.kappa, 200) ** 2 == pytest.approx(0.002885, abs=5e-7)


def test_kappa_reproduces_stata() -> None:
    # Stata's kapci on 1,932 veterans, analytical: .341 (.290 - .393), error .02629 by a formula
    # with n - 1; statalist 2009-12, msg00320.
    found = agreement(*_items([[1395, 118], [261, 158]]), tie=None)
    assert found.kappa is not None
    assert round(found.kappa.value, 6) == 0.341197
    ends = [round(end, 3) for end in (found.kappa.low, found.kappa.high)]
    assert ends == pytest.approx([0.290, 0.393], abs=0.0011)


def test_ac1_stays_where_kappa_falls() -> None:
    # 118 + 5 + 2 + 0 items: agreement .944, kappa -.0234, AC1 .9408. Gwet (2002), Kappa statistic
    # is not satisfactory for assessing the extent of agreement between raters.
    found = agreement(*_items([[118, 5], [2, 0]]), tie=None)
    assert found.kappa is not None
    assert found.ac1 is not None
    assert round(found.kappa.value, 4) == -0.0234
    assert round(found.ac1.value, 4) == 0.9408


# ---------------------------------------------------------------- second implementations


@settings(max_examples=examples(60))
@given(_TABLE)
def test_variances_agree_with_the_printed_formulas(table: list[list[int]]) -> None:
    counts = np.array(table, dtype=float)
    n, agreed = counts.sum(), np.trace(counts)
    if min(agreed, n - agreed) < 30 or np.any(counts.sum(axis=0) + counts.sum(axis=1) == 0):
        return
    found = agreement(*_items(table), tie=None)
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    po, pe = float(np.trace(p)), float(rows @ columns)
    kappa = (po - pe) / (1 - pe)
    # Fleiss, Cohen, Everitt (1969), equation 13.
    own = sum(p[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in range(3))
    off = sum(p[i, j] * (columns[i] + rows[j]) ** 2 for i in range(3) for j in range(3) if i != j)
    variance = own + (1 - kappa) ** 2 * off - (kappa - pe * (1 - kappa)) ** 2
    variance /= n * (1 - pe) ** 2
    assert found.kappa is not None
    assert found.kappa.value == pytest.approx(kappa, abs=1e-12)
    if found.kappa.low > -1 and found.kappa.high < 1:
        assert _error(found.kappa, int(n)) == pytest.approx(math.sqrt(variance), abs=1e-9)
    # Gwet (2008), AC1 of two raters, without the finite population.
    pi = (rows + columns) / 2
    pe = float((pi * (1 - pi)).sum() / 2)
    ac1 = (po - pe) / (1 - pe)
    first = sum(p[k, k] * (1 - pi[k]) for k in range(3)) / 2 - po * pe
    second = (
        sum(p[k, i] * (1 - (pi[k] + pi[i]) / 2) ** 2 for k in range(3) for i in range(3)) / 4
        - pe**2
    )
    inner = po * (1 - po) - 4 * (1 - ac1) * first + 4 * (1 - ac1) ** 2 * second
    assert found.ac1 is not None
    assert found.ac1.value == pytest.approx(ac1, abs=1e-12)
    if found.ac1.low > -1 and found.ac1.high < 1:
        variance = inner / (n * (1 - pe) ** 2)
        assert _error(found.ac1, int(n)) == pytest.approx(math.sqrt(variance), abs=1e-9)


@pytest.mark.parametrize("draws", lengths(200, 600))
def test_intervals_agree_with_the_bootstrap(draws: int) -> None:
    rng = np.random.default_rng(1)
    human = rng.choice([-1.0, 0.0, 1.0], 300, p=[0.3, 0.3, 0.4])
    judge = np.where(rng.random(300) < 0.5, human, rng.choice([-1.0, 0.0, 1.0], 300))
    question = np.repeat(np.arange(100), 3)
    for clusters, width in ((None, 1), (question.tolist(), 3)):
        found = agreement(judge, human, clusters=clusters)
        drawn = []
        for _ in range(draws):
            at = rng.integers(0, 300 // width, 300 // width)
            rows = (at[:, None] * width + np.arange(width)).ravel()
            again = agreement(judge[rows], human[rows])
            assert again.kappa is not None
            assert again.ac1 is not None
            drawn.append((again.kappa.value, again.ac1.value))
        errors = np.std(drawn, axis=0)
        units = 300 // width
        # Four standard errors of a standard deviation of so many.
        near = 4 / math.sqrt(2 * draws)
        assert _error(found.kappa, units) == pytest.approx(errors[0], rel=near)
        assert _error(found.ac1, units) == pytest.approx(errors[1], rel=near)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(80))
@given(st.lists(st.tuples(_LABEL, _LABEL), min_size=2, max_size=60))
def test_it_is_symmetric_and_bounded(both: list[tuple[float, float]]) -> None:
    judge, human = (list(part) for part in zip(*both, strict=True))
    one, two = agreement(judge, human), agreement(human, judge)
    assert one.raw == two.raw
    assert (one.kappa is None) == (two.kappa is None)
    for a, b in ((one.kappa, two.kappa), (one.ac1, two.ac1)):
        if a is not None and b is not None:
            assert -1 <= a.low <= a.value <= a.high <= 1
            assert a.value == pytest.approx(b.value, abs=1e-12)
            assert a.width > 0 or a.low == a.high == -1
    assert one.bias.value == pytest.approx(-two.bias.value)
    assert one.table.tolist() == two.table.T.tolist()
    assert one.table.sum() == one.items_n == len(both)


def test_full_agreement_is_not_certainty() -> None:
    found = agreement([1] * 10 + [0] * 10, [1] * 10 + [0] * 10, tie=None)
    assert found.kappa is not None
    assert found.ac1 is not None
    assert found.kappa.value == 1
    assert 0.6 < found.kappa.low < 0.9
    assert 0.6 < found.ac1.low < 0.9
    assert found.raw.low < 0.9


def test_one_label_only_tells_nothing() -> None:
    found = agreement([1, 1, 1], [1, 1, 1])
    assert found.kappa is None
    assert "nothing to tell" in found.sentence


def test_direction_and_ties() -> None:
    judge = [1, 1, 1, 0, -1, 1]
    human = [1, 0, -1, 0, 1, 1]
    found = agreement(judge, human)
    assert list(found.labels) == [-1, 0, 1]
    assert found.table.tolist() == [[0, 0, 1], [0, 1, 0], [1, 1, 2]]
    assert found.bias.value == pytest.approx(1 / 6)
    assert found.decided is not None
    assert found.reversals is not None
    assert found.judge_ties is not None
    assert found.human_ties is not None
    assert found.decided.value == pytest.approx(2 / 4)
    assert found.reversals.value == pytest.approx(2 / 6)
    assert (found.judge_ties.value, found.human_ties.value) == pytest.approx((1 / 6, 2 / 6))
    graded = agreement([1, 0, 1], [1, 1, 0], tie=None)
    assert graded.decided is graded.reversals is graded.human_ties is None


# ---------------------------------------------------------------- coverage


def _pairs(rng: np.random.Generator, n: int, agree: float) -> tuple[FloatArray, FloatArray]:
    human = rng.choice([-1.0, 0.0, 1.0], n, p=[0.2, 0.2, 0.6])
    return np.where(rng.random(n) < agree, human, rng.choice([-1.0, 0.0, 1.0], n)), human


@pytest.mark.parametrize(("n", "agree"), [(20, 0.5), (50, 0.9), (200, 0.5)])
@pytest.mark.parametrize("rounds", lengths(150, 400))
def test_intervals_cover(n: int, agree: float, rounds: int) -> None:
    rng = np.random.default_rng(n)
    many = agreement(*_pairs(rng, 400_000, agree))
    assert many.kappa is not None
    assert many.ac1 is not None
    hits = np.zeros(3)
    for _ in range(rounds):
        found = agreement(*_pairs(rng, n, agree))
        assert found.kappa is not None
        assert found.ac1 is not None
        pairs = ((found.raw, many.raw), (found.kappa, many.kappa), (found.ac1, many.ac1))
        hits += [a.low <= b.value <= a.high for a, b in pairs]
    assert np.all(hits / rounds >= 0.95 - slack(0.95, rounds, 2.75))


@pytest.mark.parametrize(
    ("judge", "human", "match"),
    [
        ([1], [1], "at least 2"),
        ([1, 0], [1, 0, 1], "lengths differ"),
        (list(range(30)), list(range(30)), "different labels"),
    ],
)
def test_it_refuses(judge: list[float], human: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        agreement(judge, human)
