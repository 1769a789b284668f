"""How many months ago the leading side first had what the trailing side has now."""

from headtohead.capability.lag import QUESTION, run

__all__ = ["QUESTION", "run"]
