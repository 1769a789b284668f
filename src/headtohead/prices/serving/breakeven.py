"""At what load own machines cost less than an API.

Machines are paid for whole and around the clock, in units that each hold so many chips, and as many
units run as the busiest hour needs. An API is paid for by the token. With U(m) units at m times the
load, own machines cost less where U(m) u + e <= m a: u is what a unit costs a day, e what is paid
whatever the load, a what the API asks for the load a day.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headtohead.core.estimate import Interval

_DAY_S = 86_400
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What is asked for on a mean day.

    Attributes:
        fresh: Input tokens that are in no cache.
        peak: Load of the busiest hour over that of the mean one.
        api_usd: What the API asks for it.
    """

    requests: float
    fresh: float
    cached: float
    output: float
    peak: float
    api_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningPoint:
    """Where own machines begin to cost less, if they are as fast and dear as in one case.

    Attributes:
        units: That the load as it is needs.
        own_usd: What those cost a day.
        carries: How many times the load one unit carries.
        first: How many times the load it takes; None if own machines cost more at any load.
        for_good: From where no larger load is cheaper at the API, as it may be where one more unit
            has just been added; None as above.
    """

    units: int
    own_usd: float
    carries: float
    first: float | None
    for_good: float | None


def turn(
    demand: Demand, chips: int, chip_s: float, unit_usd: float, extra_usd: float
) -> TurningPoint:
    """Where own machines begin to cost less.

    Args:
        chips: Of one unit.
        chip_s: Chip-seconds that the load of a day takes.
        unit_usd: What a unit costs a day.
        extra_usd: What is paid a day besides, however many units run.
    """
    carries = chips * _DAY_S / (chip_s * demand.peak)
    units = max(1, math.ceil(1 / carries - 1e-9))
    own = units * unit_usd + extra_usd
    # What a unit that is as full as the busiest hour allows saves over the API.
    saves = carries * demand.api_usd - unit_usd
    if saves < 0 or (saves == 0 and extra_usd) or not demand.api_usd:
        return TurningPoint(units=units, own_usd=own, carries=carries, first=None, for_good=None)

    def start(count: int) -> float:
        """The least load at which so many units cost less."""
        return max(
            (count * unit_usd + extra_usd) / demand.api_usd,
            (count - 1) * carries if count > 1 else 0,
        )

    first = start(max(1, math.ceil(extra_usd / saves - 1e-9)) if saves else 1)
    sure = start(max(1, math.ceil((unit_usd + extra_usd) / saves - 1e-9))) if saves else None
    return TurningPoint(units=units, own_usd=own, carries=carries, first=first, for_good=sure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """Own machines against an API, as expected and at both ends of what machines may do and cost.

    Attributes:
        best: If machines are as fast and as cheap as they may be; `worst` as slow and dear.
    """

    demand: Demand
    expected: TurningPoint
    best: TurningPoint
    worst: TurningPoint

    @property
    def cheaper(self) -> str:
        """At the load as it is: "own", "api", or "undecided" if the ends differ."""
        own = [one.own_usd <= self.demand.api_usd for one in (self.best, self.worst)]
        return "own" if all(own) else "undecided" if any(own) else "api"

    @property
    def own_usd(self) -> Interval:
        """What own machines cost a day."""
        return Interval(self.expected.own_usd, self.best.own_usd, self.worst.own_usd)


def weigh(
    demand: Demand, chips: int, chip_s: Interval, unit_usd: Interval, extra_usd: float = 0.0
) -> Weighed:
    """Own machines against an API; as `turn`, with intervals."""
    return Weighed(
        demand=demand,
        expected=turn(demand, chips, chip_s.value, unit_usd.value, extra_usd),
        best=turn(demand, chips, chip_s.low, unit_usd.low, extra_usd),
        worst=turn(demand, chips, chip_s.high, unit_usd.high, extra_usd),
    )


def peak_of(instants: Sequence[datetime], loads: Sequence[float]) -> float | None:
    """Load of the busiest hour over that of the mean one; None for less than a day."""
    first, last = min(instants), max(instants)
    if last - first < timedelta(days=1):
        return None
    hours = math.ceil((last - first) / _HOUR)
    bins = [0.0] * (hours + 1)
    for at, load in zip(instants, loads, strict=True):
        bins[int((at - first) / _HOUR)] += load
    return max(bins) / (sum(bins) / hours) if sum(bins) else 1.0


def hour_of_purchase(
    usd: float, years: float, overhead: float, power_w: float, usd_per_kwh: float
) -> float:
    """What an hour of a bought chip costs: its price and its server's over its life, and power.

    Args:
        overhead: Price of the whole server over that of its chips.
        power_w: That one chip draws, with its share of the server and of the cooling.
    """
    return usd * overhead / (years * 8766) + power_w / 1000 * usd_per_kwh
