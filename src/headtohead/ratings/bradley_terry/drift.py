"""Drift: how ratings moved between windows of time, against the models present throughout."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headtohead.core.estimate import Interval
from headtohead.ratings.bradley_terry.fit import Fit
from headtohead.ratings.bradley_terry.intervals import joint_width
from headtohead.stats.inputs import FloatArray, check_level
from headtohead.stats.intervals import around, normal_quantile

_STEP = 1e-4  # of a tie parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How one model moved between the first and the last window it is in.

    In logits as `drift` gives it, of the scale on which a tie is half a win, whatever the treatment
    of ties; in points in a `RankResult`.

    Attributes:
        first: The first window it is in.
        change: Last minus first, holding for it alone.
        joint: The same, holding for all models together.
    """

    model: str
    first: str
    last: str
    change: Interval
    joint: Interval


def drift(
    windows: Sequence[tuple[str, Fit, FloatArray]], rng: np.random.Generator, *, level: float = 0.95
) -> tuple[Move, ...]:
    """How every model in two windows or more moved, largest change first.

    Strengths of a window are measured from the models that are in all windows, weighted by all
    their votes: a pool that gets stronger would otherwise look like everyone else getting weaker.
    If these models themselves improve, the others seem to decline. Where ties have a parameter it
    sets how long a logit is, and each window has its own: strengths are turned to the scale of half
    wins first.

    Windows are name, fit, and covariance of its parameters, in the order of time; votes of
    different windows are independent.

    Raises:
        ValueError: If there are fewer than two windows, a window is not connected, or no model with
            a bounded strength is in all of them.
    """
    if len(windows) < 2:
        raise ValueError("drift needs two windows or more")
    for name, fitted, _ in windows:
        if not fitted.connectivity.connected:
            raise ValueError(f"the window {name} falls into parts that never met")
    common = _common(windows)
    models, changes, covariance, spans = _changes(windows, common)
    if not models:
        return ()
    errors = np.sqrt(np.maximum(0.0, np.diag(covariance)))
    z = normal_quantile(0.5 + check_level(level) / 2)
    wide = max(z, joint_width(covariance, rng, level=level)) if errors.any() else z
    result = [
        Move(
            model=model,
            first=windows[spans[i][0]][0],
            last=windows[spans[i][1]][0],
            change=around(changes[i], changes[i] - z * errors[i], changes[i] + z * errors[i]),
            joint=around(changes[i], changes[i] - wide * errors[i], changes[i] + wide * errors[i]),
        )
        for i, model in enumerate(models)
    ]
    return tuple(sorted(result, key=lambda d: (-abs(d.change.value), d.model)))


def _common(windows: Sequence[tuple[str, Fit, FloatArray]]) -> dict[str, float]:
    """The models that are in every window with a bounded strength, and their share of votes."""
    shared: set[str] | None = None
    votes: dict[str, float] = {}
    for _, fitted, _ in windows:
        bounded = ~fitted.connectivity.unbounded
        names = {m for m, ok in zip(fitted.counts.models, bounded, strict=True) if ok}
        shared = names if shared is None else shared & names
        for name, n in zip(fitted.counts.models, fitted.counts.battles.tolist(), strict=True):
            votes[name] = votes.get(name, 0.0) + n
    if not shared:
        raise ValueError("no model is in every window, so nothing holds the windows together")
    total = sum(votes[name] for name in shared)
    return {name: votes[name] / total for name in sorted(shared)}


def _changes(
    windows: Sequence[tuple[str, Fit, FloatArray]], common: dict[str, float]
) -> tuple[list[str], FloatArray, FloatArray, list[tuple[int, int]]]:
    """Models in two windows or more: their change, its covariance, first and last window."""
    seen: dict[str, list[int]] = {}
    for number, (_, fitted, _) in enumerate(windows):
        bounded = ~fitted.connectivity.unbounded
        for name, ok in zip(fitted.counts.models, bounded, strict=True):
            if ok:
                seen.setdefault(name, []).append(number)
    models = sorted(name for name, result in seen.items() if len(result) > 1)
    spans = [(seen[name][0], seen[name][-1]) for name in models]
    changes = np.zeros(len(models))
    covariance = np.zeros((len(models), len(models)))
    for number, (_, fitted, cov) in enumerate(windows):
        use = [i for i, span in enumerate(spans) if number in span]
        if use:
            # What this window adds to the change of each model that starts or ends here.
            place = {name: i for i, name in enumerate(fitted.counts.models)}
            turn = np.zeros((len(use), len(place)))
            for name, share in common.items():
                turn[:, place[name]] = -share
            turn[np.arange(len(use)), [place[models[i]] for i in use]] += 1.0
            turn[[spans[i][1] != number for i in use]] *= -1.0
            scaled, own = _scaled(fitted, cov)
            changes[use] += turn @ scaled
            covariance[np.ix_(use, use)] += turn @ own @ turn.T
    return models, changes, covariance, spans


def _scaled(fitted: Fit, covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Strengths on the scale of half wins, and their covariance.

    The length of a logit follows the tie parameter, so its error moves them too (delta method).
    """
    m = len(fitted.counts.models)
    if fitted.tie is None:
        return fitted.strength, covariance[:m, :m]
    slope = fitted.link.score_slope
    steeper = (slope(fitted.tie + _STEP) - slope(fitted.tie - _STEP)) / (2 * _STEP)
    turn = np.column_stack([np.eye(m) * slope(fitted.tie), fitted.strength * steeper])
    own = np.asarray(turn @ covariance[: m + 1, : m + 1] @ turn.T, dtype=np.float64)
    return fitted.strength * slope(fitted.tie), own
