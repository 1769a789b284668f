"""Clustered errors inside an engine: scores summed by cluster, joined with themselves.

Only a table of parameters by parameters leaves the engine, however many voters there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.bradley_terry.leverage import MATTERS
from headtohead.ratings.bradley_terry.style.clusters import ClusterMeat, HeavyVotes
from headtohead.ratings.engines.distinct import at
from headtohead.ratings.engines.passes import Decided, scored, summed
from headtohead.ratings.reading.tables import Path
from headtohead.stats.inputs import FloatArray, IntArray


def cluster_pass(
    decided: Decided,
    measures: Sequence[Any],
    counts: Counts,
    path: Path,
) -> "EngineClusters":
    """A pass for `fit_style` that sums scores by cluster.

    A vote with nothing in the column of the clusters is a cluster of its own.
    """
    columns = {f"x{k}": measure for k, measure in enumerate(measures)}
    word = at(decided.source.table, path)
    if word.type().is_floating():
        word = word.nullif(float("nan"))
    votes = decided.votes({**columns, "cluster": word.cast("string").strip().nullif("")})
    return EngineClusters(decided, votes, decided.pairs(), counts, len(measures))


@dataclass(frozen=True, slots=True, eq=False)
class EngineClusters:
    """Passes that sum scores by cluster inside an engine.

    Attributes:
        votes: The same with pair, y, x0, x1, ... and cluster.
        pairs: The pairs that met, shape (P,).
    """

    decided: Decided
    votes: Any
    pairs: IntArray
    counts: Counts
    d: int

    def __call__(self, theta: FloatArray, beta: FloatArray) -> ClusterMeat:
        """The sums over clusters, without leverage."""
        made = scored(self.votes, self.pairs, theta.size, theta, beta)
        sums = _by_parameter(made.filter(made.cluster.notnull()), theta.size, self.d)
        meat, loners = self._apart(made, theta.size)
        return ClusterMeat(meat + self._together(sums, len(meat)), self._clusters(sums) + loners)

    def stretched(self, theta: FloatArray, beta: FloatArray, inverse: FloatArray) -> FloatArray:
        """The meat from scores stretched by the leverage of their cluster, shape (K, K).

        The votes of clusters whose leverage matters leave the engine, summed by pair.

        Args:
            theta: Strengths in logits, shape (M,).
            beta: Effects per unit and side, shape (d + 1,).
            inverse: Inverse information, in the same parameters, shape (K, K).

        Raises:
            ValueError: If there are fewer than two clusters.
        """
        import ibis  # type: ignore[import-untyped]

        m, d, source = theta.size, self.d, self.decided.source
        made = scored(self.votes, self.pairs, m, theta, beta)
        total, loners = self._apart(made, m)
        known = made.filter(made.cluster.notnull())
        sums = _by_parameter(known, m, d)
        if self._clusters(sums) + loners < 2:
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

    def _apart(self, made: Any, m: int) -> tuple[FloatArray, int]:  # noqa: ANN401 - Ibis has no types
        """The meat of votes that are clusters of their own, and how many they are.

        What votes on models with ties only lack to the variance of a coin toss is with it.
        """
        even, nobody = self.counts.scores[:, :2].sum(axis=1) == 0, np.zeros(m, dtype=np.bool_)
        source = self.decided.source
        lone = summed(source, made.filter(made.cluster.isnull()), m, self.d, meat=True, even=even)
        assert lone.meat is not None
        if not even.any():
            return lone.meat, lone.n
        codes = np.flatnonzero(even).tolist()
        tied = made.filter(
            made.cluster.notnull() & (made["first"].isin(codes) | made["second"].isin(codes))
        )
        lacking = tied.mutate(lack=tied.w - tied.r * tied.r)
        lacking = lacking.mutate(r=(lacking.lack + lacking.lack.abs()) / 2)
        rest = summed(source, lacking.mutate(r=lacking.r.sqrt()), m, self.d, meat=True, even=nobody)
        assert rest.meat is not None
        return lone.meat + rest.meat, lone.n

    def _together(self, sums: Any, k: int) -> FloatArray:  # noqa: ANN401 - Ibis has no types
        """Sums of products over clusters, for every two parameters."""
        a = sums.select("cluster", left="parameter", a="amount")
        b = sums.select("cluster", right="parameter", b="amount")
        both = a.join(b, "cluster")
        both = both.filter(both.left <= both.right)
        products = both.group_by("left", "right").agg(product=(both.a * both.b).sum())
        found = self.decided.source.fetch(products)
        left, right, product = (found[name].to_numpy() for name in ("left", "right", "product"))
        half = np.zeros((k, k))
        half[left, right] = product
        return half + half.T - np.diag(np.diag(half))

    def _clusters(self, sums: Any) -> int:  # noqa: ANN401 - Ibis has no types
        return int(self.decided.source.fetch(sums.agg(n=sums.cluster.nunique()))["n"][0].as_py())


def _leverage(
    votes: Any,  # noqa: ANN401 - Ibis has no types
    pairs: IntArray,
    m: int,
    d: int,
    inverse: FloatArray,
) -> Any:  # noqa: ANN401 - Ibis has no types
    """The leverage of each cluster, summed over all directions."""
    import ibis
    import pyarrow as pa  # type: ignore[import-untyped]

    a, b = pairs // m, pairs % m
    own = inverse[a, a] - 2 * inverse[a, b] + inverse[b, b]
    across = inverse[a, m:] - inverse[b, m:] + inverse[-1, m:]
    plain = own + 2 * (inverse[a, -1] - inverse[b, -1]) + inverse[-1, -1]
    table = {"pair": pairs, "l": plain, **{f"l{k}": 2 * across[:, k] for k in range(d)}}
    made = votes.join(ibis.memtable(pa.table(table)), "pair")
    leverage = made.l
    for k in range(d):
        leverage = leverage + made[f"x{k}"] * made[f"l{k}"]
        for j in range(d):
            leverage = leverage + made[f"x{k}"] * made[f"x{j}"] * float(inverse[m + k, m + j])
    return made.group_by("cluster").agg(carried=(made.w * leverage).sum())


def _heavy(found: Any, m: int, d: int) -> tuple[HeavyVotes, FloatArray]:  # noqa: ANN401 - Arrow
    """The votes of clusters by pair, and their scores, shape (C, K)."""
    number, place = np.unique(
        np.asarray(found["cluster"].to_pylist(), dtype=object).astype(str), return_inverse=True
    )
    a, b = (found[side].to_numpy().astype(np.int64) for side in ("first", "second"))
    scores = np.zeros((number.size, m + d + 1))
    squares = np.zeros((number.size, d, d))
    slope = found["r"].to_numpy()
    np.add.at(scores, (place, a), slope)
    np.subtract.at(scores, (place, b), slope)
    np.add.at(scores[:, -1], place, slope)
    for k in range(d):
        np.add.at(scores[:, m + k], place, found[f"r{k}"].to_numpy())
        for j in range(k + 1):
            np.add.at(squares[:, k, j], place, found[f"w{k}_{j}"].to_numpy())
            squares[:, j, k] = squares[:, k, j]
    names = ("n", "w", *(f"w{k}" for k in range(d)))
    sums = np.column_stack([found[name].to_numpy().astype(np.float64) for name in names])
    votes = HeavyVotes(m, np.arange(number.size), (place * m + a) * m + b, sums, squares)
    return HeavyVotes.of_all([votes]), scores


def _by_parameter(votes: Any, m: int, d: int) -> Any:  # noqa: ANN401 - Ibis has no types
    """The sum of scores of each cluster and parameter that it touches."""
    import ibis
    import pyarrow as pa

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
