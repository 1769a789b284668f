"""Influence of one voter: one step against refits, real board orders, and what cannot be told."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import board
from tests.ratings.bradley_terry.trust.trust_votes import TrustVotes, davidson

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import inverse_information
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust import influence
from headtohead.ratings.bradley_terry.trust.influence import (
    neighbours,
    removal_effect,
    voter_influence,
)

_STRENGTH = np.array([0.8, 0.3, 0.2, -0.4, -0.9])


def _votes(seed: int = 1, voters: int = 30) -> TrustVotes:
    return davidson(_STRENGTH, voters, 20, np.random.default_rng(seed), side=0.2)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("side", [False, True])
def test_one_step_is_close_to_a_refit_without_the_voter(ties: Ties, side: bool) -> None:
    votes = _votes()
    fitted = fit(votes.counts(), ties=ties, side=side)
    found = voter_influence(fitted, votes.clusters(), verify=3)
    assert found.voter.tolist() == list(range(30))
    for voter in range(30):
        rest = votes.only(votes.voter != voter)
        again = fit(rest.counts(), ties=ties, side=side)
        change = again.strength - fitted.strength
        change = change - change @ fitted.reference
        largest = int(np.abs(change).argmax())
        assert found.move[voter] == pytest.approx(change[found.model[voter]], abs=0.03, rel=0.2)
        assert abs(found.move[voter]) == pytest.approx(abs(change[largest]), abs=0.03, rel=0.2)
    for row in found.verified:
        again = fit(votes.only(votes.voter != row.voter).counts(), ties=ties, side=side)
        change = again.strength - fitted.strength
        model = votes.models.index(str(row.model))
        assert row.actual == pytest.approx(change[model] - change @ fitted.reference, abs=1e-8)
        above, below = neighbours(fitted)
        assert row.swaps == int((again.strength[above] < again.strength[below]).sum())


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("side", [False, True])
def test_effect_of_one_vote_agrees_with_a_refit(ties: Ties, side: bool) -> None:
    counts = _votes(seed=2, voters=300).counts()
    fitted = fit(counts, ties=ties, side=side)
    inverse = inverse_information(fitted)
    effect = removal_effect(fitted, counts.first, counts.second, inverse[:, 0] - inverse[:, 4])
    checked = 0
    for row, outcome in zip(*np.nonzero(counts.votes), strict=True):
        if row % 3 or (ties == "drop" and outcome == 2):
            continue
        gone = np.zeros_like(counts.votes)
        gone[row, outcome] = 1
        one = Counts.from_cells(counts.models, counts.first, counts.second, gone)
        strength = fit(counts - one, ties=ties, side=side).strength
        change = (strength[0] - strength[4]) - (fitted.strength[0] - fitted.strength[4])
        assert effect[row, outcome] == pytest.approx(change, rel=0.01, abs=2e-7)
        checked += 1
    assert checked > 10


def test_changes_are_measured_from_the_average_of_votes() -> None:
    # m00 and m01 have nearly all votes, so the average hardly moves with the others.
    votes = _votes(seed=9, voters=80)
    rare = (votes.first > 1) | (votes.second > 1)
    votes = votes.only(~rare | (np.arange(rare.size) % 8 == 0))
    found = voter_influence(fit(votes.counts()), votes.clusters(), verify=10)
    for row in found.verified:
        assert row.predicted == pytest.approx(row.actual, rel=0.12)


def test_error_of_the_step_falls_with_the_square_of_the_voters_share() -> None:
    errors = []
    for voters in (20, 80):
        votes = _votes(seed=3, voters=voters)
        found = voter_influence(fit(votes.counts()), votes.clusters(), verify=voters)
        errors.append(max(abs(row.predicted - row.actual) for row in found.verified))
    assert errors[1] < errors[0] / 8


def test_a_heavy_voter_for_one_model_stands_out() -> None:
    rng = np.random.default_rng(4)
    votes = _votes(seed=4, voters=60)
    n = 150
    rivals = np.array([0, 1, 3, 4])[rng.integers(0, 4, n)]
    heavy = TrustVotes(
        votes.models, np.full(n, 77), np.full(n, 2), rivals, np.zeros(n, dtype=np.int64)
    )
    both = TrustVotes(
        votes.models,
        *(
            np.concatenate([getattr(part, name) for part in (votes, heavy)])
            for name in ("voter", "first", "second", "outcome")
        ),
    )
    fitted = fit(both.counts())
    found = voter_influence(fitted, both.clusters(), verify=2)
    top = found.verified[0]
    assert (top.voter, top.model) == (77, "m02")
    assert top.actual < -0.3
    assert top.swaps >= 1
    place = int(np.flatnonzero(found.voter == 77)[0])
    assert found.votes[place] == n
    assert np.abs(found.move).argmax() == place


def test_order_of_models_and_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = _votes(seed=5)
    plain = voter_influence(fit(votes.counts()), votes.clusters())
    monkeypatch.setattr(influence, "_CELLS", 12)
    order = np.array([3, 0, 4, 2, 1])
    other = voter_influence(fit(votes.counts()), votes.relabelled(order).clusters())
    assert other.move == pytest.approx(plain.move)
    assert np.array_equal(other.model, plain.model)
    assert np.array_equal(other.swaps, plain.swaps)


def test_a_model_that_goes_with_its_only_voter_has_no_change() -> None:
    votes = _votes(seed=6)
    one = np.array([0])
    lonely = TrustVotes(
        (*votes.models, "new"),
        np.concatenate([votes.voter, one + 99]),
        np.concatenate([votes.first, one + 5]),
        np.concatenate([votes.second, one]),
        np.concatenate([votes.outcome, one]),
    )
    found = voter_influence(fit(lonely.counts()), lonely.clusters(), verify=31)
    row = next(row for row in found.verified if row.voter == 99)
    assert row.model is None
    assert math.isnan(row.actual)
    assert sum(row.model is None for row in found.verified) == 1


def test_votes_dropped_as_ties_have_no_influence() -> None:
    votes = _votes(seed=7)
    tied = replace(votes, outcome=np.where(votes.voter == 3, 2, votes.outcome))
    found = voter_influence(fit(tied.counts(), ties="drop"), tied.clusters())
    assert 3 not in found.voter
    assert found.votes.sum() == int((tied.outcome < 2).sum())


def test_what_cannot_be_told_is_an_error() -> None:
    votes = _votes(seed=8)
    fitted = fit(votes.counts())
    with pytest.raises(ValueError, match="'new', which has not been fitted"):
        voter_influence(fitted, replace(votes, models=("new", *votes.models[1:])).clusters())
    with pytest.raises(ValueError, match="no vote"):
        voter_influence(fitted, votes.only(votes.voter < 0).clusters())


def test_neighbours_are_of_one_component() -> None:
    fitted = fit(board(("a", "b", 3, 1), ("b", "c", 4, 2), ("x", "y", 3, 2)))
    names = fitted.counts.models
    pairs = [(names[i], names[j]) for i, j in zip(*neighbours(fitted), strict=True)]
    assert pairs == [("a", "b"), ("b", "c"), ("x", "y")]
