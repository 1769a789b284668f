"""Errors of abilities from the curvature of the likelihood."""

import numpy as np

from headtohead.capability.irt.newton import Family, Params, logits, sigmoid
from headtohead.capability.irt.scores import Scores
from headtohead.stats.inputs import FloatArray


def ability_variance(
    scores: Scores, family: Family, params: Params, weights: FloatArray
) -> FloatArray:
    """The variance of each ability within its pack, in squared logits, shape (M,).

    It is the inverse of the expected curvature, difficulties and slopes being unknown too, carried
    over to the scale on which the mean and the spread of all models are given.

    `params` is the fit, one row; `weights` are of each score, shape (N,).
    """
    m, b = len(scores.models), len(scores.benchmarks)
    eta = logits(scores, params)
    _, bend = family.slopes(sigmoid(eta), weights[None])
    slope = params.slope[0, scores.benchmark]
    parts = (slope, -slope, eta[0])
    places = (scores.model, m + scores.benchmark, m + b + scores.benchmark)
    curvature = np.zeros((m + 2 * b, m + 2 * b))
    for one, here in zip(parts, places, strict=True):
        for other, there in zip(parts, places, strict=True):
            np.add.at(curvature, (here, there), one * other * bend[0])
    _, second = family.pulls(params)
    every = np.arange(m + 2 * b)
    curvature[every, every] += np.concatenate(
        [second.ability[0], second.difficulty[0], second.log_slope[0]]
    )
    covariance = np.linalg.inv(curvature)[:m, :m]
    ability = params.ability[0]
    spread = ability.std()
    away = (ability - ability.mean()) / spread if spread > 0 else np.zeros(m)
    within = np.eye(m) - 1 / m - np.outer(away, away) / m
    return np.asarray(np.maximum(np.einsum("ij,jk,ik->i", within, covariance, within), 0.0))
