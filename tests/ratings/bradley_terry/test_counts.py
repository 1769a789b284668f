"""Counts: a commutative monoid, the same however the votes are told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.bradley_terry.boards import board, one_by_one
from tests.simulations import examples

from headtohead.ratings.bradley_terry.counts import OUTCOMES, Counts

_NAMES = ("b", "a", "Ω", "d", "c")
_VOTE = st.tuples(st.integers(0, 4), st.integers(1, 4), st.integers(0, 3)).map(
    lambda v: (v[0], (v[0] + v[1]) % 5, v[2])
)
_VOTES = st.lists(_VOTE, max_size=40)
Votes = list[tuple[int, int, int]]


def _codes(votes: Votes, names: tuple[str, ...] = _NAMES) -> Counts:
    first, second, outcome = np.array(votes, dtype=np.int64).reshape(-1, 3).T
    return Counts.from_codes(names, first, second, outcome)


# ---------------------------------------------------------------- the monoid


@settings(max_examples=examples(60))
@given(_VOTES, _VOTES, _VOTES)
def test_adding_is_a_commutative_monoid(x: Votes, y: Votes, z: Votes) -> None:
    a, b, c = _codes(x), _codes(y), _codes(z)
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Counts.none() == a == Counts.none() + a
    assert a + b == _codes(x + y)
    assert hash(a + b) == hash(b + a)


@settings(max_examples=examples(60))
@given(_VOTES, _VOTES)
def test_taking_away_undoes_adding(x: Votes, y: Votes) -> None:
    a, b = _codes(x), _codes(y)
    assert (a + b) - b == a
    assert a - a == Counts.none()


@settings(max_examples=examples(60))
@given(_VOTES, st.permutations(range(5)))
def test_the_order_of_names_and_votes_does_not_matter(x: Votes, order: list[int]) -> None:
    place = [order.index(i) for i in range(5)]
    moved = [(place[a], place[b], o) for a, b, o in reversed(x)]
    assert _codes(moved, tuple(_NAMES[i] for i in order)) == _codes(x)


@settings(max_examples=examples(60))
@given(_VOTES)
def test_codes_cells_and_single_votes_agree(x: Votes) -> None:
    a = _codes(x)
    cells = np.zeros((len(x), 4), dtype=np.int64)
    for row, (_, _, outcome) in enumerate(x):
        cells[row, outcome] = 1
    first, second = ([v[k] for v in x] for k in (0, 1))
    assert Counts.from_cells(_NAMES, first, second, cells) == a
    assert Counts.from_codes(a.models, *one_by_one(a)) == a


@settings(max_examples=examples(60))
@given(_VOTES)
def test_scores_and_battles_add_up(x: Votes) -> None:
    a = _codes(x)
    assert a.total == len(x)
    assert a.battles.sum() == 2 * len(x)
    assert np.array_equal(a.scores.sum(axis=1), a.battles)
    assert a.scores[:, 0].sum() == a.scores[:, 1].sum() == sum(o < 2 for _, _, o in x)
    for i, name in enumerate(a.models):
        mine = [
            (o, _NAMES[first] == name) for first, b, o in x if name in (_NAMES[first], _NAMES[b])
        ]
        assert a.battles[i] == len(mine)
        assert a.scores[i, 0] == sum(o == (0 if at_first else 1) for o, at_first in mine)


@settings(max_examples=examples(60))
@given(_VOTES)
def test_the_form_is_the_one_promised(x: Votes) -> None:
    a = _codes(x)
    assert list(a.models) == sorted({_NAMES[k] for v in x for k in v[:2]})
    pairs = list(zip(a.first.tolist(), a.second.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert all(i != j for i, j in pairs)
    assert (a.votes.sum(axis=1) > 0).all()


# ---------------------------------------------------------------- parts


def test_only_and_without_keep_what_they_say() -> None:
    a = board(("a", "b", 3, 2, 1), ("b", "c", 1, 0, 4), ("c", "a", 0, 0, 2))
    assert a.only(np.array([True, True, False])) == board(("a", "b", 3, 2, 1))
    assert a.only(np.array([True, False, False])) == Counts.none()
    assert a.without("tie") == board(("a", "b", 3, 2), ("b", "c", 1, 0))
    assert a.without("tie", "first", "second") == Counts.none()
    assert a.without() == a
    with pytest.raises(ValueError, match="'draw' is no outcome; it is one of first"):
        a.without("draw")


def test_a_pair_keeps_its_two_orders_apart() -> None:
    a = board(("a", "b", 3, 2), ("b", "a", 7, 0))
    assert a.votes.tolist() == [[3, 2, 0, 0], [7, 0, 0, 0]]
    assert a.scores.tolist() == [[3, 9, 0, 0], [9, 3, 0, 0]]


def test_equal_only_to_equal_counts() -> None:
    a = board(("a", "b", 3, 2))
    assert a != board(("a", "c", 3, 2))
    assert a != board(("a", "b", 2, 3))
    assert a != "counts"
    assert len({a, board(("a", "b", 3, 2))}) == 1


def test_large_counts_stay_exact() -> None:
    many = 2**52 + 1
    a = board(("a", "b", many, 1))
    assert (a + a).total == 2 * (many + 1)
    assert (a - board(("a", "b", many, 0))).total == 1


# ---------------------------------------------------------------- refusals


def test_nothing_is_taken_away_that_is_not_there() -> None:
    a = board(("a", "b", 3, 2))
    for other in (board(("a", "b", 4, 0)), board(("b", "a", 0, 1)), board(("a", "c", 1, 0))):
        with pytest.raises(ValueError, match=r"cannot take away votes on '[ab]' against '[abc]'"):
            a - other


@pytest.mark.parametrize(
    ("first", "second", "outcome", "message"),
    [
        ([0], [1], [4], "outcome code 4 is not among 0 to 3"),
        ([0], [1], [-1], "outcome code -1 is not among 0 to 3"),
        ([1], [-1], [0], "second code -1 is not among 0 to 2"),
        ([-1], [1], [0], "first code -1 is not among 0 to 2"),
        ([0], [5], [0], "second code 5 is not among 0 to 2"),
        ([0, 2], [1, 2], [0, 0], "'c' meets itself"),
        ([0, 1], [1], [0], "2, 1 and 1 codes"),
        ([0.5], [1], [0], "codes are whole numbers, not float64"),
    ],
)
def test_codes_that_are_no_votes_are_refused(
    first: list[int], second: list[int], outcome: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Counts.from_codes(("a", "b", "c"), first, second, outcome)


@pytest.mark.parametrize(
    ("models", "votes", "message"),
    [
        (("a", "b"), [[1, 0, 0]], r"shape \(1, 3\) for 1 and 1 codes"),
        (("a", "b"), [[1, -1, 0, 0]], "whole numbers of 0 or more"),
        (("a", "b"), [[1, 0.5, 0, 0]], "whole numbers of 0 or more"),
        (("a", "b"), [[1, float("nan"), 0, 0]], "whole numbers of 0 or more"),
        (("a", "a"), [[1, 0, 0, 0]], "named twice"),
        (("a",), [[1, 0, 0, 0]], "second code 1 is not among 0 to 0"),
    ],
)
def test_cells_that_are_no_counts_are_refused(
    models: tuple[str, ...], votes: list[list[float]], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Counts.from_cells(models, [0], [1], votes)


def test_no_votes_are_counts_too() -> None:
    assert Counts.from_codes((), [], [], []) == Counts.none()
    assert Counts.from_codes(("a", "b"), [], [], []) == Counts.none()
    assert Counts.none().total == 0
    assert Counts.none().battles.shape == (0,)
    assert Counts.none().scores.shape == (0, 4)


def test_outcomes_stand_in_the_order_of_the_codes() -> None:
    assert OUTCOMES == ("first", "second", "tie", "both_bad")
    a = Counts.from_codes(("a", "b"), [0] * 4, [1] * 4, [0, 1, 2, 3])
    assert a.votes.tolist() == [[1, 1, 1, 1]]
