"""How able models are, on whichever scale is asked for, with the chance that one is no worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

import numpy as np
import polars as pl

from headtohead.core.dates import Period
from headtohead.core.errors import NoEvidence
from headtohead.core.estimate import Interval
from headtohead.core.question import Ask, Sides
from headtohead.evidence.facts import SEED, Facts
from headtohead.stats.intervals import around, normal_quantile, rank_spread, tie_groups

if TYPE_CHECKING:
    from headtohead.stats.inputs import FloatArray

By = Literal["index", "arena"]
_BOARD = {"board": "text", "category": "full", "style_control": True}
_DRAWS = 2000
_ARENA_LEVEL, _INDEX_LEVEL = 0.95, 0.9
_MARGIN = {"index": 1.0, "arena": 10.0}


@dataclass(frozen=True, slots=True)
class Ability:
    """How able one model is.

    Attributes:
        tests_n: Benchmarks or votes behind it; None if not published.
    """

    interval: Interval
    tests_n: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model stands among some: the places that stay open, and its group of ties."""

    best: int
    worst: int
    group: int


@dataclass(frozen=True, eq=False)
class Scale:
    """The models of one scale with joint draws.

    Attributes:
        unit: "index" or "elo".
        level: Coverage of the intervals.
        day: The last day that its data speak of.
        named: What it is called in a sentence.
        draws: Model -> its draws, shape (R,); those of one position belong together.
    """

    unit: str
    level: float
    day: date
    named: str
    scores: Mapping[str, Ability]
    draws: Mapping[str, "FloatArray"]
    source_ids: tuple[str, ...]

    @property
    def margin(self) -> float:
        """How much worse still counts as no worse, where nobody says."""
        return _MARGIN["index" if self.unit == "index" else "arena"]

    def chance_at_least(self, model: str, level: float) -> float | None:
        """The chance that a model has so many points; None if it has no score."""
        own = self.draws.get(model)
        return None if own is None else float((own >= level).mean())

    def chance_no_worse(self, model: str, than: str, margin: float) -> float | None:
        """The chance that a model is at most so many points below another; None without a score."""
        own, other = self.draws.get(model), self.draws.get(than)
        return None if own is None or other is None else float((own >= other - margin).mean())

    def ranked(self, models: Sequence[str]) -> dict[str, Place]:
        """Where those of some models stand that have a score, the ablest first.

        Two models are told apart if the interval of their difference excludes 0; on a board, where
        only the intervals of each are published, if those do not touch.
        """
        mine = [m for m in dict.fromkeys(models) if m in self.scores]
        mine.sort(key=lambda m: (-self.scores[m].interval.value, m))
        if not mine:
            return {}
        if self.unit == "index":
            best, worst = self._told_apart(np.column_stack([self.draws[m] for m in mine]))
        else:
            every = [self.scores[m].interval for m in mine]
            ends = (np.array([getattr(i, end) for i in every]) for end in ("value", "low", "high"))
            spread = rank_spread(*ends)
            best, worst = spread.best.tolist(), spread.worst.tolist()
        places = zip(mine, best, worst, tie_groups(best, worst), strict=True)
        return {model: Place(low, high, group) for model, low, high, group in places}

    def _told_apart(self, draws: "FloatArray") -> tuple[list[int], list[int]]:
        """The best and worst place of each, by the interval of each difference."""
        tails = [(1 - self.level) / 2, (1 + self.level) / 2]
        best, worst = [], []
        for n in range(draws.shape[1]):
            low, high = np.quantile(draws - draws[:, [n]], tails, axis=0, method="weibull")
            best.append(1 + int((low > 0).sum()))
            worst.append(draws.shape[1] - int((high < 0).sum()))
        return best, worst


def scale_of(facts: Facts, by: By, about: date, as_of: date, domain: str = "") -> Scale:
    """The scale asked for, of models released by a day.

    Raises:
        NoEvidence: If what was known makes none.
    """
    return _index(facts, about, as_of, domain) if by == "index" else _arena(facts, about, as_of)


def _index(facts: Facts, about: date, as_of: date, domain: str) -> Scale:
    from headtohead.capability.fitted import capability
    from headtohead.capability.irt.index import drawn_ends
    from headtohead.capability.settings import IndexSettings

    tables = ("benchmark_scores", "index_scores", "index_benchmarks")
    frames = {table: facts.frame(table, as_of) for table in tables}
    window = Period(about, about)
    ask = Ask(window, as_of, Sides(), {}, np.random.default_rng(SEED), facts.seed)
    settings = IndexSettings(domain=domain)
    try:
        fit = capability(frames, ask, settings)
    except ValueError as error:
        raise NoEvidence(
            f"No index by {as_of}: {error}. Choose a later day, or the board: `by='arena'`."
        ) from None
    index, out = fit.index, fit.out_by(about)
    low, high = drawn_ends(index.ability, index.ability_draws, _INDEX_LEVEL)
    scores, draws = {}, {}
    rows = fit.models.select("unit", "benchmarks_n").rows()
    for n, (unit, tests) in enumerate(rows):
        if out[n]:
            scores[unit] = Ability(
                around(float(index.ability[n]), float(low[n]), float(high[n])), tests
            )
            draws[unit] = index.ability_draws[:, n]
    if not scores:
        raise NoEvidence(f"No model of the index was released by {about}.")
    return Scale(
        unit="index",
        level=_INDEX_LEVEL,
        day=fit.dated(about)[1],
        named=settings.index_words(),
        scores=scores,
        draws=draws,
        source_ids=tuple(sorted(set(fit.rows["source_id"]))),
    )


def _arena(facts: Facts, about: date, as_of: date) -> Scale:
    """The last text board: each model's best entrant; draws are normal, one apart from another."""
    from headtohead.ratings.published import one_board, rating_interval

    rows = one_board(facts.frame("arena_ratings", as_of), _BOARD)
    rows = rows.filter(pl.col("observed_on") <= about)
    day = rows["observed_on"].max()
    if not isinstance(day, date):
        raise NoEvidence(f"No text board was known of {about} or an earlier day.")
    rows = rows.filter((pl.col("observed_on") == day) & pl.col("model_id").is_not_null())
    rows = rows.sort("rating_elo", "model_name", descending=[True, False])
    rng, z = np.random.default_rng(SEED), normal_quantile(0.5 + _ARENA_LEVEL / 2)
    scores: dict[str, Ability] = {}
    draws: dict[str, FloatArray] = {}
    for row in rows.unique("model_id", keep="first", maintain_order=True).iter_rows(named=True):
        interval = rating_interval(row)
        scores[row["model_id"]] = Ability(interval, row["votes_n"])
        if np.isfinite(width := interval.high - interval.low):
            error = rng.standard_normal(_DRAWS) * width / (2 * z)
            draws[row["model_id"]] = interval.value + error
    return Scale(
        unit="elo",
        level=_ARENA_LEVEL,
        day=day,
        named="the text board",
        scores=scores,
        draws=draws,
        source_ids=tuple(sorted(set(rows["source_id"]))),
    )
