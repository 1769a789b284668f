"""Where each side is better or worse than its overall level says."""

from headtohead.capability.questions.capability_profile import QUESTION, run

__all__ = ["QUESTION", "run"]
