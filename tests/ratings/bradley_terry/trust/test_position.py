"""Position bias: a published order effect, coverage, real judges, and what votes cannot tell."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as sp
from tests.ratings.bradley_terry.boards import BASEBALL, board
from tests.ratings.bradley_terry.trust.trust_votes import davidson, judged
from tests.simulations import leading, lengths

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust.exposure import (
    position_bias,
    side_balance,
    side_is_identified,
)


def test_home_advantage_reproduces_the_published_one() -> None:
    # Agresti (2002), p. 438; Turner and Firth (2012), doi:10.18637/jss.v048.i09: 0.3023, s.e.
    # 0.1309 from the curvature, likelihood ratio 5.41 on one degree of freedom.
    fitted = fit(BASEBALL, prior=0, side=True)
    found = position_bias(fitted)
    assert found.side.value == pytest.approx(0.3023, abs=5e-5)
    assert math.sqrt(covariance(fitted, "hessian")[-1, -1]) == pytest.approx(0.1309, abs=5e-5)
    assert found.side.width / (2 * 1.959964) == pytest.approx(0.1309, rel=0.05)
    assert found.score.value == pytest.approx(1 / (1 + math.exp(-0.302261)), abs=1e-5)


@pytest.mark.parametrize("ties", TIES)
def test_swapping_all_sides_turns_the_effect_round(ties: Ties) -> None:
    votes = davidson(np.array([0.9, 0.1, -0.4, -0.6]), 10, 60, np.random.default_rng(1), side=0.4)
    one, other = (
        position_bias(fit(part.counts(), ties=ties, side=True)) for part in (votes, votes.turned())
    )
    assert (other.side.low, other.side.high) == pytest.approx((-one.side.high, -one.side.low))
    assert other.score.value == pytest.approx(1 - one.score.value)


@pytest.mark.parametrize(
    ("ties", "tie"), leading([("half", 0.0), ("davidson", 0.7), ("drop", 0.7)])
)
@pytest.mark.parametrize("rounds", lengths(25, 200))
def test_interval_covers_the_effect(ties: Ties, tie: float, rounds: int) -> None:
    hits = 0
    strength = np.array([0.9, 0.3, 0.1, -0.4, -0.9])
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        votes = davidson(strength, 1, 400, rng, tie=tie, side=0.3)
        found = position_bias(fit(votes.counts(), ties=ties, side=True))
        hits += found.side.low <= 0.3 <= found.side.high
    assert hits / rounds == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / rounds))


def test_votes_of_one_voter_go_together() -> None:
    # Every voter sticks to one side: what counts is the number of voters, not of votes.
    rng = np.random.default_rng(2)
    voters, each = 60, 20
    votes = davidson(np.zeros(4), voters, each, rng, tie=0.0)
    sticks = np.repeat(rng.integers(0, 2, voters), each)
    models = votes.models
    fitted = fit(Counts.from_codes(models, votes.first, votes.second, sticks), side=True)
    ones = np.ones(sticks.size, dtype=np.int64)
    clusters = ClusterCells(models, votes.voter, votes.first, votes.second, sticks, ones)
    alone, together = position_bias(fitted), position_bias(fitted, clusters=clusters)
    assert together.side.width > 3 * alone.side.width


def test_judges_prefer_a_side_and_people_do_not(shared_evidence: Path) -> None:
    seen = {}
    for judge in ("gpt-3.5-turbo", "gpt-4-0125-preview", "claude-3-opus-20240229"):
        votes, his = judged(shared_evidence, judge)
        counts = Counts.from_codes(votes.models, votes.first, votes.second, his)
        seen[judge] = position_bias(fit(counts, side=True))
        if judge == "gpt-3.5-turbo":
            people = position_bias(fit(votes.counts(), side=True))
            balance = side_balance(votes.counts())
            picks = float(np.mean(his == 0))
    assert picks == pytest.approx(0.86, abs=0.005)
    assert seen["gpt-3.5-turbo"].score.low > 0.86
    assert 0.52 < seen["gpt-4-0125-preview"].score.low < 0.56
    assert seen["claude-3-opus-20240229"].score.high < 0.43
    assert people.side.low < 0 < people.side.high
    assert not balance.uneven.any()


# ---------------------------------------------------------------- balance of sides


def test_a_model_shown_first_too_often_is_found() -> None:
    counts = board(("a", "b", 300, 300), ("b", "a", 100, 100), ("b", "c", 200, 200))
    counts = counts + board(("c", "b", 210, 190), ("a", "c", 50, 55), ("c", "a", 50, 55))
    found = side_balance(counts)
    assert found.models == ("a", "b", "c")
    assert found.uneven.tolist() == [True, True, False]
    assert found.first[0] / found.battles[0] == pytest.approx(705 / 1010)


def test_balance_agrees_with_the_binomial_test() -> None:
    found = side_balance(board(("a", "b", 30, 31), ("b", "a", 20, 20)))
    expected = sp.binomtest(61, 101).pvalue
    assert found.p == pytest.approx([min(1.0, 2 * expected)] * 2)  # Holm over two models


@pytest.mark.parametrize("rounds", lengths(150, 400))
def test_a_coin_is_called_uneven_as_rarely_as_said(rounds: int) -> None:
    models = 0
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        votes = davidson(np.zeros(6), 1, 200, rng)
        found = side_balance(votes.counts())
        models += bool(found.uneven.any())
    assert models / rounds <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / rounds)


def test_pairs_that_met_once_tell_nothing_of_balance() -> None:
    found = side_balance(board(("a", "b", 1, 0), ("b", "c", 0, 1)))
    assert not found.uneven.any()


# ---------------------------------------------------------------- what cannot be told


def test_an_effect_that_strengths_explain_as_well_is_refused() -> None:
    always = fit(board(("a", "b", 7, 3), ("b", "c", 6, 4)), side=True)
    assert not side_is_identified(always)
    with pytest.raises(ValueError, match="always shown in the same order"):
        position_bias(always)
    # A circle of pairs, or one pair in both orders, tells it.
    circle = fit(board(("a", "b", 7, 3), ("b", "c", 6, 4), ("c", "a", 6, 4)), side=True)
    both_ways = fit(board(("a", "b", 7, 3), ("b", "a", 6, 4), ("b", "c", 6, 4)), side=True)
    assert side_is_identified(circle)
    assert side_is_identified(both_ways)
    assert position_bias(both_ways).side.value > 0


def test_impossible_arguments() -> None:
    with pytest.raises(ValueError, match="side=True"):
        position_bias(fit(BASEBALL))
    with pytest.raises(ValueError, match="alpha"):
        side_balance(BASEBALL, alpha=0)
    with pytest.raises(ValueError, match="no vote"):
        side_balance(Counts.none())
