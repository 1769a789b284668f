"""How ratings move between windows of time."""

from dataclasses import replace

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import VoteWorld, names
from tests.simulations import lengths, slack

from headtohead.ratings.bradley_terry import Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.drift import Move, drift
from headtohead.ratings.bradley_terry.fit import Fit, fit, link
from headtohead.stats.inputs import FloatArray

Window = tuple[str, Fit, FloatArray]


def _windows(worlds: list[VoteWorld], votes: int, rng: np.random.Generator) -> list[Window]:
    made = []
    for number, one in enumerate(worlds):
        fitted = fit(one.counts(votes, rng))
        made.append((f"2025-{number + 1:02d}", fitted, covariance(fitted)))
    return made


def _of(found: tuple[Move, ...], model: str) -> Move:
    return next(d for d in found if d.model == model)


def test_a_model_that_got_stronger_is_found_and_the_others_stay() -> None:
    rng = np.random.default_rng(1)
    before = VoteWorld.of(8, rng, tie=0.3)
    strength = before.strength.copy()
    strength[3] += 0.8
    found = drift(_windows([before, replace(before, strength=strength)], 40_000, rng), rng)
    assert found[0].model == "m003"
    assert found[0].joint.low > 0
    # The pool itself holds the mover, so the others shift by its share of the votes at most.
    assert found[0].change.value == pytest.approx(0.8 * 7 / 8, abs=0.1)
    assert (found[0].first, found[0].last) == ("2025-01", "2025-02")


def test_a_pool_that_gets_a_strong_newcomer_does_not_make_the_others_weaker() -> None:
    rng = np.random.default_rng(2)
    true = VoteWorld.of(8, rng)
    few = replace(true, exposure=np.append(true.exposure[:7], 0.0))
    strong = replace(true, strength=np.append(true.strength[:7], 3.0))
    found = drift(_windows([few, strong], 20_000, rng), rng)
    assert {d.model for d in found} == {f"m00{i}" for i in range(7)}
    assert all(d.joint.low <= 0 <= d.joint.high for d in found)


def test_a_model_in_the_middle_windows_only_is_compared_over_its_own_span() -> None:
    rng = np.random.default_rng(3)
    true = VoteWorld.of(6, rng)
    gone = replace(true, exposure=np.append(true.exposure[:5], 0.0))
    found = drift(_windows([gone, true, true, gone], 4000, rng), rng)
    assert (_of(found, "m005").first, _of(found, "m005").last) == ("2025-02", "2025-03")
    assert (_of(found, "m000").first, _of(found, "m000").last) == ("2025-01", "2025-04")


def test_a_change_is_the_difference_of_two_independent_contrasts() -> None:
    rng = np.random.default_rng(4)
    windows = _windows([VoteWorld.of(5, rng)] * 2, 3000, rng)
    found = _of(drift(windows, rng), "m002")
    battles = np.sum([f.counts.battles for _, f, _ in windows], axis=0)
    pool = battles / battles.sum()
    row = np.eye(5)[2] - pool
    value = row @ windows[1][1].strength - row @ windows[0][1].strength
    error = np.sqrt(sum(row @ cov @ row for _, _, cov in windows))
    assert found.change.value == pytest.approx(value)
    assert found.change.high - found.change.value == pytest.approx(1.959964 * error, rel=1e-6)


@pytest.mark.parametrize("rounds", lengths(20, 200))
def test_without_drift_the_joint_intervals_all_hold_zero_as_often_as_they_say(rounds: int) -> None:
    rng = np.random.default_rng(5)
    true = VoteWorld.of(8, rng, tie=0.3)
    alone, together = 0, 0
    for _ in range(rounds):
        found = drift(_windows([true, true, true], 2000, rng), rng)
        alone += sum(d.change.low <= 0 <= d.change.high for d in found)
        together += all(d.joint.low <= 0 <= d.joint.high for d in found)
    # Of 200 draws at 95% these are 4.6 points.
    room = slack(0.95, rounds, 3)
    assert together / rounds >= 0.95 - room
    assert alone / (8 * rounds) == pytest.approx(0.95, abs=0.65 * room)


