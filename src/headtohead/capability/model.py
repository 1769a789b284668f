"""An index with the models behind it, two sides of it on a day, and both as rows of tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from headtohead.capability.irt.index import Index, drawn_ends, drawn_interval
from headtohead.capability.settings import LEVEL, PAST, IndexSettings
from headtohead.capability.survival import sides
from headtohead.capability.survival.sides import Side
from headtohead.core.dates import MONTHS_A_DAY
from headtohead.core.estimate import OWN_SCORES, Interval
from headtohead.core.units import counted
from headtohead.evidence.picking import where

if TYPE_CHECKING:
    from headtohead.stats.inputs import BoolArray, FloatArray, IntArray

_CITED = ("source_id", "row_url", "join_rule", "vintage")


@dataclass(frozen=True, eq=False)
class Capability:
    """An index and what is known of its models.

    Attributes:
        index: Values and joint draws, in points.
        models: One row a model, in the order of `index.models`; see `Matrix`.
        left_out: Why -> how many scores.
    """

    settings: IndexSettings
    index: Index
    models: pl.DataFrame
    rows: pl.DataFrame
    left_out: dict[str, int]

    @cached_property
    def newest(self) -> date:
        """The day to which the scores reach; a user's own no further than those they join."""
        public = self.rows.filter(pl.col("source_id") != OWN_SCORES)
        last = (public if public.height else self.rows)["known_on"].max()
        assert isinstance(last, date)
        return last

    def dated(self, day: date) -> tuple[str, date]:
        """What its estimates about a day come from: an edition of the index, and its own day."""
        return "index_scores", min(day, self.newest)

    @cached_property
    def days(self) -> "IntArray":
        """Release day of each model, as a count of days.

        A model that has scores is out when they are known, whenever it came: where nobody knows
        its day, that is the last day that the scores reach.
        """
        last = self.newest.toordinal()
        days = [d.toordinal() if d else last for d in self.models["released_on"]]
        return np.array(days, dtype=np.int64)

    @cached_property
    def cited(self) -> pl.DataFrame:
        """Where each model's scores are from; one of several sources has two of them named."""
        second = pl.col("source_id").unique(maintain_order=True).get(1, null_on_oob=True)
        return (
            self.rows.sort("label", "source_id")
            .group_by("label", maintain_order=True)
            .agg(
                pl.col("known_on").max(),
                *(pl.col(c).first() for c in _CITED),
                pl.col("verified").all(),
                second.alias("also_source_id"),
            )
        )

    def out_by(self, day: date) -> "BoolArray":
        """Which models were released by a day, shape (M,)."""
        return np.asarray(self.days <= day.toordinal())

    def members(self, filters: str) -> "BoolArray":
        """Which models fit "column=value, ...", shape (M,)."""
        kept = set(where(self.models, filters)["label"])
        return np.array([name in kept for name in self.models["label"]], dtype=np.bool_)

    def may_lead(self) -> "BoolArray":
        """Which models have enough benchmarks to set the frontier, shape (M,).

        Where the number is not published, all may.
        """
        return self._tested(self.settings.frontier)

    def lead_words(self) -> str:
        """Which models may set the frontier, for a note."""
        if self.models["benchmarks_n"].null_count() == self.models.height:
            return (
                "the publisher does not print how many benchmarks a model had, so any may set the "
                "frontier"
            )
        needed = counted(self.settings.frontier, "benchmark")
        return f"a model needs {needed} before it may set the frontier"

    def may_mark(self) -> "BoolArray":
        """Which models have enough benchmarks to show when a level was reached, shape (M,)."""
        return self._tested(min(self.settings.frontier, PAST))

    def _tested(self, least: int) -> "BoolArray":
        counts = self.models["benchmarks_n"].fill_null(least).to_numpy()
        return np.asarray(counts >= least)

    def side(self, mask: "BoolArray") -> Side:
        """Some models as entries with days and joint draws."""
        return Side(self.days[mask], self.index.ability[mask], self.index.ability_draws[:, mask])

    def names(self, mask: "BoolArray") -> list[str]:
        """Labels of some models, in order."""
        return [name for name, kept in zip(self.index.models, mask, strict=True) if kept]

    def evidence(self, *labels: str) -> pl.DataFrame:
        """The rows of evidence of some models; all if none is named."""
        return self.rows.filter(pl.col("label").is_in(list(labels))) if labels else self.rows


