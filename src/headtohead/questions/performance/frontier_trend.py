"""How fast the two frontiers rise, and how far apart they run."""

from headtohead.capability.questions.frontier_trend import QUESTION, run

__all__ = ["QUESTION", "run"]
