"""Judges of answers: how far people bear them out, how they are biased, what they are good for."""
