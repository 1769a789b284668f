"""Voters unlike the rest: planted ones exactly, honest ones hardly ever, tails by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from tests.ratings.bradley_terry.trust.trust_votes import TrustVotes, davidson
from tests.simulations import leading, lengths

from headtohead.ratings.bradley_terry import TIES, Ties
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust.fitness import chances
from headtohead.ratings.bradley_terry.trust.voters import unlike_voters
from headtohead.stats.inputs import IntArray

_STRENGTH = np.linspace(-1.4, 1.4, 8)


def _honest(seed: int, voters: int = 40, each: int = 25) -> TrustVotes:
    return davidson(_STRENGTH, voters, each, np.random.default_rng(seed), side=0.2)


def _planted(seed: int) -> TrustVotes:
    """Forty voters; 36 favours m02, 37 tosses coins, 38 votes against m05, 39 picks the first."""
    rng = np.random.default_rng(seed)
    votes = davidson(_STRENGTH, 40, 150, rng)
    first, second, outcome = votes.first.copy(), votes.second.copy(), votes.outcome.copy()

    def meets(voter: int, model: int, wins: bool) -> None:
        own = np.flatnonzero(votes.voter == voter)[:60]
        rival = (model + rng.integers(1, 8, own.size)) % 8
        turn = rng.random(own.size) < 0.5
        first[own], second[own] = np.where(turn, rival, model), np.where(turn, model, rival)
        outcome[own] = np.where(turn == wins, 1, 0)

    meets(36, 2, wins=True)
    meets(38, 5, wins=False)
    coins = votes.voter == 37
    outcome[coins] = rng.integers(0, 2, int(coins.sum()))
    outcome[votes.voter == 39] = 0
    return replace(votes, first=first, second=second, outcome=outcome)


@pytest.mark.parametrize("seed", leading(range(6)))
@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_planted_voters_are_flagged_and_nobody_else(seed: int, ties: Ties) -> None:
    votes = _planted(seed)
    fitted = fit(votes.counts(), ties=ties, side=True)
    found = unlike_voters(fitted, votes.clusters(), q=0.01)
    assert np.flatnonzero(found.flagged).tolist() == [36, 37, 38, 39]
    assert found.reason[36] == "favours"
    assert votes.models[found.model[36]] == "m02"
    assert found.excess[36] > 10
    assert found.reason[37] in ("surprise", "favours", "snubs")
    assert found.surprise[37] > 3.5
    assert found.surprise_p[37] < 1e-3
    assert np.delete(found.surprise, 37)[:36].max() < 3.5
    assert (found.reason[38], votes.models[found.model[38]]) == ("snubs", "m05")
    assert found.excess[38] < -10
    assert found.reason[39] == "side"
    assert found.side is not None
    assert found.side[39] > 10
    assert found.z[36] > 5
    assert found.z[38] < -5


@pytest.mark.parametrize("ties", leading(TIES))
@pytest.mark.parametrize("boards", lengths(10, 50))
def test_false_flags_on_honest_boards_are_as_rare_as_said(ties: Ties, boards: int) -> None:
    any_flag, small = 0, []
    for seed in range(boards):
        votes = _honest(seed)
        found = unlike_voters(fit(votes.counts(), ties=ties, side=True), votes.clusters(), q=0.1)
        any_flag += bool(found.flagged.any())
        small.append(np.mean(found.p <= 0.1))
    # With nobody to find, any flag is a false one; three standard errors.
    assert any_flag / boards <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / boards)
    assert np.mean(small) <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / (boards * 40))
    assert np.mean(small) >= 0.01  # not useless either


def test_tails_agree_with_simulated_votes_of_the_same_voter() -> None:
    votes = _planted(1)
    fitted = fit(votes.counts(), ties="davidson", side=True)
    found = unlike_voters(fitted, votes.clusters(), q=0.5)
    rng, rounds = np.random.default_rng(2), 2000
    checked = 0
    for voter in range(12):
        own = votes.only(votes.voter == voter)
        likely = chances(fitted, own.first, own.second)
        d = fitted.strength[own.first] - fitted.strength[own.second] + (fitted.side or 0.0)
        win, lose = np.log1p(np.exp(-d)), np.log1p(np.exp(d))
        logs = np.stack([win, lose, (win + lose) / 2], axis=1)
        at = np.arange(own.outcome.size)
        kinds = (rng.random((rounds, own.outcome.size, 1)) > likely.cumsum(axis=1)[:, :2]).sum(2)
        drawn = logs[at, kinds].sum(axis=1)
        seen = logs[at, own.outcome].sum()
        simulated = float(np.mean(drawn >= seen))
        assert found.surprise[voter] == pytest.approx((seen - drawn.mean()) / drawn.std(), abs=0.12)
        if simulated < 0.5:
            error = np.sqrt(simulated * (1 - simulated) / rounds)
            assert found.surprise_p[voter] == pytest.approx(simulated, abs=4 * error + 0.01)
            checked += 1
    assert checked >= 4


@pytest.mark.parametrize("boards", lengths(2, 5))
def test_favour_is_corrected_for_the_choice_of_model(boards: int) -> None:
    p = np.concatenate(
        [
            unlike_voters(fit(votes.counts(), ties="davidson"), votes.clusters(), q=0.9).favour_p
            for votes in (_honest(seed, voters=60, each=40) for seed in range(boards))
        ]
    )
    for level in (0.05, 0.2):
        assert np.mean(p <= level) <= level + 3 * np.sqrt(level * (1 - level) / p.size)
    assert np.mean(p <= 0.2) > 0.03


def test_order_of_models_and_sides_do_not_matter() -> None:
    votes = _planted(3)
    plain = unlike_voters(fit(votes.counts(), side=True), votes.clusters())
    order: IntArray = np.array([5, 2, 7, 0, 1, 6, 4, 3])
    for other in (votes.relabelled(order), votes.turned()):
        found = unlike_voters(fit(other.counts(), side=True), other.clusters())
        assert found.p == pytest.approx(plain.p, rel=1e-6)
        assert found.surprise == pytest.approx(plain.surprise, abs=1e-8)
        assert found.reason == plain.reason
    turned = unlike_voters(fit(votes.turned().counts(), side=True), votes.turned().clusters())
    assert turned.side is not None
    assert plain.side is not None
    assert turned.side == pytest.approx(-plain.side, abs=1e-6)


def test_without_a_side_effect_the_side_is_not_judged() -> None:
    votes = _planted(4)
    found = unlike_voters(fit(votes.counts()), votes.clusters())
    assert found.side is None
    assert found.side_p is None
    assert "side" not in found.reason


def test_one_vote_flags_nobody() -> None:
    votes = _honest(5, voters=300, each=1)
    found = unlike_voters(fit(votes.counts()), votes.clusters())
    assert not found.flagged.any()
    assert np.all(found.votes == 1)


def test_dropped_ties_are_not_judged() -> None:
    votes = _honest(6)
    found = unlike_voters(fit(votes.counts(), ties="drop"), votes.clusters())
    assert found.votes.sum() == int((votes.outcome < 2).sum())


def test_impossible_arguments() -> None:
    votes = _honest(7)
    fitted = fit(votes.counts())
    for q in (0.0, 1.0):
        with pytest.raises(ValueError, match="q is"):
            unlike_voters(fitted, votes.clusters(), q=q)
    with pytest.raises(ValueError, match="no vote"):
        unlike_voters(fitted, votes.only(votes.voter < 0).clusters())
    with pytest.raises(ValueError, match="has not been fitted"):
        unlike_voters(fitted, replace(votes, models=("x", *votes.models[1:])).clusters())
