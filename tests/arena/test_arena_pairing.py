"""Tests of which pair comes next, against variances worked out plainly and against even draws."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from tests.simulations import examples, lengths

from headtohead.arena.pairing import FLOOR, NEW_SHARE, Strengths, draw, pair_probabilities, urgency
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit, logistic
from headtohead.stats.inputs import BoolArray, FloatArray

Rule = Callable[[FloatArray], FloatArray]
SEED = 4


def votes_of(strength: FloatArray, each: int, rng: np.random.Generator) -> FloatArray:
    """Wins of row over column, with so many votes of every pair."""
    n = strength.size
    chances = logistic(strength[:, None] - strength[None, :])
    won = np.triu(rng.binomial(each, chances), 1).astype(float)
    result: FloatArray = won + (np.triu(np.full((n, n), float(each)), 1) - won).T
    return result


def test_two_entrants_always_meet() -> None:
    assert pair_probabilities(np.zeros((2, 2)))[0, 1] == 1
    assert pair_probabilities(np.array([[0, 9.0], [4, 0]]))[1, 0] == pytest.approx(1)


def test_before_any_vote_each_pair_is_as_likely() -> None:
    result = pair_probabilities(np.zeros((5, 5)))
    assert result[np.triu_indices(5, 1)] == pytest.approx(0.1)


@st.composite
def boards(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Points, ties and who is active of up to seven entrants, with empty and one-sided pairs."""
    n = draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    most = draw(st.sampled_from([0, 1, 5, 400]))
    wins = np.triu(rng.integers(0, most + 1, (n, n)), 1) + np.tril(rng.integers(0, 2, (n, n)), -1)
    ties = np.triu(rng.integers(0, most // 2 + 1, (n, n)), 1)
    ties = (ties + ties.T) * rng.integers(0, 2)
    active = rng.random(n) < 0.7
    active[:2] = True
    return wins + ties / 2, ties.astype(float), active


@given(boards())
@settings(max_examples=examples(300))
def test_chances_are_those_of_pairs_whatever_their_order(
    board: tuple[FloatArray, FloatArray, BoolArray],
) -> None:
    wins, ties, active = board
    result = pair_probabilities(wins, ties=ties, active=active)
    np.testing.assert_array_equal(result, result.T)
    assert np.triu(result, 1).sum() == pytest.approx(1)
    pairs = np.triu(active[:, None] & active[None, :], 1)
    assert not result[~(pairs | pairs.T)].any()
    assert result[pairs].min() >= FLOOR * (1 - NEW_SHARE) / pairs.sum() - 1e-12

    order = np.random.default_rng(SEED).permutation(len(wins))
    at = np.ix_(order, order)
    turned = pair_probabilities(wins[at], ties=ties[at], active=active[order])
    np.testing.assert_allclose(turned, result[at], rtol=1e-4, atol=1e-9)


def test_a_pair_that_is_nearly_decided_is_drawn_rather_than_a_decided_one() -> None:
    votes = np.full((4, 4), 20.0)
    votes[:2, 2:], votes[2:, :2] = 38, 2  # two strong ones, two weak ones
    votes[0, 1], votes[1, 0] = 24, 16
    result = pair_probabilities(votes)
    assert result[0, 1] > 3 * result[:2, 2:].sum()
    assert result[0, 1] > result[2, 3]


def test_what_a_vote_brings_is_the_variance_it_takes_away_weighted_by_urgency() -> None:
    rng = np.random.default_rng(SEED)
    points = votes_of(rng.normal(0, 0.7, 6), 7, rng)
    board = Strengths.of(points, np.zeros_like(points))
    first, second = np.triu_indices(6, 1)

    def variances(information: FloatArray) -> FloatArray:
        inverse = np.linalg.inv(information)
        steps = np.eye(6)[first] - np.eye(6)[second]
        return np.asarray(np.einsum("pi,ij,pj->p", steps, inverse, steps))

    information = np.asarray(np.linalg.inv(board.covariance), dtype=np.float64)
    now = variances(information)
    gaps = board.strength[first] - board.strength[second]
    weights = urgency(np.abs(gaps), board.spread * now, 1.96)
    expected = []
    for i, j, gap in zip(first, second, gaps, strict=True):
        step = np.eye(6)[i] - np.eye(6)[j]
        chance = logistic(np.array(gap))
        more = information + chance * (1 - chance) * np.outer(step, step)
        expected.append(weights @ (now - variances(more)))
    np.testing.assert_allclose(board.gains(first, second, 1.96), expected, rtol=1e-6)


def test_strengths_are_those_of_the_ratings() -> None:
    rng = np.random.default_rng(SEED)
    points = votes_of(rng.normal(0, 1, 5), 9, rng)
    first, second = np.triu_indices(5, 1)
    cells = np.column_stack([points[first, second], points[second, first], 0 * first, 0 * first])
    fitted = fit(Counts.from_cells([*"abcde"], first, second, cells))
    board = Strengths.of(points, np.zeros_like(points))
    np.testing.assert_allclose(board.strength, fitted.held, atol=1e-9)


def test_urgency_is_the_slope_of_the_chance_to_be_separated_soon() -> None:
    gap, variance, threshold = np.array([0.0, 0.3, 0.5, 1.2]), 0.06, 1.96

    def chance(later: float) -> FloatArray:
        # The variance now is known; what it will be is what votes change.
        error, step = np.sqrt(later), np.sqrt(variance - later)
        high = norm.sf((threshold * error - gap) / step)
        return np.asarray(high + norm.sf((threshold * error + gap) / step))

    later, small = variance / 1.3, 1e-6
    slope = (chance(later - small) - chance(later + small)) / (2 * small)
    expected = np.maximum(slope, 0) * np.sqrt(2 * np.pi)
    np.testing.assert_allclose(urgency(gap, np.full(4, variance), threshold), expected, rtol=1e-4)


def test_a_new_entrant_has_its_share() -> None:
    rng = np.random.default_rng(SEED)
    points = np.zeros((8, 8))
    points[:7, :7] = votes_of(rng.normal(0, 1, 7), 60, rng)
    result = pair_probabilities(points, new_share=0.3)
    assert result[7].sum() >= 0.3
    assert pair_probabilities(points, new_share=0.3, new_votes=0)[7].sum() > 2 / 8


def test_retired_entrants_are_not_drawn_and_their_votes_count() -> None:
    rng = np.random.default_rng(SEED)
    points = votes_of(np.array([0.5, 0.3, 0, -0.4, 2]), 30, rng)
    active = np.array([True, True, True, True, False])
    kept = pair_probabilities(points, active=active)
    assert not kept[4].any()
    alone = pair_probabilities(points[:4, :4])
    assert np.abs(kept[:4, :4] - alone).max() > 0.001


def test_only_wanted_pairs_are_drawn() -> None:
    rng = np.random.default_rng(SEED)
    points = votes_of(rng.normal(0, 1, 5), 8, rng)
    wanted = np.zeros((5, 5), dtype=bool)
    wanted[:2, 2:] = True
    result = pair_probabilities(points, wanted=wanted)
    assert np.all((result > 0) == (wanted | wanted.T))


def test_separate_parts_are_joined_first() -> None:
    points = np.zeros((6, 6))
    points[:3, :3] = points[3:, 3:] = 20.0
    result = pair_probabilities(points)
    assert result[:3, 3:].sum() > 0.9


def test_votes_of_a_category_aim_as_well_as_all_votes() -> None:
    rng = np.random.default_rng(SEED)
    every = votes_of(np.array([0.6, 0.2, 0, -0.5]), 50, rng)
    once = pair_probabilities(every)
    np.testing.assert_allclose(pair_probabilities(np.stack([every, every])), once, atol=1e-12)
    own = votes_of(np.array([-0.5, 0.2, 0, 0.6]), 10, rng)
    assert np.abs(pair_probabilities(np.stack([every, own])) - once).max() > 0.01


def test_known_ties_make_a_gap_surer() -> None:
    points = np.full((3, 3), 50.0)
    points[0, 1:], points[1:, 0] = 62, 38
    ties = np.full((3, 3), 60.0)
    board, coins = Strengths.of(points, ties), Strengths.of(points, np.zeros((3, 3)))
    np.testing.assert_allclose(board.strength, coins.strength)
    assert board.spread < 0.6 < coins.spread == pytest.approx(1, abs=0.02)


def test_a_drawn_pair_tells_its_chance_and_stands_on_either_side() -> None:
    rng = np.random.default_rng(SEED)
    chances = np.array([[0, 0.7, 0.3], [0.7, 0, 0], [0.3, 0, 0]])
    drawn = [draw(chances, rng) for _ in range(2000)]
    assert {pair[2] for pair in drawn if set(pair[:2]) == {0, 1}} == {0.7}
    for left, right, share in ((0, 1, 0.35), (1, 0, 0.35), (0, 2, 0.15), (2, 0, 0.15)):
        seen = sum(pair[:2] == (left, right) for pair in drawn) / len(drawn)
        assert seen == pytest.approx(share, abs=0.05)
    wanted = np.array([[False, False, True], [False] * 3, [False] * 3])
    assert draw(chances, rng, wanted=wanted)[2] == 1
    with pytest.raises(ValueError, match="no pair"):
        draw(chances, rng, wanted=np.zeros((3, 3), dtype=bool))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"active": np.array([True, False, False])}, "1 of 3 entrants are `active`; a pair needs"),
        ({"active": np.array([True, True])}, "`active` has shape"),
        ({"wanted": np.eye(3, dtype=bool)}, "none of the `wanted` pairs"),
        ({"wanted": np.ones((2, 2), dtype=bool)}, "`wanted`"),
        ({"ties": np.ones((2, 2))}, "`ties` has shape"),
        ({"ties": np.triu(np.ones((3, 3)))}, "`ties` must be symmetric"),
        ({"ties": np.full((3, 3), 9.0)}, "half a win for each of the `ties`"),
        ({"wins": np.full((3, 3), -1.0)}, "`wins` must be finite"),
        ({"wins": np.full((3, 3), np.nan)}, "`wins` must be finite"),
        ({"wins": np.ones((3, 2))}, "`wins` has shape"),
        ({"floor": 1.5}, "`floor` is 1.5"),
        ({"new_share": -0.1}, "`new_share` is -0.1"),
        ({"level": 2.0}, "level"),
    ],
)
def test_what_cannot_be_drawn_from_is_refused(changed: dict[str, FloatArray], message: str) -> None:
    arguments = {"wins": np.ones((3, 3)), **changed}
    with pytest.raises(ValueError, match=message):
        pair_probabilities(**arguments)  # type: ignore[arg-type]


