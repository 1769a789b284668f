"""Few human labels and many of a judge: the interval holds however wrong the judge is."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, leading, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.stats.inputs import FloatArray
from headtohead.stats.intervals import student_quantile
from headtohead.trials.judging.powered_mean import PoweredMean, ppi_mean

_HUMAN = np.array([1, -1, 0, 1, 1, 0, -1, 1, 1, 0, 1, -1, 1, 0, 1, 1.0])
_JUDGE = np.array([1, -1, 1, 1, 0, 0, -1, 1, 1, 1, 1, 0, 1, -1, 1, -1.0])
_REST = np.array(
    [
        1,
        1,
        0,
        -1,
        1,
        1,
        0,
        1,
        -1,
        -1,
        1,
        1,
        1,
        0,
        0,
        1,
        1,
        -1,
        1,
        1,
        1,
        0,
        1,
        1,
        -1,
        1,
        1,
        1,
        0,
        1.0,
    ]
)
_LABEL = st.sampled_from([-1.0, 0.0, 1.0])


def _world(
    rng: np.random.Generator, n: int, agree: float, shares: tuple[float, ...] = (0.3, 0.25, 0.45)
) -> tuple[FloatArray, FloatArray]:
    """Human preferences, and a judge that else favours +1."""
    human = rng.choice([-1.0, 0.0, 1.0], n, p=shares)
    noise = rng.choice([-1.0, 0.0, 1.0], n, p=[0.1, 0.2, 0.7])
    return human, np.where(rng.random(n) < agree, human, noise)


def _holds(interval: Interval, truth: float) -> bool:
    return interval.low <= truth <= interval.high


# ---------------------------------------------------------------- published method and examples


@pytest.mark.parametrize(
    ("weight", "value", "low", "high"),
    [
        # ppi-python 0.2.3, ppi_mean_pointestimate and ppi_mean_ci with lam=weight, alpha=0.05.
        (0.0, 0.375, -0.0074991, 0.7574991),
        (0.35, 0.42895833, 0.09410653, 0.76381014),
        (0.5, 0.45208333, 0.11158258, 0.79258409),
        (1.0, 0.52916667, 0.07236672, 0.98596661),
    ],
)
def test_fixed_weight_agrees_with_ppi_python(
    weight: float, value: float, low: float, high: float
) -> None:
    found = ppi_mean(_JUDGE, _HUMAN, _REST, weight=weight)
    assert found.estimate.value == pytest.approx(value, abs=1e-8)
    # Theirs: normal quantile, no n - 1, no unseen labels. Ours is wider by just that.
    n, more = _HUMAN.size, _REST.size
    theirs = ((high - low) / 2 / 1.959963985) ** 2
    rest = weight**2 * _REST.var() / more
    unseen = (1 - value) ** 2 + (1 + value) ** 2
    ours = (theirs - rest) * n / (n - 1) + rest * more / (more - 1) + unseen / n**2
    half = student_quantile(0.975, n - 1) * math.sqrt(ours)
    assert found.estimate.high - found.estimate.value == pytest.approx(half, rel=1e-6)
    assert found.estimate.value - found.estimate.low == pytest.approx(half, rel=1e-6)


def test_learned_weight_agrees_with_ppi_python_on_many_labels() -> None:
    rng = np.random.default_rng(5)
    n, total = 400, 4400
    human = rng.choice([-1, 0, 1], total, p=[0.3, 0.25, 0.45])
    judge = np.where(rng.random(total) < 0.6, human, rng.choice([-1, 0, 1], total))
    found = ppi_mean(judge[:n], human[:n], judge[n:])
    # ppi-python 0.2.3: 0.12241434 (0.05501975, 0.18980892).
    assert found.estimate.value == pytest.approx(0.12241434, abs=0.001)
    assert found.estimate.low == pytest.approx(0.05501975, abs=0.002)
    assert found.estimate.high == pytest.approx(0.18980892, abs=0.002)


def test_gain_is_that_of_the_correlation() -> None:
    # At the best weight the variance of the mean falls to that of the labels times 1 - r^2 N/(n+N).
    human, judge = _world(np.random.default_rng(6), 40_000, 0.7)
    found = ppi_mean(judge[:2000], human[:2000], judge[2000:])
    r = float(np.corrcoef(human, judge)[0, 1])
    expected = 1 / (1 - r**2 * 38_000 / 40_000)
    assert found.gain_ratio == pytest.approx(expected, rel=0.05)


# ---------------------------------------------------------------- second implementation


def _by_hand(
    judge: FloatArray,
    human: FloatArray,
    rest: FloatArray,
    cluster: FloatArray,
    beside: FloatArray,
    stratum: FloatArray,
    other: FloatArray,
) -> tuple[float, float]:
    """The estimate and its standard error, one loop after the other, without unseen labels."""
    total = human.size + rest.size
    value, parts = 0.0, dict.fromkeys([*cluster.tolist(), *beside.tolist()], 0.0)
    for s in np.unique(stratum):
        mine, other_part = stratum == s, other == s
        share = (mine.sum() + other_part.sum()) / total
        kept = other_part.sum() / (mine.sum() + other_part.sum())
        weights = []
        for c in cluster[mine]:
            top = bottom = 0.0
            for inner in np.unique(stratum):
                at = (stratum == inner) & (cluster != c)
                if at.any():
                    f = judge[at] - judge[at].mean()
                    top += float(f @ (human[at] - human[at].mean()))
                    bottom += float(f @ f)
            weights.append(min(1.0, max(0.0, top / bottom if bottom > 1e-9 else 0.0)) * kept)
        corrected = human[mine] - np.array(weights) * (judge[mine] - rest[other_part].mean())
        value += share * corrected.mean()
        units, more = np.unique(cluster[mine]).size, np.unique(beside[other_part]).size
        for c, r in zip(cluster[mine], corrected, strict=True):
            grow = math.sqrt(units / (units - 1))
            parts[c] += share * (r - corrected.mean()) / mine.sum() * grow
        for c, f in zip(beside[other_part], rest[other_part], strict=True):
            grow = math.sqrt(more / (more - 1))
            parts[c] += (
                share * np.mean(weights) * (f - rest[other_part].mean()) / other_part.sum() * grow
            )
    return value, math.sqrt(sum(part**2 for part in parts.values()))


@pytest.mark.parametrize("seed", range(6))
def test_agrees_with_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, more = 40, 70
    human, judge = _world(rng, n + more, 0.7)
    stratum = rng.integers(0, 2 if seed % 2 else 1, n + more)
    cluster = rng.integers(0, 25, n + more) if seed > 1 else np.arange(n + more)
    found = ppi_mean(
        judge[:n],
        human[:n],
        judge[n:],
        clusters=(cluster[:n].tolist(), cluster[n:].tolist()),
        strata=(stratum[:n].tolist(), stratum[n:].tolist()),
    )
    value, error = _by_hand(
        judge[:n],
        human[:n],
        judge[n:],
        cluster[:n].astype(float),
        cluster[n:].astype(float),
        stratum[:n].astype(float),
        stratum[n:].astype(float),
    )
    assert found.estimate.value == pytest.approx(value, abs=1e-12)
    units = [np.unique(cluster[:n][stratum[:n] == s]).size for s in np.unique(stratum[:n])]
    shares = [np.mean(stratum == s) for s in np.unique(stratum)]
    unseen = (1 - value) ** 2 + (1 + value) ** 2
    unseen *= max(s / u for s, u in zip(shares, units, strict=True)) ** 2
    each = [s**2 / u for s, u in zip(shares, units, strict=True)]
    df = sum(each) ** 2 / sum(e**2 / (u - 1) for e, u in zip(each, units, strict=True))
    t = student_quantile(0.975, df - 1)
    half = t * math.sqrt(error**2 + unseen)
    assert found.estimate.high - value == pytest.approx(half, rel=1e-9)


def test_over_all_samples_it_is_unbiased_and_knows_its_variance() -> None:
    human = np.array([1, 1, 0, -1, 1, -1, 0, 1.0])
    judge = np.array([1, 0, 1, 1, 1, 0, -1, 1.0])
    values, variances = [], []
    for picked in itertools.combinations(range(8), 3):
        at = np.isin(np.arange(8), picked)
        found = ppi_mean(judge[at], human[at], judge[~at], weight=0.4, finite=True)
        values.append(found.estimate.value)
        unseen = ((1 - values[-1]) ** 2 + (1 + values[-1]) ** 2) / 9 * 5 / 8
        half = (found.estimate.high - values[-1]) / student_quantile(0.975, 2)
        variances.append(half**2 - unseen)
    assert np.mean(values) == pytest.approx(human.mean(), abs=1e-12)
    assert np.mean(variances) == pytest.approx(np.var(values), rel=1e-9)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(60))
@given(
    st.lists(st.tuples(_LABEL, _LABEL), min_size=2, max_size=30),
    st.lists(_LABEL, max_size=30),
    st.floats(0.1, 10),
    st.floats(-5, 5),
)
def test_another_unit_only_rescales(
    both: list[tuple[float, float]], rest: list[float], by: float, plus: float
) -> None:
    judge, human = (np.array(part) for part in zip(*both, strict=True))
    more = np.array(rest)
    one = ppi_mean(judge, human, more, bounds=(-1, 1))
    two = ppi_mean(
        judge * by + plus, human * by + plus, more * by + plus, bounds=(-by + plus, by + plus)
    )
    for name in ("estimate", "human", "judge"):
        a, b = getattr(one, name).rescaled(by, plus), getattr(two, name)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), abs=1e-6 * by)
    assert one.weight == pytest.approx(two.weight, abs=1e-6)


@settings(max_examples=examples(60))
@given(
    st.lists(st.tuples(_LABEL, _LABEL), min_size=2, max_size=40),
    st.lists(_LABEL, max_size=40),
    st.booleans(),
)
def test_it_is_always_an_interval(
    both: list[tuple[float, float]], rest: list[float], finite: bool
) -> None:
    judge, human = (np.array(part) for part in zip(*both, strict=True))
    found = ppi_mean(judge, human, rest, bounds=(-1, 1), finite=finite)
    assert -1 <= found.estimate.low <= found.estimate.value <= found.estimate.high <= 1
    assert 0 <= found.weight <= 1
    assert found.gain_ratio > 0
    order = np.random.default_rng(1).permutation(human.size)
    again = ppi_mean(judge[order], human[order], rest[::-1], bounds=(-1, 1), finite=finite)
    assert again.estimate.value == pytest.approx(found.estimate.value, abs=1e-9)
    mirrored = ppi_mean(-judge, -human, -np.array(rest), bounds=(-1, 1), finite=finite)
    assert mirrored.estimate.low == pytest.approx(-found.estimate.high, abs=1e-9)


def test_a_judges_constant_error_does_not_matter() -> None:
    found = ppi_mean(_JUDGE + 3, _HUMAN, _REST + 3, weight=0.5)
    same = ppi_mean(_JUDGE, _HUMAN, _REST, weight=0.5)
    assert found.estimate.value == pytest.approx(same.estimate.value)
    assert found.offset.value == pytest.approx(same.offset.value + 3)
    assert found.judge.value == pytest.approx(same.judge.value + 3)


def test_a_judge_against_people_or_who_never_varies_is_not_used() -> None:
    for judge, rest in ((-_HUMAN, -_REST), (np.ones(16), np.ones(30))):
        found = ppi_mean(judge, _HUMAN, rest)
        assert found.weight == 0
        assert found.estimate.value == pytest.approx(_HUMAN.mean())
        assert "not used" in found.sentence


def test_all_labelled_is_the_answer_itself() -> None:
    found = ppi_mean(_JUDGE, _HUMAN, [], finite=True)
    assert found.estimate == found.human
    assert found.estimate.width == 0
    assert ppi_mean(_JUDGE, _HUMAN, []).estimate.width > 0.5


# ---------------------------------------------------------------- coverage


def _cover(
    n: int, agree: float, shares: tuple[float, ...], rounds: int, seed: int
) -> tuple[float, float, float, float]:
    """Coverage of the estimate, of people alone, of the judge alone; mean error of the estimate."""
    rng = np.random.default_rng(seed)
    truth = shares[2] - shares[0]
    hits, off = np.zeros(3), 0.0
    for _ in range(rounds):
        human, judge = _world(rng, n + 500, agree, shares)
        found = ppi_mean(judge[:n], human[:n], judge[n:], bounds=(-1, 1))
        hits += [_holds(part, truth) for part in (found.estimate, found.human, found.judge)]
        off += (found.estimate.value - truth) / rounds
    estimate, people, alone = hits / rounds
    return estimate, people, alone, off


@pytest.mark.parametrize("n", leading([20, 200, 50]))
@pytest.mark.parametrize("agree", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("rounds", lengths(100, 500))
def test_it_covers_with_a_biased_judge(n: int, agree: float, rounds: int) -> None:
    estimate, people, alone, off = _cover(n, agree, (0.3, 0.25, 0.45), rounds, n)
    least = 0.95 - slack(0.95, rounds, 2.56)
    assert estimate >= least
    assert people >= least
    if agree < 0.9:
        assert alone < 0.2
    # The weight never sees its own label, so a biased judge does not bias the estimate.
    assert abs(off) < 4 * 0.85 / math.sqrt(n * rounds)


@pytest.mark.parametrize(("n", "least"), leading([(2, 0.95), (50, 0.93), (5, 0.95), (10, 0.95)]))
@pytest.mark.parametrize("rounds", lengths(150, 400))
def test_it_covers_where_nearly_all_labels_are_alike(n: int, least: float, rounds: int) -> None:
    assert _cover(n, 0.6, (0.03, 0.07, 0.9), rounds, n)[0] >= least


@pytest.mark.parametrize("rounds", lengths(75, 400))
def test_it_covers_in_clusters_that_both_parts_share(rounds: int) -> None:
    rng = np.random.default_rng(8)
    hits, naive = 0, 0
    for _ in range(rounds):
        # 40 questions of 8 tries, the first two of each with human labels.
        level = np.repeat(rng.normal(0, 1, 40), 8)
        human = np.tanh(level + rng.normal(0, 0.5, 320))
        judge = 0.6 * human + rng.normal(0.2, 0.2, 320)
        question = np.repeat(np.arange(40), 8)
        seen = np.arange(320) % 8 < 2
        parts = judge[seen], human[seen], judge[~seen]
        found = ppi_mean(*parts, clusters=(question[seen].tolist(), question[~seen].tolist()))
        hits += _holds(found.estimate, 0.0)
        naive += _holds(ppi_mean(*parts).estimate, 0.0)
    assert hits / rounds >= 0.95 - slack(0.95, rounds, 2.3)
    assert naive / rounds < 0.9


@pytest.mark.parametrize("rounds", lengths(75, 400))
def test_strata_right_labels_that_are_taken_unevenly(rounds: int) -> None:
    rng = np.random.default_rng(9)
    hits, blind = 0, 0
    for _ in range(rounds):
        hard = np.arange(600) % 4 == 0
        human = np.where(hard, rng.random(600) < 0.3, rng.random(600) < 0.8).astype(float)
        judge = np.where(rng.random(600) < 0.7, human, 1.0)
        # People labelled mostly hard items.
        seen = np.zeros(600, dtype=bool)
        seen[rng.choice(np.flatnonzero(hard), 40, replace=False)] = True
        seen[rng.choice(np.flatnonzero(~hard), 15, replace=False)] = True
        parts = judge[seen], human[seen], judge[~seen]
        found = ppi_mean(*parts, strata=(hard[seen].tolist(), hard[~seen].tolist()))
        hits += _holds(found.estimate, 0.675)
        blind += _holds(ppi_mean(*parts).estimate, 0.675)
    assert hits / rounds >= 0.95 - slack(0.95, rounds, 2.3)
    assert blind / rounds < 0.6


# ---------------------------------------------------------------- what it says and refuses


def test_below_ten_labels_the_judge_is_left_out() -> None:
    nine, ten = (ppi_mean(_JUDGE[:k], _HUMAN[:k], _REST) for k in (9, 10))
    assert (nine.weight, nine.tuned) == (0, False)
    assert ten.tuned
    assert ten.weight > 0
    assert "times as many" in ten.sentence


def test_nothing_known_is_unbounded() -> None:
    found = ppi_mean(np.ones(5), np.ones(5), np.ones(9))
    assert found.estimate.low == -math.inf
    known: PoweredMean = ppi_mean(np.ones(5), np.ones(5), np.ones(9), bounds=(-1, 1))
    assert known.estimate.low < 0
    assert known.estimate.high == 1


@pytest.mark.parametrize(
    ("judge", "human", "rest", "more", "match"),
    [
        ([1], [1], [1], {}, "at least 2"),
        ([1, 0], [1], [1], {}, "lengths differ"),
        ([1, 0], [1, 2], [1], {"bounds": (-1, 1)}, "beyond the bounds"),
        ([1, 0], [1, 0], [1], {"weight": 1.5}, "from 0 to 1"),
        ([1, 0], [1, 0], [1], {"level": 1}, "level"),
        ([1, 0], [1, math.nan], [1], {}, "not finite"),
        ([1, 0], [1, 0], [1], {"clusters": (["q", "q"], ["r"])}, "1 independent"),
        ([1, 0], [1, 0], [1], {"strata": (["a", "a"], ["b"])}, "stratum 'b'"),
        ([1, 0], [1, 0], [1], {"strata": (["a"], ["b"])}, "every value needs one"),
        ([1, 0], [1, 0], [1], {"bounds": (1, -1)}, "no range"),
    ],
)
def test_it_refuses(
    judge: list[float], human: list[float], rest: list[float], more: dict[str, object], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        ppi_mean(judge, human, rest, **more)  # type: ignore[arg-type]
