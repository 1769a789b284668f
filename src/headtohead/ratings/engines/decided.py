"""What the rules decided about every distinct row, for the engine to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headtohead.core.errors import InputError
from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.ratings.engines.distinct import ROW, text_names
from headtohead.ratings.engines.opening import EngineSource
from headtohead.ratings.reading.votes import Votes
from headtohead.stats.inputs import FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

_SCORE = np.array([1.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """Votes that count, as an engine's expression.

    Attributes:
        source: The table.
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

        Args:
            source: The table.
            readable: An expression that is true where covariates are readable; None without any.
            texts: Expressions whose texts tell the distinct rows apart, by name.
            rows: The distinct rows, their texts among the columns.
            scan: The same rows under the rules.
            counts: The votes that are wanted, counted.

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
        """Every vote that counts: pair, score y, and the columns asked for.

        Args:
            columns: Name -> expression on the engine's table.
        """
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
