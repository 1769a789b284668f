"""How able each model is, on one scale over many benchmarks."""

from headtohead.capability.questions.capability_index import QUESTION, run

__all__ = ["QUESTION", "run"]
