"""Defects found in other rating libraries, each a test that ours passes.

Their versions stand in `benchmarks/peers-ratings.txt`.
"""

import math
import sys
import tracemalloc

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import ELO, VoteWorld, board, names

from headtohead.ratings.bradley_terry import Ties
from headtohead.ratings.bradley_terry.counts import Counts, connectivity
from headtohead.ratings.bradley_terry.covariance import covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.intervals import beats, bounds, gap, rank_sets
from headtohead.ratings.bradley_terry.resample import bootstrap
from headtohead.stats.inputs import FloatArray


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def arena() -> Counts:
    """Twelve models, 30% ties, 20,000 votes."""
    return VoteWorld.of(12, _rng(5), tie=0.35).counts(20_000, _rng(6))


def _newcomer(wins: int, losses: int) -> Counts:
    rivals = [("m003", 3), ("m007", 2)]
    return board(*(("new", name, n * bool(wins), n * bool(losses)) for name, n in rivals))


def _points(counts: Counts, prior: float = 0.5) -> dict[str, float]:
    fitted = fit(counts, prior=prior)
    return dict(zip(fitted.counts.models, (fitted.strength * ELO).tolist(), strict=True))


# ---------------------------------------------------------------- one clean record


@pytest.mark.parametrize("record", [(1, 0), (0, 1)])
def test_one_winless_or_undefeated_model_does_not_collapse_the_board(
    arena: Counts, record: tuple[int, int]
) -> None:
    # evalica 0.4.2: every score becomes 1e-6, without a word.
    before, after = _points(arena), _points(arena + _newcomer(*record))
    assert all(math.isfinite(points) for points in after.values())
    assert np.std(list(after.values())) > 20
    assert all(after[name] == pytest.approx(points, abs=1) for name, points in before.items())


def test_an_undefeated_newcomer_has_a_wide_open_interval(arena: Counts) -> None:
    # arena-rank 0.1.1: rating 3381, interval of width 0.
    fitted = fit(arena + _newcomer(1, 0))
    i = fitted.counts.models.index("new")
    low, high = (ends * ELO for ends in bounds(fitted, covariance(fitted)))
    assert fitted.connectivity.above[i]
    assert not fitted.connectivity.below[i]
    assert high[i] == math.inf
    rivals = np.mean([fitted.strength[fitted.counts.models.index(n)] for n in ("m003", "m007")])
    # Five wins say no more than a score above .478 = .025 ** (1/5).
    assert low[i] == pytest.approx(rivals * ELO + ELO * math.log(0.478 / 0.522), abs=25)
    assert fitted.strength[i] * ELO < 700
    sets = rank_sets(fitted.strength, covariance(fitted), _rng())
    assert sets.best[i] == 1
    assert sets.worst[i] >= 5


def test_an_undefeated_newcomer_pushes_nobody_down(arena: Counts) -> None:
    # arena-rank: everyone else falls to between 152 and 283.
    before, after = _points(arena), _points(arena + _newcomer(1, 0))
    mine = [after[name] - points for name, points in before.items()]
    assert np.abs(mine).max() < 1


# ---------------------------------------------------------------- boards that say nothing


def test_parts_that_never_met_are_told_and_not_compared(arena: Counts) -> None:
    # arena-rank: finite ratings and intervals across parts, silently.
    counts = arena + board(("x", "y", 6, 4), ("y", "z", 3, 3))
    found = connectivity(counts)
    parts = {name: int(c) for name, c in zip(counts.models, found.component, strict=True)}
    assert not found.connected
    assert {name for name, part in parts.items() if part == 1} == {"x", "y", "z"}
    fitted = fit(counts)
    v = covariance(fitted)
    for compare in (gap, beats):
        with pytest.raises(ValueError, match="no chain of votes joins m000 and x"):
            compare(fitted, v, 0, counts.models.index("x"))


