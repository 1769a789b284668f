"""What "often" and "as a rule" mean of many pairs: their median, never the best of them.

The models of such a sentence are examples of more ("Qwen and similar models"), so that which ones
were listed belongs to the interval, and one that was listed and has no number may be anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Ask, ScopeWord
from headtohead.evidence.picking import estimate
from headtohead.names.names import called
from headtohead.stats.inputs import FloatArray, IntArray

STATISTIC = ScopeWord(
    "text",
    "each: one number a pair; median: the median of all pairs.",
    "each",
    ("each", "median"),
)
_DRAWS = 2000
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class NamedPair:
    """How many times a dear model costs what a cheap one does, and their names in the sentence."""

    dear: str
    cheap: str
    times: Estimate


def without(
    pairs: Sequence[NamedPair], dear: Sequence[str], cheap: Sequence[str]
) -> tuple[str, ...]:
    """Those of the models named, cheap ones first, that no pair has, as a reader calls them."""
    known = {pair.dear for pair in pairs}, {pair.cheap for pair in pairs}
    lost = [name for name in cheap if name not in known[1]]
    lost += [name for name in dear if name not in known[0]]
    return tuple(map(called, dict.fromkeys(lost)))


def median_of(
    ask: Ask,
    pairs: Sequence[NamedPair],
    dear: Sequence[str],
    cheap: Sequence[str],
    rows: pl.DataFrame,
    what: str,
) -> Estimate:
    """The median over all pairs of two lists of models as one estimate.

    Its interval is that of models drawn anew from both lists, with every pair at its low and at its
    high end. A pair without a number lies below all others for the low end and above them for the
    high one, as an unknown member of a share is taken for none and for all.

    Args:
        dear: Every model on that side of the sentence, with a number or without; so is `cheap`.
        rows: Every row behind the pairs.
        what: What a pair is, for a reader ("cost per solved task").

    References:
        Owen, A. B. (2007). The pigeonhole bootstrap. Annals of Applied Statistics 1, 386-411.
        doi:10.1214/07-AOAS122
        Manski, C. F. (1989). Anatomy of the selection problem. Journal of Human Resources
        24, 343-360. doi:10.2307/145818
    """
    found = {(pair.dear, pair.cheap) for pair in pairs}
    lacking = [names for names in product(dear, cheap) if names not in found]
    cells = [(pair.dear, pair.cheap) for pair in pairs] + lacking
    value = float(np.median([pair.times.value for pair in pairs]))
    sizes = len(dear), len(cheap)
    drawn = ask.rng.integers(0, np.repeat(sizes, sizes), (_DRAWS, sum(sizes)))
    times = np.ones((_DRAWS, len(cells)), dtype=np.int64)
    for side, part in enumerate(np.split(drawn, sizes[:1], axis=1)):
        names = list((dear, cheap)[side])
        # How often each model was drawn, and so each of its pairs.
        counts = (part[:, :, None] == np.arange(len(names))).sum(axis=1)
        times *= counts[:, [names.index(cell[side]) for cell in cells]]
    tail = (1 - _LEVEL) / 2
    lows = [pair.times.low for pair in pairs] + [-np.inf] * len(lacking)
    highs = [pair.times.high for pair in pairs] + [np.inf] * len(lacking)
    low = float(np.quantile(_row_medians(lows, times), tail, method="lower"))
    high = float(np.quantile(_row_medians(highs, times), 1 - tail, method="higher"))
    named = len(found) + len(lacking)
    return estimate(
        ask,
        rows,
        label=f"median {what}",
        interval=Interval(value, min(low, value), max(high, value)),
        unit=pairs[0].times.unit,
        level=_LEVEL,
        method=f"median over {len(pairs)} pairs, models of both lists drawn anew"
        + f"; {len(lacking)} pairs without a number at both extremes" * bool(lacking),
        n=len(pairs),
        n_of="pairs" if not lacking else f"pairs of the {named} named",
    )


def _row_medians(values: Sequence[float], times: IntArray) -> FloatArray:
    """The median of the values, each as often as a row of `times` says, for every row."""
    order = np.argsort(values)
    up_to = np.cumsum(times[:, order], axis=1)
    places = ((up_to > (up_to[:, -1:] - odd) // 2).argmax(axis=1) for odd in (1, 0))
    return np.asarray(sum(np.take(values, order)[place] for place in places) / 2)
