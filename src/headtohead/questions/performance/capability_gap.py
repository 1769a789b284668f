"""How many index points apart the best models of the two sides are."""

from headtohead.capability.questions.capability_gap import QUESTION, run

__all__ = ["QUESTION", "run"]
