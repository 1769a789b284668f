"""Where each side is better or worse than its overall level says."""

from headtohead.capability.profile import QUESTION, run

__all__ = ["QUESTION", "run"]
