"""Ranks and what the intervals leave open."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import examples

from headtohead.stats.intervals import rank_spread

# LMArena's text board of June 2025 (CC-BY-4.0): score, +, -, and the rank it printed, which
# is 1 + the number of models whose lower end is above this one's upper end
# (Chiang et al. 2024, doi:10.48550/arXiv.2403.04132).
_BOARD = [
    (1477, 5, 5, 1),
    (1446, 4, 4, 2),
    (1429, 4, 4, 3),
    (1427, 3, 4, 3),
    (1425, 4, 5, 3),
    (1422, 3, 4, 3),
    (1418, 4, 4, 5),
    (1414, 5, 4, 6),
    (1398, 5, 5, 9),
    (1392, 5, 4, 9),
    (1384, 3, 4, 11),
    (1382, 3, 3, 11),
    (1380, 6, 5, 11),
    (1376, 6, 6, 11),
    (1374, 3, 5, 13),
]


@st.composite
def boards(draw: st.DrawFn) -> tuple[list[float], list[float], list[float]]:
    n = draw(st.integers(1, 12))
    values = [draw(st.integers(0, 20)) / 2 for _ in range(n)]
    return (
        values,
        [v - draw(st.integers(0, 6)) / 2 for v in values],
        [v + draw(st.integers(0, 6)) / 2 for v in values],
    )


def test_reproduces_the_printed_ranks() -> None:
    score, up, down, printed = (np.array(column) for column in zip(*_BOARD, strict=True))
    spread = rank_spread(score, score - down, score + up)
    assert spread.best.tolist() == printed.tolist()
    assert spread.rank.tolist() == list(range(1, 16))
    assert spread.worst.tolist()[:3] == [1, 2, 6]


@settings(max_examples=examples(200))
@given(boards())
def test_rank_lies_between_best_and_worst(
    board: tuple[list[float], list[float], list[float]],
) -> None:
    spread = rank_spread(*board)
    assert np.all(spread.best <= spread.rank)
    assert np.all(spread.rank <= spread.worst)


@settings(max_examples=examples(100))
@given(boards())
def test_agrees_with_counting_pairs(board: tuple[list[float], list[float], list[float]]) -> None:
    values, lows, highs = board
    n = range(len(values))
    spread = rank_spread(*board)
    assert spread.rank.tolist() == sp.rankdata([-v for v in values], method="min").tolist()
    assert spread.best.tolist() == [1 + sum(lows[j] > highs[i] for j in n) for i in n]
    assert spread.worst.tolist() == [sum(highs[j] >= lows[i] for j in n) for i in n]


def test_true_ranks_are_covered() -> None:
    rng = np.random.default_rng(1)
    inside = []
    for _ in range(400):
        truth = rng.normal(0, 10, 20)
        seen = truth + rng.normal(0, 4, 20)
        spread = rank_spread(seen, seen - 1.96 * 4, seen + 1.96 * 4)
        true_rank = sp.rankdata(-truth)
        inside.append((spread.best <= true_rank) & (true_rank <= spread.worst))
    # Separating only intervals that do not touch errs on the safe side.
    assert 0.97 < np.mean(inside) <= 1


def test_unknown_intervals_leave_everything_open() -> None:
    spread = rank_spread([3, 2, 1], [-math.inf] * 3, [math.inf] * 3)
    assert spread.best.tolist() == [1, 1, 1]
    assert spread.worst.tolist() == [3, 3, 3]


def test_refuses_what_cannot_be_ranked() -> None:
    with pytest.raises(ValueError, match="entrant 1: 3"):
        rank_spread([1, 2], [0, 3], [2, 4])
    with pytest.raises(ValueError, match="not a finite number"):
        rank_spread([math.nan], [0], [1])
    with pytest.raises(ValueError, match="lengths differ"):
        rank_spread([1, 2], [0], [3, 3])
    with pytest.raises(ValueError, match="at least one entrant"):
        rank_spread([], [], [])
