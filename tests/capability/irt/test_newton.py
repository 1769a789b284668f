"""The joint fit: another optimiser, hard tables, and many fits walking together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from tests.capability.irt.capability_worlds import named, rng, sigmoid, table, world
from tests.simulations import leading, lengths

from headtohead.capability.irt.binomial import Binomial, fits_with_spread, item_weights, start
from headtohead.capability.irt.draws import ability_variance
from headtohead.capability.irt.eci import Ridge
from headtohead.capability.irt.newton import Family, Params, logits, solve
from headtohead.capability.irt.newton import sigmoid as our_sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray

_SEEDS = st.integers(0, 10_000)


def _flat(params: Params) -> FloatArray:
    return np.concatenate([params.ability[0], params.difficulty[0], params.log_slope[0]])


def _shaped(x: FloatArray, scores: Scores) -> Params:
    m, b = len(scores.models), len(scores.benchmarks)
    return Params(x[None, :m], x[None, m : m + b], x[None, m + b :])


def _naive(x: FloatArray, scores: Scores, weights: FloatArray) -> float:
    """Minus the log of likelihood and priors, score by score."""
    m, b = len(scores.models), len(scores.benchmarks)
    total = np.sum(x[: m + b] ** 2) / 2 / 5.0**2 + np.sum(x[m + b :] ** 2) / 2 / 0.75**2
    rows = zip(scores.model, scores.benchmark, scores.raw, weights, strict=True)
    for i, j, raw, weight in rows:
        floor = scores.chance[j]
        away = x[i] - x[m + j]
        # A search tries wild steps; they must be poor, not undefined.
        eta = np.clip(np.exp(x[m + b + j]) * away, -30, 30)
        share = floor + (1 - floor) / (1 + np.exp(-eta))
        total -= weight * (raw * np.log(share) + (1 - raw) * np.log(1 - share))
    return float(total)


def _objective(scores: Scores, family: Family, params: Params, weights: FloatArray) -> float:
    return float(
        (family.loss(our_sigmoid(logits(scores, params)), weights[None]) + family.penalty(params))[
            0
        ]
    )


def _with_chance(seed: int) -> Scores:
    scores = table(rng(seed), 7, 4)
    return Scores.from_rows(
        [scores.models[n] for n in scores.model],
        [scores.benchmarks[n] for n in scores.benchmark],
        scores.score,
        items=scores.items.tolist(),
        chance={"b0": 0.25, "b2": 0.5},
    )


# ---------------------------------------------------------------- curves


def test_curves_reproduce_bakers_tables() -> None:
    # Baker (2001), The Basics of Item Response Theory, ISBN 1-886047-03-0, chapter 2: at abilities
    # -3 to 3 an item of difficulty 1.0 and slope .5; and one of 1.5 and 1.3 with guessing .2.
    ability = np.arange(-3.0, 4.0)
    two = our_sigmoid(0.5 * (ability - 1.0))
    assert two.round(2).tolist() == [0.12, 0.18, 0.27, 0.38, 0.5, 0.62, 0.73]
    scores = Scores.from_rows([f"m{n}" for n in range(7)], ["t"] * 7, [0.5] * 7, chance={"t": 0.2})
    three = Binomial(scores).share(our_sigmoid(1.3 * (ability - 1.5)[None]))
    assert three[0].round(2).tolist() == [0.2, 0.21, 0.23, 0.3, 0.47, 0.73, 0.9]


def test_far_logits_do_not_overflow() -> None:
    assert our_sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == pytest.approx([0, 0.5, 1])


# ---------------------------------------------------------------- second implementation


@pytest.mark.parametrize("seed", leading(range(6), 1))
def test_minimum_is_scipys(seed: int) -> None:
    scores = _with_chance(seed)
    weights = rng(seed).uniform(5, 40, scores.model.size)
    begin = start(scores)
    found = solve(scores, Binomial(scores), begin, weights[None], converged=1e-9)
    np.testing.assert_array_equal(_flat(begin), _flat(start(scores)))
    # A second start, so that agreement is not that of one path.
    x0 = rng(seed + 1).normal(0, 0.3, _flat(found).size)
    theirs = optimize.minimize(
        _naive,
        x0,
        (scores, weights),
        method="BFGS",
        jac="3-point",
        options={"gtol": 1e-7, "maxiter": 2000},
    )
    np.testing.assert_allclose(_flat(found), theirs.x, atol=1e-5)


def test_every_row_is_the_fit_of_its_own_weights() -> None:
    scores = table(rng(2), 10, 5)
    weights = 20 * rng(3).exponential(size=(4, 5))[:, scores.benchmark]
    family = Binomial(scores)
    together = solve(scores, family, start(scores), weights)
    for n, own in enumerate(weights):
        alone = solve(scores, family, start(scores), own[None])
        np.testing.assert_allclose(_flat(together.row(n)), _flat(alone), atol=1e-6)


def test_batches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = table(rng(2), 10, 5)
    weights = 20 * rng(3).exponential(size=(7, 5))[:, scores.benchmark]
    family = Binomial(scores)
    whole = solve(scores, family, start(scores), weights)
    monkeypatch.setattr("headtohead.capability.irt.newton._AT_ONCE", 250)
    np.testing.assert_allclose(
        solve(scores, family, start(scores), weights).ability, whole.ability, atol=1e-8
    )


@settings(max_examples=20)
@given(_SEEDS, st.booleans())
def test_slopes_are_derivatives(seed: int, ridge: bool) -> None:
    scores = _with_chance(seed)
    family: Family = Ridge(scores, "b1") if ridge else Binomial(scores)
    weights = rng(seed).uniform(1, 9, (1, scores.model.size))
    eta = rng(seed + 1).normal(0, 2, (1, scores.model.size))
    push, bend = family.slopes(our_sigmoid(eta), weights)
    step = 1e-6
    for n in range(scores.model.size):
        moved = eta.copy()
        moved[0, n] += step
        back = 2 * eta - moved
        above, below = (family.loss(our_sigmoid(x), weights) for x in (moved, back))
        slope = (above - below) / (2 * step)
        assert -push[0, n] == pytest.approx(float(slope[0]), abs=1e-5, rel=1e-5)
    assert np.all(bend >= 0)
    params = _shaped(rng(seed).normal(0, 1, 15), scores)
    first, second = family.pulls(params)
    for name in ("ability", "difficulty", "log_slope"):
        values = getattr(params, name)
        for k in range(values.shape[1]):
            sides = []
            for sign in (1, -1):
                other = _shaped(_flat(params), scores)
                getattr(other, name)[0, k] += sign * 1e-4
                sides.append(float(family.penalty(other)[0]))
            middle = float(family.penalty(params)[0])
            slope_1 = (sides[0] - sides[1]) / 2e-4
            slope_2 = (sides[0] - 2 * middle + sides[1]) / 1e-8
            assert getattr(first, name)[0, k] == pytest.approx(slope_1, abs=1e-6)
            assert getattr(second, name)[0, k] == pytest.approx(slope_2, abs=1e-3, rel=1e-3)


# ---------------------------------------------------------------- hard tables


def test_zero_and_one_stay_finite() -> None:
    mi, bi = np.divmod(np.arange(15), 3)
    score = np.where(mi == 0, 1.0, np.where(mi == 4, 0.0, 0.3 + 0.1 * bi))
    scores = named(mi, bi, score, 100)
    params, _, rho = fits_with_spread(scores, Binomial(scores))
    assert np.all(np.isfinite(_flat(params)))
    assert params.ability[0, 0] == params.ability.max()
    assert params.ability[0, 4] == params.ability.min()
    assert 0 < rho[0] < 1


def test_equal_scores_give_equal_abilities() -> None:
    mi, bi = np.divmod(np.arange(12), 3)
    scores = named(mi, bi, np.full(12, 0.4), 50)
    params, _, _ = fits_with_spread(scores, Binomial(scores))
    assert np.ptp(params.ability) < 1e-6


def test_a_benchmark_that_all_solve_moves_nobody() -> None:
    scores = table(rng(5), 8, 4)
    rows = [f"m{n:02}" for n in scores.model], [f"b{n}" for n in scores.benchmark]
    more = Scores.from_rows(
        rows[0] + list(scores.models),
        rows[1] + ["solved"] * 8,
        np.append(scores.score, np.ones(8)),
        items=[200.0] * (scores.model.size + 8),
    )
    weights = item_weights(scores, 0.03), item_weights(more, 0.03)
    plain = solve(scores, Binomial(scores), start(scores), weights[0][None]).ability[0]
    wider = solve(more, Binomial(more), start(more), weights[1][None]).ability[0]
    # All it can say is that nobody is weak.
    np.testing.assert_allclose(wider - wider.mean(), plain - plain.mean(), atol=0.06)


@settings(max_examples=15)
@given(_SEEDS)
def test_a_walk_from_anywhere_goes_down_to_rest(seed: int) -> None:
    # Six noisy models may have several minima; each walk ends in one.
    scores = table(rng(seed), 6, 3, items=20)
    family, weights = Binomial(scores), np.full(scores.model.size, 20.0)
    begin = _shaped(rng(seed).normal(0, 1, 12), scores)
    found = solve(scores, family, begin, weights[None])
    low = _objective(scores, family, found, weights)
    assert low < _objective(scores, family, begin, weights)
    for way in rng(seed + 1).normal(0, 1e-3, (20, 12)):
        near = _shaped(_flat(found) + way, scores)
        assert _objective(scores, family, near, weights) > low


def test_priors_must_have_a_spread() -> None:
    scores = table(rng(), 4, 3)
    for bad in ({"slope_sd": 0.0}, {"spread_sd": -1.0}):
        with pytest.raises(ValueError, match="must be above 0"):
            Binomial(scores, **bad)


# ---------------------------------------------------------------- weights and spread


def test_more_items_weigh_more_up_to_what_the_spread_allows() -> None:
    scores = Scores.from_rows(["a"] * 4, ["p", "q", "r", "s"], [0.5] * 4, items=[1, 10, 1000, None])
    found = item_weights(scores, 0.04)
    # Beta-binomial: n items of correlation rho are worth n / (1 + (n - 1) rho).
    np.testing.assert_allclose(found[:3], [n / (1 + (n - 1) * 0.04) for n in (1, 10, 1000)])
    assert found[3] == pytest.approx(25)


@pytest.mark.parametrize("worlds", lengths(12, 25))
def test_spread_of_a_made_up_world_is_found(worlds: int) -> None:
    found = [
        (float(fits_with_spread(w.scores, Binomial(w.scores))[2][0]), w.rho)
        for w in (world(rng([4, n])) for n in range(worlds))
    ]
    ours, true = np.array(found).T
    assert ours.mean() == pytest.approx(true.mean(), rel=0.1)
    assert float(np.corrcoef(ours, true)[0, 1]) > 0.7


# ---------------------------------------------------------------- errors


def test_variance_is_that_of_the_curvature() -> None:
    # The expected curvature is the curvature where scores lie on the curve; there finite
    # differences of the naive objective give it too.
    source = rng(8)
    scores = table(source, 7, 4)
    family, weights = Binomial(scores), source.uniform(20, 40, scores.model.size)
    params = solve(scores, family, start(scores), weights[None])
    smooth = Scores(
        scores.models,
        scores.benchmarks,
        scores.model,
        scores.benchmark,
        sigmoid(logits(scores, params)[0]),
        scores.items,
        scores.chance,
    )
    x, step = _flat(params), 1e-4
    n = x.size
    eye = step * np.eye(n)
    curvature = np.array(
        [
            [
                sum(
                    s * t * _naive(x + s * eye[i] + t * eye[j], smooth, weights)
                    for s in (1, -1)
                    for t in (1, -1)
                )
                / (4 * step**2)
                for j in range(n)
            ]
            for i in range(n)
        ]
    )
    covariance = np.linalg.inv(curvature)[:7, :7]
    ability = params.ability[0]

    def placed(a: FloatArray) -> FloatArray:
        return np.asarray((a - a.mean()) / a.std() * ability.std() + ability.mean())

    move = np.array(
        [
            (placed(ability + eye[k, :7]) - placed(ability - eye[k, :7])) / (2 * step)
            for k in range(7)
        ]
    ).T
    expected = np.diag(move @ covariance @ move.T)
    np.testing.assert_allclose(
        ability_variance(smooth, family, params, weights), expected, rtol=1e-4
    )


def test_twice_the_weight_halves_the_variance() -> None:
    scores = table(rng(8), 9, 5)
    family, weights = Binomial(scores, spread_sd=1e4, slope_sd=1e4), np.full(45, 30.0)
    params = solve(scores, family, start(scores), weights[None])
    once = ability_variance(scores, family, params, weights)
    np.testing.assert_allclose(
        ability_variance(scores, family, params, 2 * weights), once / 2, rtol=1e-3
    )
