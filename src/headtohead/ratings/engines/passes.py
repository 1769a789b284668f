"""Passes over votes that an engine makes: a `group by` pair, whose sums are all that leaves it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.style.equations import (
    Equations,
    Pairs,
    PairSums,
    Weighted,
    equations_from_sums,
)
from headtohead.ratings.engines.decided import Decided, scored
from headtohead.ratings.engines.opening import EngineSource
from headtohead.stats.inputs import BoolArray, FloatArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from headtohead.ratings.bradley_terry.style.search import Passes


def pass_in_engine(decided: Decided, measures: Sequence[Any], counts: Counts) -> "Passes":
    """A pass for `fit_style`."""
    m, d = len(counts.models), len(measures)
    even = counts.scores[:, :2].sum(axis=1) == 0
    votes = decided.votes({f"x{k}": measure for k, measure in enumerate(measures)})
    pairs = decided.pairs()

    def read(theta: FloatArray, beta: FloatArray, meat: bool) -> Equations:
        made = scored(votes, pairs, m, theta, beta)
        return summed(decided.source, made, m, d, meat=meat, even=even)

    return read


def summed(
    source: EngineSource,
    votes: Any,  # noqa: ANN401 - Ibis has no types
    m: int,
    d: int,
    *,
    meat: bool,
    even: BoolArray,
) -> Equations:
    """The equations of votes, summed by pair in the engine.

    Args:
        source: The table.
        votes: Votes as `scored` gives them.
        m: How many models.
        d: How many covariates.
        meat: Whether to gather the squares of the scores too.
        even: Models whose votes are all ties, shape (M,).
    """
    sums = {"n": votes.count(), "r": votes.r.sum(), "ll": votes.ll.sum()}
    weights = {"w": votes.w, "v": votes.r * votes.r} if meat else {"w": votes.w}
    for k in range(d):
        x = votes[f"x{k}"]
        sums |= {f"x{k}": x.sum(), f"xx{k}": (x * x).sum(), f"rx{k}": (votes.r * x).sum()}
    for name, weight in weights.items():
        sums[name] = weight.sum()
        for k in range(d):
            sums[f"{name}{k}"] = (weight * votes[f"x{k}"]).sum()
            for j in range(k + 1):
                sums[f"{name}{k}_{j}"] = (weight * votes[f"x{k}"] * votes[f"x{j}"]).sum()
    found = source.fetch(votes.group_by("pair").agg(**sums))
    at = found["pair"].to_numpy()
    return equations_from_sums(_read(found, m, d, even[at // m] | even[at % m], meat=meat))


def _read(found: "pa.Table", m: int, d: int, tossed: BoolArray, *, meat: bool) -> PairSums:
    at = found["pair"].to_numpy()
    w, cross = _columns(found, "w", d)
    squares = None
    if meat:
        v, squared = _columns(found, "v", d)
        v = np.where(tossed, w, v)
        squares = Weighted(v[0], v[1:], np.where(tossed, cross, squared).sum(axis=-1))

    def totals(name: str) -> FloatArray:
        return np.array([found[f"{name}{k}"].to_numpy().sum() for k in range(d)])

    return PairSums(
        Pairs(m, at // m, at % m),
        Weighted(w[0], w[1:], cross.sum(axis=-1)),
        squares,
        found["r"].to_numpy(),
        totals("rx"),
        totals("x"),
        totals("xx"),
        float(found["ll"].to_numpy().sum()),
        int(found["n"].to_numpy().sum()),
    )


def _columns(found: "pa.Table", name: str, d: int) -> tuple[FloatArray, FloatArray]:
    """Sums under a weight: plain and by covariate, shape (1 + d, P); by two, shape (d, d, P)."""
    plain = np.array([found[one].to_numpy() for one in (name, *(f"{name}{k}" for k in range(d)))])
    cross = np.zeros((d, d, found.num_rows))
    for k in range(d):
        for j in range(k + 1):
            cross[k, j] = cross[j, k] = found[f"{name}{k}_{j}"].to_numpy()
    return plain, cross
