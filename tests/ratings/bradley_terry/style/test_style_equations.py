"""Sums of a pass: a dense design beside them, and any cut into chunks."""

from collections.abc import Iterator
from itertools import pairwise

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
    style_of_votes,
    style_votes,
)
from tests.simulations import examples

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import Pairs
from headtohead.ratings.bradley_terry.style.control import fit_style
from headtohead.ratings.bradley_terry.style.equations import (
    Equations,
    PairSums,
    Weighted,
    equations,
    equations_from_sums,
)
from headtohead.ratings.bradley_terry.style.passes import (
    Chunk,
    ClusterPasses,
    ClusterScores,
    cluster_scores,
    passes_over,
)
from headtohead.stats.inputs import FloatArray, IntArray


def _rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def _point(rng: np.random.Generator, m: int, d: int) -> tuple[FloatArray, FloatArray]:
    return rng.normal(0, 1, m), rng.normal(0, 0.5, d + 1)


def _sums(votes: StyleVotes, theta: FloatArray, beta: FloatArray) -> Equations:
    return equations(votes.first, votes.second, votes.outcome, votes.x, theta, beta, meat=True)


def _same(a: Equations, b: Equations) -> None:
    assert a.n == b.n
    assert a.log_likelihood == pytest.approx(b.log_likelihood, rel=1e-11, abs=1e-11)
    for name in ("gradient", "information", "meat", "total", "squares"):
        assert getattr(a, name) == pytest.approx(getattr(b, name), abs=1e-9), name


# 40 models on 200 votes takes the path of pairs that met; 4 models that of the whole grid.
@pytest.mark.parametrize(("m", "n"), [(4, 200), (40, 200), (4, 70_000)])
def test_sums_are_those_of_the_dense_design(m: int, n: int) -> None:
    rng = _rng()
    votes = style_votes(rng, n, m)
    theta, beta = _point(rng, m, 4)
    found = _sums(votes, theta, beta)
    z, y = design(votes, side=True), SCORE[votes.outcome]
    eta = z @ np.concatenate([theta, beta])
    p = 1 / (1 + np.exp(-eta))
    assert found.gradient == pytest.approx(z.T @ (y - p), abs=1e-8)
    assert found.information == pytest.approx((z * (p * (1 - p))[:, None]).T @ z, abs=1e-8)
    assert found.meat == pytest.approx((z * ((y - p) ** 2)[:, None]).T @ z, abs=1e-8)
    assert found.log_likelihood == pytest.approx(-np.logaddexp(0, eta).sum() + y @ eta)
    assert found.total == pytest.approx(votes.x.sum(axis=0))
    assert found.squares == pytest.approx((votes.x**2).sum(axis=0))
    bare = equations(votes.first, votes.second, votes.outcome, votes.x, theta, beta)
    assert bare.meat is None
    assert (bare + found).meat is None


def test_certain_votes_do_not_overflow() -> None:
    codes, theta = np.array([0, 1]), np.array([900.0, -900.0])
    sums = equations(codes, codes[::-1], np.array([0, 0]), np.zeros((2, 0)), theta, np.zeros(1))
    assert sums.log_likelihood == -1800
    assert sums.gradient.tolist() == [-1, 1, 1]


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 90), max_size=5))
@settings(max_examples=examples(30))
def test_chunks_add_up_in_any_order(seed: int, cuts: list[int]) -> None:
    rng = _rng(seed)
    votes = style_votes(rng, 90, 5)
    theta, beta = _point(rng, 5, 4)
    ends = [0, *sorted(cuts), 90]
    parts = [np.arange(a, b) for a, b in pairwise(ends)]
    total = Equations.none(5, 4, meat=True)
    for i in rng.permutation(len(parts)):
        total = total + _sums(votes.picked(parts[int(i)]), theta, beta)
    _same(total, _sums(votes, theta, beta))


