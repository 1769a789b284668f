"""Histories of two sides: as hypothesis makes them, as simulated, and as Epoch published them."""

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from headtohead.capability.survival.catch_ups import CatchUp, catch_up, row_medians
from headtohead.capability.survival.lags import Lag, side_lag
from headtohead.capability.survival.sides import Side, dated, front
from headtohead.stats.inputs import FloatArray, IntArray

MONTH = 365.25 / 12
History = list[tuple[int, float]]
HISTORY = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 12).map(float)), min_size=1, max_size=20
)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def columns(history: History) -> tuple[list[int], list[float]]:
    days, values = zip(*history, strict=True)
    return list(days), list(values)


def running_best(days: ArrayLike, values: ArrayLike) -> tuple[IntArray, FloatArray]:
    """Days and values of the entries that are higher than all before, the best of their day."""
    when, value = dated(days, values, "")
    found = front(when, value[None, :], int(when.max()))
    (record,) = found.records()
    return found.days[record], found.best[0, record]


def entry_lag(
    leader: Side,
    day: int,
    value: float,
    draws: ArrayLike,
    on_day: int | None = None,
    level: float = 0.95,
) -> Lag:
    """The lag of one entry: at its release, or on a later day."""
    entry = Side([day], [value], np.asarray(draws, dtype=np.float64)[:, None])
    if on_day is None:
        return side_lag(leader, entry, day, "release", level)
    return side_lag(leader, entry, on_day, "as of", level)


def median_of(durations: ArrayLike, observed: ArrayLike) -> float:
    """The Kaplan-Meier median of one row."""
    time = np.asarray(durations, dtype=np.float64)[None, :]
    ended = np.asarray(observed, dtype=np.bool_)[None, :]
    return float(row_medians(time, ended, np.ones(time.shape))[0])


def exact(days: ArrayLike, values: ArrayLike) -> Side:
    """A side whose values are certain: 40 draws, all equal."""
    return Side(days, values, np.tile(np.asarray(values, dtype=float), (40, 1)))


def catch_up_times(
    leader_days: ArrayLike,
    leader_values: ArrayLike,
    trailing_days: ArrayLike,
    trailing_values: ArrayLike,
    on_day: int,
    since: int | None = None,
) -> CatchUp:
    """Catch-up times of values that are certain."""
    leader, trailing = exact(leader_days, leader_values), exact(trailing_days, trailing_values)
    return catch_up(leader, trailing, on_day, rng(), since=since)


def shaken(history: History, seed: int, draws: int = 9) -> Side:
    """A side with whole-number values and draws, so that ties happen."""
    days, values = columns(history)
    noise = rng(seed).integers(-2, 3, (draws, len(values)))
    return Side(days, values, np.asarray(values) + noise)


@dataclass(frozen=True)
class ProgressWorld:
    """Two sides with the same line of progress, one 230 days behind, and the truth."""

    leader: Side
    trailing: Side
    true_leader: Side
    true_trailing: Side
    span: int


def world(
    source: np.random.Generator,
    n: int = 40,
    m: int = 20,
    span: int = 900,
    tau: float = 3.0,
    sd: float = 1.0,
    draws: int = 200,
) -> ProgressWorld:
    """Values scatter by `tau` around the line; they are seen with error `sd`.

    The draws are those of the posterior that knows the line and both errors, so that any
    number computed from them is calibrated.
    """
    sides = []
    for size, shift in ((n, 0), (m, 230)):
        days = np.sort(source.choice(span, size, False))
        line = 100 + 0.04 * (days - shift)
        truth = line + source.normal(0, tau, size)
        seen = truth + source.normal(0, sd, size)
        keep = tau**2 / (tau**2 + sd**2)
        value = line + keep * (seen - line)
        drawn = source.normal(value, sd * np.sqrt(keep), (draws, size))
        sides += [Side(days, value, drawn), exact(days, truth)]
    return ProgressWorld(sides[0], sides[2], sides[1], sides[3], span)


@dataclass(frozen=True)
class Published:
    """One country's models in a published index, without errors."""

    names: list[str]
    side: Side

    def at(self, name: str) -> int:
        return self.names.index(name)


def published(evidence: Path, country: str, moved: dict[str, date] | None = None) -> Published:
    """The models of a country in Epoch's index of 2026-08-11 (CC-BY-4.0)."""
    names, days, values = [], [], []
    with (evidence / "epoch_eci" / "eci_scores.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["Country (of organization)"] == country:
                day = date.fromisoformat(row["date"][:10])
                names.append(row["Model"])
                days.append((moved or {}).get(row["Model"], day).toordinal())
                values.append(float(row["eci"]))
    return Published(names, exact(days, values))
