"""The curve of a benchmark: which share of it a model of some ability solves."""

import numpy as np

from headtohead.stats.inputs import FloatArray

_FARTHEST = 500.0  # logits; beyond it the exponential overflows


def sigmoid(eta: FloatArray) -> FloatArray:
    """1 / (1 + exp(-eta)), any shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(eta, -_FARTHEST, _FARTHEST))))


def logit(share: FloatArray) -> FloatArray:
    """log(share / (1 - share)) of shares inside (0, 1), any shape."""
    return np.asarray(np.log(share) - np.log1p(-share))
