"""How well training uses its chips: the band of utilisation, from runs with known chip-hours.

Chip-hours are 6 x active parameters x tokens / (peak x utilisation). The peak is that of dense
16-bit arithmetic whatever the run used, so a run in 8 bits may exceed what is usual; of models
with experts only the parameters that a token uses count.

References:
    Kaplan, J. et al. (2020). Scaling laws for neural language models. arXiv:2001.08361 (6 N D).
    Chowdhery, A. et al. (2022). PaLM. arXiv:2204.02311, appendix B (model FLOPs utilisation).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from headtohead.core.estimate import Interval

LEVEL = 0.8


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run of which both the size and the chip-hours are known.

    Attributes:
        tflop_per_s: Dense 16-bit peak of its chip.
    """

    model: str
    active_b: float
    flop: float
    chip_hours: float
    tflop_per_s: float

    @property
    def utilisation(self) -> float:
        """The share of the peak that it reached."""
        return self.flop / (self.chip_hours * 3600 * self.tflop_per_s * 1e12)


def flop_of(active_b: float, tokens: float) -> float:
    """Compute of a run: 6 FLOP a token and active parameter."""
    return 6 * active_b * 1e9 * tokens


def band(runs: Sequence[KnownRun], active_b: float | None = None, level: float = LEVEL) -> Interval:
    """The utilisation of one more run, and its prediction interval; 0 to 1.

    Large models use chips better: the logarithm of the utilisation is a line in that of the active
    parameters, fitted by least squares, with Student's t for a new run. Where they are not known it
    is the mean of all runs.

    Raises:
        ValueError: If fewer than four runs are known.

    References:
        Draper, N. R., Smith, H. (1998). Applied regression analysis, 3rd ed., section 3.1.
    """
    from scipy.stats import t

    n, used = len(runs), 1 if active_b is None else 2
    if n < 4:
        raise ValueError(f"{n} runs tell no band")
    y = [math.log(run.utilisation) for run in runs]
    x = [math.log(run.active_b) for run in runs]
    middle, mean = sum(x) / n, sum(y) / n
    spread = sum((v - middle) ** 2 for v in x)
    slope, away = 0.0, 0.0
    if active_b is not None:
        slope = sum((v - middle) * w for v, w in zip(x, y, strict=True)) / spread
        away = math.log(active_b) - middle
    left = (w - mean - slope * (v - middle) for v, w in zip(x, y, strict=True))
    variance = sum(e * e for e in left) / (n - used)
    half = float(t.ppf(0.5 + level / 2, n - used)) * math.sqrt(
        variance * (1 + 1 / n + (away * away / spread if used == 2 else 0.0))
    )
    at = mean + slope * away
    return Interval(*(min(1.0, math.exp(at + d)) for d in (0.0, -half, half)))


def hours_of(flop: float, tflop_per_s: float, utilisation: Interval) -> Interval:
    """Chip-hours of so much compute at a utilisation."""
    at_peak = flop / (tflop_per_s * 1e12) / 3600
    return Interval(
        at_peak / utilisation.value, at_peak / utilisation.high, at_peak / utilisation.low
    )


def left_out(runs: Sequence[KnownRun], level: float = LEVEL) -> tuple[int, float]:
    """How the band does on runs it has not seen, each left out in turn.

    Returns:
        How many intervals hold the chip-hours, and the median absolute error of the hours (a
        share).
    """
    held, errors = 0, []
    for run in runs:
        rest = [other for other in runs if other is not run]
        hours = hours_of(run.flop, run.tflop_per_s, band(rest, run.active_b, level))
        held += hours.low <= run.chip_hours <= hours.high
        errors.append(abs(hours.value / run.chip_hours - 1))
    errors.sort()
    return held, errors[len(errors) // 2]
