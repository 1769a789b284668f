"""The bootstrap on counts: beside the sandwich, beside a resampling of votes, and coverage."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from tests.ratings.bradley_terry.boards import SMALL, VoteWorld, board, counted, one_by_one
from tests.simulations import leading, lengths

from headtohead.ratings.bradley_terry import Ties
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.covariance import ClusterCells, covariance
from headtohead.ratings.bradley_terry.fit import fit
from headtohead.ratings.bradley_terry.intervals import bounds
from headtohead.ratings.bradley_terry.resample import bootstrap
from headtohead.stats.inputs import FloatArray


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _singles(counts: Counts) -> ClusterCells:
    first, second, outcome = one_by_one(counts)
    number = np.arange(first.size)
    return ClusterCells(counts.models, number, first, second, outcome, np.ones_like(first))


def _errors(drawn: FloatArray) -> FloatArray:
    return np.asarray(drawn.std(axis=0, ddof=1), dtype=np.float64)


# ---------------------------------------------------------------- second implementations


def test_spreads_like_the_sandwich_where_votes_are_many() -> None:
    for tie in (0.0, 0.4):
        fitted = fit(VoteWorld.of(12, _rng(2), tie=tie).counts(100_000, _rng(3)))
        drawn = bootstrap(fitted, _rng(), rounds=3000)
        assert drawn.shape == (3000, 12)
        assert _errors(drawn) == pytest.approx(np.sqrt(np.diag(covariance(fitted))), rel=0.05)
        assert drawn.mean(axis=0) == pytest.approx(fitted.strength, abs=0.003)
        v = covariance(fitted)
        alike = v[0, 1] / np.sqrt(v[0, 0] * v[1, 1])
        assert np.asarray(np.corrcoef(drawn, rowvar=False))[0, 1] == pytest.approx(alike, abs=0.08)


@pytest.mark.parametrize("rounds", lengths(120, 1500))
def test_agrees_with_resampling_single_votes(rounds: int) -> None:
    # The classic bootstrap: n votes drawn from n with replacement, each board fitted afresh.
    fitted = fit(SMALL)
    first, second, outcome = one_by_one(SMALL)
    rng, weights = _rng(4), fitted.reference
    plain = np.empty((rounds, 4))
    for row in plain:
        picked = rng.integers(0, first.size, first.size)
        again = fit(Counts.from_codes(SMALL.models, first[picked], second[picked], outcome[picked]))
        row[:] = again.strength - weights @ again.strength
    mine = bootstrap(fitted, _rng(), rounds=6000)
    room = (1500 / rounds) ** 0.5
    assert _errors(mine) == pytest.approx(_errors(plain), rel=0.07 * room)
    for q in (0.025, 0.5, 0.975):
        assert np.quantile(mine, q, axis=0) == pytest.approx(
            np.quantile(plain, q, axis=0), abs=0.08 * room
        )


def test_every_board_is_solved() -> None:
    # Few votes: many resampled boards lose a model, or leave it undefeated. All are fitted to the
    # end: their scores meet what is expected, prior included.
    counts = board(("a", "b", 3, 1), ("b", "c", 2, 1), ("c", "d", 1, 0, 1), ("d", "a", 1, 2))
    fitted = fit(counts)
    drawn = bootstrap(fitted, _rng(), rounds=400)
    assert np.isfinite(drawn).all()
    assert np.abs(drawn).max() < 10
    # Each is measured from the average of the votes fitted.
    assert drawn @ fitted.reference == pytest.approx(0, abs=1e-9)


def test_votes_of_their_own_cluster_are_drawn_like_votes() -> None:
    fitted = fit(SMALL)
    by_vote = bootstrap(fitted, _rng(), rounds=3000, clusters=_singles(SMALL))
    assert _errors(by_vote) == pytest.approx(
        _errors(bootstrap(fitted, _rng(), rounds=3000)), rel=0.06
    )


@pytest.mark.parametrize("ties", ["half", "drop"])
def test_clusters_are_drawn_whole(ties: Ties) -> None:
    rng = _rng(5)
    rows = VoteWorld.of(6, rng, tie=0.4).clusters(400, 8, 0.5, rng)
    fitted = fit(counted(rows), ties=ties)
    drawn = bootstrap(fitted, _rng(), rounds=2000, clusters=rows)
    clustered = np.sqrt(np.diag(covariance(fitted, "clustered", rows)))
    assert _errors(drawn) == pytest.approx(clustered, rel=0.1)
    assert (clustered > 1.25 * np.sqrt(np.diag(covariance(fitted)))).all()


# ---------------------------------------------------------------- properties


def test_the_same_seed_gives_the_same_boards() -> None:
    fitted = fit(SMALL)
    assert np.array_equal(
        bootstrap(fitted, _rng(), rounds=50), bootstrap(fitted, _rng(), rounds=50)
    )
    assert not np.array_equal(
        bootstrap(fitted, _rng(1), rounds=50), bootstrap(fitted, _rng(2), rounds=50)
    )


def test_blocks_hold_the_same_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = fit(SMALL)
    monkeypatch.setattr("headtohead.ratings.bradley_terry.resample._CELLS", 100)
    drawn = bootstrap(fitted, _rng(), rounds=600)
    monkeypatch.undo()
    assert drawn.shape == (600, 4)
    # Three standard errors of standard deviations of so many.
    assert _errors(drawn) == pytest.approx(
        _errors(bootstrap(fitted, _rng(2), rounds=1500)), rel=0.11
    )


def test_each_part_is_measured_from_its_own_average() -> None:
    fitted = fit(SMALL + board(("x", "y", 8, 5, 3)))
    drawn = bootstrap(fitted, _rng(), rounds=500)
    assert drawn[:, :4] @ fitted.reference[:4] == pytest.approx(0, abs=1e-9)
    assert drawn[:, 4:] @ fitted.reference[4:] == pytest.approx(0, abs=1e-9)
    alone = bootstrap(fit(SMALL), _rng(2), rounds=3000)
    both = bootstrap(fitted, _rng(), rounds=3000)
    assert _errors(both)[:4] == pytest.approx(_errors(alone), rel=0.07)


def test_memory_does_not_grow_with_the_votes() -> None:
    world = VoteWorld.of(30, _rng(6))
    peaks = []
    for votes in (10**5, 10**9):
        fitted = fit(world.counts(votes, _rng(7)))
        tracemalloc.start()
        bootstrap(fitted, _rng(), rounds=500)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert max(peaks) < 150 * 2**20
    assert peaks[1] < 1.5 * peaks[0]


# ---------------------------------------------------------------- coverage


@pytest.mark.parametrize(("votes", "skew", "tie"), leading([(400, 1.0, 0.4), (400, 0.0, 0.0)], 1))
@pytest.mark.parametrize("worlds", lengths(15, 100))
def test_percentiles_cover(votes: int, skew: float, tie: float, worlds: int) -> None:
    # 300 boards cover in .943 and .945, 3 standard errors (.005) from what the sandwich covers.
    rng = _rng(8)
    held = []
    for _ in range(worlds):
        world = VoteWorld.of(8, rng, skew=skew, tie=tie)
        fitted = fit(world.counts(votes, rng))
        if not fitted.connectivity.connected:
            continue
        low, high = np.quantile(bootstrap(fitted, rng, rounds=300), [0.025, 0.975], axis=0)
        closed = bounds(fitted, covariance(fitted))
        open_end = fitted.connectivity.above | fitted.connectivity.below
        low, high = (np.where(open_end, c, b) for c, b in zip(closed, (low, high), strict=True))
        truth = world.truth(fitted)
        held.append(((low <= truth) & (truth <= high)).mean())
    error = np.std(held, ddof=1) / np.sqrt(len(held))
    assert error < 0.012 * (100 / worlds) ** 0.5
    assert np.mean(held) == pytest.approx(0.945, abs=3.72 * error)


# ---------------------------------------------------------------- refusals


def test_what_it_cannot_resample_is_refused() -> None:
    rows = _singles(SMALL)
    fewer = dataclasses.replace(rows, n=np.where(np.arange(rows.n.size) == 0, 0, rows.n))
    moved = dataclasses.replace(rows, models=("a", "b", "c", "e"))
    with pytest.raises(ValueError, match="needs a prior above 0"):
        bootstrap(fit(SMALL, prior=0), _rng())
    with pytest.raises(ValueError, match="without a side effect"):
        bootstrap(fit(SMALL, side=True), _rng())
    with pytest.raises(ValueError, match="for ties='half' or 'drop'"):
        bootstrap(fit(SMALL, ties="davidson"), _rng())
    with pytest.raises(ValueError, match="rounds is 0"):
        bootstrap(fit(SMALL), _rng(), rounds=0)
    with pytest.raises(ValueError, match="not the 104 votes fitted"):
        bootstrap(fit(SMALL), _rng(), clusters=fewer)
    with pytest.raises(ValueError, match="a model that has not been fitted"):
        bootstrap(fit(SMALL), _rng(), clusters=moved)
