"""Epoch's index: the published edition, the exact minimum by another optimiser, other editions."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from tests.capability.irt.capability_worlds import (
    Rows,
    epoch_rows,
    interval,
    named,
    published,
    read,
    residuals,
    rng,
    table,
)

from headtohead.capability.irt.eci import ECI_ANCHORS, Ridge, fit_eci, published_stop
from headtohead.capability.irt.index import by_anchors, fit_eci_index, fit_index
from headtohead.capability.irt.newton import Params, logits, sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray

Stop = tuple[Scores, Params]


@pytest.fixture(scope="module")
def rows(shared_evidence: Path) -> Rows:
    return epoch_rows(shared_evidence)


@pytest.fixture(scope="module")
def stop(rows: Rows) -> Stop:
    return published_stop(*rows)


def _points(fit: Stop) -> FloatArray:
    scores, params = fit
    return by_anchors(scores, params.ability[0], ECI_ANCHORS).index(params.ability[0])


def _objective(scores: Scores, params: Params, fixed: str) -> float:
    family = Ridge(scores, fixed)
    loss = family.loss(sigmoid(logits(scores, params)), np.ones((1, scores.model.size)))
    return float((loss + family.penalty(params))[0])


class _Naive:
    """The objective written once more: one residual a score, one for the ridge, in a loop."""

    def __init__(self, scores: Scores, fixed: str, strength: float = 0.1) -> None:
        self.s, self.fixed = scores, scores.benchmarks.index(fixed)
        self.m, self.b = len(scores.models), len(scores.benchmarks)
        self.strength = strength / (self.m + 2 * self.b - 1)

    def residuals(self, x: FloatArray) -> FloatArray:
        slope = np.insert(x[self.m + self.b :], self.fixed, 1.0)
        found = []
        for i, j, y in zip(self.s.model, self.s.benchmark, self.s.score, strict=True):
            share = 1 / (1 + np.exp(-slope[j] * (x[i] - x[self.m + j])))
            found.append(share - min(max(y, 0.001), 0.999))
        return np.array([*found, np.sqrt(self.strength * np.sum(x**2))])

    def jacobian(self, x: FloatArray) -> FloatArray:
        slope = np.insert(x[self.m + self.b :], self.fixed, 1.0)
        made = np.zeros((self.s.model.size + 1, x.size))
        for n, (i, j) in enumerate(zip(self.s.model, self.s.benchmark, strict=True)):
            away = x[i] - x[self.m + j]
            share = 1 / (1 + np.exp(-slope[j] * away))
            made[n, i] = share * (1 - share) * slope[j]
            made[n, self.m + j] = -made[n, i]
            if j != self.fixed:
                place = self.m + self.b + (j if j < self.fixed else j - 1)
                made[n, place] = share * (1 - share) * away
        made[-1] = self.strength * x / np.sqrt(self.strength * np.sum(x**2))
        return made

    def start(self, params: Params) -> FloatArray:
        slope = np.delete(params.slope[0], self.fixed)
        return np.concatenate([params.ability[0], params.difficulty[0], slope])

    def minimum(self, x: FloatArray) -> "tuple[float, FloatArray]":
        places, slopes = self.m + self.b, self.b - 1
        low = np.concatenate([np.full(places, -10.0), np.full(slopes, 0.1)])
        tight = {"ftol": 1e-14, "xtol": 1e-14, "gtol": 1e-14}
        found = optimize.least_squares(
            self.residuals, x, self.jacobian, (low, np.full(x.size, 10.0)), **tight
        )
        return float(found.cost), found.x


# ---------------------------------------------------------------- the published edition


def test_reproduces_the_published_index(shared_evidence: Path, stop: Stop) -> None:
    eci = published(shared_evidence, "eci_scores.csv", "Model", "eci")
    scores, _ = stop
    assert len(scores.models) == len(eci) == 222
    assert scores.model.size == 2249
    off = np.abs(_points(stop) - [eci[m] for m in scores.models])
    # Half of the last printed digit is 0.005.
    assert off.mean() <= 0.005
    assert off.max() <= 0.02


def test_reproduces_the_published_difficulties_and_slopes(
    shared_evidence: Path, stop: Stop
) -> None:
    edi = published(shared_evidence, "edi_scores.csv", "benchmark_name", "edi")
    steep = published(shared_evidence, "edi_scores.csv", "benchmark_name", "estimated_slope_scaled")
    scores, params = stop
    scale = by_anchors(scores, params.ability[0], ECI_ANCHORS)
    assert len(scores.benchmarks) == len(edi) == 57
    off = np.abs(scale.index(params.difficulty[0]) - [edi[b] for b in scores.benchmarks])
    assert off.mean() <= 0.005
    assert off.max() <= 0.02
    slope = params.slope[0] / scale.times
    np.testing.assert_allclose(slope, [steep[b] for b in scores.benchmarks], atol=1e-4)


def test_the_minimum_reproduces_the_edition_of_april_2026(shared_evidence: Path) -> None:
    # In August the other way: what is published lies where Epoch's optimiser stops.
    folder = shared_evidence / "epoch_eci_2026-04"
    index = {
        r["Model version"]: float(r["ECI Score"])
        for r in read(folder / "epoch_capabilities_index.csv")
        if r["ECI Score"]
    }
    given = read(folder / "eci_benchmarks.csv")
    eci = {r["model"]: index[r["model_version"]] for r in given}
    models, benchmarks = ([r[c] for r in given] for c in ("model", "benchmark"))
    values = np.array([float(r["performance"]) for r in given])
    scores = Scores.from_rows(models, benchmarks, values)
    assert (len(scores.models), scores.model.size) == (167, 1514)
    exact = np.abs(_points((scores, fit_eci(scores))) - [eci[m] for m in scores.models])
    assert exact.mean() <= 0.0005
    assert exact.max() <= 0.005
    stopped = published_stop(models, benchmarks, values)
    away = np.abs(_points(stopped) - [eci[m] for m in stopped[0].models])
    assert 0.003 < away.mean() < 0.01


def test_epochs_stop_depends_on_the_order_of_rows_and_the_minimum_does_not(
    rows: Rows, stop: Stop
) -> None:
    models, benchmarks, values = rows
    order = rng(3).permutation(len(models))
    mixed = [models[n] for n in order], [benchmarks[n] for n in order], values[order]
    away = np.abs(_points(published_stop(*mixed)) - _points(stop))
    assert away.mean() > 0.02
    scores = Scores.from_rows(*mixed)
    np.testing.assert_allclose(
        _points((scores, fit_eci(scores))), _points((stop[0], fit_eci(stop[0]))), atol=1e-6
    )


def test_minimum_is_below_epochs_stop_and_near_it(shared_evidence: Path, stop: Stop) -> None:
    # Epoch's optimiser stops when a step gains less than 1e-8 of the objective. The objective is
    # flat along models that few hard benchmarks tell about, so it stops a little early: by 0.02
    # points on average, and by 0.2 for the weakest model, all of whose scores are near chance.
    eci = published(shared_evidence, "eci_scores.csv", "Model", "eci")
    scores, params = stop
    exact = fit_eci(scores)
    gain = _objective(scores, params, "Winogrande") - _objective(scores, exact, "Winogrande")
    assert 0 < gain < 1e-5
    off = np.abs(_points((scores, exact)) - [eci[m] for m in scores.models])
    assert 0.015 < off.mean() < 0.03
    assert 0.1 < off.max() < 0.25
    frontier = np.array([eci[m] for m in scores.models]) > 140
    assert off[frontier].max() < 0.03


def test_scipy_finds_no_lower_objective(stop: Stop) -> None:
    scores, params = stop
    exact, naive = fit_eci(scores), _Naive(scores, "Winogrande")
    cost, x = naive.minimum(naive.start(params))
    assert _objective(scores, exact, "Winogrande") <= cost + 1e-9
    np.testing.assert_allclose(naive.start(exact), x, atol=1e-5)


def test_published_curves_predict_published_scores(rows: Rows, shared_evidence: Path) -> None:
    # Epoch reads the index as expected scores, sigmoid(slope (ECI - EDI)):
    # https://epoch.ai/data-insights/interpreting-eci. Worked by hand from the published tables:
    # GPT-5 (150.00) on OTIS Mock AIME (138.2232, 0.22903): sigmoid(2.6973) = 0.9368;
    # Claude 3.5 Sonnet (130.00) on GPQA diamond (135.8715, 0.117857): sigmoid(-0.69200) = 0.3336;
    # GPT-5.6 Sol (161.65) on FrontierMath tier 4 v2 (156.9448, 0.286103): sigmoid(1.3462) = 0.7935.
    models, benchmarks, values = rows
    index = fit_eci_index(
        Scores.from_rows(*rows), anchors=ECI_ANCHORS, draws=0, rng=rng()
    )  # at the minimum, so to within .02 points
    for model, benchmark, expected in (
        ("GPT-5", "OTIS Mock AIME 2024-2025", 0.9368),
        ("Claude 3.5 Sonnet", "GPQA diamond", 0.3336),
        ("GPT-5.6 Sol", "FrontierMath-Tier-4-v2-Private", 0.7935),
    ):
        found = index.expected(benchmark, index.ability[[index.place(model)]])
        assert float(found[0]) == pytest.approx(expected, abs=2e-3)
    stated = dict(zip(zip(models, benchmarks, strict=True), values, strict=True))
    off = [
        stated[index.models[m], index.benchmarks[b]] - y
        for m, b, y in zip(
            index.scores.model,
            index.scores.benchmark,
            index.scores.score - residuals(index),
            strict=True,
        )
    ]
    assert float(np.std(off)) == pytest.approx(0.076, abs=0.005)


def test_intervals_are_as_wide_as_the_published(shared_evidence: Path, stop: Stop) -> None:
    low = published(shared_evidence, "eci_scores.csv", "Model", "eci_ci_low")
    high = published(shared_evidence, "eci_scores.csv", "Model", "eci_ci_high")
    index = fit_eci_index(stop[0], anchors=ECI_ANCHORS, draws=100, rng=rng(1))
    shown = [n for n, m in enumerate(index.models) if m in low]
    assert set(index.models) - set(low) == set(ECI_ANCHORS)
    ours = np.array([interval(index, index.models[n]).width for n in shown])
    theirs = np.array([high[index.models[n]] - low[index.models[n]] for n in shown])
    assert float(np.median(ours / theirs)) == pytest.approx(1.05, abs=0.07)
    for anchor in ECI_ANCHORS:
        assert interval(index, anchor).width == pytest.approx(0, abs=1e-9)


# ---------------------------------------------------------------- other editions


def test_another_edition_fits_without_a_change(rows: Rows) -> None:
    models, benchmarks, values = rows
    gone = {"GPQA diamond", "MMLU", "HLE"}
    kept = [n for n, b in enumerate(benchmarks) if b not in gone and n % 11]
    scores = Scores.from_rows(
        [models[n] for n in kept],
        [benchmarks[n].upper() for n in kept],
        values[kept],
    ).well_met(4, 3)
    full = fit_eci_index(Scores.from_rows(*rows), anchors=ECI_ANCHORS, draws=0, rng=rng())
    index = fit_eci_index(scores, anchors=ECI_ANCHORS, draws=0, rng=rng(), fixed="WINOGRANDE")
    assert 150 < len(index.models) < 222
    assert len(index.benchmarks) <= 54
    shared = [full.place(m) for m in index.models]
    assert np.corrcoef(index.ability, full.ability[shared])[0, 1] > 0.97
    assert index.ability[index.place("GPT-5")] == pytest.approx(150)


def test_without_the_fixed_benchmark_only_the_best_mode_fits(rows: Rows) -> None:
    models, benchmarks, values = rows
    kept = [n for n, b in enumerate(benchmarks) if b != "Winogrande"]
    cut = [models[n] for n in kept], [benchmarks[n] for n in kept], values[kept]
    scores = Scores.from_rows(*cut)
    with pytest.raises(ValueError, match=r"'Winogrande', whose slope is fixed, has no score here"):
        fit_eci(scores)
    with pytest.raises(ValueError, match="'Winogrande', whose slope is fixed"):
        published_stop(*cut)
    index = fit_index(scores.well_met(), anchors=ECI_ANCHORS, draws=0, rng=rng())
    assert index.ability[index.place("GPT-5")] == pytest.approx(150)


# ---------------------------------------------------------------- made-up tables


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_minimum_is_scipys(seed: int) -> None:
    scores = table(rng(seed), 9, 4)
    exact, naive = fit_eci(scores, fixed="b1"), _Naive(scores, "b1")
    cost, _ = naive.minimum(naive.start(exact))
    assert _objective(scores, exact, "b1") == pytest.approx(cost, rel=1e-9)
    start = np.concatenate([rng(seed).normal(0, 0.1, 13), np.ones(3)])
    assert _objective(scores, exact, "b1") <= naive.minimum(start)[0] + 1e-7


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_names_carry_nothing(seed: int) -> None:
    scores = table(rng(seed), 9, 4)
    names = [f"n{n}" for n in rng(seed + 1).permutation(9)]
    other = Scores.from_rows(
        [names[m] for m in scores.model],
        [scores.benchmarks[b] for b in scores.benchmark],
        scores.score,
    )
    first, second = fit_eci(scores, fixed="b0"), fit_eci(other, fixed="b0")
    places = [other.models.index(name) for name in names]
    np.testing.assert_allclose(second.ability[0][places], first.ability[0], atol=1e-6)
    np.testing.assert_allclose(second.slope, first.slope, atol=1e-6)


def test_bounds_and_clipping_hold() -> None:
    # One model solves everything, one nothing; the ridge alone would let slopes leave 0.1..10.
    mi, bi = np.divmod(np.arange(12), 3)
    score = np.array([1, 1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0], dtype=float)
    params = fit_eci(named(mi, bi, score), fixed="b0", strength=0.0)
    assert np.all(np.abs(params.ability) <= 10)
    assert np.all(np.abs(params.difficulty) <= 10)
    assert np.all((params.slope >= 0.1 - 1e-12) & (params.slope <= 10 + 1e-12))
    assert params.slope[0, 0] == 1


def test_disconnected_and_single_are_refused() -> None:
    mi, bi = np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1])
    with pytest.raises(ValueError, match="m00, m01; m02, m03"):
        fit_eci(named(mi, bi, np.full(4, 0.5)), fixed="b0")
    with pytest.raises(ValueError, match="only benchmark"):
        fit_eci(named(mi, np.zeros(4, dtype=np.int64), np.full(4, 0.5)), fixed="b0")


def test_anchors_must_be_there_and_in_order() -> None:
    scores = table(rng(), 6, 3)
    ability = fit_eci(scores, fixed="b0").ability[0]
    best, worst = scores.models[ability.argmax()], scores.models[ability.argmin()]
    for anchors, expected in (
        ({"GPT-5": 150.0, best: 130.0}, "'GPT-5' is not in the index"),
        ({best: 130.0, worst: 150.0}, f"{worst} must be above {best}"),
        ({best: 150.0}, "1 anchors given"),
    ):
        with pytest.raises(ValueError, match=expected):
            fit_eci_index(scores, anchors=anchors, draws=0, rng=rng(), fixed="b0")
