"""How long each record of the leading side stood until the other side matched it."""

from headtohead.capability.catch_up import QUESTION, run

__all__ = ["QUESTION", "run"]
