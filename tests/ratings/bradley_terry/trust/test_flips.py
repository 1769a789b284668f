"""Votes needed to flip an order: a worked example, brute force, real votes, no way to flip."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.bradley_terry.boards import board
from tests.ratings.bradley_terry.trust.trust_votes import TrustVotes, arena, davidson
from tests.simulations import examples, lengths

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import inverse_information
from headtohead.ratings.bradley_terry.fit import Fit, fit
from headtohead.ratings.bradley_terry.trust.influence import (
    adjacent_flips,
    flip_votes,
    neighbours,
    removal_effect,
)

# The worked example of the encyclopedia's article on the Bradley-Terry model: wins of row over
# column, four players.
_WINS = ("A", "B", 2, 3), ("A", "D", 1, 4), ("B", "C", 5, 3), ("C", "D", 1, 3)
# What taking one game away does to C's lead over A (0.030742): linear step, then refit. Computed
# with scipy on the single games.
_ONE_LESS = {
    ("A", "B"): (0.344038, 0.432322),
    ("A", "D"): (0.314824, 0.423332),
    ("B", "A"): (-0.210989, -0.246074),
    ("B", "C"): (0.133433, 0.147266),
    ("C", "B"): (-0.210989, -0.246074),
    ("C", "D"): (-0.384236, -0.518427),
    ("D", "A"): (-0.088723, -0.100390),
    ("D", "C"): (0.111665, 0.129600),
}


def _without(counts: Counts, row: int, outcome: int) -> Counts:
    votes = np.zeros_like(counts.votes)
    votes[row, outcome] = 1
    return counts - Counts.from_cells(counts.models, counts.first, counts.second, votes)


def _gap(fitted: Fit, leader: str, rival: str) -> float:
    names = fitted.counts.models
    return float(fitted.strength[names.index(leader)] - fitted.strength[names.index(rival)])


# ---------------------------------------------------------------- worked example


def test_each_game_of_the_worked_example_moves_the_gap_as_computed() -> None:
    counts = board(*_WINS)
    fitted = fit(counts, prior=0)
    inverse = inverse_information(fitted)
    effect = removal_effect(fitted, counts.first, counts.second, inverse[:, 2] - inverse[:, 0])
    for row, outcome in zip(*np.nonzero(counts.votes), strict=True):
        pair = counts.models[counts.first[row]], counts.models[counts.second[row]]
        linear, exact = _ONE_LESS[pair if outcome == 0 else pair[::-1]]
        assert effect[row, outcome] == pytest.approx(linear, abs=1e-6)
        again = fit(_without(counts, int(row), int(outcome)), prior=0)
        assert _gap(again, "C", "A") - _gap(fitted, "C", "A") == pytest.approx(exact, abs=1e-6)


def test_the_strongest_game_of_the_worked_example_flips_it() -> None:
    found = flip_votes(fit(board(*_WINS), prior=0), 0, 2)
    assert found.models == ("C", "A")
    assert found.gap == pytest.approx(0.030742, abs=1e-6)
    assert (found.predicted, found.needed, found.verified) == (1, 1, True)
    assert found.share == pytest.approx(1 / 22)
    assert found.removed == board(("C", "D", 1, 0))
    assert found.gap_after == pytest.approx(0.030742 - 0.518427, abs=1e-6)


# ---------------------------------------------------------------- brute force


def _fewest(fitted: Fit, leader: str, rival: str, most: int) -> int | None:
    """The least number of votes whose removal flips the pair, by trying all sets of them."""
    counts = fitted.counts
    votes = [
        (row, outcome)
        for row, outcome in zip(*np.nonzero(counts.votes), strict=True)
        for _ in range(counts.votes[row, outcome])
    ]
    for size in range(1, most + 1):
        for chosen in set(itertools.combinations(votes, size)):
            gone = np.zeros_like(counts.votes)
            for row, outcome in chosen:
                gone[row, outcome] += 1
            left = counts - Counts.from_cells(counts.models, counts.first, counts.second, gone)
            again = fit(left)
            there = {leader, rival} <= set(again.counts.models) and again.connectivity.connected
            if there and _gap(again, leader, rival) < 0:
                return size
    return None


@pytest.mark.parametrize("boards", lengths(3, 16))
def test_no_smaller_set_flips_than_the_one_found(boards: int) -> None:
    same = seen = 0
    for seed in range(boards):
        votes = davidson(np.array([0.6, 0.2, -0.8]), 1, 20, np.random.default_rng(seed))
        fitted = fit(votes.counts())
        for flip in adjacent_flips(fitted):
            fewest = _fewest(fitted, *flip.models, most=2)
            if flip.needed is not None and flip.needed <= 2:
                assert fewest is not None
                assert fewest <= flip.needed
                same += fewest == flip.needed
                seen += 1
            elif fewest is not None:
                seen += 1
    assert seen >= 10 * boards / 16
    assert same >= 0.9 * seen


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("side", [False, True])
def test_every_flip_is_a_flip(ties: Ties, side: bool) -> None:
    strength = np.array([1.2, 0.5, 0.4, -0.3, -1.8])
    votes = davidson(strength, 10, 40, np.random.default_rng(3), side=0.2)
    fitted = fit(votes.counts(), ties=ties, side=side)
    found = adjacent_flips(fitted)
    assert len(found) == 4
    for flip in found:
        assert flip.verified
        assert flip.needed == flip.removed.total
        again = fit(fitted.counts - flip.removed, ties=ties, side=side)
        assert _gap(again, *flip.models) == pytest.approx(flip.gap_after, abs=1e-6)
        assert flip.gap_after < 0 <= flip.gap


def test_one_vote_less_than_needed_does_not_flip() -> None:
    # Only wins of the leader over one rival are at hand, so the queue's order is known.
    fitted = fit(board(("a", "b", 60, 40)))
    found = flip_votes(fitted, 0, 1)
    assert found.needed == 21
    assert _gap(fit(board(("a", "b", 40, 40))), "a", "b") == pytest.approx(0)
    assert _gap(fit(board(("a", "b", 39, 40))), "a", "b") < 0


@settings(max_examples=examples(40))
@given(st.integers(1, 60), st.integers(1, 60))
def test_two_models_swap_when_the_lead_is_gone(lead: int, losses: int) -> None:
    found = flip_votes(fit(board(("a", "b", losses + lead, losses))), 0, 1, reach=0.99)
    assert found.needed == lead + 1
    assert found.removed == board(("a", "b", lead + 1, 0))


# ---------------------------------------------------------------- properties


@settings(max_examples=examples(25) // 2)
@given(st.integers(0, 10_000))
def test_order_of_models_and_sides_do_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    votes = davidson(rng.normal(0, 0.6, 5), 5, 30, rng)
    plain = [(f.models, f.needed) for f in adjacent_flips(fit(votes.counts()))]
    for other in (votes.relabelled(rng.permutation(5)), votes.turned()):
        assert [(f.models, f.needed) for f in adjacent_flips(fit(other.counts()))] == plain


def test_twice_the_votes_need_twice_as_many() -> None:
    votes = davidson(np.array([0.9, 0.4, -0.2, -1.1]), 10, 60, np.random.default_rng(5))
    counts = votes.counts()
    once, twice = (adjacent_flips(fit(c, prior=0)) for c in (counts, counts + counts))
    for a, b in zip(once, twice, strict=True):
        assert a.needed is not None
        assert b.needed in (2 * a.needed - 1, 2 * a.needed)
        assert b.gap == pytest.approx(a.gap)


def test_votes_of_others_count_less_than_those_between_the_two() -> None:
    near = board(("a", "b", 12, 8), ("b", "c", 10, 10), ("a", "c", 11, 9))
    far = near + board(("c", "d", 40, 40), ("d", "e", 40, 40))
    for counts in (near, far):
        found = flip_votes(fit(counts), 0, 1)
        assert set(found.removed.models) <= {"a", "b", "c"}


# ---------------------------------------------------------------- what cannot flip, and errors


def test_where_no_removal_flips_it_says_so() -> None:
    found = flip_votes(fit(board(("a", "b", 5, 0))), 0, 1)
    assert (found.needed, found.verified) == (None, False)
    assert math.isnan(found.share)
    assert not found.gap_after < 0


def test_reach_limits_how_many_votes_may_go() -> None:
    fitted = fit(board(("a", "b", 60, 40)))
    assert flip_votes(fitted, 0, 1, reach=0.21).needed == 21
    found = flip_votes(fitted, 0, 1, reach=0.2)
    assert (found.needed, found.verified) == (None, False)
    assert found.removed.total <= 20
    for reach in (0.0, 1.2):
        with pytest.raises(ValueError, match="reach"):
            flip_votes(fitted, 0, 1, reach=reach)
        with pytest.raises(ValueError, match="reach"):
            adjacent_flips(fitted, reach=reach)


def test_a_large_lead_falls_where_one_linear_step_does_not_reach() -> None:
    fitted = fit(board(("a", "b", 30, 2), ("b", "c", 8, 8), ("a", "c", 6, 1)), prior=0)
    assert not flip_votes(fitted, 0, 1).verified
    found = flip_votes(fitted, 0, 1, reach=0.9)
    assert found.predicted is None
    assert found.verified
    assert _gap(fit(fitted.counts - found.removed), "a", "b") < 0


def test_models_that_votes_do_not_join_have_no_order() -> None:
    fitted = fit(board(("a", "b", 6, 4), ("c", "d", 6, 4), ("c", "e", 5, 5)))
    assert len(adjacent_flips(fitted)) == 3
    a, c = (fitted.counts.models.index(name) for name in "ac")
    with pytest.raises(ValueError, match="no chain of votes joins"):
        flip_votes(fitted, a, c)
    with pytest.raises(ValueError, match="itself"):
        flip_votes(fitted, a, a)


def test_equal_models_need_one_vote() -> None:
    found = flip_votes(fit(board(("a", "b", 10, 10))), 1, 0)
    assert found.gap == pytest.approx(0, abs=1e-12)
    assert found.needed == 1


# ---------------------------------------------------------------- real votes


def test_the_first_of_the_arena(shared_evidence: Path) -> None:
    fitted = fit(arena(shared_evidence), prior=0)
    top = flip_votes(fitted, *(int(side[0]) for side in neighbours(fitted)))
    assert top.models == ("chatgpt-4o-latest", "gemini-1.5-pro-exp-0801")
    assert top.gap * 400 / math.log(10) == pytest.approx(16.7, abs=0.05)
    # The linear step takes 489 votes, 0.03% of all; in a refit 462 of them are enough.
    assert top.predicted == 489
    assert top.needed == 462
    assert -0.01 < top.gap_after < 0


@pytest.mark.slow
def test_arena_flips(shared_evidence: Path) -> None:
    found = adjacent_flips(fit(arena(shared_evidence), prior=0))
    assert (found[0].predicted, found[0].needed) == (489, 462)
    assert len(found) == 128
    assert all(flip.verified for flip in found)
    needed = np.array([flip.needed for flip in found])
    assert np.median(needed) == pytest.approx(36, abs=1)
    assert int((needed <= 10).sum()) == 30


def test_votes_come_back_as_they_went() -> None:
    votes = davidson(np.array([0.4, 0.0, -0.4]), 4, 40, np.random.default_rng(9))
    assert isinstance(votes, TrustVotes)
    fitted = fit(votes.counts())
    for flip in adjacent_flips(fitted):
        assert (fitted.counts - flip.removed) + flip.removed == fitted.counts


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_a_table_of_a_few_votes_has_an_answer_for_each_pair(ties: Ties) -> None:
    """Models that are equal but for rounding once found no votes to weigh, and crashed."""
    random = np.random.default_rng(7)
    names = "abcdef"
    for _ in range(15):
        size, count = int(random.integers(2, 7)), int(random.integers(2, 13))
        pairs = [random.choice(size, 2, replace=False) for _ in range(count)]
        votes = np.eye(4, dtype=np.int64)[random.integers(0, 3, count)]
        first, second = (np.array(side) for side in zip(*pairs, strict=True))
        counts = Counts.from_cells(tuple(names[:size]), first, second, votes)
        try:
            fitted = fit(counts, ties=ties, prior=0.5)
        except ValueError:
            continue  # ties alone, or none, for the model of ties
        for flip in adjacent_flips(fitted):
            assert flip.verified == (flip.needed is not None)
    # d < b = c > a: b and c are equal but for rounding.
    tied = board(("d", "a", 0, 1), ("c", "b", 0, 0, 1), ("a", "c", 0, 1))
    assert len(adjacent_flips(fit(tied, ties="half"))) == 3
