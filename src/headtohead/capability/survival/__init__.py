"""Frontiers over time: records, lags, catch-up times and gaps, each from joint draws."""

from headtohead.capability.survival.catch_ups import CatchUp, CatchUps, catch_up, catch_up_times
from headtohead.capability.survival.horizontal_gaps import HorizontalGap, horizontal_gap
from headtohead.capability.survival.lags import (
    CLOCKS,
    Clock,
    Lag,
    best_on,
    frontier_probability,
    lag_days,
    side_lag,
)
from headtohead.capability.survival.sides import Side, Spread
from headtohead.capability.survival.trend_gaps import Through, TrendGap, trend_gap

__all__ = [
    "CLOCKS",
    "CatchUp",
    "CatchUps",
    "Clock",
    "HorizontalGap",
    "Lag",
    "Side",
    "Spread",
    "Through",
    "TrendGap",
    "best_on",
    "catch_up",
    "catch_up_times",
    "frontier_probability",
    "horizontal_gap",
    "lag_days",
    "side_lag",
    "trend_gap",
]
