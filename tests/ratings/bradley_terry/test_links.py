"""Links: derivatives against finite differences, and what each link says of chances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.fit import Terms, link, log_logistic, logistic
from headtohead.stats.inputs import FloatArray

_D = np.array([-9.0, -2.5, -0.7, 0.0, 0.3, 1.9, 8.0])
_PARAMETERS: dict[Ties, float] = {"half": 0.0, "drop": 0.0, "davidson": -0.4, "rao-kupper": 0.6}
_WITH_TIES: tuple[Ties, ...] = ("davidson", "rao-kupper")


def _difference(ties: Ties, part: str, *, by_tie: bool, step: float = 1e-6) -> FloatArray:
    """Central difference of a part of the terms, shape (7, 3)."""
    made, at = link(ties).terms, _PARAMETERS[ties]
    move, turn = (0.0, step) if by_tie else (step, 0.0)
    up: FloatArray = getattr(made(_D + move, at + turn), part)
    down: FloatArray = getattr(made(_D - move, at - turn), part)
    return (up - down) / (2 * step)


@pytest.mark.parametrize("ties", TIES)
def test_slopes_and_curves_are_derivatives(ties: Ties) -> None:
    terms = link(ties).terms(_D, _PARAMETERS[ties])
    assert terms.slope == pytest.approx(_difference(ties, "value", by_tie=False), abs=1e-8)
    assert terms.curve == pytest.approx(-_difference(ties, "slope", by_tie=False), abs=1e-8)


@pytest.mark.parametrize("ties", _WITH_TIES)
def test_tie_slopes_and_curves_are_derivatives(ties: Ties) -> None:
    terms = link(ties).terms(_D, _PARAMETERS[ties])
    assert terms.tie_slope == pytest.approx(_difference(ties, "value", by_tie=True), abs=1e-8)
    assert terms.tie_curve == pytest.approx(-_difference(ties, "tie_slope", by_tie=True), abs=1e-8)
    assert terms.cross_curve == pytest.approx(-_difference(ties, "slope", by_tie=True), abs=1e-8)
    assert terms.cross_curve == pytest.approx(
        -_difference(ties, "tie_slope", by_tie=False), abs=1e-8
    )


@settings(max_examples=examples(100))
@given(st.floats(-30, 30), st.floats(-6, 6), st.sampled_from(_WITH_TIES))
def test_log_likelihoods_are_concave(d: float, tie: float, ties: Ties) -> None:
    terms = link(ties).terms(np.array([d]), abs(tie) + 0.01 if ties == "rao-kupper" else tie)
    assert terms.tie_curve is not None
    assert terms.cross_curve is not None
    determinant = terms.curve * terms.tie_curve - terms.cross_curve**2
    assert (terms.curve >= 0).all()
    assert (terms.tie_curve >= 0).all()
    assert (determinant >= -1e-12).all()


@settings(max_examples=examples(100))
@given(st.floats(-30, 30), st.floats(-6, 6), st.sampled_from(("drop", *_WITH_TIES)))
def test_chances_add_up_and_turn_round(d: float, tie: float, ties: Ties) -> None:
    chosen = link(ties)
    assert chosen.probabilities is not None
    at = abs(tie) + 0.01 if ties == "rao-kupper" else tie
    there, back = (chosen.probabilities(np.array([x]), at)[0] for x in (d, -d))
    assert there.sum() == pytest.approx(1)
    assert (there >= -1e-15).all()
    assert back == pytest.approx(there[[1, 0, 2]], abs=1e-12)


@pytest.mark.parametrize("ties", _WITH_TIES)
def test_values_are_the_logs_of_chances(ties: Ties) -> None:
    chosen, at = link(ties), _PARAMETERS[ties]
    assert chosen.probabilities is not None
    assert chosen.terms(_D, at).value == pytest.approx(np.log(chosen.probabilities(_D, at)))


def test_chances_are_those_of_the_papers() -> None:
    a, b = 3.0, 2.0
    d = np.array([np.log(a / b)])
    nu = 0.7
    total = a + b + nu * np.sqrt(a * b)
    davidson, rao_kupper = link("davidson").probabilities, link("rao-kupper").probabilities
    assert davidson is not None
    assert rao_kupper is not None
    assert davidson(d, np.log(nu))[0] == pytest.approx([a / total, b / total, 1 - (a + b) / total])
    t = 1.6
    tie = (t**2 - 1) * a * b / ((a + t * b) * (b + t * a))
    assert rao_kupper(d, np.log(t))[0] == pytest.approx([a / (a + t * b), b / (b + t * a), tie])


@pytest.mark.parametrize("ties", TIES)
def test_extremes_do_not_overflow(ties: Ties) -> None:
    terms: Terms = link(ties).terms(np.array([-700.0, 700.0]), max(_PARAMETERS[ties], 0.1))
    for part in (terms.value, terms.slope, terms.curve):
        assert np.isfinite(part).all()
    assert log_logistic(np.array([-800.0, 800.0])) == pytest.approx([-800, 0])
    assert logistic(np.array([-800.0, 0.0, 800.0])) == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize("ties", _WITH_TIES)
@pytest.mark.parametrize("share", [0.05, 0.35, 0.8])
def test_the_first_guess_is_exact_among_equals(ties: Ties, share: float) -> None:
    # Davidson: nu = 2 T / (N - T); Rao and Kupper: theta = 1 + 2 T / (N - T).
    chosen = link(ties)
    assert chosen.start is not None
    assert chosen.probabilities is not None
    at = chosen.start(share)
    assert chosen.probabilities(np.zeros(1), at)[0, 2] == pytest.approx(share)
    assert np.exp(at) == pytest.approx(2 * share / (1 - share) + (ties == "rao-kupper"))


@pytest.mark.parametrize("ties", _WITH_TIES)
def test_the_score_slope_is_that_of_the_expected_score(ties: Ties) -> None:
    chosen, at = link(ties), _PARAMETERS[ties]
    assert chosen.probabilities is not None
    low, high = (chosen.probabilities(np.array([d]), at)[0] for d in (-1e-5, 1e-5))
    slope = float((high - low) @ [1, 0, 0.5]) / 2e-5
    assert chosen.score_slope(at) == pytest.approx(slope / 0.25, rel=1e-6)
    assert link("half").score_slope(0.0) == 1


def test_a_half_win_is_half_of_each() -> None:
    terms = link("half").terms(_D, 0.0)
    for part in (terms.value, terms.slope, terms.curve):
        assert part[:, 2] == pytest.approx((part[:, 0] + part[:, 1]) / 2)


def test_an_unknown_link_is_refused() -> None:
    with pytest.raises(ValueError, match="one of half, drop, davidson, rao-kupper, not 'halves'"):
        link("halves")  # type: ignore[arg-type]
