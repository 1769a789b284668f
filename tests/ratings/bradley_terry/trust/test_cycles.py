"""Circles: planted ones, nulls, dense least squares."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.bradley_terry.boards import board
from tests.ratings.bradley_terry.trust.trust_votes import arena, davidson
from tests.simulations import leading, lengths

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import Cells, fit
from headtohead.ratings.bradley_terry.trust.fitness import cycles


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _rock_paper_scissors(votes: int = 40) -> Counts:
    """Three that beat each other in a circle, above two that lose to all."""
    much, little = 3 * votes // 4, votes // 4
    circle = board(
        ("rock", "scissors", much, little),
        ("scissors", "paper", much, little),
        ("paper", "rock", much, little),
        ("well", "rag", votes // 2, votes // 2),
    )
    for top, low in itertools.product(("rock", "paper", "scissors"), ("well", "rag")):
        circle = circle + board((top, low, much, little))
    return circle


# ---------------------------------------------------------------- planted and null boards


def test_rock_paper_scissors_is_found_and_nothing_else() -> None:
    found = cycles(fit(_rock_paper_scissors()), _rng())
    assert found.circles == (("paper", "rock", "scissors"),)
    assert found.cyclic_p == 0.005
    assert found.cyclic > 3 * found.cyclic_by_chance


def test_few_votes_make_no_sure_circle() -> None:
    found = cycles(fit(_rock_paper_scissors(8)), _rng())
    assert found.circles == ()


def test_a_board_with_an_order_has_no_circle() -> None:
    found = cycles(fit(davidson(np.linspace(-1.5, 1.5, 6), 1, 8000, _rng()).counts()), _rng())
    assert found.circles == ()
    assert found.cyclic < 0.02
    assert found.cyclic_p > 0.01


@pytest.mark.parametrize("ties", leading(TIES))
@pytest.mark.parametrize("side", [0.0, 0.5])
@pytest.mark.parametrize("rounds", lengths(10, 60))
def test_false_alarms_on_boards_with_an_order(ties: Ties, side: float, rounds: int) -> None:
    circles, p = 0, []
    for seed in range(rounds):
        votes = davidson(np.linspace(-0.4, 0.4, 7), 1, 700, _rng(seed), side=side)
        found = cycles(fit(votes.counts(), ties=ties, side=side > 0), _rng(seed), rounds=99)
        circles += bool(found.circles)
        p.append(found.cyclic_p)
    assert circles / rounds <= 0.05
    assert np.mean(np.array(p) <= 0.1) <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / rounds)
    # Uniform if it holds: four standard errors.
    assert np.mean(p) == pytest.approx(0.5, abs=4 * math.sqrt(1 / 12 / rounds))


# ---------------------------------------------------------------- second implementation


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_cyclic_share_agrees_with_dense_least_squares(seed: int) -> None:
    rng = _rng(seed)
    votes = davidson(rng.normal(0, 0.5, 6), 1, 60, rng)
    fitted = fit(votes.counts())
    found = cycles(fitted, rng, rounds=99)
    cells = Cells.of(fitted.counts, "half")
    n, score = cells.n.sum(axis=1), cells.n[:, 0] + cells.n[:, 2] / 2
    p = 1 / (1 + np.exp(-(fitted.strength[cells.first] - fitted.strength[cells.second])))
    root = np.sqrt(n * p * (1 - p))
    flow = root * np.log((score + 0.5) / (n - score + 0.5))
    edges = np.arange(n.size)
    ends = np.zeros((n.size, 6))
    ends[edges, cells.first], ends[edges, cells.second] = 1, -1

    def left(matrix: np.ndarray, target: np.ndarray) -> np.ndarray:
        made: np.ndarray = target - matrix @ np.linalg.lstsq(matrix, target, rcond=None)[0]
        return made

    cyclic = left(root[:, None] * ends, flow)
    total = float(flow @ flow)
    assert found.cyclic == pytest.approx(float(cyclic @ cyclic) / total, abs=1e-9)


def test_a_circle_of_four_has_no_circle_of_three_in_it() -> None:
    ring = board(("a", "b", 75, 25), ("b", "c", 75, 25), ("c", "d", 75, 25), ("d", "a", 75, 25))
    found = cycles(fit(ring), _rng())
    assert found.cyclic == pytest.approx(1)
    assert found.cyclic_p == 0.005


def test_a_tree_of_pairs_has_no_circle_at_all() -> None:
    found = cycles(fit(board(("a", "b", 75, 25), ("b", "c", 60, 40), ("b", "d", 10, 5))), _rng())
    assert found.cyclic == pytest.approx(0, abs=1e-12)
    assert found.cyclic_p > 0.3


def test_equal_models_vary_in_nothing() -> None:
    found = cycles(fit(board(("a", "b", 9, 9), ("b", "c", 9, 9), ("a", "c", 9, 9))), _rng())
    assert (found.cyclic, found.cyclic_by_chance) == (0, 0)
    assert found.cyclic_p == 1


def test_order_of_models_and_sides_do_not_matter() -> None:
    votes = davidson(np.linspace(-0.5, 0.5, 5), 1, 300, _rng(4))
    plain = cycles(fit(votes.counts()), _rng())
    for other in (votes.relabelled(np.array([4, 2, 0, 1, 3])), votes.turned()):
        found = cycles(fit(other.counts()), _rng())
        assert found.cyclic == pytest.approx(plain.cyclic)


def test_impossible_arguments() -> None:
    fitted = fit(_rock_paper_scissors())
    with pytest.raises(ValueError, match="alpha"):
        cycles(fitted, _rng(), alpha=0)
    with pytest.raises(ValueError, match="rounds"):
        cycles(fitted, _rng(), rounds=5)


def test_arena_runs_in_no_sure_circle(shared_evidence: Path) -> None:
    found = cycles(fit(arena(shared_evidence)), _rng(), rounds=99)
    assert found.circles == ()
    assert found.cyclic == pytest.approx(0.0375, abs=0.0005)
    assert found.cyclic_by_chance == pytest.approx(0.0252, abs=0.0005)
