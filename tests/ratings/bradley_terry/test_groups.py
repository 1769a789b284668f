"""Ratings of groups, and the gap between them."""

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import VoteWorld, names
from tests.simulations import lengths, slack

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.groups import group_gap, group_strengths


def _labels(m: int) -> dict[str, str]:
    return {name: "east" if i % 2 else "west" for i, name in enumerate(names(m))}


def test_the_average_is_the_average_of_the_strengths_and_the_gap_their_difference() -> None:
    counts = VoteWorld.of(6, np.random.default_rng(1)).counts(2000, np.random.default_rng(2))
    fitted = fit(counts)
    cov = covariance(fitted)
    east, west = (
        next(g for g in group_strengths(fitted, cov, _labels(6)) if g.group == side)
        for side in ("east", "west")
    )
    assert east.mean.value == pytest.approx(fitted.strength[1::2].mean())
    assert west.models == 3
    gap = group_gap(fitted, cov, _labels(6), "east", "west")
    assert gap.value == pytest.approx(east.mean.value - west.mean.value)
    # By hand: the variance of a contrast.
    contrast = np.array([-1, 1, -1, 1, -1, 1]) / 3
    error = np.sqrt(contrast @ cov @ contrast)
    assert gap.high - gap.value == pytest.approx(1.959964 * error, rel=1e-6)
    back = group_gap(fitted, cov, _labels(6), "west", "east")
    assert (back.value, back.low) == pytest.approx((-gap.value, -gap.high))


def test_the_best_of_a_group_is_its_strongest_model_by_point_estimate() -> None:
    counts = VoteWorld.of(6, np.random.default_rng(3)).counts(3000, np.random.default_rng(4))
    fitted = fit(counts)
    cov = covariance(fitted)
    for group in group_strengths(fitted, cov, _labels(6)):
        mine = [m for m, side in _labels(6).items() if side == group.group]
        best = max(mine, key=lambda m: fitted.strength[fitted.counts.models.index(m)])
        assert group.best == best
        assert group.top.value == fitted.strength[fitted.counts.models.index(best)]


def test_a_model_without_a_bound_is_left_out_of_its_group_and_counted() -> None:
    counts = VoteWorld.of(6, np.random.default_rng(7)).counts(2000, np.random.default_rng(8))
    newcomer = Counts.from_cells(["new", "m000"], [0], [1], [[4, 0, 0, 0]])
    fitted = fit(counts + newcomer)
    made = group_strengths(fitted, covariance(fitted), {**_labels(6), "new": "east"})
    east = next(g for g in made if g.group == "east")
    assert (east.models, east.left_out) == (3, 1)
    with pytest.raises(ValueError, match="bounded on both sides"):
        group_gap(fitted, covariance(fitted), {"new": "x", "m000": "y"}, "x", "y")


@pytest.mark.parametrize("rounds", lengths(50, 400))
def test_the_gap_covers_the_truth_as_often_as_it_says(rounds: int) -> None:
    rng = np.random.default_rng(9)
    true = VoteWorld.of(8, rng, tie=0.3, skew=0.7)
    held = 0
    gap_true = true.strength[1::2].mean() - true.strength[0::2].mean()
    for _ in range(rounds):
        fitted = fit(true.counts(1500, rng))
        found = group_gap(fitted, covariance(fitted), _labels(8), "east", "west")
        held += found.low <= gap_true <= found.high
    # Of 400 draws at 95% these are 3.3 points.
    assert held / rounds == pytest.approx(0.95, abs=slack(0.95, rounds, 3))
