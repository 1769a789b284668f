"""Passes over votes that an engine makes: only sums by pair, or by two parameters, leave it.

What the rules decided about every distinct row is there for the engine to look up. Scores are
summed by cluster inside it and joined with themselves, however many voters there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.fit import Pairs
from headtohead.ratings.bradley_terry.leverage import MATTERS
from headtohead.ratings.bradley_terry.style.equations import (
    Equations,
    PairSums,
    Weighted,
    equations_from_sums,
)
from headtohead.ratings.bradley_terry.style.passes import HeavyVotes
from headtohead.ratings.engines.distinct import ROW, text_names
from headtohead.ratings.engines.opening import EngineSource, Ibis
from headtohead.ratings.reading.votes import Votes
from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

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
    rows: pa.Table

    @classmethod
    def of(
        cls,
        source: EngineSource,
        readable: Ibis,
        texts: Mapping[str, Any],
        rows: pa.Table,
        scan: Votes,
        counts: Counts,
    ) -> "Decided":
        """What the rules decide.

        Of the distinct rows their texts are columns; `scan` holds the same rows under the rules.

        Raises:
            InputError: If the rules refuse a row, or there is no vote on these models.
        """
        m = len(counts.models)
        where, pair, score = [], [], []
        for ballots in scan.chunks((ROW,)):
            place = counts.places(scan.models)
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

    def votes(self, columns: Mapping[str, Any]) -> Ibis:
        """Every vote that counts: pair, score y, and the columns asked for."""
        import ibis  # type: ignore[import-untyped]

        table = self.source.table
        if self.readable is not None:
            table = table.filter(self.readable)
        table = table.select(**self.texts, **columns)
        joined = table.join(ibis.memtable(self.rows), list(self.texts))
        return joined.select("pair", "y", *columns)


def scored(votes: Ibis, pairs: IntArray, m: int, theta: FloatArray, beta: FloatArray) -> Ibis:
    """Every vote with its models, its residual r, its weight w and its log-likelihood ll.

    Args:
        pairs: The pairs that met, shape (P,).
        theta: Strengths, shape (M,).
        beta: Effects of the covariates, and last what being shown first adds, shape (d + 1,).
    """
    import ibis

    first, second = pairs // m, pairs % m
    gap = theta[first] - theta[second] + beta[-1]
    gaps = ibis.memtable(pa.table({"pair": pairs, "first": first, "second": second, "gap": gap}))
    result = votes.join(gaps, "pair")
    eta = result.gap
    for k, effect in enumerate(beta[:-1].tolist()):
        eta = eta + result[f"x{k}"] * effect
    result = result.mutate(eta=eta)
    result = result.mutate(small=(-result.eta.abs()).exp())
    whole = result.small + 1.0
    p = ibis.ifelse(result.eta >= 0, 1.0 / whole, result.small / whole)
    return result.mutate(
        r=result.y - p,
        w=result.small / (whole * whole),
        ll=result.y * result.eta - ibis.greatest(result.eta, 0.0) - whole.ln(),
    )


def summed(
    source: EngineSource, votes: Ibis, m: int, d: int, *, meat: bool, even: BoolArray
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
    result = source.fetch(votes.group_by("pair").agg(**sums))
    at = result["pair"].to_numpy()
    return equations_from_sums(_read(result, m, d, even[at // m] | even[at % m], meat=meat))


def _read(result: pa.Table, m: int, d: int, tossed: BoolArray, *, meat: bool) -> PairSums:
    at = result["pair"].to_numpy()
    w, cross = _columns(result, "w", d)
    squares = None
    if meat:
        v, squared = _columns(result, "v", d)
        v = np.where(tossed, w, v)
        squares = Weighted(v[0], v[1:], np.where(tossed, cross, squared).sum(axis=-1))

    def totals(name: str) -> FloatArray:
        return np.array([result[f"{name}{k}"].to_numpy().sum() for k in range(d)])

    return PairSums(
        Pairs(m, at // m, at % m),
        Weighted(w[0], w[1:], cross.sum(axis=-1)),
        squares,
        result["r"].to_numpy(),
        totals("rx"),
        totals("x"),
        totals("xx"),
        float(result["ll"].to_numpy().sum()),
        int(result["n"].to_numpy().sum()),
    )


def _columns(result: pa.Table, name: str, d: int) -> tuple[FloatArray, FloatArray]:
    """Sums under a weight: plain and by covariate, shape (1 + d, P); by two, shape (d, d, P)."""
    plain = np.array([result[one].to_numpy() for one in (name, *(f"{name}{k}" for k in range(d)))])
    cross = np.zeros((d, d, result.num_rows))
    for k in range(d):
        for j in range(k + 1):
            cross[k, j] = cross[j, k] = result[f"{name}{k}_{j}"].to_numpy()
    return plain, cross


@dataclass(frozen=True, slots=True, eq=False)
class EngineClusters:
    """Passes that sum scores by cluster inside an engine.

    Attributes:
        votes: Those decided, with pair, y, x0, x1, ... and cluster; null for one of its own.
        pairs: The pairs that met, shape (P,).
    """

    decided: Decided
    votes: Any
    pairs: IntArray
    counts: Counts
    d: int

    def stretched(self, theta: FloatArray, beta: FloatArray, inverse: FloatArray) -> FloatArray:
        """The meat from scores stretched by the leverage of their cluster, shape (K, K).

        The votes of clusters whose leverage matters leave the engine, summed by pair.

        Raises:
            ValueError: If there are fewer than two clusters.
        """
        import ibis

        m, d, source = theta.size, self.d, self.decided.source
        result = scored(self.votes, self.pairs, m, theta, beta)
        total, loners = self._apart(result, m)
        known = result.filter(result.cluster.notnull())
        sums = _by_parameter(known, m, d)
        several = source.fetch(sums.agg(n=sums.cluster.nunique()))["n"][0].as_py()
        if several + loners < 2:
            raise ValueError("clustered errors need votes from two clusters or more")
        carried = _leverage(known, self.pairs, m, d, inverse)
        table = source.fetch(carried.filter(carried.carried > MATTERS).select("cluster"))
        if table.num_rows == 0:
            return total + self._together(sums, len(total))
        heavy = ibis.memtable(table)
        total += self._together(sums.anti_join(heavy, "cluster"), len(total))
        some = known.semi_join(heavy, "cluster")
        sums = {"n": some.count(), "w": some.w.sum(), "r": some.r.sum()}
        for k in range(d):
            x = some[f"x{k}"]
            sums |= {f"r{k}": (some.r * x).sum(), f"w{k}": (some.w * x).sum()}
            sums |= {f"w{k}_{j}": (some.w * x * some[f"x{j}"]).sum() for j in range(k + 1)}
        by_pair = source.fetch(some.group_by("cluster", "first", "second").agg(**sums))
        votes, scores = _heavy(by_pair, m, d)
        for place, score in enumerate(scores):
            alone, touched, unknown = votes.undrawn(place, score, inverse)
            total += np.outer(alone, alone)
            total[np.ix_(touched, touched)] += unknown
        return total

    def _apart(self, result: Ibis, m: int) -> tuple[FloatArray, int]:
        """The meat of votes that are clusters of their own, and how many they are.

        What votes on models with ties only lack to the variance of a coin toss is with it.
        """
        even, nobody = self.counts.scores[:, :2].sum(axis=1) == 0, np.zeros(m, dtype=np.bool_)
        source = self.decided.source
        lone = summed(
            source, result.filter(result.cluster.isnull()), m, self.d, meat=True, even=even
        )
        assert lone.meat is not None
        if not even.any():
            return lone.meat, lone.n
        codes = np.flatnonzero(even).tolist()
        tied = result.filter(
            result.cluster.notnull() & (result["first"].isin(codes) | result["second"].isin(codes))
        )
        lacking = tied.mutate(lack=tied.w - tied.r * tied.r)
        lacking = lacking.mutate(r=(lacking.lack + lacking.lack.abs()) / 2)
        rest = summed(source, lacking.mutate(r=lacking.r.sqrt()), m, self.d, meat=True, even=nobody)
        assert rest.meat is not None
        return lone.meat + rest.meat, lone.n

    def _together(self, sums: Ibis, k: int) -> FloatArray:
        """Sums of products over clusters, for every two parameters."""
        a = sums.select("cluster", left="parameter", a="amount")
        b = sums.select("cluster", right="parameter", b="amount")
        both = a.join(b, "cluster")
        both = both.filter(both.left <= both.right)
        products = both.group_by("left", "right").agg(product=(both.a * both.b).sum())
        result = self.decided.source.fetch(products)
        left, right, product = (result[name].to_numpy() for name in ("left", "right", "product"))
        half = np.zeros((k, k))
        half[left, right] = product
        return half + half.T - np.diag(np.diag(half))


def _leverage(votes: Ibis, pairs: IntArray, m: int, d: int, inverse: FloatArray) -> Ibis:
    """The leverage of each cluster, summed over all directions."""
    import ibis

    a, b = pairs // m, pairs % m
    own = inverse[a, a] - 2 * inverse[a, b] + inverse[b, b]
    across = inverse[a, m:] - inverse[b, m:] + inverse[-1, m:]
    plain = own + 2 * (inverse[a, -1] - inverse[b, -1]) + inverse[-1, -1]
    table = {"pair": pairs, "l": plain, **{f"l{k}": 2 * across[:, k] for k in range(d)}}
    result = votes.join(ibis.memtable(pa.table(table)), "pair")
    leverage = result.l
    for k in range(d):
        leverage = leverage + result[f"x{k}"] * result[f"l{k}"]
        for j in range(d):
            leverage = leverage + result[f"x{k}"] * result[f"x{j}"] * float(inverse[m + k, m + j])
    return result.group_by("cluster").agg(carried=(result.w * leverage).sum())


def _heavy(result: pa.Table, m: int, d: int) -> tuple[HeavyVotes, FloatArray]:
    """The votes of clusters by pair, and their scores, shape (C, K)."""
    number, place = np.unique(
        np.asarray(result["cluster"].to_pylist(), dtype=object).astype(str), return_inverse=True
    )
    a, b = (result[side].to_numpy().astype(np.int64) for side in ("first", "second"))
    scores = np.zeros((number.size, m + d + 1))
    squares = np.zeros((number.size, d, d))
    slope = result["r"].to_numpy()
    np.add.at(scores, (place, a), slope)
    np.subtract.at(scores, (place, b), slope)
    np.add.at(scores[:, -1], place, slope)
    for k in range(d):
        np.add.at(scores[:, m + k], place, result[f"r{k}"].to_numpy())
        for j in range(k + 1):
            np.add.at(squares[:, k, j], place, result[f"w{k}_{j}"].to_numpy())
            squares[:, j, k] = squares[:, k, j]
    names = ("n", "w", *(f"w{k}" for k in range(d)))
    sums = np.column_stack([result[name].to_numpy().astype(np.float64) for name in names])
    votes = HeavyVotes(m, np.arange(number.size), (place * m + a) * m + b, sums, squares)
    return HeavyVotes.of_all([votes]), scores


def _by_parameter(votes: Ibis, m: int, d: int) -> Ibis:
    """The sum of scores of each cluster and parameter that it touches."""
    import ibis

    by_pair = votes.group_by("cluster", "first", "second").agg(
        r=votes.r.sum(), **{f"r{k}": (votes.r * votes[f"x{k}"]).sum() for k in range(d)}
    )
    # OneWord row becomes several: one for each model, each covariate, and the side.
    kinds = ibis.memtable(pa.table({"kind": np.arange(d + 3)}))
    wide = by_pair.cross_join(kinds)
    amounts = [(0, wide.r), (1, -wide.r), *((2 + k, wide[f"r{k}"]) for k in range(d))]
    parameter = ibis.cases(
        (wide.kind == 0, wide.first), (wide.kind == 1, wide.second), else_=wide.kind + (m - 2)
    )
    amount = ibis.cases(*((wide.kind == kind, value) for kind, value in amounts), else_=wide.r)
    wide = wide.mutate(parameter=parameter, amount=amount)
    return wide.group_by("cluster", "parameter").agg(amount=wide.amount.sum())