def test_a_model_against_itself_is_refused() -> None:
    # arena-rank: accepted silently.
    with pytest.raises(ValueError, match="'a' meets itself"):
        Counts.from_codes(("a", "b"), [0, 0], [1, 0], [0, 0])
    with pytest.raises(ValueError, match="'b' meets itself"):
        Counts.from_cells(("a", "b"), [0, 1], [1, 1], [[1, 0, 0, 0], [0, 0, 1, 0]])


@pytest.mark.parametrize("code", [4, -1, 99])
def test_an_unknown_outcome_is_refused(code: int) -> None:
    # arena-rank: an unknown label becomes a tie; evalica's command drops the row.
    with pytest.raises(ValueError, match=f"outcome code {code} is not among 0 to 3"):
        Counts.from_codes(("a", "b"), [0, 0], [1, 1], [0, code])


def test_a_missing_side_is_refused() -> None:
    with pytest.raises(ValueError, match="second code -1 is not among"):
        Counts.from_codes(("a", "b", "c"), [1], [-1], [0])


# ---------------------------------------------------------------- state, typos, convergence


def test_a_second_fit_gives_the_second_ratings(arena: Counts) -> None:
    # arena-rank: the same object with other data returns the first data's ratings.
    other = Counts.from_cells(arena.models, arena.first, arena.second, arena.votes[:, [1, 0, 2, 3]])
    first = fit(arena)
    kept = first.strength.copy()
    second = fit(other)
    assert second.strength == pytest.approx(-first.strength, abs=1e-9)
    assert np.array_equal(first.strength, kept)
    assert fit(arena).strength == pytest.approx(first.strength, abs=0)


def test_a_misspelt_option_is_refused(arena: Counts) -> None:
    # evalica: `tolerence=` is accepted and ignored.
    with pytest.raises(TypeError, match="tolerence"):
        fit(arena, tolerence=1e-3)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="not 'rao_kupper'"):
        fit(arena, ties="rao_kupper")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not 'sandwhich'"):
        covariance(fit(arena), "sandwhich")  # type: ignore[arg-type]


def test_what_did_not_converge_is_not_returned(
    arena: Counts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # evalica: a result at the limit of iterations looks like any other.
    module = sys.modules["headtohead.ratings.bradley_terry.fit"]  # the name is a function's
    monkeypatch.setattr(module, "_MOST_STEPS", 2)
    with pytest.raises(ValueError, match="no maximum found in 2 steps"):
        fit(arena)


def _slope(counts: Counts, strength: FloatArray, prior: float) -> float:
    """Largest slope left in the likelihood with ties as half wins, in votes."""
    p = 1 / (1 + np.exp(strength[counts.second] - strength[counts.first]))
    score = counts.votes @ [1.0, 0.0, 0.5, 0.5] - counts.votes.sum(axis=1) * p
    m = len(counts.models)
    left = np.bincount(counts.first, score, m) - np.bincount(counts.second, score, m)
    return float(np.abs(left + prior * (0.5 - 1 / (1 + np.exp(-strength)))).max())


def test_the_optimiser_does_not_stop_early() -> None:
    # arena-rank and FastChat stop at a loose tolerance of the mean loss: at 10 million votes of
    # 300 models their error exceeds that of sampling.
    world = VoteWorld.of(100, _rng(7), skew=1.5)
    counts = world.counts(10_000_000, _rng(8))
    pure = fit(counts, prior=0)
    assert _slope(counts, pure.strength, 0) < 1e-5
    assert pure.steps <= 10
    apart = np.abs(pure.strength - world.truth(pure)) / np.sqrt(np.diag(covariance(pure)))
    assert np.sqrt((apart**2).mean()) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_ties_with_a_parameter_stay_bounded(arena: Counts, ties: Ties) -> None:
    # leaderbot: an undefeated model drives both models to strengths of 20 to 37.
    fitted = fit(arena + _newcomer(1, 0), ties=ties)
    before = fit(arena, ties=ties)
    assert np.abs(fitted.strength).max() < 6
    assert fitted.tie == pytest.approx(before.tie, abs=0.01)
    assert fitted.strength[:12] == pytest.approx(before.strength, abs=0.01)
    with pytest.raises(ValueError, match="new never lost, or never won"):
        fit(arena + _newcomer(1, 0), ties=ties, prior=0)


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("scale", [1, 1000, 10**7])
def test_ties_that_do_not_bound_are_noticed(ties: Ties, scale: int) -> None:
    # Half-won ties bound these strengths, but as outcomes of their own they do not: strengths and
    # the chance of a tie can grow together for ever.
    counts = board(("a", "b", 5 * scale, 0, 2 * scale), ("b", "c", 3 * scale, 0, scale))
    rare = board(("a", "b", 174 * scale, 0, 2))
    for endless in (counts, rare):
        with pytest.raises(ValueError, match="do not bound the strengths together with the chance"):
            fit(endless, ties=ties, prior=0)
    assert np.abs(fit(counts, ties=ties).strength).max() < 25
    assert np.isfinite(fit(counts, prior=0).strength).all()
    # One tie across the chain bounds them: a above b above c by more than a tie allows.
    closed = fit(counts + board(("a", "c", 0, 0, 1)), ties=ties, prior=0)
    assert np.abs(closed.strength).max() < 25


def test_a_board_without_a_maximum_is_refused_by_name(arena: Counts) -> None:
    # choix: "singular matrix" or a plain ValueError, and no remedy.
    with pytest.raises(ValueError, match=r"new never lost, or never won.*Keep the prior"):
        fit(arena + _newcomer(0, 1), prior=0)


# ---------------------------------------------------------------- the bootstrap


def test_the_bootstrap_needs_little_memory_and_no_processes(arena: Counts) -> None:
    # evalica: an index of n by n - 1 votes; arena-rank: forked workers that never return.
    many = Counts.from_cells(arena.models, arena.first, arena.second, arena.votes * 500)
    assert many.total == 10_000_000
    fitted = fit(many)
    tracemalloc.start()
    drawn = bootstrap(fitted, _rng(), rounds=1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 120 * 2**20
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(covariance(fitted))), rel=0.12)


