"""Chances of outcomes: the links' own, and with ties as half wins the pair's share of ties."""

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import PUDDING, board
from tests.ratings.bradley_terry.trust.trust_votes import davidson

from headtohead.ratings.bradley_terry import Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust.fitness import as_counts, chances, draw


@pytest.mark.parametrize("ties", ["half", "drop", "davidson", "rao-kupper"])
@pytest.mark.parametrize("side", [False, True])
def test_chances_add_up_and_give_the_expected_score(ties: Ties, side: bool) -> None:
    votes = davidson(np.array([1.0, 0.2, -0.3, -0.9]), 20, 30, np.random.default_rng(1), side=0.3)
    fitted = fit(votes.counts(), ties=ties, side=side)
    first, second = np.nonzero(~np.eye(4, dtype=bool))
    found = chances(fitted, first, second)
    assert np.all(found >= 0)
    assert found.sum(axis=1) == pytest.approx(1)
    if not side:
        d = fitted.strength[first] - fitted.strength[second]
        assert found @ [1, 0, 0.5] == pytest.approx(fitted.scores(d))
    assert np.all((found[:, 2] == 0) == (ties == "drop"))


def test_half_wins_take_the_share_of_ties_of_the_pair() -> None:
    fitted = fit(board(("a", "b", 200, 200, 600), ("a", "c", 500, 500, 0), ("b", "c", 1, 1, 2)))
    found = chances(fitted, np.array([0, 1, 0, 2]), np.array([1, 0, 2, 1]))
    assert found[0, 2] == pytest.approx(0.6, abs=0.01)
    assert found[0] == pytest.approx(found[1, [1, 0, 2]])
    assert found[2, 2] == pytest.approx(0.0, abs=0.01)
    overall = 602 / 2004
    assert found[3, 2] == pytest.approx((2 + 10 * overall) / 14)


def test_pairs_that_never_met_have_the_share_of_the_board() -> None:
    fitted = fit(board(("a", "b", 30, 30, 40), ("b", "c", 30, 30, 40)))
    assert chances(fitted, np.array([0]), np.array([2]))[0, 2] == pytest.approx(0.4)


def test_ties_leave_room_for_wins_where_one_side_is_much_stronger() -> None:
    fitted = fit(board(("a", "b", 500, 0, 0), ("b", "c", 0, 0, 500), ("c", "a", 0, 20, 20)))
    found = chances(fitted, np.array([0, 1, 1]), np.array([1, 2, 0]))
    assert np.all(found > 0)


def test_drawn_boards_have_the_same_size_and_the_right_mean() -> None:
    rng = np.random.default_rng(2)
    fitted = fit(PUDDING, ties="davidson")
    cells = fitted.cells
    likely = chances(fitted, cells.first, cells.second)
    drawn = np.array([draw(cells, likely, rng) for _ in range(2000)])
    assert np.all(drawn.sum(axis=2) == cells.n.sum(axis=1))
    total = cells.n.sum(axis=1, keepdims=True)
    error = np.sqrt(total * likely * (1 - likely) / 2000)
    assert np.all(np.abs(drawn.mean(axis=0) - total * likely) < 4.5 * error)
    again = as_counts(PUDDING.models, cells, drawn[0])
    assert isinstance(again, Counts)
    assert again.total == PUDDING.total
    assert again.models == PUDDING.models
