"""Tests that may be looked at after every item: verdict, interval and what is still needed."""

from headtohead.stats.sequential.bets import log_wealth, predicted_variance
from headtohead.stats.sequential.decide import Decisions, decide
from headtohead.stats.sequential.forecast import chance_within, expected_n
from headtohead.stats.sequential.plan import Plan
from headtohead.stats.sequential.sequence import Sequential
from headtohead.stats.sequential.state import State

__all__ = [
    "Decisions",
    "Plan",
    "Sequential",
    "State",
    "chance_within",
    "decide",
    "expected_n",
    "log_wealth",
    "predicted_variance",
]
