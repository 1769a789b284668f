"""What two sides cost, and how long they took, on the items they share."""

from collections.abc import Callable, Sequence

import numpy as np

from headtohead.core.errors import InputError
from headtohead.core.interval import Interval
from headtohead.stats.inputs import BoolArray, FloatArray
from headtohead.trials.calls import Call
from headtohead.trials.comparing.pairing import Items, Pairs
from headtohead.trials.comparing.result import Money, Speed
from headtohead.trials.paired import cost_per_success_ratio, median_ratio
from headtohead.trials.rates import Rates, cost_usd

RatesOf = Callable[[str], Rates | None]
_FEWEST = 10  # items with a latency, below which medians say little
_ROUNDS = (500, 2000)  # of the bootstrap, fewest and most
_CELLS = 5_000_000  # items times rounds; intervals of many items are narrow with fewer rounds too


def money(
    pairs: Pairs,
    models: tuple[str, str],
    rng: np.random.Generator,
    *,
    level: float,
    rates: RatesOf | None = None,
    clusters: Sequence[str] | None = None,
) -> tuple[Money | None, str]:
    """What both sides cost on the items that have a cost on both, and why there is nothing to tell.

    A side's costs are those of its file; where it has none, its tokens at list prices.

    Args:
        pairs: The items.
        models: A's and B's model, for the prices.
        rng: Source of randomness.
        level: Coverage of the ratio.
        rates: List prices of a model; None to use the files' costs alone.
        clusters: The cluster of each item, or None.

    Raises:
        InputError: If the tokens of a call contradict each other.
    """
    of_a, basis_a = _costs(pairs.a, models[0], rates)
    of_b, basis_b = _costs(pairs.b, models[1], rates)
    both = ~np.isnan(of_a) & ~np.isnan(of_b)
    if not both.any():
        who = [m or "?" for m, c in zip(models, (of_a, of_b), strict=True) if np.isnan(c).all()]
        return None, f"no cost is known of {' and '.join(who)}" if who else "no item has both costs"
    cost_a, cost_b = of_a[both], of_b[both]
    won_a, won_b = pairs.a.scores[both], pairs.b.scores[both]
    ratio = _ratio((cost_a, won_a, cost_b, won_b), rng, level, _of(clusters, both))
    return (
        Money(
            a_usd=float(cost_a.mean()),
            b_usd=float(cost_b.mean()),
            a_usd_per_success=float(cost_a.sum() / won_a.sum()) if won_a.sum() > 0 else None,
            b_usd_per_success=float(cost_b.sum() / won_b.sum()) if won_b.sum() > 0 else None,
            ratio=ratio,
            items=int(both.sum()),
            basis=basis_a if basis_a == basis_b else f"A: {basis_a}; B: {basis_b}",
        ),
        "",
    )


def speed(
    pairs: Pairs,
    rng: np.random.Generator,
    *,
    level: float,
    clusters: Sequence[str] | None = None,
) -> Speed | None:
    """The median latency of both sides, and B's over A's; None with too few items.

    Args:
        pairs: The items.
        rng: Source of randomness.
        level: Coverage of the ratio.
        clusters: The cluster of each item, or None.
    """
    of_a, of_b = (_latencies(items) for items in (pairs.a, pairs.b))
    both = ~np.isnan(of_a) & ~np.isnan(of_b)
    n = int(both.sum())
    if n < _FEWEST:
        return None
    first, second = of_a[both], of_b[both]
    middle_a, middle_b = float(np.median(first)), float(np.median(second))
    if min(first.min(), second.min()) <= 0:
        return None
    ratio = median_ratio(
        first, second, rng, clusters=_of(clusters, both), level=level, rounds=_rounds(n)
    )
    return Speed(a_seconds=middle_a, b_seconds=middle_b, ratio=ratio, items=n)


def _ratio(
    figures: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    rng: np.random.Generator,
    level: float,
    clusters: Sequence[str] | None,
) -> Interval | None:
    cost_a, won_a, _, won_b = figures
    if min(won_a.min(), won_b.min()) < 0 or cost_a.sum() == 0 or won_a.sum() + won_b.sum() == 0:
        return None
    return cost_per_success_ratio(
        *figures, rng, clusters=clusters, level=level, rounds=_rounds(cost_a.size)
    )


def _rounds(items: int) -> int:
    return min(_ROUNDS[1], max(_ROUNDS[0], _CELLS // items))


def _of(clusters: Sequence[str] | None, kept: BoolArray) -> list[str] | None:
    if clusters is None:
        return None
    return [name for name, keep in zip(clusters, kept.tolist(), strict=True) if keep]


def _costs(items: Items, model: str, rates: RatesOf | None) -> tuple[FloatArray, str]:
    """Mean cost of a try at each item, NaN where unknown, and where the costs come from."""
    told = np.array([_mean([call.cost_usd for call in calls]) for calls in items.calls])
    if not np.isnan(told).all():
        return told, "costs as the file tells them"
    priced = rates(model) if rates else None
    if priced is None:
        return told, "unknown"

    def cost(call: Call) -> float | None:
        try:
            return cost_usd(call.usage, priced) if call.usage else None
        except ValueError as error:
            where = f" ({call.where})" if call.where else ""
            raise InputError(f"Item {call.key!r} of {model}{where}: {error}.") from None

    made = np.array([_mean([cost(call) for call in calls]) for calls in items.calls])
    return made, "tokens of the file at list prices"


def _latencies(items: Items) -> FloatArray:
    return np.array([_mean([call.latency_s for call in calls]) for calls in items.calls])


def _mean(values: Sequence[float | None]) -> float:
    """The mean, NaN if any is unknown: a failed try without a cost was not free."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else float("nan")