def _group_by(votes: StyleVotes, theta: FloatArray, beta: FloatArray) -> PairSums:
    """What an engine's `group by` over ordered pairs gives, in no particular order."""
    a, b, x = votes.first, votes.second, votes.x
    p = 1 / (1 + np.exp(theta[b] - theta[a] - x @ beta[:-1] - beta[-1]))
    y = SCORE[votes.outcome]
    r, w = y - p, p * (1 - p)
    met = sorted(set(zip(a.tolist(), b.tolist(), strict=True)), reverse=True)
    rows = [(a == i) & (b == j) for i, j in met]

    def by_pair(v: FloatArray) -> Weighted:
        return Weighted(
            np.array([v[row].sum() for row in rows]),
            np.array([(v[row, None] * x[row]).sum(axis=0) for row in rows]).T,
            (x * v[:, None]).T @ x,
        )

    return PairSums(
        Pairs(theta.size, np.array(met)[:, 0], np.array(met)[:, 1]),
        by_pair(w),
        by_pair(r**2),
        np.array([r[row].sum() for row in rows]),
        x.T @ r,
        x.sum(axis=0),
        (x**2).sum(axis=0),
        float((y * np.log(p) + (1 - y) * np.log(1 - p)).sum()),
        a.size,
    )


def test_sums_by_pair_from_elsewhere_are_the_same_equations() -> None:
    rng = _rng(2)
    votes = style_votes(rng, 300, 6)
    theta, beta = _point(rng, 6, 4)
    _same(equations_from_sums(_group_by(votes, theta, beta)), _sums(votes, theta, beta))


def test_models_can_be_renumbered_and_left_out() -> None:
    rng = _rng(3)
    votes = style_votes(rng, 300, 4)
    theta, beta = _point(rng, 4, 4)
    place = np.array([2, -1, 0, 1])
    kept = votes.picked(np.flatnonzero((votes.first != 1) & (votes.second != 1)))
    moved = StyleVotes(("x",) * 3, place[kept.first], place[kept.second], kept.outcome, kept.x)
    turned = _sums(kept, theta, beta).for_models(place, 3)
    _same(turned, _sums(moved, theta[[2, 3, 0]], beta))


def test_wrong_shapes_are_refused() -> None:
    votes = style_votes(_rng(4), 20, 3)
    with pytest.raises(ValueError, match="for 2 effects"):
        equations(votes.first, votes.second, votes.outcome, votes.x, np.zeros(3), np.zeros(3))
    with pytest.raises(ValueError, match="20, 5 and 20 codes"):
        equations(votes.first, votes.second[:5], votes.outcome, votes.x, np.zeros(3), np.zeros(5))


@given(seed=st.integers(0, 10_000), parts=st.integers(1, 7))
@settings(max_examples=examples(25))
def test_scores_by_cluster_add_up_in_any_order(seed: int, parts: int) -> None:
    rng = _rng(seed)
    votes = style_votes(rng, 80, 5, TRUTH[:2])
    voter = rng.integers(-1, 12, 80)
    theta, beta = _point(rng, 5, 2)

    def scores(rows: IntArray) -> ClusterScores:
        v = votes.picked(rows)
        return cluster_scores(v.first, v.second, v.outcome, v.x, voter[rows], theta, beta)

    whole = scores(np.arange(80))
    split = [scores(rows) for rows in np.array_split(rng.permutation(80), parts)]
    made = ClusterScores.of_all(split)
    assert made is not None
    z, y = design(votes, side=True), SCORE[votes.outcome]
    p = 1 / (1 + np.exp(-z @ np.concatenate([theta, beta])))
    score = (y - p)[:, None] * z
    lone = voter < 0
    rows = np.vstack([*([score[voter == v].sum(axis=0)] for v in range(12)), score[lone]])
    assert whole.meat() == pytest.approx(rows.T @ rows, abs=1e-9)
    assert made.meat() == pytest.approx(whole.meat(), abs=1e-9)
    assert made.clusters == whole.clusters == len(set(voter[~lone].tolist())) + int(lone.sum())


# ---------------------------------------------------------------- passes over chunks


def _chunks(votes: StyleVotes, voter: IntArray, size: int) -> Iterator[Chunk]:
    for start in range(0, votes.first.size, size):
        cut = slice(start, start + size)
        yield Chunk(
            votes.first[cut].astype(np.int32),
            votes.second[cut].astype(np.int32),
            votes.outcome[cut].astype(np.int8),
            {"voter": voter[cut].astype(np.int32)},
            votes.x[cut],
        )


