"""The index: what must not move it, hard input, and how often its intervals hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.capability.irt.capability_worlds import (
    ScoreWorld,
    gap,
    interval,
    named,
    residuals,
    rng,
    table,
    world,
)
from tests.simulations import lengths, slack

from headtohead.capability.irt.index import Index, fit_index, fit_parts
from headtohead.capability.irt.scores import Scores
from headtohead.capability.survival.lags import side_lag
from headtohead.capability.survival.sides import Side
from headtohead.stats.inputs import FloatArray

_SEEDS = st.integers(0, 10_000)
_LEVEL = 0.9
_DRAWS = 120
_FRONTIER = 5  # benchmarks that a model needs before it may be a side's best


@pytest.fixture(scope="module")
def index() -> Index:
    return fit_index(world(rng(3)).scores, draws=200, rng=rng(4))


def _added(scores: Scores, rows: list[tuple[str, str, float]], items: float = 200) -> Scores:
    models, benchmarks, values = zip(*rows, strict=True)
    return Scores.from_rows(
        [*(scores.models[m] for m in scores.model), *models],
        [*(scores.benchmarks[b] for b in scores.benchmark), *benchmarks],
        np.append(scores.score, values),
        items=[*scores.items.tolist(), *[items] * len(rows)],
        chance=dict(zip(scores.benchmarks, scores.chance.tolist(), strict=True)),
    )


def _ends(scores: Scores, ability: FloatArray) -> dict[str, float]:
    low, high = int(ability.argmin()), int(ability.argmax())
    return {scores.models[low]: 100.0, scores.models[high]: 150.0}


def test_parts_fitted_together_are_each_its_own_fit() -> None:
    scores = world(rng(3)).scores
    parts = [
        scores.only(benchmarks=[t for t in scores.benchmarks if t != name]).well_met(3, 3)
        for name in scores.benchmarks[:4]
    ]
    parts.append(scores.only(models=scores.models[5:]))
    for part, found in zip(parts, fit_parts(scores, parts), strict=True):
        alone = fit_index(part, draws=0, rng=rng())
        assert found.models == part.models
        assert found.rho == pytest.approx(alone.rho, rel=1e-9)
        for name in ("ability", "difficulty", "slope"):
            np.testing.assert_allclose(getattr(found, name), getattr(alone, name), rtol=1e-8)


# ---------------------------------------------------------------- what must not move it


@settings(max_examples=15)
@given(_SEEDS)
def test_names_and_order_carry_nothing(seed: int) -> None:
    scores = table(rng(seed), 9, 4)
    new = [f"n{n}" for n in rng(seed + 1).permutation(9)]
    tests = [f"t{n}" for n in rng(seed + 2).permutation(4)]
    order = rng(seed + 3).permutation(scores.model.size)
    other = Scores.from_rows(
        [new[n] for n in scores.model[order]],
        [tests[n] for n in scores.benchmark[order]],
        scores.score[order],
        items=scores.items[order].tolist(),
    )
    first, second = (fit_index(s, draws=0, rng=rng()) for s in (scores, other))
    places = [second.place(name) for name in new]
    np.testing.assert_allclose(second.ability[places], first.ability, atol=1e-3)
    kept = [second.benchmarks.index(name) for name in tests]
    np.testing.assert_allclose(second.difficulty[kept], first.difficulty, atol=1e-3)
    np.testing.assert_allclose(second.slope[kept], first.slope, rtol=1e-4)


@settings(max_examples=10)
@given(_SEEDS)
def test_a_model_on_its_curve_moves_nobody(seed: int) -> None:
    scores = table(rng(seed), 12, 5)
    plain = fit_index(scores, draws=0, rng=rng())
    anchors = _ends(scores, plain.ability)
    plain = fit_index(scores, anchors=anchors, draws=0, rng=rng())
    middle = np.array([float(np.median(plain.ability))])
    rows = [("new", b, float(plain.expected(b, middle)[0])) for b in plain.benchmarks]
    more = fit_index(_added(scores, rows), anchors=anchors, draws=0, rng=rng())
    # It adds degrees of freedom but no misfit, so the weights change a little, and with them all.
    np.testing.assert_allclose(more.ability[:12], plain.ability, atol=1.0)
    assert float(more.ability[12]) == pytest.approx(float(middle[0]), abs=1.0)


@settings(max_examples=10)
@given(_SEEDS, st.floats(0.05, 0.95))
def test_a_model_met_once_moves_nobody_much(seed: int, score: float) -> None:
    # One score can always be met by an ability of its own; only the weak prior ties it to others.
    scores = table(rng(seed), 12, 5)
    anchors = _ends(scores, fit_index(scores, draws=0, rng=rng()).ability)
    plain = fit_index(scores, anchors=anchors, draws=0, rng=rng())
    more = fit_index(_added(scores, [("new", "b1", score)]), anchors=anchors, draws=0, rng=rng())
    np.testing.assert_allclose(more.ability[:12], plain.ability, atol=0.5)


@settings(max_examples=10)
@given(_SEEDS, st.floats(-40, 40), st.floats(0.2, 5))
def test_the_scale_shifts_and_stretches_everything_alike(
    seed: int, plus: float, times: float
) -> None:
    scores = table(rng(seed), 8, 4)
    one = fit_index(scores, draws=100, rng=rng(1))
    first, last = (scores.models[int(n)] for n in (one.ability.argmin(), one.ability.argmax()))
    anchors = {m: plus + times * float(one.ability[one.place(m)]) for m in (first, last)}
    other = fit_index(scores, anchors=anchors, draws=100, rng=rng(1))
    for name in ("ability", "difficulty", "ability_draws", "difficulty_draws"):
        moved = plus + times * getattr(one, name)
        np.testing.assert_allclose(getattr(other, name), moved, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(other.slope * times, one.slope, rtol=1e-6)
    np.testing.assert_allclose(residuals(other), residuals(one), atol=1e-9)
    np.testing.assert_array_equal(other.places(), one.places())


def test_likeness_goes_before_anchors() -> None:
    scores = table(rng(2), 6, 4)
    like = {"m00": 130.0, "m01": 150.0, "gone": 99.0}
    found = fit_index(scores, like=like, anchors={"m02": 1, "m03": 2}, draws=0, rng=rng())
    both = found.ability[:2]
    assert (float(both.mean()), float(both.std())) == pytest.approx((140, 10))


# ---------------------------------------------------------------- what must move it


def test_more_items_weigh_more() -> None:
    # m00 is good at b0 and poor at b1; it stands where its larger benchmark says.
    scores = table(rng(7), 10, 4)
    abilities = []
    for large in ("b0", "b1"):
        rows = [("odd", "b0", 0.9), ("odd", "b1", 0.1), ("odd", "b2", 0.5)]
        extra = _added(scores, rows)
        items = [20000.0 if extra.benchmarks[b] == large else 20.0 for b in extra.benchmark]
        sized = Scores(
            extra.models,
            extra.benchmarks,
            extra.model,
            extra.benchmark,
            extra.score,
            np.array(items),
            extra.chance,
        )
        made = fit_index(sized, draws=0, rng=rng())
        abilities.append(float(made.ability[made.place("odd")]))
    assert abilities[0] > abilities[1] + 2


def test_a_model_with_one_benchmark_is_wide() -> None:
    scores = _added(world(rng(3)).scores, [("once", "b05", 0.5)])
    made = fit_index(scores, draws=200, rng=rng(4))
    widths = np.array([interval(made, m).width for m in made.models])
    many = widths[made.scores.per_model >= 8]
    assert interval(made, "once").width > 2 * float(np.median(many))


def test_all_solved_and_none_solved_stay_finite() -> None:
    scores = world(rng(3)).scores
    every = [("all", b, 1.0) for b in scores.benchmarks]
    none = [("none", b, 0.0) for b in scores.benchmarks]
    made = fit_index(_added(scores, every + none), draws=100, rng=rng(4))
    assert made.ability.argmax() == made.place("all")
    assert np.all(np.isfinite(made.ability_draws))
    assert interval(made, "all").width > 0
    assert made.places()[0][made.place("all")] == 1


# ---------------------------------------------------------------- what follows from draws


def test_draws_have_the_mean_of_the_point_fit(index: Index) -> None:
    np.testing.assert_allclose(index.ability_draws.mean(axis=0), index.ability, atol=1e-9)
    # The scale is that of all models together, so a draw does not drift as a whole.
    assert float(index.ability_draws.mean(axis=1).std()) < 0.3


def test_gap_is_the_joint_difference(index: Index) -> None:
    a, b = index.models[3], index.models[8]
    found, back = gap(index, a, b), gap(index, b, a)
    assert found.value == pytest.approx(float(index.ability[8] - index.ability[3]))
    assert (found.low, found.high) == pytest.approx((-back.high, -back.low))
    assert gap(index, a, a).width == 0


def test_expected_scores_rise_with_ability_and_carry_their_draw(index: Index) -> None:
    grid = np.linspace(40, 160, 50)
    name = index.benchmarks[2]
    curve = index.expected(name, grid)
    assert np.all(np.diff(curve) > 0)
    assert float(index.expected(name, index.difficulty[[2]])[0]) == pytest.approx(0.5)
    drawn = index.expected(name, index.ability_draws[:, 5], draws=True)
    for r in (0, 17, 199):
        away = index.ability_draws[r, 5] - index.difficulty_draws[r, 2]
        expected = 1 / (1 + np.exp(-index.slope_draws[r, 2] * away))
        assert float(drawn[r]) == pytest.approx(float(expected))


def test_residuals_are_scores_minus_the_curve(index: Index) -> None:
    n = 40
    name = index.benchmarks[int(index.scores.benchmark[n])]
    expected = index.expected(name, index.ability[index.scores.model[[n]]])
    assert float(residuals(index)[n]) == pytest.approx(float(index.scores.score[n] - expected[0]))


def test_places_count_certain_differences(index: Index) -> None:
    best, worst = index.places()
    among = np.arange(len(index.models)) % 2 == 0
    some_best, some_worst = index.places(among=among)
    for i in (0, 7, 22):
        away = index.ability_draws - index.ability_draws[:, [i]]
        low, high = np.quantile(away, [0.05, 0.95], axis=0, method="weibull")
        assert best[i] == 1 + np.sum(low > 0)
        assert worst[i] == len(index.models) - np.sum(high < 0)
        if among[i]:
            assert some_best[i] == 1 + np.sum((low > 0) & among)
            assert some_worst[i] == among.sum() - np.sum((high < 0) & among)
    assert np.all(some_best[~among] == 0)
    assert np.all(best <= worst)
    rank = np.argsort(np.argsort(-index.ability)) + 1
    assert np.mean((best <= rank) & (rank <= worst)) == 1


def test_unknown_names_are_refused(index: Index) -> None:
    with pytest.raises(ValueError, match="'nobody' is not in the index"):
        interval(index, "nobody")
    with pytest.raises(ValueError, match="'nothing' is not in the index"):
        index.expected("nothing", np.array([100.0]))


# ---------------------------------------------------------------- bad input


def test_two_models_have_no_scale() -> None:
    mi, bi = np.divmod(np.arange(8), 4)
    with pytest.raises(ValueError, match="m00 and m01: an index needs 3 models"):
        fit_index(named(mi, bi, np.linspace(0.1, 0.9, 8)), draws=0, rng=rng())


def test_one_benchmark_is_refused() -> None:
    with pytest.raises(ValueError, match="b0 is the only benchmark"):
        fit_index(
            named(np.arange(5), np.zeros(5, dtype=np.int64), np.linspace(0.1, 0.9, 5)), rng=rng()
        )


def test_models_that_share_nothing_are_refused_by_name() -> None:
    mi = np.repeat(np.arange(6), 2)
    bi = np.where(mi < 3, 0, 2) + np.arange(12) % 2
    with pytest.raises(ValueError, match="m00, m01, m02; m03, m04, m05"):
        fit_index(named(mi, bi, np.linspace(0.1, 0.9, 12)), rng=rng())


def test_equal_scores_give_no_scale() -> None:
    mi, bi = np.divmod(np.arange(12), 3)
    with pytest.raises(ValueError, match="all models are equally able"):
        fit_index(named(mi, bi, np.full(12, 0.4), 50), rng=rng())


def test_constant_benchmarks_beside_others_are_harmless() -> None:
    scores = table(rng(5), 8, 4)
    rows = [(m, test, y) for m in scores.models for test, y in (("all", 1.0), ("none", 0.0))]
    made = fit_index(_added(scores, rows), draws=100, rng=rng(1))
    plain = fit_index(scores, draws=0, rng=rng())
    assert np.all(np.isfinite(made.ability_draws))
    np.testing.assert_allclose(made.ability, plain.ability, atol=2.5)


# ---------------------------------------------------------------- coverage


class _IndexTally:
    def __init__(self, shift: float, seed: int, rounds: int) -> None:
        # .03 in the full version; a short one can only see what is badly wrong.
        self.near = slack(0.9, rounds, 2**0.5 if rounds >= 200 else 3)
        self.hits: dict[str, list[float]] = {"ability": [], "gap": [], "lag": [], "split lag": []}
        for n in range(rounds):
            self._one(world(rng([seed, n]), shift=shift), rng([seed, n, 1]))

    def _one(self, w: ScoreWorld, source: np.random.Generator) -> None:
        made = fit_index(w.scores, draws=_DRAWS, rng=source)
        # The scale is that of the pack: true abilities are brought to its mean and spread.
        truth = 100 + 15 * (w.ability - w.ability.mean()) / w.ability.std()
        inside = [
            found.low <= true <= found.high
            for found, true in zip((interval(made, m) for m in made.models), truth, strict=True)
        ]
        self.hits["ability"].append(float(np.mean(inside)))
        may = made.scores.per_model >= _FRONTIER
        day = int(np.quantile(w.day, source.uniform(0.6, 1)))
        a, b = w.leader & may, w.trailing & may
        on_a, on_b = (np.flatnonzero(side & (w.day <= day)) for side in (a, b))
        gaps = made.ability_draws[:, on_b].max(axis=1) - made.ability_draws[:, on_a].max(axis=1)
        low, high = np.quantile(gaps, [0.05, 0.95], method="weibull")
        self.hits["gap"].append(bool(low <= truth[on_b].max() - truth[on_a].max() <= high))

        def side(of: "np.ndarray[tuple[int], np.dtype[np.bool_]]", draws: FloatArray) -> Side:
            point = made.ability if draws is made.ability_draws else truth
            return Side(w.day[of], point[of], draws[:, of])

        found = side_lag(
            side(a, made.ability_draws), side(b, made.ability_draws), day, level=_LEVEL
        )
        exact = np.tile(truth, (40, 1))
        true = side_lag(side(a, exact), side(b, exact), day).draws[0]
        self.hits["lag"].append(bool(found.days.low <= true <= found.days.high))
        below = np.mean(found.draws < true)
        place = below + source.random() * np.mean(found.draws == true)
        self.hits["split lag"].append(bool(0.05 <= place <= 0.95))

    def share(self, name: str) -> float:
        return float(np.mean(self.hits[name]))


@pytest.fixture(scope="module", params=[0.0, 0.3], ids=["one curve", "shifted for a side"])
def shift(request: pytest.FixtureRequest) -> float:
    """In the second setting one side gains or loses .3 logits on each benchmark."""
    return float(request.param)


@pytest.fixture(scope="module", params=lengths(8, 200))
def tally(request: pytest.FixtureRequest, shift: float) -> _IndexTally:
    """So many worlds."""
    return _IndexTally(shift, 31, request.param)


@pytest.mark.parametrize("name", ["ability", "gap"])
def test_intervals_hold_the_truth(tally: _IndexTally, name: str) -> None:
    assert tally.share(name) == pytest.approx(0.9, abs=tally.near)


def test_lag_draws_are_right_and_closed_intervals_hold_more(tally: _IndexTally) -> None:
    # A lag takes few values, and on average half of the draws equal the truth. An interval with
    # closed ends then cannot have 90%; splitting those draws at random shows that the draws can.
    assert tally.share("split lag") == pytest.approx(0.9, abs=tally.near)
    assert tally.share("lag") >= 0.96 - tally.near


def test_a_small_table_is_not_sure_of_itself() -> None:
    # Five models and three tests always lie near some curves; that is no proof of small errors.
    score = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.3, 0.45, 0.5, 0.6, 0.7, 0.75]
    mi, bi = np.divmod(np.arange(15), 3)
    index = fit_index(named(mi, bi, np.array(score), 1000), draws=200, rng=rng())
    assert index.rho > 0.01
    assert all(interval(index, m).width > 3 for m in index.models)


def test_scores_of_nothing_or_all_give_no_distances() -> None:
    mi, bi = np.divmod(np.arange(12), 3)
    with pytest.raises(ValueError, match="every score is 0 or 1"):
        fit_index(named(mi, bi, (mi % 2).astype(float), 50), draws=0, rng=rng())
