"""What a gap on the index means: the scores it stands for on benchmarks people know."""

from headtohead.capability.questions.expected_scores import QUESTION, run

__all__ = ["QUESTION", "run"]
