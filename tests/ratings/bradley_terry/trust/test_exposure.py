"""Exposure: known inequality, tabled order statistics, luck of the best variant, real votes."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as sp
from tests.ratings.bradley_terry.boards import board
from tests.ratings.bradley_terry.trust.trust_votes import arena, davidson
from tests.simulations import examples

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.trust.exposure import (
    best_of,
    exposure,
    gini,
    variant_lift,
    votes_wanted,
)

_BOARD = board(("a", "b", 50, 30), ("b", "a", 10, 10), ("b", "c", 20, 15, 5), ("c", "d", 4, 6))


def test_exposure_of_a_small_board() -> None:
    found = exposure(_BOARD, ["x", "y", "y", "z"])
    assert found.models == ("a", "b", "c", "d")
    assert found.votes.tolist() == [100, 140, 50, 10]
    assert found.votes.max() == 14 * found.votes.min()
    assert found.pairs_met == 0.5
    assert [(g.group, g.models, g.votes) for g in found.groups] == [
        ("y", 2, 190),
        ("x", 1, 100),
        ("z", 1, 10),
    ]
    assert found.groups[0].votes_per_model == 95
    assert exposure(_BOARD).groups == ()


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any))
def test_gini_agrees_with_its_definition(amounts: list[int]) -> None:
    x = np.array(amounts, dtype=float)
    expected = np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean())
    assert gini(amounts) == pytest.approx(expected, abs=1e-12)
    assert gini([7 * amount for amount in amounts]) == pytest.approx(gini(amounts))
    assert 0 <= gini(amounts) < 1 or gini(amounts) == pytest.approx(0, abs=1e-12)


def test_gini_ends() -> None:
    assert gini([5, 5, 5]) == pytest.approx(0)
    assert gini([0, 0, 0, 9]) == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("n", "mean"),
    # Harter (1961), doi:10.1093/biomet/48.1-2.151: mean of the largest of n standard normals.
    [(2, 0.56419), (3, 0.84628), (4, 1.02938), (5, 1.16296), (10, 1.53875), (20, 1.86748)],
)
def test_best_of_equal_variants_reproduces_the_table(n: int, mean: float) -> None:
    assert best_of(np.ones(n)) == pytest.approx(mean, abs=6e-6)
    assert best_of(np.full(n, 7.5)) == pytest.approx(7.5 * mean, abs=5e-5)


@settings(max_examples=examples(20) // 2)
@given(st.lists(st.floats(0.05, 3), min_size=2, max_size=6))
def test_best_of_unequal_variants_agrees_with_scipy(errors: list[float]) -> None:
    def density(x: float) -> float:
        below = sp.norm.cdf(x, scale=errors)
        pdf = sp.norm.pdf(x, scale=errors)
        return x * sum(float(pdf[i] * np.prod(np.delete(below, i))) for i in range(len(errors)))

    end = 9 * max(errors)
    points = sorted({s * e for e in errors for s in (-3, -1, 0, 1, 3)})
    mean = integrate.quad(density, -end, end, points=points, limit=400)[0]
    assert best_of(errors) == pytest.approx(mean, abs=1e-5)


def test_best_of_ends() -> None:
    assert best_of([3.0]) == 0
    assert best_of([0.0, 0.0]) == 0
    # One known exactly and one not: half of the mean distance of a normal variable.
    assert best_of([0.0, 1.0]) == pytest.approx(1 / math.sqrt(2 * math.pi), abs=1e-6)
    for bad in ([], [-1.0, 1.0], [math.nan]):
        with pytest.raises(ValueError, match="error"):
            best_of(bad)


def test_lift_of_equal_variants_is_what_the_best_of_them_shows() -> None:
    # Six equal models of one lab among five others: how far does the best look above the truth?
    strength = np.array([0.0] * 6 + [0.8, 0.4, -0.2, -0.5, -0.9])
    labels = ["lab"] * 6 + list("pqrst")
    shown, told = [], []
    for seed in range(60):
        fitted = fit(davidson(strength, 1, 1500, np.random.default_rng(seed)).counts())
        own = fitted.strength[:6]
        shown.append(own.max() - own.mean())
        told.append(variant_lift(fitted, covariance(fitted), labels)["lab"])
    error = np.std(shown) / math.sqrt(60)
    assert np.mean(told) == pytest.approx(np.mean(shown), abs=3 * error + 0.002)


def test_what_all_variants_share_lifts_none_of_them() -> None:
    # Errors measured from an average have a common part below 0, and one above it if the rivals'
    # strengths are badly known.
    fitted = fit(_BOARD)
    for common in (-0.25 * 0.04, 0.0, 1.0):
        errors = 0.04 * np.eye(4) + common
        found = variant_lift(fitted, errors, ["lab"] * 4)
        assert found["lab"] == pytest.approx(0.2 * 1.02938, abs=1e-5)


def test_lift_of_single_entrants_is_nothing() -> None:
    fitted = fit(_BOARD)
    found = variant_lift(fitted, covariance(fitted), ["x", "y", "y", "z"])
    assert list(found) == ["y", "x", "z"]
    assert found["y"] > 0
    assert found["x"] == found["z"] == 0


def test_votes_wanted_narrow_the_interval_to_the_width() -> None:
    counts = davidson(np.array([0.5, 0.1, -0.6]), 1, 400, np.random.default_rng(2)).counts()
    fitted = fit(counts, prior=0)
    now = 2 * 1.959964 * np.sqrt(np.diag(covariance(fitted)))
    wanted = votes_wanted(fitted, covariance(fitted), float(now.max() / 2))
    place = int(now.argmax())
    assert wanted[place] == pytest.approx(3 * counts.battles[place], abs=1)
    four = fit(counts + counts + counts + counts, prior=0)
    assert np.all(votes_wanted(four, covariance(four), float(now.max() / 2) * 1.001) == 0)


def test_no_number_of_votes_is_told_for_the_undefeated() -> None:
    fitted = fit(board(("a", "b", 5, 5), ("new", "a", 3, 0), ("b", "old", 9, 0)))
    wanted = votes_wanted(fitted, covariance(fitted), 0.1)
    names = fitted.counts.models
    assert np.isinf(wanted).tolist() == [name in ("new", "old") for name in names]


def test_impossible_arguments() -> None:
    fitted = fit(_BOARD)
    with pytest.raises(ValueError, match="no vote"):
        exposure(Counts.none())
    with pytest.raises(ValueError, match="group labels"):
        exposure(_BOARD, ["x"])
    with pytest.raises(ValueError, match="group labels"):
        variant_lift(fitted, covariance(fitted), ["x"])
    with pytest.raises(ValueError, match="width"):
        votes_wanted(fitted, covariance(fitted), 0)
    for bad in ([], [0, 0], [-1, 2]):
        with pytest.raises(ValueError, match="amounts"):
            gini(bad)


def test_arena_exposure(shared_evidence: Path) -> None:
    counts = arena(shared_evidence)
    labs = [
        "gpt" if "gpt" in name else "claude" if "claude" in name else "other"
        for name in counts.models
    ]
    found = exposure(counts, labs)
    assert found.votes.sum() == 2 * counts.total
    assert found.pairs_met == pytest.approx(3460 / (129 * 128 / 2))
    assert 0.4 < found.gini < 0.7
    assert found.votes.max() > 50 * found.votes.min()
    assert {group.group for group in found.groups} == {"gpt", "claude", "other"}
