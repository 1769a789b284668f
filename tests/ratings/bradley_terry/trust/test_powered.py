"""Judge correction: closed forms, recovery with a biased judge, real judges, and the limits."""

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.bradley_terry.trust.trust_votes import judged, with_labels
from tests.simulations import examples, leading, lengths

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import Fit, fit, logistic
from headtohead.ratings.bradley_terry.trust.powered import JudgedVotes, powered
from headtohead.stats.inputs import FloatArray, IntArray

_SCORE = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True)
class _World:
    """People who follow Bradley-Terry and a judge who prefers a side and other models."""

    models: tuple[str, ...]
    strength: FloatArray
    first: IntArray
    second: IntArray
    human: IntArray
    judge: IntArray

    def votes(self, labelled: int) -> JudgedVotes:
        human = np.where(np.arange(self.human.size) < labelled, self.human, -1)
        return JudgedVotes.from_codes(self.models, self.first, self.second, human, self.judge)


def _world(
    seed: int, m: int = 10, n: int = 5500, agree: float = 0.8, side: float = 0.8, wrong: float = 0.7
) -> _World:
    rng = np.random.default_rng(seed)
    strength = np.linspace(-1, 1, m)
    his = strength + rng.normal(0, wrong, m)
    likely = np.exp(rng.normal(0, 0.5, m))
    first, second = (rng.choice(m, 2 * n, p=likely / likely.sum()) for _ in range(2))
    some = np.flatnonzero(first != second)[:n]
    first, second = first[some], second[some]
    # What is special about a comparison: one draw that both people and the judge see, or two.
    shared, own = rng.logistic(size=(2, n))
    seen = np.where(rng.random(n) < agree, shared, own)
    human = np.where(strength[first] - strength[second] + shared > 0, 0, 1)
    judge = np.where(his[first] - his[second] + side + seen > 0, 0, 1)
    models = tuple(f"m{i:02d}" for i in range(m))
    return _World(models, strength, first, second, human, judge)


def _hits(fitted: Fit, errors: FloatArray, world: _World) -> float:
    true = world.strength[[world.models.index(name) for name in fitted.counts.models]]
    true = true - fitted.reference @ true
    half = 1.959964 * np.sqrt(np.diag(errors)[: true.size])
    return float(np.mean(np.abs(fitted.strength - true) <= half))


# ---------------------------------------------------------------- closed forms


def test_one_pair_is_prediction_powered_inference_for_a_mean() -> None:
    # Angelopoulos, Duchi and Zrnic (2023), doi:10.48550/arXiv.2311.01453, for a mean: with weight w
    # it is mean(Y) + w (mean of unlabelled F - mean of labelled F), with variance
    # w^2 Var(F)/N + Var(Y - w F)/n, smallest at w = Cov(Y, F) / ((1 + n/N) Var F).
    rng = np.random.default_rng(1)
    n, more = 400, 1600
    judge = rng.choice(4, n + more, p=[0.4, 0.3, 0.2, 0.1])
    human = np.where(rng.random(n + more) < 0.6, judge, rng.choice(4, n + more))
    human[n:] = -1
    zeros = np.zeros(n + more, dtype=np.int64)
    votes = JudgedVotes.from_codes(("a", "b"), zeros, zeros + 1, human, judge)
    y, f, unseen = _SCORE[human[:n]], _SCORE[judge[:n]], _SCORE[judge[n:]]
    best = float(np.cov(y, f)[0, 1] / ((1 + n / more) * np.var(_SCORE[judge], ddof=1)))
    found = powered(votes, prior=0)
    assert found.weight * more / (n + more) == pytest.approx(best, rel=0.03)
    for weight in (0.0, 0.35, 1.0, None):
        found = powered(votes, prior=0, weight=weight)
        w = found.weight * more / (n + more)
        mean = y.mean() + w * (unseen.mean() - f.mean())
        gap = found.fitted.strength[0] - found.fitted.strength[1]
        assert float(logistic(np.array([gap]))[0]) == pytest.approx(mean, abs=1e-10)
        variance = w**2 * unseen.var() / more + (y - w * f).var() / n
        se = math.sqrt(found.covariance[0, 0] + found.covariance[1, 1] - 2 * found.covariance[0, 1])
        assert se * mean * (1 - mean) == pytest.approx(math.sqrt(variance), rel=0.01)


