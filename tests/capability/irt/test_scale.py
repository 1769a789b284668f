"""Conventions of the scale, and draws brought to it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.capability.irt.capability_worlds import rng, table

from headtohead.capability.irt.index import IndexScale, aligned, by_anchors, by_likeness, by_spread

_ABILITY = st.lists(st.floats(-5, 5), min_size=3, max_size=8, unique=True).filter(
    lambda x: float(np.std(x)) > 1e-3
)
_PLUS, _TIMES = st.floats(-50, 50), st.floats(0.1, 30)


def test_anchors_reproduce_epochs_points() -> None:
    # Epoch fixes Claude 3.5 Sonnet at 130 and GPT-5 at 150; https://epoch.ai/benchmarks/eci.
    # With abilities of 0.5 and 2.5, a logit is 10 points and ability 0 stands at 125.
    scores = table(rng(), 3, 2)
    found = by_anchors(scores, np.array([0.5, 1.0, 2.5]), {"m00": 130, "m02": 150})
    assert (found.plus, found.times) == pytest.approx((125, 10))
    np.testing.assert_allclose(found.index(np.array([0.5, 1.0, 2.5])), [130, 135, 150])


@given(_ABILITY, _PLUS, _TIMES)
def test_points_do_not_depend_on_zero_and_unit_of_logits(
    ability: list[float], plus: float, times: float
) -> None:
    logits = np.array(ability)
    moved = plus + times * logits
    n = logits.size
    scores = table(rng(), n, 2)
    order = np.argsort(logits)
    anchors = {scores.models[order[0]]: 130.0, scores.models[order[-1]]: 150.0}
    np.testing.assert_allclose(
        by_anchors(scores, moved, anchors).index(moved),
        by_anchors(scores, logits, anchors).index(logits),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        by_spread(moved).index(moved), by_spread(logits).index(logits), atol=1e-6
    )
    plus_r, times_r = aligned(moved[None], logits)
    np.testing.assert_allclose(plus_r + times_r * moved, logits, atol=1e-6)


@given(_ABILITY)
def test_spread_is_as_asked(ability: list[float]) -> None:
    logits = np.array(ability)
    found = by_spread(logits, 50, 10).index(logits)
    assert (float(found.mean()), float(found.std())) == pytest.approx((50, 10))


def test_likeness_keeps_mean_and_spread_of_the_shared() -> None:
    scores = table(rng(), 4, 2)
    logits = np.array([0.0, 1.0, 2.0, 9.0])
    like = {"m00": 130.0, "m01": 150.0, "m02": 140.0, "elsewhere": 0.0}
    found = by_likeness(scores, logits, like).index(logits)
    assert float(found[:3].mean()) == pytest.approx(140)
    assert float(found[:3].std()) == pytest.approx(float(np.std([130, 150, 140])))
    # The order is that of this index, not of the other.
    assert found[0] < found[1] < found[2] < found[3]


def test_draws_lose_only_what_all_models_share() -> None:
    ability = np.array([-1.0, 0.0, 0.5, 2.0])
    draws = rng(3).normal(ability, 0.3, (50, 4))
    plus, times = aligned(3 + 2 * draws, ability)
    found = plus[:, None] + times[:, None] * (3 + 2 * draws)
    np.testing.assert_allclose(found.mean(axis=1), ability.mean())
    np.testing.assert_allclose(found.std(axis=1), ability.std())
    np.testing.assert_array_equal(found.argsort(axis=1), draws.argsort(axis=1))


@pytest.mark.parametrize(
    ("anchors", "expected"),
    [
        ({}, "0 anchors given"),
        ({"m00": 1.0, "m01": 2.0, "m02": 3.0}, "3 anchors given"),
        ({"m00": 130.0, "nobody": 150.0}, "'nobody' is not in the index"),
        ({"m02": 130.0, "m00": 150.0}, "m00 must be above m02"),
        ({"m00": 130.0, "m02": 130.0}, "must be above"),
        ({"m00": 130.0, "m01": 150.0}, "m01 must be above m00"),
    ],
)
def test_anchors_that_give_no_scale(anchors: dict[str, float], expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        by_anchors(table(rng(), 3, 2), np.array([0.0, 0.0, 1.0]), anchors)


def test_equal_models_give_no_scale() -> None:
    with pytest.raises(ValueError, match="all models are equally able"):
        by_spread(np.full(3, 0.7))
    with pytest.raises(ValueError, match="1 models are in both"):
        by_likeness(table(rng(), 3, 2), np.arange(3.0), {"m00": 100.0, "x": 1.0})


def test_scale_moves_values() -> None:
    assert IndexScale(100, 15).index(np.array([-1.0, 0.0, 2.0])).tolist() == [85, 100, 130]