def simulated(
    strength: FloatArray, total: int, rule: Rule, rng: np.random.Generator, step: int = 20
) -> FloatArray:
    """Wins of row over column, after so many votes of pairs drawn by a rule."""
    n = strength.size
    points, (first, second) = np.zeros((n, n)), np.triu_indices(n, 1)
    chances = logistic(strength[first] - strength[second])
    for _ in range(0, total, step):
        drawn = rng.multinomial(step, rule(points)[first, second])
        won = rng.binomial(drawn, chances)
        np.add.at(points, (first, second), won)
        np.add.at(points, (second, first), drawn - won)
    return points


def even(points: FloatArray) -> FloatArray:
    """Each pair as likely."""
    n = len(points)
    return (1 - np.eye(n)) * 2 / (n * (n - 1))


def gaps(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Differences in strength of all pairs with their standard errors, as rank gives them."""
    n = len(points)
    first, second = np.triu_indices(n, 1)
    cells = np.column_stack([points[first, second], points[second, first], 0 * first, 0 * first])
    fitted = fit(Counts.from_cells([f"{i:03}" for i in range(n)], first, second, cells))
    spread = covariance(fitted)
    variance = np.diag(spread)[first] + np.diag(spread)[second] - 2 * spread[first, second]
    return fitted.strength[first] - fitted.strength[second], np.sqrt(variance)


def test_fewer_votes_separate_as_many_pairs() -> None:
    strength = np.repeat([1.5, 0, -1.5], 4) + np.tile([0.45, 0.15, -0.15, -0.45], 3)
    aimed, spread = 0, 0
    for run in range(3):
        rng = np.random.default_rng([SEED, run])
        gap, error = gaps(simulated(strength, 1500, pair_probabilities, rng))
        aimed += int((np.abs(gap) > 1.96 * error).sum())
        gap, error = gaps(simulated(strength, 2000, even, rng))
        spread += int((np.abs(gap) > 1.96 * error).sum())
    assert aimed > spread


@pytest.mark.parametrize("runs", lengths(8, 400))
def test_ratings_hold_under_aimed_draws(runs: int) -> None:
    strength = np.array([1.2, 0.8, 0.6, 0.1, 0, -0.4, -0.9, -1.4])
    first, second = np.triu_indices(strength.size, 1)
    truth = strength[first] - strength[second]
    seen, errors = [], []
    for run in range(runs):
        rng = np.random.default_rng([SEED, run])
        gap, error = gaps(simulated(strength, 600, pair_probabilities, rng, step=10))
        seen.append(gap)
        errors.append(error)
    off = np.array(seen) - truth
    covered = (np.abs(off) <= 1.96 * np.array(errors)).mean(axis=1)
    # A little below 95%: a pair that a lucky start has separated gets fewer votes than others.
    assert covered.mean() > 0.925 - 4 * 0.07 / runs**0.5
    assert (off @ truth).mean() / (truth @ truth) < 0.08 + 4 * 0.2 / runs**0.5