def test_without_weight_it_is_the_human_fit() -> None:
    votes = _world(1).votes(500)
    found = powered(votes, weight=0)
    plain = fit(votes.human_counts)
    assert found.fitted.strength == pytest.approx(plain.strength, abs=1e-9)
    assert found.covariance == pytest.approx(covariance(plain), abs=1e-9)
    assert (found.weight, found.gain) == (0, 1)


def test_without_further_comparisons_nothing_changes() -> None:
    world = _world(2, n=500)
    found = powered(world.votes(500))
    assert found.judged == 0
    assert found.fitted.strength == pytest.approx(found.human.strength, abs=1e-9)


def test_a_judge_who_votes_as_people_do_is_worth_all_his_votes() -> None:
    world = _world(3)
    same = JudgedVotes.from_codes(
        world.models,
        world.first,
        world.second,
        np.where(np.arange(5500) < 1100, world.human, -1),
        world.human,
    )
    found = powered(same)
    assert found.weight == pytest.approx(1, abs=0.05)
    assert found.gain == pytest.approx(5, rel=0.2)
    full = fit(Counts.from_codes(world.models, world.first, world.second, world.human))
    assert np.abs(found.fitted.strength - full.strength).max() < 0.1


def test_a_judge_who_tosses_coins_is_hardly_used() -> None:
    world = _world(4, n=11_000)
    coins = np.random.default_rng(5).integers(0, 4, world.judge.size)
    human = np.where(np.arange(coins.size) < 2000, world.human, -1)
    found = powered(JudgedVotes.from_codes(world.models, world.first, world.second, human, coins))
    assert found.weight < 0.1
    assert found.gain == pytest.approx(1, abs=0.02)


# ---------------------------------------------------------------- second implementation


