"""26,919 real votes: beside GPT-4 people decide half of a board with 60% of the votes or less."""

import math
from pathlib import Path

import numpy as np
import pytest
from benchmarks.arena_calibration import asked, board, fewest_missing, in_turn, proofs, real_pairs
from tests.simulations import slack

from headtohead.arena.bets import foreseeing_start
from headtohead.arena.calibration import VotesBesideJudge


@pytest.mark.parametrize("step", [6, pytest.param(1, marks=pytest.mark.slow)])
def test_half_of_a_board_is_decided_by_six_votes_in_ten(shared_evidence: Path, step: int) -> None:
    """Against people alone, however they are asked; a judge that is of no use costs little."""
    pairs = real_pairs(shared_evidence)
    assert len(pairs) == 83
    pairs = pairs[::step]
    taken = {}
    for judge in (None, "GPT-4", "GPT-3.5"):
        on = board(pairs, judge, 1, 400)
        half = math.ceil(len(pairs) / 2) - 1
        taken[judge] = asked(on, fewest_missing)[half]
        if judge is None:
            taken[None] = min(taken[None], asked(on, in_turn)[half])
    assert taken["GPT-4"] <= 0.6 * taken[None]
    assert taken["GPT-3.5"] <= 1.3 * taken[None]


@pytest.mark.parametrize("runs", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_intervals_hold_the_real_means_at_all_times(shared_evidence: Path, runs: int) -> None:
    rng, missed, count = np.random.default_rng(2), 0, 0
    for pair in real_pairs(shared_evidence)[:: 4 if runs == 1 else 1]:
        said, truth = pair.judges["GPT-3.5"], float(pair.people.mean())
        start = foreseeing_start(float(said.mean()), 0.5)
        for _ in range(runs):
            places = rng.integers(0, pair.people.size, 250)
            beside = VotesBesideJudge.of_battles(said, pair.people[places], places)
            seen, _ = beside.observations()
            missed += max(side.max() for side in proofs(seen, truth, start)) >= -math.log(0.025)
            count += 1
    assert missed / count <= 0.05 + slack(0.05, count, 3)
