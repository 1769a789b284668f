"""Verdicts over whole sequences at once, for simulations and for data that is all there."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.stats.inputs import BoolArray, IntArray
from headtohead.trials.sequential.bets import SequentialPlan, checked, give_up_threshold, log_wealth


@dataclass(frozen=True, slots=True)
class Decisions:
    """After how many observations each sequence was decided; 0 where it never was.

    Attributes:
        yes_at: Shape (...), the first moment that shows a mean above -margin.
        no_at: Shape (...), the first moment that shows a mean below -margin.
        gave_up_at: Shape (...), the first moment that refutes the design, 0 everywhere if that
            was not asked for.
    """

    yes_at: IntArray
    no_at: IntArray
    gave_up_at: IntArray


def decide(x: ArrayLike, plan: SequentialPlan, give_up: float | None = None) -> Decisions:
    """When each sequence shows the one or the other, looking after every observation.

    Args:
        x: Observations in order of arrival along the last axis, shape (..., n).
        plan: Fixed before the first observation.
        give_up: Stop also when the design is refuted with this error, inside (0, 1). If the
            difference is as planned, or further from the margin, this happens at most that often.

    Raises:
        ValueError: If an observation is not a number within the bound, or `give_up` is out of
            range.
    """
    values = checked(x, plan)
    threshold, giving_up = plan.threshold, give_up_threshold(plan, give_up)
    against_plan = np.zeros(values.shape, dtype=np.bool_)
    if math.isfinite(giving_up):
        side = math.copysign(1.0, plan.null - plan.planned)
        against_plan = log_wealth(side * values, side * plan.planned, plan) >= giving_up
    return Decisions(
        _first(log_wealth(values, plan.null, plan) >= threshold),
        _first(log_wealth(-values, -plan.null, plan) >= threshold),
        _first(against_plan),
    )


def _first(hit: BoolArray) -> IntArray:
    if hit.shape[-1] == 0:
        return np.zeros(hit.shape[:-1], dtype=np.int64)
    found: IntArray = np.where(hit.any(axis=-1), hit.argmax(axis=-1) + 1, 0)
    return found
