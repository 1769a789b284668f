"""Slices: joint intervals, Holm, and whether slices differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as sp
from tests.simulations import lengths, slack

from headtohead.trials.paired import joint
from headtohead.trials.paired.joint import same_everywhere, slices


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_slices_come_worst_first_and_jointly_wider() -> None:
    rng = _rng()
    labels = np.array(["law"] * 60 + ["code"] * 60 + ["rare"])
    a = (rng.random(121) < 0.8).astype(float)
    b = a.copy()
    b[:30] = 0
    found = slices(a, b, labels, 0.1, rng)
    assert found.slices[0].name == "law"
    assert found.slices[0].noninferior == "no"
    assert {part.difference.n for part in found.slices} == {1, 60}
    for part in found.slices:
        assert part.joint.low <= part.difference.interval.low
        assert part.joint.high >= part.difference.interval.high
        assert part.p_noninferior >= part.difference.test.p_above(-0.1) - 1e-12
    lone = next(part for part in found.slices if part.name == "rare")
    assert lone.joint.width > 1
    assert lone.noninferior == "undecided"
    assert found.p_same < 0.01
    assert found.same_method == "permutation"


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_one_slice_is_the_whole(seed: int) -> None:
    rng = _rng(seed)
    a, b = rng.integers(0, 2, (2, 30))
    found = slices(a, b, ["all"] * 30, 0.1, rng)
    assert found.slices[0].joint == found.slices[0].difference.interval


@pytest.mark.parametrize("rounds", lengths(15, 70))
def test_joint_intervals_cover_together(rounds: int) -> None:
    rng = _rng(3)
    labels = np.repeat(np.arange(6), [1, 5, 10, 20, 40, 80])
    missed = 0
    for _ in range(rounds):
        a, b = (rng.random((2, 156)) < 0.85).astype(float)
        found = slices(a, b, labels, 0.1, rng, rounds=200)
        missed += not all(part.joint.low <= 0 <= part.joint.high for part in found.slices)
    # Of 70, 3.5 are due; 11 would happen once in 1,100 runs.
    assert missed <= sp.binom.isf(0.001, rounds, 0.05)


@pytest.mark.parametrize("rounds", lengths(20, 40))
def test_the_worst_of_equal_slices_is_rarely_condemned(rounds: int) -> None:
    rng = _rng(4)
    labels = np.repeat(np.arange(10), 20)
    wrong = 0
    for _ in range(rounds):
        a = (rng.random(200) < 0.9).astype(float)
        b = (rng.random(200) < 0.9).astype(float)
        wrong += slices(a, b, labels, 0.0, rng, rounds=200).slices[0].joint.high < 0
    assert wrong <= sp.binom.isf(0.003, rounds, 0.025)


def test_permutations_in_blocks_are_those_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = _rng(6)
    groups = rng.integers(0, 3, 50)
    values = rng.normal(0.25 * groups, 1 + groups)

    def unlike(home: np.ndarray) -> float:
        """Cochran's Q, with one row's worth of the common variance in each group."""
        parts = [values[home == g] for g in range(3)]
        common = np.var(values)
        error = [
            ((x - x.mean()) @ (x - x.mean()) + common) / x.size**2 * (x.size + 1) / x.size
            for x in parts
        ]
        means, weight = np.array([x.mean() for x in parts]), 1 / np.array(error)
        return float(weight @ (means - weight @ means / weight.sum()) ** 2)

    same = _rng(7)
    beyond = sum(unlike(same.permutation(groups)) >= unlike(groups) for _ in range(400))
    for at_once in (20_000, 150, 1):
        monkeypatch.setattr(joint, "_SHUFFLED", at_once)
        p, method = same_everywhere(values, groups, None, _rng(7), 400)
        assert (p, method) == ((1 + beyond) / 401, "permutation")


@pytest.mark.parametrize("method", ["permutation", "wald"])
@pytest.mark.parametrize("rounds", lengths(20, 100))
def test_sameness_errs_as_often_as_it_says_and_finds_differences(method: str, rounds: int) -> None:
    rng = _rng(5)
    clusters = np.repeat(np.arange(40), 3)
    labels = np.repeat(np.arange(4), 30) if method == "permutation" else np.tile(np.arange(3), 40)
    null, real = [], []
    for _ in range(rounds):
        values = rng.normal(size=40)[clusters] + rng.normal(size=120)
        p, said = same_everywhere(values, labels, clusters, rng, 200)
        assert said == method
        null.append(p)
        moved = values + 2.0 * (labels == 0)
        real.append(same_everywhere(moved, labels, clusters, rng, 200)[0])
    assert np.mean(np.array(null) < 0.05) < 0.05 + slack(0.05, rounds, 3.67)
    assert np.mean(np.array(real) < 0.05) > 0.8


def test_permutation_agrees_with_all_of_them() -> None:
    """Two groups of three: the twenty splits give the exact p-value."""
    from itertools import combinations

    values = np.array([3.0, 2.5, 2.9, 0.1, 0.4, 0.2])
    p, _ = same_everywhere(values, list("aaabbb"), None, _rng(6), 4000)
    extreme = 0
    for chosen in combinations(range(6), 3):
        rest = [i for i in range(6) if i not in chosen]
        gap = abs(values[list(chosen)].mean() - values[rest].mean())
        extreme += gap >= abs(values[:3].mean() - values[3:].mean()) - 1e-12
    assert p == pytest.approx(extreme / 20, abs=0.02)


def test_nothing_varies_so_nothing_differs() -> None:
    assert same_everywhere([0, 0, 0], list("aab"), None, _rng())[0] == 1
