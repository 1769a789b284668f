"""Differential functioning: what one side gains on a benchmark, and how rare false alarms are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as sp
from tests.capability.irt.capability_worlds import named, rng, sigmoid, table, world
from tests.simulations import lengths, slack

from headtohead.capability.irt.functioning import Functioning, _regression, functioning
from headtohead.capability.irt.index import Index, fit_eci_index, fit_index
from headtohead.stats.inputs import BoolArray, FloatArray

_SEEDS = st.integers(0, 10_000)


def _sides(n: int) -> tuple[BoolArray, BoolArray]:
    even = np.arange(n) % 2 == 0
    return even, ~even


def _shifted(seed: int, gain: float) -> Index:
    """24 models on 6 benchmarks; every second one gains on b3, in logits."""
    source = rng(seed)
    ability, difficulty = source.normal(0, 1, 24), source.normal(0, 0.7, 6)
    mi, bi = np.divmod(np.arange(24 * 6), 6)
    eta = ability[mi] - difficulty[bi] + gain * ((mi % 2 == 1) & (bi == 3))
    share = sigmoid(eta + source.normal(0, 0.2, eta.size))
    score = source.binomial(300, share) / 300
    return fit_index(named(mi, bi, score, 300), draws=0, rng=rng())


def _of(found: tuple[Functioning, ...], benchmark: str) -> Functioning:
    return next(f for f in found if f.benchmark == benchmark)


def test_a_gain_is_found_where_it_is() -> None:
    index = _shifted(2, 1.0)
    found = functioning(index, *_sides(24))
    assert found[0].benchmark == "b3"
    assert (found[0].a_n, found[0].b_n) == (12, 12)
    assert found[0].p_holm < 1e-3
    assert all(f.score.low < 0.05 for f in found[1:])
    assert [f.score.value for f in found] == sorted((f.score.value for f in found), reverse=True)


@pytest.mark.parametrize("rounds", lengths(25, 80))
def test_a_small_side_raises_no_false_alarm_far_out(rounds: int) -> None:
    # Holm works in the tail: with 30 models against 5 it must not be heavier than it says.
    hits = total = 0
    for seed in range(rounds):
        source = rng(1000 + seed)
        ability, difficulty = source.normal(0, 1, 35), source.normal(0, 0.7, 4)
        mi, bi = np.divmod(np.arange(35 * 4), 4)
        share = sigmoid(ability[mi] - difficulty[bi] + source.normal(0, 0.35, mi.size))
        index = fit_index(named(mi, bi, source.binomial(300, share) / 300, 300), draws=0, rng=rng())
        found = functioning(index, np.arange(35) < 30, np.arange(35) >= 30)
        hits += sum(f.p < 0.01 for f in found)
        total += len(found)
    assert total == 4 * rounds
    assert hits / total < 0.03


@pytest.mark.parametrize("rounds", lengths(20, 60))
def test_the_gain_has_its_size(rounds: int) -> None:
    inside, off = [], []
    for seed in range(rounds):
        source = rng(seed)
        ability, difficulty = source.normal(0, 1, 24), source.normal(0, 0.7, 6)
        eta = ability[1::2] - difficulty[3]
        true = float((sigmoid(eta + 1) - sigmoid(eta)).mean())
        found = _of(functioning(_shifted(seed, 1.0), *_sides(24)), "b3").score
        inside.append(found.low <= true <= found.high)
        off.append(found.value - true)
    # HC3 leans to wide intervals with two dozen models.
    assert float(np.mean(inside)) >= 0.87
    assert float(np.mean(off)) == pytest.approx(0, abs=0.015 * (60 / rounds) ** 0.5)


def test_correction_is_holms() -> None:
    found = functioning(_shifted(3, 0.6), *_sides(24))
    p = np.array([f.p for f in found])
    order = np.argsort(p)
    expected = np.minimum(1, np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1)))
    np.testing.assert_allclose(np.array([f.p_holm for f in found])[order], expected)


@settings(max_examples=10)
@given(_SEEDS)
def test_exchanging_sides_turns_the_sign(seed: int) -> None:
    index = _shifted(seed, 0.5)
    a, b = _sides(24)
    one, other = functioning(index, a, b), functioning(index, b, a)
    for f in one:
        back = _of(other, f.benchmark)
        # Averages are over the models of side B, so only the sign and the odds are the same.
        if abs(f.score.value) > 1e-4:  # nearer to zero than the fits are to their optimum
            assert np.sign(f.score.value) == -np.sign(back.score.value)
        assert f.p == pytest.approx(back.p, abs=0.05)


@pytest.mark.parametrize("rounds", lengths(4, 30))
def test_false_alarms_are_as_rare_as_said(rounds: int) -> None:
    # Worlds without any gain: of all intervals nine in ten hold 0, and a world seldom has a
    # benchmark that stays below .05 after correction.
    inside, alarms = [], []
    for n in range(rounds):
        w = world(rng([9, n]))
        found = functioning(fit_index(w.scores, draws=0, rng=rng()), w.leader, w.trailing)
        inside += [f.score.low <= 0 <= f.score.high for f in found]
        alarms.append(min(f.p_holm for f in found) < 0.05)
    assert float(np.mean(inside)) == pytest.approx(0.9, abs=slack(0.9, len(inside)))
    assert float(np.mean(alarms)) <= 0.15


def test_regression_is_scipys_with_its_errors() -> None:
    source = rng(5)
    x = np.column_stack([np.ones(40), source.normal(size=40), np.arange(40) % 2])
    score, weights = source.uniform(0.05, 0.95, 40), source.uniform(5, 30, 40)

    def loss(beta: FloatArray) -> float:
        share = sigmoid(x @ beta)
        return float(
            -np.sum(weights * (score * np.log(share) + (1 - score) * np.log(1 - share)))
            + 0.5e-3 * np.sum(beta**2)
        )

    theirs = optimize.minimize(loss, np.zeros(3), method="BFGS", jac="3-point").x
    beta, covariance = _regression(x, score, weights)
    np.testing.assert_allclose(beta, theirs, atol=1e-4)
    # HC3 by its definition: what each left-out row would miss by, squared. One step from the fit
    # gives beta without a row.
    share = sigmoid(x @ beta)
    bend = weights * share * (1 - share)
    inverse = np.linalg.inv((x * bend[:, None]).T @ x + 1e-3 * np.eye(3))
    moves = []
    for n in range(40):
        leverage = bend[n] * x[n] @ inverse @ x[n]
        moves.append(inverse @ x[n] * weights[n] * (score[n] - share[n]) / (1 - leverage))
    np.testing.assert_allclose(covariance, np.array(moves).T @ np.array(moves), rtol=1e-6)


def test_interval_and_p_agree() -> None:
    found = functioning(_shifted(4, 0.4), *_sides(24), 0.8)
    for f in found:
        inside = f.score.low <= 0 <= f.score.high
        assert inside == (f.p >= 0.2)
        t = (f.score.high - f.score.value) / sp.t.ppf(0.9, 11)
        assert f.p == pytest.approx(2 * sp.t.sf(abs(f.score.value) / t, 11), abs=1e-6)


def test_few_models_of_a_side_are_left_out() -> None:
    index = _shifted(2, 0.0)
    a = np.arange(24) < 4
    assert functioning(index, a, ~a) == ()
    none = np.zeros(24, dtype=np.bool_)
    assert functioning(index, none, none) == ()


def test_a_benchmark_that_alone_connects_is_left_out() -> None:
    # b0 is all that the halves share: without it, nobody can say who is as able as whom.
    mi, bi = np.divmod(np.arange(24 * 5), 5)
    half = mi < 12
    kept = (bi == 0) | (half & (bi < 3)) | (~half & (bi > 2))
    score = sigmoid(rng(3).normal(0, 1, 24)[mi] + rng(4).normal(0, 0.2, mi.size))
    index = fit_index(named(mi[kept], bi[kept], score[kept], 100), draws=0, rng=rng())
    names = {f.benchmark for f in functioning(index, *_sides(24))}
    assert names == {"b1", "b2", "b3", "b4"}


def test_what_it_needs_is_said() -> None:
    index = _shifted(2, 0.0)
    a, b = _sides(24)
    with pytest.raises(ValueError, match="a model is of both sides"):
        functioning(index, a, a | b)
    with pytest.raises(ValueError, match="level"):
        functioning(index, a, b, 1.5)
    scores = table(rng(), 8, 4)
    ability = fit_index(scores, draws=0, rng=rng()).ability
    best, worst = (scores.models[int(n)] for n in (ability.argmax(), ability.argmin()))
    eci = fit_eci_index(scores, anchors={worst: 130, best: 150}, draws=0, rng=rng(), fixed="b0")
    with pytest.raises(ValueError, match="needs the fit by the likelihood"):
        functioning(eci, *_sides(8))


def test_all_solved_benchmarks_gain_nothing() -> None:
    index = _shifted(2, 0.0)
    scores = index.scores
    solved = replace(scores, score=np.where(scores.benchmark == 1, 1.0, scores.score))
    found = _of(functioning(fit_index(solved, draws=0, rng=rng()), *_sides(24)), "b1")
    assert abs(found.score.value) < 0.01
    assert found.p_holm > 0.5
