"""What share of the leader's score the other side reaches on tests both were given."""

from headtohead.capability.questions.score_ratio import QUESTION, run

__all__ = ["QUESTION", "run"]