@dataclass(frozen=True, slots=True, eq=False)
class TwoSides:
    """Two sides of an index on one day.

    Attributes:
        a: Which models of side A may lead and were out, shape (M,).
        b: Likewise of side B.
        a_past: Which of side A may show when a level was first reached: older models were given
            fewer benchmarks, so fewer are asked of them.
        b_past: Likewise of side B.
        day: Later models do not count.
        names: Both sides as a sentence calls them.
        unplaced: Notes on models of which not enough is known.
    """

    capability: Capability
    a: "BoolArray"
    b: "BoolArray"
    a_past: "BoolArray"
    b_past: "BoolArray"
    day: date
    names: tuple[str, str]
    unplaced: tuple[str, ...] = ()

    @property
    def on(self) -> str:
        """Which index it is, and of which day: "our capability index as of 2025-12-08"."""
        return f"{self.capability.settings.index_words()} as of {self.day}"

    @property
    def dated(self) -> tuple[str, date]:
        """What estimates of it come from: an edition of the index, and the day it speaks of."""
        return self.capability.dated(self.day)

    def best(self, mask: "BoolArray") -> int:
        """The position of the ablest of some models."""
        values = np.where(mask, self.capability.index.ability, -np.inf)
        return int(values.argmax())

    def gap_draws(self) -> "FloatArray":
        """Best of B minus best of A in each joint draw, shape (R,); each best is chosen anew."""
        draws = self.capability.index.ability_draws
        if draws.shape[0] == 0:
            return np.empty(0)
        return np.asarray(draws[:, self.b].max(axis=1) - draws[:, self.a].max(axis=1))

    def gap(self) -> Interval:
        """Best of B minus best of A in points."""
        ability = self.capability.index.ability
        value = float(ability[self.best(self.b)] - ability[self.best(self.a)])
        return drawn_interval(value, self.gap_draws(), LEVEL)

    @property
    def best_a(self) -> str:
        """Side A's best."""
        return self.capability.index.models[self.best(self.a)]

    @property
    def best_b(self) -> str:
        """Side B's best."""
        return self.capability.index.models[self.best(self.b)]


MODEL_COLUMNS = (
    "side model_name lab country score_index score_low_index score_high_index benchmarks_n "
    "released_on is_record frontier_frac best_rank worst_rank tie_group"
)


def model_rows(fit: Capability, among: "BoolArray") -> pl.DataFrame:
    """Some models, the ablest first: points, interval, benchmarks, and where the scores are from.

    `among` has shape (M,).
    """
    index = fit.index
    low, high = drawn_ends(index.ability, index.ability_draws, LEVEL)
    points = {"score_index": index.ability, "score_low_index": low, "score_high_index": high}
    rows = fit.models.rename({"label": "model_name"}).with_columns(
        pl.Series(name, values) for name, values in points.items()
    )
    joined = rows.filter(pl.Series(among)).join(
        fit.cited, left_on="model_name", right_on="label", how="left"
    )
    return joined.sort("score_index", "model_name", descending=[True, False])


def with_source(rows: Iterable[Mapping[str, Any]], evidence: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table, each saying where the first row of the evidence behind them is from."""
    cited = evidence.select("known_on", "source_id", "row_url", "verified").row(0, named=True)
    return [{**row, **cited} for row in rows]


FRONT_COLUMNS = "best_index best_low_index best_high_index gap_index gap_low_index gap_high_index"


def fronts(sides: TwoSides) -> list[pl.DataFrame]:
    """For side A and side B, its best on each of its days and the gap on that day.

    Both bests are chosen anew in each draw, so the interval holds what the scores leave open
    about who led. The gap is B minus A, and is missing until both sides have a model.
    """
    frames = []
    for n, mask in enumerate((sides.a, sides.b)):
        days = np.unique(sides.capability.days[mask]).tolist()
        # Of both sides, (1 + R, days): the point value, then the draws; nan before the first model.
        bests = []
        for side in (sides.a, sides.b):
            front = sides.capability.side(side).front(sides.day.toordinal())
            none_yet = np.full((front.best.shape[0], 1), np.nan)
            at = np.searchsorted(front.days, days, side="right")
            bests.append(np.hstack([none_yet, front.best])[:, at])
        numbers = (*_ends(bests[n]), *_ends(bests[1] - bests[0]))
        frame = pl.DataFrame(dict(zip(FRONT_COLUMNS.split(), numbers, strict=True)))
        on = pl.Series("released_on", [date.fromordinal(day) for day in days])
        frames.append(frame.fill_nan(None).with_columns(on))
    return frames


def stood(between: TwoSides, setter: int) -> Interval:
    """Months until side B first had what one model of side A has, between joint draws.

    `setter` is the position of that model in the index.

    Returns:
        Where B never had it, `value` and `low` are the months until the last day, and `high` is
        inf: it has stood so long at least.
    """
    fit, last = between.capability, between.day.toordinal()
    theirs = fit.side(between.b_past).front(last)
    level = np.append(fit.index.ability[setter], fit.index.ability_draws[:, setter])
    at = theirs.reached(level[:, None])[:, 0]
    start = float(fit.days[setter])
    least, most = (
        np.maximum(np.append(theirs.days.astype(np.float64), end)[at] - start, 0.0)
        for end in (float(last), np.inf)
    )
    return sides.drawn_interval(most, LEVEL, 0.0, lower=least).rescaled(MONTHS_A_DAY)


def _ends(drawn: "FloatArray") -> tuple["FloatArray", ...]:
    """Value and both ends of each column; not a number where there is no value."""
    known = ~np.isnan(drawn[0])
    low, high = np.full_like(drawn[0], np.nan), np.full_like(drawn[0], np.nan)
    low[known], high[known] = drawn_ends(drawn[0, known], drawn[1:, known], LEVEL)
    return drawn[0], low, high
