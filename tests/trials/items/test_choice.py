"""Information, the order in which to ask items, and newcomers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.trials.items.item_worlds import World, lsat, world

from headtohead.trials.items.choice import choose_items, information, locate, standard_error
from headtohead.trials.items.fit import ItemFit, fit_items


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def true() -> World:
    return world(_rng(2), 60, 80, attempts=4, icc=0.25)


@pytest.fixture(scope="module")
def fitted(true: World) -> ItemFit:
    return fit_items(true.answers)


def test_information_is_the_textbook_formula() -> None:
    # Birnbaum (1968): the sum of a^2 P (1 - P), here of the law school test at its mean.
    found = fit_items(lsat(), pooled=False)
    p = sp.logistic.cdf(found.slope * -found.difficulty)
    assert information(found, 0.0)[0] == pytest.approx(np.sum(found.slope**2 * p * (1 - p)))
    assert standard_error(found, 0.0)[0] == pytest.approx(information(found, 0.0)[0] ** -0.5)


def test_information_is_the_curvature_with_guessing() -> None:
    found = fit_items(world(_rng(3), 40, 6, floor=0.2).answers, floor=0.2)
    theta, step = 0.4, 1e-4
    p, up = (
        0.2 + 0.8 * sp.logistic.cdf(found.slope * (at - found.difficulty))
        for at in (theta, theta + step)
    )
    # Fisher: the squared slope of the curve over the variance of an answer.
    expected = np.sum(((up - p) / step) ** 2 / (p * (1 - p)))
    assert information(found, theta)[0] == pytest.approx(expected, rel=1e-3)


def test_repeats_add_less_than_new_items(fitted: ItemFit) -> None:
    once, often = (information(fitted, [-1.0, 0.0, 1.0], attempts=n) for n in (1, 8))
    np.testing.assert_allclose(often / once, 8 / (1 + 7 * fitted.icc))
    half = fitted.items[:40], fitted.items[40:]
    parts = sum(information(fitted, 0.3, items=part)[0] for part in half)
    assert parts == pytest.approx(information(fitted, 0.3)[0])


def test_best_items_beat_the_first_and_reach_what_all_reach(fitted: ItemFit) -> None:
    found = choose_items(fitted, 0.8, 1.4, se=0.5)
    assert set(found.items) == set(fitted.items)
    assert np.all(np.diff(found.se) <= 1e-12)
    everything = np.sqrt(np.sum(1 / information(fitted, [0.8, 1.4])))
    assert found.se[-1] == pytest.approx(everything)
    assert found.needed is not None
    assert found.se[found.needed - 1] <= 0.5 < found.se[found.needed - 2]
    chosen = np.sqrt(np.sum(1 / information(fitted, [0.8, 1.4], items=found.items[:20])))
    plain = np.sqrt(np.sum(1 / information(fitted, [0.8, 1.4], items=fitted.items[:20])))
    assert chosen == pytest.approx(found.se[19])
    assert chosen < 0.8 * plain


@settings(deadline=None, max_examples=20)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_order_does_not_ask_who_is_first(fitted: ItemFit, one: float, two: float) -> None:
    a, b = (choose_items(fitted, *pair, se=0.3) for pair in ((one, two), (two, one)))
    np.testing.assert_allclose(a.se, b.se)
    assert a.needed == b.needed


def test_out_of_reach_and_left_out(fitted: ItemFit) -> None:
    assert choose_items(fitted, 0, 0.5, se=0.001).needed is None
    rest = choose_items(fitted, 0, 0.5, se=0.3, leave_out=fitted.items[:70])
    assert set(rest.items) == set(fitted.items[70:])


def test_promised_error_is_met(true: World, fitted: ItemFit) -> None:
    # Two newcomers answer the chosen items as their true curves have it.
    rng = _rng(4)
    chosen = choose_items(fitted, 0.0, 0.6, se=0.45)
    asked = list(chosen.items[: chosen.needed])
    at = [fitted.items.index(label) for label in asked]
    gaps = []
    for _ in range(300):
        told = [
            rng.random(len(at)) < sp.logistic.cdf(true.slope[at] * (theta - true.difficulty[at]))
            for theta in (0.0, 0.6)
        ]
        low, high = (locate(fitted, asked, marks.astype(float)).value for marks in told)
        gaps.append(high - low)
    # Shrunk towards the field, hence a little below the promise.
    assert 0.3 < np.std(gaps) < 0.52


def test_newcomers_intervals_cover(true: World, fitted: ItemFit) -> None:
    rng = _rng(5)
    inside = []
    for theta in rng.normal(size=400):
        marks = rng.random(80) < sp.logistic.cdf(true.slope * (theta - true.difficulty))
        found = locate(fitted, fitted.items, marks.astype(float))
        inside.append(found.low <= theta <= found.high)
    assert 0.85 <= np.mean(inside) <= 0.94


def test_no_answer_leaves_the_field_and_an_old_hand_gets_its_own_ability(
    true: World, fitted: ItemFit
) -> None:
    for k in (0, 30):
        again = locate(fitted, fitted.items, true.answers.score[k], attempts=4)
        assert again.value == pytest.approx(fitted.theta[k], abs=0.01)
    wide = locate(fitted, fitted.items[:1], [1.0])
    assert wide.width > 2.5


def test_refuses_what_cannot_be(fitted: ItemFit) -> None:
    with pytest.raises(ValueError, match="item 'new' is not among the 80 items"):
        information(fitted, 0.0, items=["new"])
    with pytest.raises(ValueError, match="se is 0"):
        choose_items(fitted, 0, 1, se=0)
    with pytest.raises(ValueError, match="no item is left"):
        choose_items(fitted, 0, 1, se=0.1, leave_out=fitted.items)
    with pytest.raises(ValueError, match="attempts is 0"):
        standard_error(fitted, 0.0, attempts=0)
    with pytest.raises(ValueError, match="given twice"):
        locate(fitted, [fitted.items[0]] * 2, [1, 0])
    with pytest.raises(ValueError, match="outside 0 to 1"):
        locate(fitted, fitted.items[:2], [1, 2])
