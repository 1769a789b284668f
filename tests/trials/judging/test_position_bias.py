"""Position bias from both orders and from one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths, slack

from headtohead.stats.inputs import FloatArray
from headtohead.trials.judging.bias import (
    position_bias,
)

_LABEL = st.sampled_from([-1.0, 0.0, 1.0])


def _judged(
    rng: np.random.Generator, n: int, side: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How good A is, and the judge's preference for the side shown first in both orders."""
    gap = rng.normal(0, 1, n)

    def said(better: FloatArray) -> FloatArray:
        seen = better + side + rng.normal(0, 0.5, n)
        return np.where(np.abs(seen) < 0.3, 0.0, np.sign(seen))

    return gap, said(gap), said(-gap)


def test_it_reproduces_mt_bench() -> None:
    # Zheng et al. (2023), doi:10.48550/arXiv.2306.05685, table 2: GPT-4 on 80 questions is
    # consistent on 65.0%, prefers the first in both orders on 30.0%, the second on 5.0%.
    one = [1] * 24 + [-1] * 4 + [1] * 26 + [-1] * 26
    two = [1] * 24 + [-1] * 4 + [-1] * 26 + [1] * 26
    found = position_bias(one, two)
    assert 1 - found.flips.value == pytest.approx(0.65)
    assert found.first_twice_n / found.pairs_n == pytest.approx(0.30)
    assert found.second_twice_n / found.pairs_n == pytest.approx(0.05)
    assert found.net.value == pytest.approx(0.25)
    assert found.first_wins is not None
    assert found.first_wins.value == pytest.approx(0.625)
    # Wilson's interval of 28 of 80, by hand.
    z2 = 1.959963985**2
    middle = (28 + z2 / 2) / (80 + z2)
    half = math.sqrt(z2 * (0.35 * 0.65 * 80 + z2 / 4)) / (80 + z2)
    assert (found.flips.low, found.flips.high) == pytest.approx((middle - half, middle + half))
    assert "prefers the side shown first" in found.sentence


@settings(max_examples=examples(80))
@given(st.lists(st.tuples(_LABEL, _LABEL), min_size=1, max_size=40))
def test_it_does_not_matter_which_answer_is_called_a(both: list[tuple[float, float]]) -> None:
    one, two = (np.array(part) for part in zip(*both, strict=True))
    found, turned = position_bias(one, two), position_bias(two, one)
    assert found.net == turned.net
    assert found.flips == turned.flips
    assert found.flips.value <= found.unstable.value
    fair = position_bias(one, -one)
    assert fair.net.value == fair.flips.value == fair.unstable.value == 0


@pytest.mark.parametrize("rounds", lengths(150, 400))
def test_intervals_cover_and_the_average_is_free_of_the_bias(rounds: int) -> None:
    rng = np.random.default_rng(2)
    _, one, two = _judged(rng, 400_000, 0.4)
    truth = position_bias(one, two)
    assert truth.net.low > 0.1
    assert truth.first_wins is not None
    # Half of all A are better: the average says so, one order does not.
    assert ((one - two) / 2).mean() == pytest.approx(0, abs=0.005)
    assert one.mean() > 0.1
    hits = np.zeros(3)
    for _ in range(rounds):
        _, one, two = _judged(rng, 30, 0.4)
        found = position_bias(one, two)
        assert found.first_wins is not None
        hits += [
            a.low <= b.value <= a.high
            for a, b in (
                (found.flips, truth.flips),
                (found.net, truth.net),
                (found.first_wins, truth.first_wins),
            )
        ]
    assert np.all(hits / rounds >= 0.95 - slack(0.95, rounds, 1.84))


def test_clusters_widen() -> None:
    rng = np.random.default_rng(3)
    _, one, two = _judged(rng, 50, 0.4)
    thrice = (np.tile(one, 3), np.tile(two, 3))
    question = np.tile(np.arange(50), 3).tolist()
    alone, wide = position_bias(*thrice), position_bias(*thrice, clusters=question)
    once = position_bias(one, two)
    assert wide.net.width > 1.5 * alone.net.width
    assert wide.net.width == pytest.approx(once.net.width, rel=1e-9)


def test_all_ties_have_no_winner() -> None:
    found = position_bias([0, 0, 0], [0, 0, 0])
    assert found.first_wins is None
    assert found.net.width > 0
    assert "no sure preference" in found.sentence


@pytest.mark.parametrize(
    ("one", "two", "match"),
    [([1], [1, 0], "lengths differ"), ([2], [1], "from -1"), ([], [], "at least 1")],
)
def test_it_refuses(one: list[float], two: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        position_bias(one, two)
    with pytest.raises(ValueError, match=match):
        position_bias(one, two)
