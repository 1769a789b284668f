"""Which items to ask: information at an ability, the best order, and where a newcomer stands."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from headtohead.core.interval import Interval
from headtohead.stats.inputs import (
    FloatArray,
    IntArray,
    Labels,
    check_count,
    check_level,
    label_list,
    vector,
)
from headtohead.stats.intervals import around
from headtohead.trials.items.answers import attempt_counts
from headtohead.trials.items.curves import Curves, chances
from headtohead.trials.items.fit import ItemFit
from headtohead.trials.items.marginal import effective_attempts

_REACH = 6.0  # standard deviations of the field
_POINTS = 2401


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Items in the order in which to ask them.

    Attributes:
        items: Labels, the most telling first, length K.
        se: Shape (K,): standard error of the gap after so many items; inf while there is none.
        needed: How many items reach the wanted standard error; None if all of them do not.
    """

    items: tuple[Hashable, ...]
    se: FloatArray
    needed: int | None


def information(
    fitted: ItemFit,
    theta: ArrayLike,
    *,
    items: Sequence[Hashable] | None = None,
    attempts: int = 1,
) -> FloatArray:
    """What a test of these items tells at each ability, shape (Q,): 1 / variance.

    Args:
        fitted: The fit that knows the items; its doubt about them is not counted.
        theta: Abilities, shape (Q,), in standard deviations of the field.
        items: Labels of the items asked; None for all.
        attempts: Attempts at each item, at least 1; they are correlated as in the fit.

    Raises:
        ValueError: If an item is unknown or `attempts` is not a whole number of at least 1.

    References:
        Birnbaum, A. (1968). Some latent trait models. In Lord, Novick, Statistical Theories of
        Mental Test Scores, section 20.2. Addison-Wesley.
    """
    places = _places(fitted, fitted.items if items is None else items)
    return np.asarray(
        _each(_chosen(fitted, places), vector(theta, "theta"), _worth(fitted, attempts)).sum(axis=0)
    )


def standard_error(
    fitted: ItemFit,
    theta: ArrayLike,
    *,
    items: Sequence[Hashable] | None = None,
    attempts: int = 1,
) -> FloatArray:
    """Standard error of an ability measured by these items alone, shape (Q,).

    Args and errors are those of `information`.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(information(fitted, theta, items=items, attempts=attempts) ** -0.5)


def choose_items(
    fitted: ItemFit,
    first: float,
    second: float,
    *,
    se: float,
    attempts: int = 1,
    leave_out: Sequence[Hashable] = (),
) -> Choice:
    """The items that tell two abilities apart soonest.

    Both sides answer every item. Each next item is the one that cuts the variance of the gap,
    1 / information at `first` + 1 / information at `second`, the most.

    Args:
        fitted: The fit that knows the items.
        first: One ability, in standard deviations of the field.
        second: The other; may be the same.
        se: Standard error of the gap that is wanted, above 0.
        attempts: Attempts at each item, at least 1.
        leave_out: Items not to ask, such as those already answered.

    Raises:
        ValueError: If an argument is impossible, an item unknown, or none is left.

    References:
        Lord, F. M. (1980). Applications of Item Response Theory to Practical Testing Problems,
        chapters 5 and 10. Erlbaum. doi:10.4324/9780203056615
    """
    ends = vector([first, second], "abilities")
    if not se > 0:
        raise ValueError(f"se is {se}; the standard error wanted must be above 0")
    gone = set(_places(fitted, leave_out).tolist())
    left = np.array([k for k in range(len(fitted.items)) if k not in gone], dtype=np.int64)
    if not left.size:
        raise ValueError("no item is left to choose from")
    told = _each(_chosen(fitted, left), ends, _worth(fitted, attempts))
    order: list[int] = []
    errors: list[float] = []
    known = np.zeros(2)
    free = np.ones(left.size, dtype=bool)
    for _ in range(left.size):
        after = known + told
        # Half the harmonic mean of both sides: the precision of the gap.
        precision = np.where(free, after.prod(axis=1) / after.sum(axis=1), -1.0)
        best = int(np.argmax(precision))
        free[best] = False
        known = after[best]
        order.append(int(left[best]))
        errors.append(float(precision[best]))
    with np.errstate(divide="ignore"):
        reached = np.array(errors) ** -0.5
    enough = np.flatnonzero(reached <= se)
    return Choice(
        tuple(fitted.items[k] for k in order),
        reached,
        int(enough[0]) + 1 if enough.size else None,
    )


def locate(
    fitted: ItemFit,
    items: Labels,
    scores: ArrayLike,
    *,
    attempts: ArrayLike = 1,
    level: float = 0.9,
) -> Interval:
    """The ability of a newcomer who answered some of the items.

    The items keep their fitted curves, whose own doubt is not counted. Before any answer the
    newcomer is one of the field: normal with mean 0 and standard deviation 1.

    Args:
        fitted: The fit that knows the items.
        items: Labels, length n, each once.
        scores: Mean score on each, 0 to 1, shape (n,).
        attempts: Attempts behind each, whole and at least 1; shape (n,) or one number.
        level: Coverage, inside (0, 1).

    Raises:
        ValueError: If an item is unknown or given twice, or a score lies outside 0 to 1.

    References:
        Bock, R. D., Mislevy, R. J. (1982). Adaptive EAP estimation of ability in a microcomputer
        environment. Applied Psychological Measurement 6, 431-444.
        doi:10.1177/014662168200600405
    """
    check_level(level)
    score = vector(scores, "scores")
    labels = label_list(items, score.size, "items")
    places = _places(fitted, labels)
    if len(set(labels)) < len(labels):
        raise ValueError("an item is given twice; give its mean score and its attempts once")
    count = attempt_counts(attempts, score.size)
    if np.any((score < 0) | (score > 1)):
        raise ValueError("a score lies outside 0 to 1; divide by the full marks")
    effective = effective_attempts(count, fitted.icc)
    grid = np.linspace(-_REACH, _REACH, _POINTS)
    at = chances(_chosen(fitted, places), grid)
    won = effective * score
    height = won @ np.log(at.right) + (effective - won) @ np.log(at.wrong) - grid**2 / 2
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    mean = float(weight @ grid)
    below = np.cumsum(weight) - weight / 2
    tail = (1 - level) / 2
    low, high = np.interp([tail, 1 - tail], below, grid).tolist()
    return around(mean, low, high)


def _places(fitted: ItemFit, items: Sequence[Hashable]) -> IntArray:
    known = {label: k for k, label in enumerate(fitted.items)}
    for label in items:
        if label not in known:
            raise ValueError(f"item {label!r} is not among the {len(known)} items fitted")
    return np.array([known[label] for label in items], dtype=np.int64)


def _chosen(fitted: ItemFit, places: IntArray) -> Curves:
    curves = fitted.curves
    return Curves(curves.log_slope[places], curves.difficulty[places], curves.floor[places])


def _worth(fitted: ItemFit, attempts: int) -> float:
    count = np.array([float(check_count(attempts, "attempts", 1))])
    return float(effective_attempts(count, fitted.icc)[0])


def _each(curves: Curves, theta: FloatArray, worth: float) -> FloatArray:
    """Information of each item at each ability, shape (J, Q)."""
    return np.asarray(worth * curves.slope[:, None] ** 2 * chances(curves, theta).weight)
