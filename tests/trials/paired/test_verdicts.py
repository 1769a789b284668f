"""Verdicts on a difference, and the p-values beside them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples, lengths, slack

from headtohead.core.estimate import Interval
from headtohead.trials.paired.differences import difference, equivalence, judge, verdict


def test_verdicts_reproduce_piaggio() -> None:
    # Piaggio et al. (2012), doi:10.1001/jama.2012.87802: intervals against a margin of 10.
    for low, high, equal, better in (
        (2, 12, "undecided", "yes"),
        (-5, 5, "yes", "undecided"),
        (-8, -2, "yes", "no"),
        (-15, 5, "undecided", "undecided"),
        (-20, -12, "no", "no"),
        (11, 20, "no", "yes"),
    ):
        interval = Interval((low + high) / 2, low, high)
        assert equivalence(interval, 10) == equal
        assert verdict(interval, 0.0) == better


@settings(max_examples=examples(60))
@given(
    st.lists(st.sampled_from([(0, 0), (1, 1), (0, 1), (1, 0)]), min_size=1, max_size=60),
    st.floats(0.01, 0.6),
)
def test_p_values_decide_as_the_interval_does(pairs: list[tuple[int, int]], margin: float) -> None:
    a, b = (list(side) for side in zip(*pairs, strict=True))
    found = difference(a, b)
    said = judge(found, margin)
    for answer, p in (
        (said.noninferior, said.p_noninferior),
        (said.equivalent, said.p_equivalent),
        (said.superior, said.p_superior),
    ):
        if abs(p - 0.025) > 1e-6:
            assert (answer == "yes") == (p < 0.025)
    assert said.p_equivalent >= said.p_noninferior


def test_equivalence_agrees_with_two_t_tests() -> None:
    x = np.random.default_rng(1).normal(0.1, 1, 40)
    said = judge(difference(np.zeros(40), x), 0.5)
    known = max(
        sp.ttest_1samp(x, -0.5, alternative="greater").pvalue,
        sp.ttest_1samp(x, 0.5, alternative="less").pvalue,
    )
    assert said.p_equivalent == pytest.approx(known, abs=1e-9)


@pytest.mark.parametrize("n", [20, 100])
@pytest.mark.parametrize("rounds", lengths(500, 1500))
def test_equivalence_rarely_errs_at_the_margin(n: int, rounds: int) -> None:
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(rounds):
        x = rng.normal(0.8, 1, n)
        wrong += judge(difference(np.zeros(n), x), 0.8).equivalent == "yes"
    assert wrong / rounds < 0.025 + slack(0.025, rounds, 3.2)


def test_refuses_a_negative_margin() -> None:
    with pytest.raises(ValueError, match="margin is -1"):
        judge(difference([1.0, 0.0], [0.0, 1.0]), -1)