def test_a_sparse_model_does_not_spoil_resampled_boards(arena: Counts) -> None:
    # evalica: in resamples that leave a model without a win, every score collapses, and lower ends
    # lie at log(1e-6).
    fitted = fit(arena + board(("new", "m003", 1, 4)))
    drawn = bootstrap(fitted, _rng(), rounds=1000)
    lost = drawn[:, 12] < -2
    assert lost.mean() > 0.2  # resamples without a win are many
    others = np.sqrt(np.diag(covariance(fitted)))[:12]
    assert drawn[lost][:, :12].std(axis=0) == pytest.approx(others, rel=0.25)
    assert np.abs(drawn[:, :12] - fitted.strength[:12]).max() < 6 * others.max()


# ---------------------------------------------------------------- errors and scale


def test_ties_do_not_widen_the_errors(arena: Counts) -> None:
    # Errors of the curvature alone, as some publish, take a tie for a coin toss.
    fitted = fit(arena)
    ratio = np.sqrt(np.diag(covariance(fitted, "hessian")) / np.diag(covariance(fitted)))
    assert ratio.mean() == pytest.approx(1 / math.sqrt(1 - 0.35), rel=0.03)


def test_davidsons_strengths_are_not_printed_as_elo(arena: Counts) -> None:
    # evalica and leaderbot print them unscaled, a quarter too far apart.
    half, own = fit(arena), fit(arena, ties="davidson")
    raw = float(half.strength @ own.strength) / float(half.strength @ half.strength)
    scaled = raw * own.link.score_slope(own.tie or 0.0)
    assert raw > 1.2
    assert scaled == pytest.approx(1, abs=0.05)


def test_a_prior_does_not_shrink_models_with_many_votes(arena: Counts) -> None:
    # arena-rank's `hessian_reg` and ridge grow with the number of votes.
    pure, held = fit(arena, prior=0), fit(arena)
    assert np.abs(pure.strength - held.strength).max() * ELO < 0.2
    assert covariance(held) == pytest.approx(covariance(pure), rel=0.02, abs=1e-6)
    assert held.counts.models == names(12)
