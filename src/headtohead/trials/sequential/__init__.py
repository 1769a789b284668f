"""Tests that may be looked at after every item: verdict, interval and what is still needed."""

from headtohead.trials.sequential.bets import SequentialPlan, log_wealth, predicted_variance
from headtohead.trials.sequential.decide import Decisions, decide
from headtohead.trials.sequential.sequence import Sequential, State

__all__ = [
    "Decisions",
    "Sequential",
    "SequentialPlan",
    "State",
    "decide",
    "log_wealth",
    "predicted_variance",
]
