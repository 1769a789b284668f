"""Online Elo, for comparison only: it depends on the order of the votes and has no interval."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from headtohead.ratings.bradley_terry.counts import Counts
from headtohead.stats.inputs import FloatArray, check_count

SCALE = 400.0
START = 1000.0


def online_elo(
    models: Sequence[str],
    first: ArrayLike,
    second: ArrayLike,
    outcome: ArrayLike,
    *,
    k: float = 4.0,
) -> FloatArray:
    """Ratings after all votes in the order given, shape (M,), in Elo points.

    Args:
        models: Names, length M.
        first: Position in `models` of the side shown first, shape (n,), in the order of time.
        second: Position of the side shown second, shape (n,).
        outcome: 0 first better, 1 second better, 2 tie, 3 both bad, shape (n,).
        k: Points at stake in one vote.

    Raises:
        ValueError: If lengths differ, a code is out of range, or a model meets itself.

    References:
        Elo, A. E. (1978). The Rating of Chessplayers, Past and Present. Arco.
        Boubdir, M. et al. (2023). Elo uncovered: robustness and best practices in language model
        evaluation (dependence on order). doi:10.48550/arXiv.2311.17295
    """
    check_count(len(models), "number of models", 1)
    Counts.from_codes(models, first, second, outcome)  # makes all the checks
    ratings = [START] * len(models)
    scores = (1.0, 0.0, 0.5, 0.5)
    rows = (np.asarray(a).tolist() for a in (first, second, outcome))
    for a, b, o in zip(*rows, strict=True):
        chance = 1 / (1 + 10 ** ((ratings[b] - ratings[a]) / SCALE))
        move = k * (scores[o] - chance)
        ratings[a] += move
        ratings[b] -= move
    return np.array(ratings)
