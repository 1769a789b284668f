"""How far gap and lag move under other choices that one could have made."""

from headtohead.capability.questions.capability_sensitivity import QUESTION, run

__all__ = ["QUESTION", "run"]
