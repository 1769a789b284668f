"""How long each record of the leading side stood until the other side matched it."""

from headtohead.capability.questions.catch_up_time import QUESTION, run

__all__ = ["QUESTION", "run"]
