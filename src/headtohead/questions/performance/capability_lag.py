"""How many months ago the leading side first had what the trailing side has now."""

from headtohead.capability.questions.capability_lag import QUESTION, run

__all__ = ["QUESTION", "run"]
