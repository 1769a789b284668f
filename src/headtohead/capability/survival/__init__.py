"""Frontiers over time: records, lags, catch-up times and gaps, each from joint draws."""

from headtohead.capability.survival.catch_ups import CatchUp, CatchUps, catch_up, catch_up_times
from headtohead.capability.survival.horizontal_gaps import HorizontalGap, horizontal_gap
from headtohead.capability.survival.kaplan_meier import (
    Curve,
    kaplan_meier,
    kaplan_meier_median,
    restricted_mean,
)
from headtohead.capability.survival.lags import (
    CLOCKS,
    Clock,
    Lag,
    entry_lag,
    lag_days,
    side_lag,
)
from headtohead.capability.survival.records import best_on, frontier_probability, running_best
from headtohead.capability.survival.sides import Side, Spread
from headtohead.capability.survival.trend_gaps import Through, TrendGap, trend_gap

__all__ = [
    "CLOCKS",
    "CatchUp",
    "CatchUps",
    "Clock",
    "Curve",
    "HorizontalGap",
    "Lag",
    "Side",
    "Spread",
    "Through",
    "TrendGap",
    "best_on",
    "catch_up",
    "catch_up_times",
    "entry_lag",
    "frontier_probability",
    "horizontal_gap",
    "kaplan_meier",
    "kaplan_meier_median",
    "lag_days",
    "restricted_mean",
    "running_best",
    "side_lag",
    "trend_gap",
]
