"""Sample sizes for a margin, from assumptions or from a pilot."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from headtohead.core.errors import InputError
from headtohead.trials.comparing.pairing import PairedItems
from headtohead.trials.power import (
    Assumed,
    PilotFigure,
    SampleSize,
    discordance_from_pilot,
    likeness_from_pilot,
    sd_from_pilot,
)
from headtohead.trials.words import Kind

_SHARES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """How much to measure.

    Attributes:
        guess: What a pilot said of the spread; None without one.
        as_seen: The plan if the spread is just what the pilot saw; None without one.
        curve: Items -> power, around the plan.
        least_margin: The smallest margin that `items` would show; None unless items were given.
        usd: Cost of the sample by model, the sum last ("both", "all 3"); empty without prices.
    """

    assumed: Assumed
    plan: SampleSize
    guess: PilotFigure | None
    as_seen: SampleSize | None
    curve: Mapping[int, float]
    least_margin: float | None
    items: int | None
    usd: Mapping[str, float]
    basis: str


def plan(
    assumed: Assumed,
    *,
    guess: PilotFigure | None = None,
    items: int | None = None,
    usd_per_call: Mapping[str, float] | None = None,
    basis: str = "",
) -> Planned:
    """The sample size that the assumptions ask for.

    Args:
        assumed: With the careful figure of a pilot in `spread`, if there was one.
        items: Items at hand, to learn the smallest margin they would show.

    Raises:
        InputError: If the assumptions allow no plan.
    """
    try:
        size = assumed.size()
        seen = replace(assumed, spread=guess.value).size() if guess else None
        pairs = {max(2, round(size.pairs_n * share)) for share in _SHARES}
        curve = {n: assumed.power_with(n) for n in sorted(pairs)}
    except ValueError as error:
        raise InputError(f"These assumptions allow no plan: {error}.") from None
    except OverflowError:
        raise InputError(
            "These assumptions allow no plan: no number of items is large enough. Check `margin`, "
            "`sd` and `difference`, which are in one unit."
        ) from None
    least = None
    if items is not None:
        if items < 2:
            raise InputError(f"{items} items show nothing. Give two or more.")
        alike = 1 + (assumed.repeats - 1) * assumed.icc
        least = assumed.least_margin(max(2, round(items * assumed.repeats / alike)))
    costs = {who: size.calls_n * usd for who, usd in (usd_per_call or {}).items()}
    if len(costs) > 1:
        costs["both" if len(costs) == 2 else f"all {len(costs)}"] = sum(costs.values())
    return Planned(
        assumed=assumed,
        plan=size,
        guess=guess,
        as_seen=seen,
        curve=curve,
        least_margin=least,
        items=items,
        usd=costs,
        basis=basis,
    )


def from_pilot(pairs: PairedItems, confidence: float = 0.8) -> tuple[Kind, PilotFigure, float]:
    """Kind of outcome, its spread and how alike repeats are, from a small comparison.

    The careful figure is large enough with `confidence`, inside (0.5, 1).

    Raises:
        InputError: If the pilot says nothing of the spread.
    """
    a, b = pairs.a.scores, pairs.b.scores
    try:
        if pairs.a.repeats.max() == 1 and np.all(np.isin(np.concatenate([a, b]), (0, 1))):
            spread = discordance_from_pilot(
                int((b > a).sum()), int((a > b).sum()), a.size, confidence
            )
            return "binary", spread, 0.0
        # B minus A of each repeat that both sides have a score for, and its item.
        rows, owners = [], []
        for key, first, second in zip(pairs.a.keys, pairs.a.calls, pairs.b.calls, strict=True):
            for one, two in zip(first, second, strict=False):
                if one.score is not None and two.score is not None:
                    rows.append(two.score - one.score)
                    owners.append(key)
        return "graded", sd_from_pilot(rows, confidence), likeness_from_pilot(rows, owners)
    except ValueError as error:
        raise InputError(f"The pilot is too small or too even: {error}.") from None
