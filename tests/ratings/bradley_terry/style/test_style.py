"""Style control: a generic logistic regression beside it, its invariances, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ratings.bradley_terry.style.style_votes import (
    NAMES,
    SCORE,
    TRUTH,
    StyleVotes,
    design,
    generic_fit,
    style_of_votes,
    style_votes,
)
from tests.simulations import examples, lengths, slack

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.intervals import bounds
from headtohead.ratings.bradley_terry.style.control import StyleFit
from headtohead.stats.inputs import FloatArray


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _fit(votes: StyleVotes, **settings: object) -> StyleFit:
    names = NAMES[: votes.x.shape[1]]
    return style_of_votes(
        votes.models,
        votes.first,
        votes.second,
        votes.outcome,
        votes.x,
        names,
        **settings,  # type: ignore[arg-type]
    )


def _centred(strength: FloatArray, fitted: StyleFit) -> FloatArray:
    made: FloatArray = strength - fitted.board.reference @ strength
    return made


# ---------------------------------------------------------------- a second implementation


@pytest.mark.parametrize("side", [False, True])
@pytest.mark.parametrize("prior", [0.5, 4.0])
def test_agrees_with_a_generic_logistic_regression(prior: float, side: bool) -> None:
    votes = style_votes(_rng(), 3000, 7, side=0.2)
    found = _fit(votes, prior=prior, side=side)
    m, d = 7, 4
    b, cov = generic_fit(design(votes, side=side), SCORE[votes.outcome], m, prior)
    assert found.strength == pytest.approx(_centred(b[:m], found), abs=1e-7)
    assert found.effect / found.spread == pytest.approx(b[m : m + d], abs=1e-7)
    turn = np.eye(b.size)
    turn[:m, :m] -= found.board.reference
    scale = np.concatenate([np.ones(m), found.spread, [1.0] * side])
    expected = turn @ cov @ turn.T * scale * scale[:, None]
    # The virtual votes' part of the sandwich is taken at the centred strengths, a hair apart.
    assert found.covariance == pytest.approx(expected, rel=1e-3, abs=1e-6)
    if side:
        assert found.side == pytest.approx(b[-1], abs=1e-7)


def test_pure_maximum_likelihood_agrees_with_generic_regression_and_its_sandwich() -> None:
    votes = style_votes(_rng(2), 3000, 6)
    found = _fit(votes, prior=0.0)
    z, y = design(votes)[:, 1:], SCORE[votes.outcome]  # the first model fixed at 0
    b, cov = generic_fit(z, y, 0, 0.0)
    strength = np.concatenate([[0.0], b[:5]])
    assert found.strength == pytest.approx(_centred(strength, found), abs=1e-7)
    wide = np.zeros((10, 10))
    wide[1:, 1:] = cov
    turn = np.eye(10)
    turn[:6, :6] -= found.board.reference
    scale = np.concatenate([np.ones(6), found.spread])
    assert found.covariance == pytest.approx(
        turn @ wide @ turn.T * scale * scale[:, None], abs=1e-8
    )


def test_centring_reproduces_the_published_recipe() -> None:
    votes = style_votes(_rng(3), 4000, 6, side=0.4)
    x = votes.x + 0.7
    shifted = StyleVotes(votes.models, votes.first, votes.second, votes.outcome, x)
    found = _fit(shifted, centre=True)
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    recipe = StyleVotes(votes.models, votes.first, votes.second, votes.outcome, standard)
    b, _ = generic_fit(design(recipe), SCORE[votes.outcome], 6, 0.5)
    assert found.middle == pytest.approx(x.mean(axis=0))
    assert found.spread == pytest.approx(x.std(axis=0))
    assert found.effect == pytest.approx(b[6:], abs=1e-7)
    assert found.strength == pytest.approx(_centred(b[:6], found), abs=1e-7)
    with_side = _fit(shifted, centre=True, side=True)
    assert with_side.strength == pytest.approx(_fit(shifted, side=True).strength, abs=1e-9)


@pytest.mark.parametrize("side", [False, True])
def test_no_covariates_reproduce_the_plain_fit(side: bool) -> None:
    votes = style_votes(_rng(4), 500, 6, tie=0.3)
    votes = StyleVotes(votes.models, votes.first, votes.second, votes.outcome, np.zeros((500, 0)))
    if not side:  # A seventh model whose votes are all ties: its errors are those of a coin toss.
        votes = StyleVotes(
            (*votes.models, "m06"),
            np.concatenate([votes.first, np.arange(6)]),
            np.concatenate([votes.second, np.full(6, 6)]),
            np.concatenate([votes.outcome, np.full(6, 2)]),
            np.zeros((506, 0)),
        )
    found = _fit(votes, side=side)
    counts = Counts.from_codes(votes.models, votes.first, votes.second, votes.outcome)
    plain = fit(counts, side=side)
    assert found.strength == pytest.approx(plain.strength, abs=1e-9)
    assert found.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-9)
    assert found.information == pytest.approx(plain.information, rel=1e-6, abs=1e-9)
    assert found.covariance == pytest.approx(covariance(plain), rel=1e-6, abs=1e-7)
    assert found.board.strength is found.strength
    if side:
        assert found.side == pytest.approx(plain.side, abs=1e-9)


def test_clusters_agree_with_dense_sums() -> None:
    votes = style_votes(_rng(5), 1500, 5)
    voter = _rng(6).integers(-1, 60, 1500)  # -1: nobody knows who
    voter[:200] = -1
    found = _fit(votes, cluster=voter, prior=0.0)
    z, y = design(votes), SCORE[votes.outcome]
    beta = np.concatenate([found.strength, found.effect / found.spread])
    p = 1 / (1 + np.exp(-z @ beta))
    score = (y - p)[:, None] * z
    weighted = z * (p * (1 - p))[:, None]
    inverse = np.linalg.pinv(weighted.T @ z)
    known = [
        # The jackknife form: each voter's scores as if the voter had not drawn the fit.
        np.linalg.solve(np.eye(9) - weighted[own].T @ z[own] @ inverse, score[own].sum(axis=0))
        for own in (voter == v for v in range(60))
    ]
    turn = np.eye(9)
    turn[:5, :5] -= found.board.reference
    scale = np.concatenate([np.ones(5), found.spread])
    turn = turn @ inverse * scale[:, None]
    rows = np.vstack([known, score[voter == -1]])
    clustered = turn @ rows.T @ rows @ turn.T
    least = np.diag(turn @ score.T @ score @ turn.T)
    stretch = np.sqrt(np.maximum(1, least / np.diag(clustered)))
    assert found.covariance == pytest.approx(clustered * stretch * stretch[:, None], abs=1e-6)
    alone = _fit(votes, cluster=np.full(1500, -1), prior=0.0)
    plain = _fit(votes, prior=0.0)
    assert alone.covariance == pytest.approx(plain.covariance, abs=1e-9)
    assert alone.errors == "clustered"


# ---------------------------------------------------------------- recovery


def test_effects_are_not_shrunk() -> None:
    # arena-rank's default penalty makes .025 .011 .003 -.003 of these effects.
    strength = _rng(7).normal(0, 0.6, 20)
    votes = style_votes(_rng(7), 100_000, 20, strength=strength)
    found = _fit(votes)
    for effect, truth in zip(found.effects(0.999), TRUTH, strict=True):
        assert effect.per_unit.low < truth < effect.per_unit.high
        assert effect.per_unit.width < 0.06
    rest = found.strength - _centred(strength, found)
    assert np.sqrt(np.mean(rest**2)) < 0.05


@pytest.mark.parametrize("rounds", lengths(30, 250))
def test_intervals_cover_as_often_as_they_say(rounds: int) -> None:
    strength = _rng(8).normal(0, 0.6, 5)
    hits = np.zeros((rounds, 9))
    for i in range(rounds):
        votes = style_votes(_rng(100 + i), 600, 5, strength=strength, tie=0.3)
        found = _fit(votes)
        half = 1.96 * np.sqrt(np.diag(found.covariance))
        truth = np.concatenate([_centred(strength, found), TRUTH * found.spread])
        hits[i] = np.abs(np.concatenate([found.strength, found.effect]) - truth) < half
    # Nine rates of 95%: each within 4 standard errors, their mean within 2.5.
    assert hits.mean(axis=0).min() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / rounds)
    assert hits.mean() == pytest.approx(0.95, abs=2.5 * np.sqrt(0.95 * 0.05 / rounds))


@pytest.mark.parametrize("rounds", lengths(15, 200))
def test_clustered_intervals_cover_where_voters_share_a_taste_for_length(rounds: int) -> None:
    strength = _rng(9).normal(0, 0.6, 4)
    hits = {"clustered": 0, "sandwich": 0}
    for i in range(rounds):
        rng = _rng(1000 + i)
        voter = np.repeat(np.arange(60), 20)
        taste = rng.normal(0, 0.8, 60)[voter]
        first = rng.integers(0, 4, 1200)
        second = (first + rng.integers(1, 4, 1200)) % 4
        x = rng.normal(size=(1200, 1))
        p = 1 / (1 + np.exp(strength[second] - strength[first] - x[:, 0] * taste))
        outcome = (rng.random(1200) > p).astype(np.int64)
        votes = StyleVotes(tuple("abcd"), first, second, outcome, x)
        for errors, cluster in (("clustered", voter), ("sandwich", None)):
            interval = _fit(votes, cluster=cluster).effects()[0].per_spread
            hits[errors] += interval.low < 0 < interval.high
    assert hits["clustered"] / rounds == pytest.approx(0.95, abs=slack(0.95, rounds))
    assert hits["sandwich"] / rounds < 0.9


# ---------------------------------------------------------------- properties


@given(seed=st.integers(0, 10_000), m=st.integers(2, 8))
@settings(max_examples=examples(25))
def test_swapping_sides_changes_nothing(seed: int, m: int) -> None:
    rng = _rng(seed)
    votes = style_votes(rng, 120, m, TRUTH[:2])
    swap = rng.random(120) < 0.5
    turned = StyleVotes(
        votes.models,
        np.where(swap, votes.second, votes.first),
        np.where(swap, votes.first, votes.second),
        np.where(swap & (votes.outcome < 2), 1 - votes.outcome, votes.outcome),
        np.where(swap[:, None], -votes.x, votes.x),
    )
    a, b = _fit(votes), _fit(turned)
    assert b.strength == pytest.approx(a.strength, abs=1e-8)
    assert b.effect == pytest.approx(a.effect, abs=1e-8)
    assert b.covariance == pytest.approx(a.covariance, abs=1e-8)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_order_names_units_and_duplicates_do_not_matter(seed: int) -> None:
    rng = _rng(seed)
    votes = style_votes(rng, 150, 5, TRUTH[:2])
    a = _fit(votes, prior=0.0) if _bounded(votes) else _fit(votes)
    mixed = votes.picked(rng.permutation(150))
    turn = rng.permutation(5)
    names = np.array([f"m{i:02d}" for i in range(5)])[turn]
    place = np.argsort(turn)
    renamed = StyleVotes(
        tuple(names.tolist()),
        place[mixed.first],
        place[mixed.second],
        mixed.outcome,
        mixed.x * [1000.0, 0.01],
    )
    b = _fit(renamed, prior=a.prior)
    assert b.strength == pytest.approx(a.strength, abs=1e-7)
    assert b.effect == pytest.approx(a.effect, abs=1e-7)
    assert b.covariance == pytest.approx(a.covariance, rel=1e-6, abs=1e-7)
    if a.prior == 0:
        twice = _fit(votes.picked(np.tile(np.arange(150), 2)), prior=0.0)
        assert twice.strength == pytest.approx(a.strength, abs=1e-7)
        assert twice.covariance * 2 == pytest.approx(a.covariance, rel=1e-6, abs=1e-7)


def _bounded(votes: StyleVotes) -> bool:
    counts = Counts.from_codes(votes.models, votes.first, votes.second, votes.outcome)
    return fit(counts).connectivity.bounded


def test_a_ridge_shrinks_the_effects_and_nothing_else_does() -> None:
    votes = style_votes(_rng(11), 2000, 5)
    free, held = _fit(votes), _fit(votes, ridge=2000.0)
    assert np.all(np.abs(held.effect[:2]) < 0.5 * np.abs(free.effect[:2]))


# ---------------------------------------------------------------- degenerate boards


def test_an_undefeated_model_is_bounded_on_one_side() -> None:
    votes = style_votes(_rng(12), 400, 4, TRUTH[:2])
    first = np.concatenate([votes.first, np.full(6, 4)])
    second = np.concatenate([votes.second, [0, 1, 2, 3, 0, 1]])
    outcome = np.concatenate([votes.outcome, np.zeros(6, dtype=np.int64)])
    x = np.vstack([votes.x, _rng(1).normal(size=(6, 2))])
    lone = StyleVotes((*votes.models, "new"), first, second, outcome, x)
    found = _fit(lone)
    assert found.connectivity.above.tolist() == [False] * 4 + [True]
    low, high = bounds(found.board, found.covariance)
    assert np.isinf(high[4])
    assert np.all(np.isfinite(low))
    assert found.strength[:4] == pytest.approx(_fit(votes).strength, abs=0.1)
    with pytest.raises(ValueError, match="new never lost"):
        _fit(lone, prior=0.0)


def test_boards_apart_are_fitted_apart() -> None:
    left, right = style_votes(_rng(13), 300, 3, TRUTH[:1]), style_votes(_rng(14), 300, 3, TRUTH[:1])
    both = StyleVotes(
        tuple(f"m{i:02d}" for i in range(6)),
        np.concatenate([left.first, right.first + 3]),
        np.concatenate([left.second, right.second + 3]),
        np.concatenate([left.outcome, right.outcome]),
        np.vstack([left.x, right.x]),
    )
    found = _fit(both, prior=0.0)
    assert set(found.connectivity.component.tolist()) == {0, 1}
    assert np.all(np.isfinite(found.covariance))
    reference = found.board.reference
    for part in (slice(0, 3), slice(3, 6)):
        assert reference[part] @ found.strength[part] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (np.full(300, 2.0), "'bold' is the same in every vote"),
        (np.zeros(300), "'bold' is the same in every vote"),
        (np.where(np.arange(300) == 7, np.nan, 1.0), "'bold' has values that are not finite"),
        (np.where(np.arange(300) == 7, np.inf, 1.0), "'bold' has values that are not finite"),
        ("sum", "'bold' follows from which models meet, or from length, header, list"),
        ("model", "'bold' follows from which models meet"),
        ("decided", "effect of 'bold' has no maximum"),
    ],
)
def test_a_useless_covariate_is_named(column: FloatArray | str, message: str) -> None:
    votes = style_votes(_rng(15), 300, 4, TRUTH[:3])
    if isinstance(column, str):
        size = np.array([7.0, 13.0, 70.0, 405.0])
        made = {
            "sum": votes.x @ [1.0, 2.0, 3.0],
            "model": size[votes.first] - size[votes.second],
            # A refusal, on one side in ten, that always loses.
            "decided": np.where(np.arange(300) % 10 == 0, SCORE[votes.outcome] - 0.5, 0.0),
        }
        column = made[column]
    x = np.column_stack([votes.x, column])
    with pytest.raises(ValueError, match=message):
        _fit(StyleVotes(votes.models, votes.first, votes.second, votes.outcome, x))


def test_an_outlier_is_no_separation() -> None:
    votes = style_votes(_rng(16), 500, 4, TRUTH[:1])
    x = votes.x.copy()
    x[3] = 1e4 if votes.outcome[3] == 0 else -1e4
    found = _fit(StyleVotes(votes.models, votes.first, votes.second, votes.outcome, x))
    rest = _fit(votes.picked(np.delete(np.arange(500), 3)))
    assert found.effects()[0].per_unit.value == pytest.approx(
        rest.effects()[0].per_unit.value, abs=0.01
    )


def test_what_cannot_be_is_refused() -> None:
    votes = style_votes(_rng(17), 50, 3, TRUTH[:2])
    with pytest.raises(ValueError, match="ridge"):
        _fit(votes, ridge=-1.0)
    with pytest.raises(ValueError, match="prior"):
        _fit(votes, prior=float("nan"))
    with pytest.raises(ValueError, match="shape"):
        style_of_votes(votes.models, votes.first, votes.second, votes.outcome, votes.x, ["a"])
    with pytest.raises(ValueError, match="named twice"):
        style_of_votes(votes.models, votes.first, votes.second, votes.outcome, votes.x, ["a", "a"])
    with pytest.raises(ValueError, match="two clusters"):
        _fit(votes, cluster=np.zeros(50, dtype=np.int64))
    with pytest.raises(ValueError, match="level"):
        _fit(votes).effects(level=95)


def test_an_effect_says_what_a_spread_wins_among_equals() -> None:
    effect = _fit(style_votes(_rng(18), 5000, 5)).effects()[0]
    assert effect.name == "length"
    assert effect.chance.value == pytest.approx(1 / (1 + np.exp(-effect.per_spread.value)))
    assert effect.chance.low < effect.chance.value < effect.chance.high
    assert effect.per_unit.value * effect.spread == pytest.approx(effect.per_spread.value)
