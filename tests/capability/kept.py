"""Fits that are kept, in a module of its own: other processes read little before they begin."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.capability.irt.capability_worlds import table

from headtohead.capability.irt.index import Index, fit_index
from headtohead.capability.irt.scores import Scores
from headtohead.capability.kept_fits import kept_index


def scores(n: int = 0) -> Scores:
    return table(np.random.default_rng(n), 6, 4)


def kept(n: int = 0, seed: int = 1, **how: Any) -> Index:
    return kept_index(scores(n), "binomial", seed, fit_index, **{"draws": 100, **how})


def made(seeds: Sequence[int]) -> list[bytes]:
    return [kept(seed=seed).ability_draws.tobytes() for seed in seeds]