@pytest.mark.parametrize("size", [7, 100, 1000])
def test_chunking_does_not_matter_nor_do_names_without_votes(size: int) -> None:
    votes = style_votes(_rng(5), 400, 5)
    voter = _rng(6).integers(-1, 30, 400)
    counts = Counts.from_codes(votes.models, votes.first, votes.second, votes.outcome)
    # Chunks number the models as they meet them, with one that has no vote among them.
    order = ["m03", "m00", "gone", "m04", "m02", "m01"]
    code = np.array([order.index(name) for name in votes.models])
    met: list[str] = []

    def met_chunks() -> Iterator[Chunk]:
        for chunk in _chunks(coded, voter, size):
            last = max(chunk.first.max(), chunk.second.max())
            met.extend(order[len(met) : last + 1])
            yield chunk

    coded = StyleVotes(tuple(order), code[votes.first], code[votes.second], votes.outcome, votes.x)
    found = fit_style(
        passes_over(counts, met, met_chunks),
        counts,
        NAMES,
        side=True,
        clustered=ClusterPasses(counts, met, met_chunks, "voter"),
    )
    whole = style_of_votes(
        votes.models,
        votes.first,
        votes.second,
        votes.outcome,
        votes.x,
        NAMES,
        side=True,
        cluster=voter,
    )
    assert found.strength == pytest.approx(whole.strength, abs=1e-9)
    assert found.effect == pytest.approx(whole.effect, abs=1e-9)
    assert found.covariance == pytest.approx(whole.covariance, abs=1e-9)
    assert found.passes == whole.passes


def test_passes_and_counts_must_hold_the_same_votes() -> None:
    votes = style_votes(_rng(7), 100, 4)
    voter = np.zeros(100, dtype=np.int64)
    counts = Counts.from_codes(votes.models, votes.first, votes.second, votes.outcome)
    short = passes_over(
        counts, votes.models, lambda: _chunks(votes.picked(np.arange(90)), voter, 50)
    )
    with pytest.raises(ValueError, match="read 90 votes, but 100 were counted"):
        fit_style(short, counts, NAMES)
    whole = passes_over(counts, votes.models, lambda: _chunks(votes, voter, 50))
    with pytest.raises(ValueError, match="covariates of shape"):
        fit_style(whole, counts, NAMES[:2])
    empty = ClusterPasses(counts, votes.models, lambda: iter(()), "voter")
    with pytest.raises(ValueError, match="two clusters"):
        fit_style(whole, counts, NAMES, clustered=empty)


def test_votes_on_models_that_are_not_counted_are_left_out() -> None:
    votes = style_votes(_rng(8), 600, 6)
    voter = _rng(9).integers(-1, 30, 600)
    inside = (votes.first < 4) & (votes.second < 4)
    part = votes.picked(np.flatnonzero(inside))
    counts = Counts.from_codes(votes.models, part.first, part.second, part.outcome)
    found = fit_style(
        passes_over(counts, votes.models, lambda: _chunks(votes, voter, 70)),
        counts,
        NAMES,
        clustered=ClusterPasses(counts, votes.models, lambda: _chunks(votes, voter, 70), "voter"),
    )
    alone = style_of_votes(
        part.models,
        part.first,
        part.second,
        part.outcome,
        part.x,
        NAMES,
        cluster=voter[inside],
    )
    assert found.strength == pytest.approx(alone.strength, abs=1e-9)
    assert found.effect == pytest.approx(alone.effect, abs=1e-9)
    assert found.covariance == pytest.approx(alone.covariance, abs=1e-9)


@pytest.mark.parametrize(("most_bytes", "readings"), [(1 << 28, 1), (1000, 3), (0, 3)])
def test_few_votes_are_read_once_and_many_every_time(most_bytes: int, readings: int) -> None:
    votes = style_votes(_rng(10), 300, 4)
    counts = Counts.from_codes(votes.models, votes.first, votes.second, votes.outcome)
    read: list[int] = []

    def chunks() -> Iterator[Chunk]:
        read.append(1)
        return _chunks(votes, np.zeros(300, dtype=np.int64), 100)

    passes = passes_over(counts, votes.models, chunks, most_bytes=most_bytes)
    theta, beta = _point(_rng(11), 4, 4)
    found = [passes(theta, beta, True) for _ in range(3)]
    assert len(read) == readings
    for one in found:
        _same(one, _sums(votes, theta, beta))
