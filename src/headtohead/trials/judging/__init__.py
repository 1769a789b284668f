"""Judges of answers: how far people bear them out, how they lean, what they are good for."""
