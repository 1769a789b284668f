"""Tests that may be looked at after every item: verdict, interval and what is still needed."""

from headtohead.trials.sequential.bets import log_wealth, predicted_variance
from headtohead.trials.sequential.decide import Decisions, decide
from headtohead.trials.sequential.forecast import chance_within, expected_n
from headtohead.trials.sequential.plan import Plan
from headtohead.trials.sequential.sequence import Sequential
from headtohead.trials.sequential.state import State

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