def _dense(world: _World, labelled: int, weight: float) -> tuple[FloatArray, FloatArray]:
    """Strengths and covariance from single votes, without a prior."""
    m, n = len(world.models), labelled
    key = world.first * m + world.second
    f = _SCORE[world.judge]
    total = np.bincount(key, minlength=m * m)
    mean = np.bincount(key, weights=f, minlength=m * m) / np.maximum(1, total)
    square = np.bincount(key, weights=(f - mean[key]) ** 2, minlength=m * m)
    spread = square / np.maximum(1, total - 1)
    mine = np.bincount(key[:n], minlength=m * m)
    x = np.zeros((n, m))
    x[np.arange(n), world.first[:n]], x[np.arange(n), world.second[:n]] = 1, -1
    y = _SCORE[world.human[:n]]
    # Each labelled vote is moved by how far the judge's mean differs between its pair's labelled
    # and all comparisons.
    own = np.bincount(key[:n], weights=f[:n], minlength=m * m) / np.maximum(1, mine)
    moved = y + weight * (mean - own)[key[:n]]
    theta = np.zeros(m)
    for _ in range(50):
        p = logistic(x @ theta)
        information = (x * (p * (1 - p))[:, None]).T @ x
        theta = theta + np.linalg.solve(information + 1, x.T @ (moved - p))
    share = ((total - mine) / np.maximum(1, total))[key[:n]]
    score = x * ((y - p) - weight * share * (f[:n] - mean[key[:n]]))[:, None]
    meat = score.T @ score
    for cell in np.flatnonzero((mine > 0) & (total > mine)):
        e = np.zeros(m)
        e[cell // m], e[cell % m] = 1, -1
        more = total[cell] - mine[cell]
        part = more / total[cell]
        meat += weight**2 * part**2 * mine[cell] ** 2 / more * spread[cell] * np.outer(e, e)
    battles = np.bincount(world.first[:n], minlength=m) + np.bincount(world.second[:n], minlength=m)
    centre = np.eye(m) - np.outer(np.ones(m), battles / battles.sum())
    bread = centre @ np.linalg.pinv(information)
    return centre @ theta, bread @ meat @ bread.T


@pytest.mark.parametrize("weight", [0.0, 0.4, 0.9])
def test_agrees_with_single_votes(weight: float) -> None:
    world = _world(6, m=6, n=2000)
    found = powered(world.votes(600), prior=0, weight=weight)
    strength, errors = _dense(world, 600, weight)
    assert found.fitted.strength == pytest.approx(strength, abs=1e-8)
    assert found.covariance == pytest.approx(errors, abs=1e-8)


def test_the_weight_has_the_smallest_variance() -> None:
    votes = _world(7, n=20_000).votes(4000)
    best = powered(votes)
    assert 0.2 < best.weight < 0.9
    size = np.trace(best.covariance)
    for step in (-0.2, -0.05, 0.05, 0.2):
        other = powered(votes, weight=best.weight + step)
        assert np.trace(other.covariance) > size * 0.998
    assert size < np.trace(best.human_covariance)


# ---------------------------------------------------------------- recovery


@pytest.mark.parametrize(("labelled", "m"), [(500, 10), (80, 6)])
@pytest.mark.parametrize("rounds", lengths(15, 120))
def test_intervals_cover_people_though_the_judge_is_wrong(
    labelled: int, m: int, rounds: int
) -> None:
    corrected, alone, believed, gains, widths = [], [], [], [], []
    for seed in range(rounds):
        world = _world(seed, m=m, n=labelled + 3000)
        found = powered(world.votes(labelled))
        corrected.append(_hits(found.fitted, found.covariance, world))
        alone.append(_hits(found.human, found.human_covariance, world))
        believed.append(_hits(found.judge, found.judge_covariance, world))
        gains.append(found.gain)
        widths.append(
            np.sqrt(np.diag(found.covariance)).mean()
            / np.sqrt(np.diag(found.human_covariance)).mean()
        )
    # Models of a board go together, so the error is taken between boards.
    error = float(np.std(corrected)) / math.sqrt(rounds)
    assert np.mean(corrected) == pytest.approx(0.95, abs=3 * error + 0.005)
    assert np.mean(alone) > (0.93 if rounds >= 120 else 0.92)
    assert np.mean(believed) < 0.4
    assert np.mean(gains) > 1.15
    assert min(gains) > 0.99
    assert np.mean(widths) < 0.97


@pytest.mark.parametrize("judge", leading(["gpt-4-0125-preview", "gpt-3.5-turbo"], 1))
@pytest.mark.parametrize("rounds", lengths(10, 30))
def test_real_judges_and_two_thousand_human_votes(
    judge: str, rounds: int, shared_evidence: Path
) -> None:
    votes, his = judged(shared_evidence, judge)
    full = fit(votes.counts())
    hits: dict[str, list[float]] = {"corrected": [], "judge": []}
    gains = []
    for seed in range(rounds):
        labelled = np.random.default_rng(seed).permutation(his.size)[:2000]
        found = powered(with_labels(votes, his, labelled))
        for name, part, errors in (
            ("corrected", found.fitted, found.covariance),
            ("judge", found.judge, found.judge_covariance),
        ):
            true = full.strength - part.reference @ full.strength
            half = 1.959964 * np.sqrt(np.diag(errors)[: true.size])
            hits[name].append(float(np.mean(np.abs(part.strength - true) <= half)))
        gains.append(found.gain)
    # The full set is no infinite one: the distance to it is a little smaller than the error.
    assert np.mean(hits["corrected"]) == pytest.approx(0.957, abs=0.025)
    assert np.mean(hits["judge"]) < 0.5
    assert min(gains) > 0.99
    if judge == "gpt-4-0125-preview":
        assert np.mean(gains) == pytest.approx(1.09, abs=0.03)
    else:
        assert np.mean(gains) < 1.03


# ---------------------------------------------------------------- properties and limits


def test_order_of_models_and_sides_do_not_matter() -> None:
    world = _world(8, m=6, n=1500)
    plain = powered(world.votes(400))
    order = np.array([3, 5, 0, 1, 4, 2])
    place = np.argsort(order)
    human = np.where(np.arange(1500) < 400, world.human, -1)
    names = [world.models[i] for i in order]
    other = powered(
        JudgedVotes.from_codes(names, place[world.first], place[world.second], human, world.judge)
    )
    assert other.fitted.strength == pytest.approx(plain.fitted.strength, abs=1e-9)
    turned = powered(
        JudgedVotes.from_codes(
            world.models,
            world.second,
            world.first,
            np.where(human >= 0, 1 - human, -1),
            1 - world.judge,
        )
    )
    assert turned.fitted.strength == pytest.approx(plain.fitted.strength, abs=1e-9)
    assert turned.covariance == pytest.approx(plain.covariance, abs=1e-9)


def test_models_without_a_human_vote_are_not_rated() -> None:
    world = _world(9, m=6, n=1500)
    keep = ((world.first != 2) & (world.second != 2)) | (np.arange(1500) >= 400)
    human = np.where((np.arange(1500) < 400) & keep, world.human, -1)
    found = powered(
        JudgedVotes.from_codes(world.models, world.first, world.second, human, world.judge)
    )
    assert found.unrated == ("m02",)
    assert "m02" not in found.fitted.counts.models
    assert found.covariance.shape == (5, 5)


def test_the_weight_is_lowered_where_no_strength_gives_the_corrected_scores() -> None:
    # The newcomer's one human vote is a loss that the judge calls a win; he calls the rest losses.
    models = ("a", "b", "new")
    first = np.array([0, 1] * 30 + [2] * 40)
    second = np.array([1, 0] * 30 + [0] * 40)
    human = np.array([0, 0, 0, 1] * 15 + [1] + [-1] * 39)
    judge = np.array([0, 0, 0, 1] * 15 + [0] + [1] * 39)
    votes = JudgedVotes.from_codes(models, first, second, human, judge)
    found = powered(votes, weight=1)
    assert found.weight < 0.6
    assert np.all(np.isfinite(found.fitted.strength))
    assert np.abs(found.fitted.strength).max() < 40
    assert powered(votes, weight=0.1).weight == 0.1


def test_impossible_arguments() -> None:
    votes = _world(10, n=50).votes(20)
    for weight in (-0.1, 1.1):
        with pytest.raises(ValueError, match="weight"):
            powered(votes, weight=weight)
    with pytest.raises(ValueError, match="no vote"):
        powered(_world(10, n=50).votes(0))


# ---------------------------------------------------------------- counts of both


@settings(max_examples=examples(40))
@given(st.integers(0, 10_000))
def test_counts_are_those_of_people_and_of_the_judge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, names = 60, ("d", "a", "c", "b")
    first = rng.integers(0, 4, n)
    second = (first + rng.integers(1, 4, n)) % 4
    human, judge = rng.integers(-1, 4, n), rng.integers(0, 4, n)

    whole = JudgedVotes.from_codes(names, first, second, human, judge)
    assert whole.human_counts == Counts.from_codes(
        names, first[human >= 0], second[human >= 0], human[human >= 0]
    )
    assert whole.judge_counts == Counts.from_codes(names, first, second, judge)


def test_impossible_votes_are_refused() -> None:
    for first, second, human, judge, message in (
        ([0], [1], [4], [0], "human outcome"),
        ([0], [1], [-2], [0], "human outcome"),
        ([0], [1], [0], [-1], "judge's outcome"),
        ([0], [1], [0, 1], [0], "every comparison"),
        ([0], [2], [0], [0], "a side"),
        ([0], [0], [0], [0], "meets itself"),
    ):
        with pytest.raises(ValueError, match=message):
            JudgedVotes.from_codes(("a", "b"), first, second, human, judge)