def _tied(true: VoteWorld, ties: Ties, at: float, votes: int, rng: np.random.Generator) -> Window:
    """A window of votes with ties as in that model, its strengths on the scale of half wins."""
    drawn = link(ties)
    assert drawn.probabilities is not None
    first, second, weight = true.pairs()
    d = (true.strength[first] - true.strength[second]) / drawn.score_slope(at)
    cells = rng.multinomial(rng.multinomial(votes, weight), drawn.probabilities(d, at))
    votes_of = np.column_stack([cells, np.zeros(first.size, dtype=np.int64)])
    fitted = fit(Counts.from_cells(names(true.strength.size), first, second, votes_of), ties=ties)
    return "", fitted, covariance(fitted)


# Tie parameters at which equals tie 9% and 50% of their votes.
_RATES: dict[Ties, tuple[float, float]] = {
    "davidson": (float(np.log(0.2)), float(np.log(2))),
    "rao-kupper": (0.18, 1.1),
}


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_more_ties_are_no_movement(ties: Ties) -> None:
    rng = np.random.default_rng(8)
    true = VoteWorld(np.array([-1.2, -0.6, 0.0, 0.6, 1.2]), np.ones(5))
    windows = [_tied(true, ties, at, 400_000, rng) for at in _RATES[ties]]
    raw = windows[1][1].strength[4] - windows[0][1].strength[4]
    assert raw > 0.35  # logits: 60 points and more, none of them a movement
    found = drift([(f"2025-0{i}", *w[1:]) for i, w in enumerate(windows, start=1)], rng)
    assert max(abs(d.change.value) for d in found) < 0.03
    assert all(d.joint.low <= 0 <= d.joint.high for d in found)


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("rounds", lengths(20, 200))
def test_intervals_hold_while_the_tie_rate_changes(ties: Ties, rounds: int) -> None:
    rng = np.random.default_rng(9)
    true = VoteWorld(np.array([-1.5, -0.5, 0.0, 0.5, 1.5]), np.ones(5))
    alone, together = np.zeros(5), 0
    for _ in range(rounds):
        windows = [("1", *_tied(true, ties, _RATES[ties][0], 1500, rng)[1:])]
        windows.append(("2", *_tied(true, ties, _RATES[ties][1], 1500, rng)[1:]))
        found = sorted(drift(windows, rng), key=lambda d: d.model)
        alone += [d.change.low <= 0 <= d.change.high for d in found]
        together += all(d.joint.low <= 0 <= d.joint.high for d in found)
    # Of 200 draws at 95% these are 5.7 points.
    room = slack(0.95, rounds, 3.7)
    assert alone / rounds == pytest.approx(0.95, abs=room)
    assert together / rounds >= 0.95 - room


def test_changes_are_on_the_scale_of_half_wins() -> None:
    rng = np.random.default_rng(10)
    true = VoteWorld(np.linspace(-0.6, 0.6, 6), np.ones(6), 0.3)
    strength = true.strength.copy()
    strength[2] += 0.4
    counts = [one.counts(200_000, rng) for one in (true, replace(true, strength=strength))]
    kinds: tuple[Ties, ...] = ("half", "davidson", "rao-kupper")
    moved = []
    for ties in kinds:
        fits = [fit(c, ties=ties) for c in counts]
        found = drift([(str(i), f, covariance(f)) for i, f in enumerate(fits)], rng)
        moved.append(_of(found, "m002").change)
    assert moved[0].value == pytest.approx(0.4 * 5 / 6, abs=0.03)
    for other in moved[1:]:
        assert other.value == pytest.approx(moved[0].value, rel=0.03)
        assert other.width == pytest.approx(moved[0].width, rel=0.1)


def test_windows_that_cannot_be_compared_are_refused() -> None:
    rng = np.random.default_rng(6)
    window = _windows([VoteWorld.of(4, rng)], 500, rng)[0]
    with pytest.raises(ValueError, match="two windows"):
        drift([window], rng)
    other = fit(Counts.from_cells(["x", "y"], [0], [1], [[5, 5, 0, 0]]))
    with pytest.raises(ValueError, match="no model is in every window"):
        drift([window, ("2025-02", other, covariance(other))], rng)
    apart = fit(Counts.from_cells(list("abcd"), [0, 2], [1, 3], [[5, 5, 0, 0], [5, 5, 0, 0]]))
    with pytest.raises(ValueError, match="fall"):
        drift([window, ("2025-02", apart, covariance(apart))], rng)
