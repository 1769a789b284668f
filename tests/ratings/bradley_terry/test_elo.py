"""Online Elo: a game-by-game trace, order dependence, and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headtohead.ratings.bradley_terry.elo import online_elo

_GAMES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 3), st.integers(0, 3)), min_size=1, max_size=30
)


def test_each_game_moves_ratings_by_k_times_the_surprise() -> None:
    # Elo (1978) with K = 4: first, second, outcome, rating of first and of second after the game.
    trace = [
        (0, 1, 0, 1002, 998),
        (0, 1, 0, 1003.976975166, 996.023024834),
        (1, 2, 0, 998.045917143, 997.977107690),
        (2, 0, 2, 998.011642271, 1003.942440586),
        (1, 0, 0, 1000.079857002, 1001.908500727),
        (2, 1, 1, 996.023547732, 1002.067951542),
    ]
    for played in range(1, len(trace) + 1):
        first, second, outcome, *after = (list(x) for x in zip(*trace[:played], strict=True))
        ratings = online_elo("ABC", first, second, outcome)
        a, b = int(first[-1]), int(second[-1])
        assert (ratings[a], ratings[b]) == pytest.approx((after[0][-1], after[1][-1]), abs=1e-8)


def test_both_bad_is_a_tie_and_no_vote_changes_nothing() -> None:
    assert online_elo("AB", [0, 0], [1, 1], [0, 3]) == pytest.approx(
        online_elo("AB", [0, 0], [1, 1], [0, 2])
    )
    assert online_elo("AB", [], [], []).tolist() == [1000, 1000]


def test_the_order_of_the_votes_matters() -> None:
    forth = online_elo("AB", [0] * 100, [1] * 100, [0] * 50 + [1] * 50, k=32)
    back = online_elo("AB", [0] * 100, [1] * 100, [1] * 50 + [0] * 50, k=32)
    assert forth[0] < 1000 < back[0]  # the same votes: whoever won last leads


@settings(deadline=None, max_examples=50)
@given(_GAMES, st.floats(1, 64))
def test_points_are_only_passed_on_and_sides_do_not_matter(
    games: list[tuple[int, int, int]], k: float
) -> None:
    first = np.array([a for a, _, _ in games])
    second = np.array([(a + b) % 4 for a, b, _ in games])
    outcome = np.array([o for *_, o in games])
    ratings = online_elo("ABCD", first, second, outcome, k=k)
    assert ratings.sum() == pytest.approx(4000)
    turned = np.array([1, 0, 2, 3])[outcome]
    assert online_elo("ABCD", second, first, turned, k=k) == pytest.approx(ratings)


@pytest.mark.parametrize(
    ("first", "second", "outcome", "message"),
    [
        ([0], [1], [4], "outcome code 4"),
        ([0], [1], [-1], "outcome code -1"),
        ([0], [-1], [0], "second code -1"),
        ([2], [1], [0], "first code 2"),
        ([0], [0], [0], "'A' meets itself"),
        ([0, 1], [1], [0], "every vote needs all three"),
    ],
)
def test_what_is_no_vote_is_refused(
    first: list[int], second: list[int], outcome: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        online_elo("AB", first, second, outcome)
