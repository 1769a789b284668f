"""Passes over votes that an engine makes: a `group by` pair, whose sums are all that leaves it.

What the rules decided about every distinct row is there for the engine to look up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.style.equations import (
    Equations,
    Pairs,
    PairSums,
    Weighted,
    equations_from_sums,
)
from headtohead.ratings.engines.distinct import ROW, text_names
from headtohead.ratings.engines.opening import EngineSource
from headtohead.ratings.reading.votes import Votes
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

    from headtohead.ratings.bradley_terry.style.search import Passes


_SCORE = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Votes that count, as an engine's expression.

    Attributes:
        readable: An expression that is true where covariates are readable; None without any.
        texts: Expressions whose texts tell the distinct rows apart, by name.
        rows: The distinct rows that count: their texts; the pair as first * M + second; the score
            of the side shown first.
    """

    source: EngineSource
    readable: Any
    texts: Mapping[str, Any]
    rows: "pa.Table"

    @classmethod
    def of(
        cls,
        source: EngineSource,
        readable: Any,  # noqa: ANN401 - Ibis has no types
        texts: Mapping[str, Any],
        rows: "pa.Table",
        scan: Votes,
        counts: Counts,
    ) -> "Decided":
        """What the rules decide.

        Of the distinct rows their texts are columns; `scan` holds the same rows under the rules.

        Raises:
            InputError: If the rules refuse a row, or there is no vote on these models.
        """
        import pyarrow as pa

        m = len(counts.models)
        number = {name: i for i, name in enumerate(counts.models)}
        where, pair, score = [], [], []
        for ballots in scan.chunks((ROW,)):
            place = np.array([number.get(name, -1) for name in scan.models], dtype=np.int64)
            row = np.array([int(word) for word in scan.values[ROW]], dtype=np.int64)
            first, second = place[ballots.first], place[ballots.second]
            known = (first >= 0) & (second >= 0)
            where.append(row[ballots.labels[ROW]][known])
            pair.append((first * m + second)[known])
            score.append(_SCORE[ballots.outcome][known])
        if not where or not sum(part.size for part in where):
            raise InputError(f"{source.name} has no vote on these models. Count it anew.")
        kept = rows.select(text_names(rows)).take(pa.array(np.concatenate(where)))
        kept = kept.append_column("pair", pa.array(np.concatenate(pair)))
        return cls(
            source, readable, texts, kept.append_column("y", pa.array(np.concatenate(score)))
        )

    def pairs(self) -> IntArray:
        """The pairs that met, shape (P,)."""
        return np.unique(self.rows["pair"].to_numpy())

    def votes(self, columns: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Ibis has no types
        """Every vote that counts: pair, score y, and the columns asked for."""
        import ibis  # type: ignore[import-untyped]

        table = self.source.table
        if self.readable is not None:
            table = table.filter(self.readable)
        table = table.select(**self.texts, **columns)
        joined = table.join(ibis.memtable(self.rows), list(self.texts))
        return joined.select("pair", "y", *columns)


def scored(
    votes: Any,  # noqa: ANN401 - Ibis has no types
    pairs: IntArray,
    m: int,
    theta: FloatArray,
    beta: FloatArray,
) -> Any:  # noqa: ANN401 - Ibis has no types
    """Every vote with its models, its residual r, its weight w and its log-likelihood ll.

    Args:
        votes: Votes with pair, y and x0, x1, ...
        pairs: The pairs that met, shape (P,).
        m: How many models.
        theta: Strengths, shape (M,).
        beta: Effects of the covariates, and last what being shown first adds, shape (d + 1,).
    """
    import ibis
    import pyarrow as pa

    first, second = pairs // m, pairs % m
    gap = theta[first] - theta[second] + beta[-1]
    gaps = ibis.memtable(pa.table({"pair": pairs, "first": first, "second": second, "gap": gap}))
    made = votes.join(gaps, "pair")
    eta = made.gap
    for k, effect in enumerate(beta[:-1].tolist()):
        eta = eta + made[f"x{k}"] * effect
    made = made.mutate(eta=eta)
    made = made.mutate(small=(-made.eta.abs()).exp())
    whole = made.small + 1.0
    p = ibis.ifelse(made.eta >= 0, 1.0 / whole, made.small / whole)
    return made.mutate(
        r=made.y - p,
        w=made.small / (whole * whole),
        ll=made.y * made.eta - ibis.greatest(made.eta, 0.0) - whole.ln(),
    )


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

    Votes come as `scored` gives them; with `meat`, squares of the scores are summed too. `even`
    are the models whose votes are all ties, shape (M,).
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
