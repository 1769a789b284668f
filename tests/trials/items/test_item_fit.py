"""Item fits: a published example, a second implementation, properties, coverage, hard cases."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize
from scipy import stats as sp
from tests.simulations import examples, leading, lengths
from tests.trials.items.item_worlds import LSAT, full, lsat, world

from headtohead.stats.inputs import FloatArray
from headtohead.trials.items.fit import ItemFit, fit_items
from headtohead.trials.items.marginal import effective_attempts
from headtohead.trials.items.runs import Answers, tabulate

_SEEDS = st.integers(0, 10_000)


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# ---------------------------------------------------------------- published example


@pytest.fixture(scope="module")
def school() -> ItemFit:
    """The Law School Admission Test, of which others have published fits."""
    return fit_items(lsat(), pooled=False)


def test_reproduces_the_law_school_test(school: ItemFit) -> None:
    # Rizopoulos (2006), ltm, doi:10.18637/jss.v017.i05: ltm(LSAT ~ z1) prints difficulties and
    # slopes with standard errors, log-likelihood -2466.653.
    assert school.log_likelihood == pytest.approx(-2466.653, abs=5e-4)
    np.testing.assert_allclose(
        school.difficulty, [-3.3597, -1.3696, -0.2799, -1.8659, -3.1236], atol=3e-3
    )
    np.testing.assert_allclose(school.slope, [0.8254, 0.7229, 0.8905, 0.6886, 0.6575], atol=1e-3)
    np.testing.assert_allclose(school.slope_se, [0.2581, 0.1867, 0.2326, 0.1852, 0.2100], rtol=0.05)
    np.testing.assert_allclose(
        school.difficulty_se, [0.8669, 0.3073, 0.0997, 0.4341, 0.8700], rtol=0.05
    )
    assert school.icc == 0


def test_reproduces_the_law_school_abilities(school: ItemFit) -> None:
    def height(theta: float, right: int) -> float:
        """The posterior of someone with nothing, or everything, right."""
        sign = 2 * right - 1
        rest = sp.logistic.logcdf(sign * school.slope * (theta - school.difficulty)).sum()
        return float(np.exp(rest + sp.norm.logpdf(theta)))

    # The same source's factor scores are posterior modes: -1.895 and 0.606.
    for right, mode in ((0, -1.895), (1, 0.606)):
        best = optimize.minimize_scalar(lambda t, r=right: -height(t, r), (-3, 3))
        assert best.x == pytest.approx(mode, abs=2e-3)
        total, first = (
            integrate.quad(lambda t, r=right, k=k: t**k * height(t, r), -8, 8)[0] for k in (0, 1)
        )
        assert school.theta[-right] == pytest.approx(first / total, abs=1e-4)


def test_fits_the_law_school_test_closely(school: ItemFit) -> None:
    # The two-parameter model describes these data (Bock and Aitkin 1981, table 2).
    assert np.all(np.abs(school.infit - 1) < 0.05)
    assert np.all(np.abs(school.outfit - 1) < 0.15)


# ---------------------------------------------------------------- second implementation


def _plain(parameters: FloatArray, answers: Answers, icc: float) -> float:
    """Minus the marginal log-likelihood, by Gauss-Hermite quadrature."""
    node, weight = np.polynomial.hermite_e.hermegauss(81)
    slope, place = np.split(parameters, 2)
    effective = effective_attempts(answers.attempts, icc)
    chance = sp.logistic.cdf(slope * (node[:, None] - place))
    chance = np.clip(chance, 1e-15, 1 - 1e-15)
    inside = np.zeros((answers.score.shape[0], node.size))
    for j in range(slope.size):
        won = effective[:, j] * answers.score[:, j]
        inside += np.outer(won, np.log(chance[:, j]))
        inside += np.outer(effective[:, j] - won, np.log(1 - chance[:, j]))
    height = np.log(weight / math.sqrt(2 * math.pi))
    top = (inside + height).max(axis=1, keepdims=True)
    return -float(np.sum(top[:, 0] + np.log(np.exp(inside + height - top).sum(axis=1))))


@pytest.mark.parametrize("icc", leading([0.3, 0.0, 0.2], always=1))
def test_agrees_with_a_general_optimiser(icc: float) -> None:
    answers = world(_rng(4), 150, 6, attempts=2, icc=icc, missing=0.1).answers
    found = fit_items(answers, pooled=False, icc=icc)
    start = np.append(np.ones(6), np.zeros(6))
    best = optimize.minimize(
        _plain, start, (answers, icc), "L-BFGS-B", bounds=[(0.05, 9)] * 6 + [(-9, 9)] * 6
    )
    assert -found.log_likelihood == pytest.approx(best.fun, abs=1e-3)
    np.testing.assert_allclose(found.slope, best.x[:6], rtol=0.01)
    np.testing.assert_allclose(found.difficulty, best.x[6:], atol=0.01)


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(40) // 2)
@given(_SEEDS)
def test_names_and_order_change_nothing(seed: int) -> None:
    rng = _rng(seed)
    base = world(rng, 14, 10, attempts=3, icc=0.2).answers
    people, things = rng.permutation(14), rng.permutation(10)
    other = full(base.score[np.ix_(people, things)], 3)
    one, two = fit_items(base), fit_items(other)
    for name in ("theta", "theta_low", "theta_high", "theta_se"):
        np.testing.assert_allclose(getattr(two, name), getattr(one, name)[people], atol=1e-3)
    for name in ("slope", "slope_se", "difficulty", "difficulty_se", "infit", "outfit"):
        np.testing.assert_allclose(
            getattr(two, name), getattr(one, name)[things], rtol=2e-3, atol=1e-3
        )


@settings(max_examples=examples(40) // 2)
@given(_SEEDS)
def test_a_respondent_with_one_answer_hardly_moves_the_others(seed: int) -> None:
    base = world(_rng(seed), 30, 20, attempts=4, icc=0.2).answers
    score = np.vstack([base.score, np.full(20, np.nan)])
    score[-1, seed % 20] = seed % 2
    who, what = np.nonzero(np.isfinite(score))
    more = tabulate(who, what, score[who, what], attempts=np.where(who < 30, 4, 1))
    one, two = fit_items(base), fit_items(more)
    # The scale is the field's own and one more of unknown ability turns it a little: what may
    # not change is who stands where.
    assert np.corrcoef(one.theta, two.theta[:30])[0, 1] > 0.9995
    line = np.polyfit(one.theta, two.theta[:30], 1)
    assert np.max(np.abs(two.theta[:30] - np.polyval(line, one.theta))) < np.min(one.theta_se) / 2
    assert two.theta_se[-1] > 2 * np.median(two.theta_se)


def test_same_answers_get_the_same_ability_and_better_answers_a_higher_one() -> None:
    marks = world(_rng(3), 20, 15).answers.score
    marks[1] = marks[0]
    marks[2] = np.maximum(marks[0], marks[3])
    theta = fit_items(full(marks)).theta
    assert theta[0] == pytest.approx(theta[1])
    assert theta[2] >= max(theta[0], theta[3])


# ---------------------------------------------------------------- simulation


def _coverage(
    worlds: int, seed: int, respondents: int, items: int, **kind: Any
) -> tuple[float, float]:
    rng = _rng(seed)
    alone, pairs = [], []
    for _ in range(worlds):
        true = world(rng, respondents, items, **kind)
        found = fit_items(true.answers)
        alone.append(np.mean((found.theta_low <= true.theta) & (true.theta <= found.theta_high)))
        drawn = found.draws(rng, 400)
        drawn = drawn - np.roll(drawn, 1, axis=1)
        low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
        apart = true.theta - np.roll(true.theta, 1)
        pairs.append(np.mean((low <= apart) & (apart <= high)))
    return float(np.mean(alone)), float(np.mean(pairs))


@pytest.mark.parametrize(
    ("respondents", "items", "kind"),
    leading(
        [
            (40, 25, {"attempts": 4, "icc": 0.3, "missing": 0.3}),
            (40, 12, {}),
            (30, 40, {"attempts": 8, "icc": 0.3}),
        ]
    ),
)
@pytest.mark.parametrize("rounds", lengths(15, 200))
def test_intervals_cover(respondents: int, items: int, kind: dict[str, Any], rounds: int) -> None:
    alone, pairs = _coverage(rounds, 11, respondents, items, **kind)
    room = 0.03 if rounds >= 200 else 0.06
    assert alone == pytest.approx(0.9, abs=room)
    assert pairs == pytest.approx(0.9, abs=room)


def test_counting_repeats_as_independent_covers_too_little() -> None:
    # The test above can fail: without the correlation of repeats, intervals are too short.
    rng = _rng(12)
    inside = []
    for _ in range(10):
        true = world(rng, 30, 40, attempts=16, icc=0.4)
        found = fit_items(true.answers, icc=0.0)
        inside.append(np.mean((found.theta_low <= true.theta) & (true.theta <= found.theta_high)))
    assert np.mean(inside) < 0.75


def test_finds_the_correlation_of_repeats_and_the_items() -> None:
    true = world(_rng(5), 120, 150, attempts=8, icc=0.3)
    found = fit_items(true.answers)
    assert found.icc == pytest.approx(0.3, abs=0.02)
    assert np.corrcoef(np.log(found.slope), np.log(true.slope))[0, 1] > 0.9
    assert np.corrcoef(found.difficulty, true.difficulty)[0, 1] > 0.98
    off = (found.difficulty - true.difficulty) / found.difficulty_se
    assert 0.8 < np.mean(np.abs(off) < 1.645) < 0.97


def test_misfit_finds_the_item_with_a_wrong_key() -> None:
    marks = world(_rng(6), 80, 30, attempts=4).answers.score
    marks[:, 7] = 1 - marks[:, 7]
    found = fit_items(full(marks, 4))
    assert int(np.argmax(found.infit)) == 7
    assert int(np.argmin(found.slope)) == 7


# ---------------------------------------------------------------- draws


def test_draws_carry_the_intervals() -> None:
    found = fit_items(world(_rng(7), 25, 30, attempts=2, icc=0.2).answers)
    drawn = found.draws(_rng(), 20_000)
    assert drawn.shape == (20_000, 25)
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0)
    np.testing.assert_allclose(low, found.theta_low, atol=0.1 * found.theta_se.max())
    np.testing.assert_allclose(high, found.theta_high, atol=0.1 * found.theta_se.max())
    np.testing.assert_allclose(drawn.std(axis=0), found.theta_se, rtol=0.05)
    # Measured from their own mean, abilities cannot all err to one side.
    assert np.abs(drawn.mean(axis=1)).max() < found.theta_se.max()


# ---------------------------------------------------------------- hard cases


def test_extremes_are_finite_wide_and_flagged() -> None:
    marks = world(_rng(9), 20, 12, attempts=4).answers.score
    marks[0], marks[1] = 1, 0
    marks[2:, 3], marks[2:, 4] = 1, 0
    marks[0:2, 3], marks[0:2, 4] = 1, 0
    found = fit_items(full(marks, 4))
    numbers = (found.theta, found.theta_low, found.theta_high, found.slope, found.difficulty)
    assert all(np.all(np.isfinite(x)) for x in numbers)
    assert np.flatnonzero(found.extreme_items).tolist() == [3, 4]
    assert not found.extreme_respondents.any()  # the one with 0 had item 3 right
    typical = np.median(found.difficulty_se)
    assert found.difficulty_se[[3, 4]].min() > 2 * typical
    assert found.difficulty[3] < found.difficulty.mean() < found.difficulty[4]


def test_a_clean_record_gets_a_long_upper_side() -> None:
    marks = world(_rng(10), 30, 15).answers.score
    marks[5] = 1
    found = fit_items(full(marks))
    assert found.extreme_respondents[5]
    up, down = found.theta_high[5] - found.theta[5], found.theta[5] - found.theta_low[5]
    assert up > down
    assert up + down > np.median(found.theta_high - found.theta_low)


def test_everything_right_tells_nothing() -> None:
    found = fit_items(full(np.ones((5, 6))))
    assert np.ptp(found.theta) == pytest.approx(0, abs=1e-9)
    assert np.all(found.theta_se > 0.5)
    assert found.extreme_respondents.all()
    assert found.extreme_items.all()


def test_needs_pooling_for_extreme_items() -> None:
    marks = np.array([[1, 1, 0], [1, 0, 1], [1, 0, 0]])
    with pytest.raises(ValueError, match="item 0 is all right or all wrong"):
        fit_items(full(marks), pooled=False)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ({"icc": 1.5}, "icc is 1.5"),
        ({"level": 90}, "level is 90"),
    ],
)
def test_refuses_impossible_arguments(kind: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit_items(full([[1, 0, 1], [0, 1, 0]]), **kind)


# ---------------------------------------------------------------- real answers


def test_gpqa_runs_of_epoch(shared_evidence: Path) -> None:
    import polars as pl

    folder = shared_evidence / "epoch_items"
    rows = pl.read_parquet(folder / "epoch_items.parquet").filter(
        (pl.col("task") == "GPQA Diamond") & pl.col("score").is_finite()
    )
    cells = rows.group_by("run_id", "item", maintain_order=True).agg(
        pl.col("score").mean(), pl.len()
    )
    answers = tabulate(
        cells["run_id"].to_list(),
        cells["item"].to_list(),
        cells["score"].to_numpy(),
        attempts=cells["len"].to_numpy(),
    )
    assert answers.score.shape == (86, 198)
    found = fit_items(answers)
    accuracy = (answers.score * answers.attempts).sum(axis=1) / answers.attempts.sum(axis=1)
    assert sp.spearmanr(found.theta, accuracy).statistic > 0.97
    # The publisher's own accuracy, from the head of each run.
    heads = pl.read_csv(folder / "epoch_runs.csv").select("run_id", "acc").drop_nulls()
    said = dict(heads.iter_rows())
    both = [k for k, run in enumerate(answers.respondents) if run in said]
    assert len(both) > 60
    theirs = [said[answers.respondents[k]] for k in both]
    assert sp.spearmanr(found.theta[both], theirs).statistic > 0.97
    # A model asked the same question again mostly says the same.
    assert 0.2 < found.icc < 0.45
    assert np.all(found.theta_high > found.theta_low)


def test_the_example_counts_a_thousand() -> None:
    assert sum(LSAT.values()) == 1000
