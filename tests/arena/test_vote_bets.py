"""Bets on votes: by hand, a fair game, mirrored, and with errors kept when always looked at."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.simulations import examples, lengths, slack

from headtohead.arena.bets import (
    Observations,
    by_chance,
    even_start,
    first_above,
    in_groups,
    in_rounds,
    log_purses,
    mean_interval,
)
from headtohead.stats.inputs import FloatArray

_VOTES = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60)
_ERROR = 0.025
_THRESHOLD = -math.log(_ERROR)
_EQUAL = {"p": 0.25, "q": 0.25, "r": 0.5}


def _log_wealth(seen: Observations, m: float) -> FloatArray:
    wealth: FloatArray = np.logaddexp.reduce(log_purses(seen, m, even_start()[0]), axis=0)
    return wealth


def _by_hand(votes: list[float], m: float) -> list[float]:
    """The same wealth from its description, in plain numbers, one vote at a time."""
    steps = range(-6, 7)
    shares = [0.7 ** abs(k) for k in steps]
    purses = [share / sum(shares) for share in shares]
    wealth = []
    for i, x in enumerate(votes):
        past = votes[:i]
        mean = sum(past) / i if i else 0.0
        variance = (20 * 0.7 + sum((p - mean) ** 2 for p in past)) / (20 + i)
        for j, k in enumerate(steps):
            d = 0.15 * math.sqrt(2) ** k
            straight = d / (variance + d * d)
            bet = 1 / math.hypot(1 / straight, max(m + 1, 1e-9) / 0.95)
            purses[j] *= 1 + bet * (x - m)
        wealth.append(sum(purses))
    return wealth


@settings(max_examples=examples(60))
@given(_VOTES, st.floats(-0.9, 0.9))
def test_wealth_agrees_with_plain_arithmetic(votes: list[float], m: float) -> None:
    found = np.exp(_log_wealth(Observations.of_votes(votes), m))
    assert found == pytest.approx(_by_hand(votes, m), rel=1e-9)


@pytest.mark.parametrize("m", [-0.2, -0.1, 0.1])
def test_votes_at_the_margin_are_a_fair_game(m: float) -> None:
    """Over all 729 sequences of six votes the mean wealth is exactly 1."""
    worlds = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=6)))
    share = {-1.0: (0.7 - m) / 2, 0.0: 0.3, 1.0: (0.7 + m) / 2}
    weights = np.array([math.prod(share[x] for x in world) for world in worlds])
    ones = np.ones(worlds.shape)
    seen = Observations(worlds, -ones, ones, np.arange(1, 7), 6)
    assert np.exp(_log_wealth(seen, m)).T @ weights == pytest.approx(np.ones(6), abs=1e-12)


@settings(max_examples=examples(60))
@given(_VOTES)
def test_ends_are_where_the_wealth_reaches_the_threshold_at_some_time(votes: list[float]) -> None:
    seen = Observations.of_votes(votes)
    found = mean_interval(seen, 0.95, even_start())
    for side, end in ((seen, found.low), (seen.mirrored(), -found.high)):
        if end > -1:
            assert _log_wealth(side, end - 3e-6).max() >= _THRESHOLD
        assert _log_wealth(side, end + 3e-6).max() < _THRESHOLD
    turned = mean_interval(seen.mirrored(), 0.95, even_start())
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), abs=1e-9)


def _runs(rng: np.random.Generator, runs: int, n: int, mean: float, ties: float) -> Observations:
    u = rng.random((runs, n))
    x = np.where(u < (1 - ties + mean) / 2, 1.0, np.where(u < 1 - ties, -1.0, 0.0))
    return Observations(x, -np.ones(x.shape), np.ones(x.shape), np.arange(1, n + 1), n)


@pytest.mark.parametrize("runs", lengths(100, 3000))
@pytest.mark.parametrize("ties", [0.0, 0.6])
def test_a_wrong_proof_is_as_rare_as_promised_when_every_vote_is_looked_at(
    runs: int, ties: float
) -> None:
    rng, wrong, parts = np.random.default_rng(5), np.zeros(2), 100
    for _ in range(runs // parts):
        seen = _runs(rng, parts, 1000, -0.1, ties)
        for i, (side, m) in enumerate(((seen, -0.1), (seen.mirrored(), 0.1))):
            wrong[i] += (_log_wealth(side, m).max(axis=1) >= _THRESHOLD).sum()
    assert np.all(wrong / runs <= _ERROR + slack(_ERROR, runs, 3))


def test_the_average_of_a_group_comes_when_its_last_vote_is_in() -> None:
    seen = in_groups([1, 0, -1, -1, 1, 1], ["ann", "bob", "ann", "bob", "ann", "cy"], 2)
    assert seen.x.tolist() == [0.0, -0.5]
    assert seen.at.tolist() == [3, 4]
    assert seen.votes == 6


def test_a_round_has_one_vote_of_every_pair() -> None:
    votes, pairs = [1, 1, -1, 0, 1, 1], ["p", "p", "q", "r", "q", "p"]
    seen = in_rounds(votes, pairs, _EQUAL)
    # 0.25 * 1 - 0.25 * 1 + 0.5 * 0, there with the fourth vote; then r is missing.
    assert seen.x.tolist() == [0.0]
    assert seen.at.tolist() == [4]
    assert in_rounds(votes[:3], pairs[:3], _EQUAL).x.size == 0
    with pytest.raises(ValueError, match="none of the pairs with a weight"):
        in_rounds([1], ["z"], _EQUAL)
    with pytest.raises(ValueError, match="add to 1"):
        in_rounds([1], ["p"], {"p": 0.5})


def test_a_vote_drawn_by_chance_counts_by_weight_over_chance() -> None:
    """Augmented inverse probability weighting, as Zrnic, Candes (2024), equation 3."""
    seen = by_chance([1, 1, -1], ["p", "z", "r"], _EQUAL, [0.5, 0.9, 0.6], least=0.5)
    # First nothing is expected: 0.25 / 0.5 * 1. Then 1 / 7 of p, so 1 / 28 of all, which a vote on
    # something else leaves; then 1 / 28 - 0.5 / 0.6.
    assert seen.x == pytest.approx([0.5, 1 / 28, 1 / 28 - 5 / 6])
    assert seen.low == pytest.approx([-2.0, 1 / 28 - 16 / 7, 1 / 28 - 16 / 7])
    assert seen.high == pytest.approx([2.0, 1 / 28 + 2, 1 / 28 + 2])
    assert seen.votes == 2
    with pytest.raises(ValueError, match=r"below 0\.5 times"):
        by_chance([1], ["p"], _EQUAL, [0.1], least=0.5)


@settings(max_examples=examples(40))
@given(st.lists(st.integers(-1, 2), min_size=1, max_size=12), st.integers(0, 10_000))
def test_a_vote_drawn_by_chance_is_right_on_average(drawn: list[int], seed: int) -> None:
    rng, weights = np.random.default_rng(seed), np.array(list(_EQUAL.values()))
    names = [*_EQUAL, "elsewhere"]
    votes, of = rng.choice([-1.0, 0.0, 1.0], len(drawn)), [names[k] for k in drawn]
    chance, truth, total = 0.4 * weights + 0.6 * rng.dirichlet(np.ones(3)), rng.uniform(-1, 1, 3), 0
    before = [chance[k] if k >= 0 else 0.1 for k in drawn]
    for k in range(3):
        now = [*votes, truth[k]], [*of, names[k]], _EQUAL, [*before, chance[k]]
        seen = by_chance(*now, least=0.4)
        assert np.all((seen.low - 1e-9 <= seen.x) & (seen.x <= seen.high + 1e-9))
        total += chance[k] * seen.x[-1]
    assert total == pytest.approx(float(weights @ truth))


@pytest.mark.parametrize("runs", lengths(15, 600))
@pytest.mark.parametrize("known", [True, False])
def test_adaptive_pairing_of_sides_keeps_the_error(runs: int, known: bool) -> None:
    """The next pair is, for choice, the one whose votes look best for B so far."""
    means, weights = np.array([0.5, -0.3, -0.3]), {"p": 0.25, "q": 0.25, "r": 0.5}
    truth = float(np.array(list(weights.values())) @ means)
    rng, wrong, n = np.random.default_rng(7), 0, 300
    for _ in range(runs):
        total, count = np.zeros(3), np.ones(3)
        votes, pairs, chances = np.empty(n), np.empty(n, dtype=np.int64), np.empty(n)
        for i in range(n):
            chance = np.full(3, 0.15)
            chance[int((total / count).argmax())] += 0.55
            k = int(rng.choice(3, p=chance))
            votes[i] = 1.0 if rng.random() < (1 + means[k]) / 2 else -1.0
            pairs[i], chances[i] = k, chance[k]
            total[k] += votes[i]
            count[k] += 1
        of = [list(weights)[k] for k in pairs]
        if known:
            seen = by_chance(votes, of, weights, chances, least=0.3)
        else:
            seen = in_rounds(votes, of, weights)
        sides = ((seen, truth), (seen.mirrored(), -truth))
        wrong += any(first_above(side, m, _THRESHOLD, even_start()[0]) for side, m in sides)
    assert wrong / runs <= 2 * _ERROR + slack(2 * _ERROR, runs, 3)
