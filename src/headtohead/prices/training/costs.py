"""What a run cost by each method, with what lay between the cheapest and the dearest quote."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.units import show
from headtohead.prices.training.hardware_cost import (
    DISCOUNTS,
    NEAR_DAYS,
    NETWORK_SHARE,
    ChipQuote,
    cloud_price,
    energy_per_hour,
    hardware_per_hour,
    kind_of,
    purchases,
    three_year,
    worn,
)
from headtohead.prices.training.runs import RunEvidence, TrainingRun
from headtohead.prices.training.scopes import SCOPES, CostScope
from headtohead.prices.training.utilisation import LEVEL
from headtohead.stats.intervals import around
from headtohead.stats.intervals import ratio as ratio_of_intervals

_PRICED = ("epoch_chip_prices", "epoch_hardware", "us_producer_prices")
_ACQUIRED_BEFORE = timedelta(days=60)  # the start of training


@dataclass(frozen=True, slots=True)
class TrainingCost:
    """A cost of one run by one method.

    Attributes:
        level: Of the interval: 0.8 where hours come from the compute, 1 (from the cheapest quote
            to the dearest) where they are known.
        dollars: Of which month, in words.
        steps: (what, how much), in order.
        quotes_n: Prices that the interval spans.
        source_ids: Whose prices and chips they are.
    """

    run: TrainingRun
    scope: CostScope
    usd: Interval
    level: float
    dollars: str
    steps: tuple[tuple[str, str], ...]
    quotes_n: int
    source_ids: tuple[str, ...] = _PRICED

    @property
    def ends(self) -> str:
        """What its interval goes by, in a word or two."""
        if self.usd.low == self.usd.high:
            return "no range"
        if self.scope.method == "final-run":
            return "80% of runs" if self.level < 1 else "rounding"
        return "80% of runs, quotes" if self.level < 1 else "quotes"

    @property
    def one_sided(self) -> str:
        """Which end of several quotes counts, "dearest" or "cheapest"; empty if none is an end."""
        if self.quotes_n < 2 or self.level < 1:
            return ""
        near = 1e-3  # beside rounded hours
        if self.usd.high <= self.usd.value * (1 + near):
            return "dearest"
        return "cheapest" if self.usd.low >= self.usd.value * (1 - near) else ""


def cost(evidence: RunEvidence, run: TrainingRun, method: str) -> TrainingCost:
    """The cost of a run by a method of `SCOPES`.

    Raises:
        InputError: If something it needs is not known.
    """
    return _METHODS[method](evidence, run)


def ratio(a: TrainingCost, b: TrainingCost) -> Interval:
    """B over A: two costs of one scope, taken to err independently (MOVER-R).

    Raises:
        InputError: If they are of different scope.
    """
    if a.scope != b.scope:
        raise InputError(
            f"These are costs of different scope, which no ratio can join: of {a.run.model} "
            f"{a.scope.counts}; of {b.run.model} {b.scope.counts}. Choose one `method`."
        )
    found = ratio_of_intervals(a.usd, b.usd)
    return around(found.value, found.low, found.high)


def _hours(run: TrainingRun) -> Interval:
    if run.hours is None:
        lacks = "compute" if run.chip else "chips that trained it"
        raise InputError(
            f"Of {run.model} neither the chip-hours nor the {lacks} are known. Give `chip`, or "
            "`chip_hours`."
        )
    return run.hours


def _joined(hours: Interval, price: Interval) -> Interval:
    """Hours times price, whose relative distances add in squares."""
    value = hours.value * price.value
    down = math.hypot(_log(hours.value, hours.low), _log(price.value, price.low))
    up = math.hypot(_log(hours.high, hours.value), _log(price.high, price.value))
    return Interval(value, value * math.exp(-down), value * math.exp(up))


def _log(upper: float, lower: float) -> float:
    return math.log(upper / lower)


def _spread(value: float, others: Sequence[float]) -> Interval:
    return Interval(value, min(value, *others, value), max(value, *others, value))


def _in_dollars(evidence: RunEvidence, run: TrainingRun, usd: Interval) -> tuple[Interval, str]:
    """A cost in dollars of the last month whose price level is known, and which."""
    index = evidence.index(run.published_on)
    if index is None:
        return usd, f"of {run.published_on:%B %Y}"
    level, month = index
    return usd.rescaled(1 / level), f"of {month:%B %Y}"


def _made(
    evidence: RunEvidence,
    run: TrainingRun,
    method: str,
    usd: Interval,
    steps: Sequence[tuple[str, str]],
    quotes_n: int,
) -> TrainingCost:
    in_dollars, dollars = _in_dollars(evidence, run, usd)
    hours = run.hours if method != "acquisition" else None
    said = [("chip-hours", f"{show(hours.value, 'hours')}, {run.hours_from}")] if hours else []
    return TrainingCost(
        run=run,
        scope=SCOPES[method],
        usd=in_dollars,
        level=LEVEL if run.by_band and hours else 1.0,
        dollars=dollars,
        steps=(*said, *steps, ("in dollars", dollars)),
        quotes_n=quotes_n,
    )


def _bought(evidence: RunEvidence, run: TrainingRun) -> list[tuple[float, date]]:
    """What its chips cost with their part of a server until it began; the first counts.

    Where nobody quoted them so early, all quotes count.
    """
    if run.chip is None:
        raise InputError(
            f"The chips that trained {run.model} are not known, or are of several kinds."
        )
    found = purchases(run.chip, evidence.quotes)
    if not found:
        raise InputError(f"No price of the {run.chip.kind} to buy is known.")
    return [(usd, day) for usd, day in found if day <= run.started_on] or found


def _amortised(evidence: RunEvidence, run: TrainingRun) -> TrainingCost:
    hours, found = _hours(run), _bought(evidence, run)
    assert run.chip is not None
    energy = energy_per_hour(run.chip, run.organisation, run.published_on.year)
    if energy is None:
        raise InputError(f"The power of the {run.chip.name} is not known.")
    usd, since = found[0]
    value = worn(usd, since, run.started_on)
    left = [worn(price, day, run.started_on) for price, day in found]
    hourly = _spread(value, left).rescaled(hardware_per_hour(1.0), energy)
    steps = (
        (f"{run.chip.kind} with its part of a server", f"{show(usd, 'usd')} from {since}"),
        (f"left of that at the start, {run.started_on}", show(value, "usd")),
        ("wear of it and the network", f"${hardware_per_hour(value):.3f} an hour"),
        ("energy", f"${energy:.3f} an hour"),
    )
    return _made(evidence, run, "amortised", _joined(hours, hourly), steps, len(found))


def _acquisition(evidence: RunEvidence, run: TrainingRun) -> TrainingCost:
    found = _bought(evidence, run)
    assert run.chip is not None
    if run.chips_n is None:
        raise InputError(f"How many chips trained {run.model} is not known.")
    usd, since = found[0]
    price = _spread(usd, [price for price, _ in found])
    steps = (
        ("chips", f"{run.chips_n:,} {run.chip.kind}"),
        ("one with its part of a server", f"{show(usd, 'usd')} from {since}"),
        ("network", f"{NETWORK_SHARE:.0%} of the cluster"),
    )
    whole = price.rescaled(run.chips_n / (1 - NETWORK_SHARE))
    return _made(evidence, run, "acquisition", whole, steps, len(found))


def _cloud(evidence: RunEvidence, run: TrainingRun, method: str = "cloud") -> TrainingCost:
    hours = _hours(run)
    if run.chip is None:
        raise InputError(
            f"The chips that trained {run.model} are not known, or are of several kinds."
        )
    on = run.started_on - _ACQUIRED_BEFORE
    priced = cloud_price(run.chip, evidence.quotes, on, run.organisation)
    if priced is None:
        raise InputError(
            f"No rental price of the {run.chip.kind} is known. Give `usd_per_chip_hour`."
        )
    quote, hourly = priced
    near = _near(evidence.quotes, run.chip.kind, on)
    others = [three_year(q) if q.vendor in DISCOUNTS else q.usd for q in near]
    price = _spread(hourly, others)
    seller = f"{run.chip.kind} at {quote.vendor}, {_CONTRACTS[quote.contract]}"
    span = f"quotes: ${price.low:.2f} to ${price.high:.2f}"
    steps = (
        (seller, f"${quote.usd:.2f} an hour on {quote.on}"),
        ("as a three-year contract", f"${hourly:.2f} an hour ({span})"),
    )
    return _made(evidence, run, method, _joined(hours, price), steps, len({quote, *near}))


_CONTRACTS = {"three_years": "three years", "one_year": "one year", "on_demand": "on demand"}


def _near(quotes: Sequence[ChipQuote], kind: str, on: date) -> list[ChipQuote]:
    """The rental quotes of a kind of chip within a year of a day."""
    return [
        q
        for q in quotes
        if q.contract != "purchase"
        and kind_of(q.chip) == kind
        and abs((q.on - on).days) <= NEAR_DAYS
    ]


def _flops(evidence: RunEvidence, run: TrainingRun) -> TrainingCost:
    told = evidence.from_compute(run)
    if told.hours is None:
        raise InputError(f"The compute or the chips of {run.model} are not known.")
    made = _cloud(evidence, told, "flops")
    band = told.utilisation
    assert told.flop is not None
    assert band is not None
    share = f"{band.value:.0%} of the peak ({band.low:.0%} to {band.high:.0%})"
    steps = (("compute", f"{told.flop:.3g} FLOP"), ("utilisation", share), *made.steps)
    return TrainingCost(told, made.scope, made.usd, made.level, made.dollars, steps, made.quotes_n)


def _final_run(evidence: RunEvidence, run: TrainingRun) -> TrainingCost:
    hours = _hours(run)
    if run.stated_usd is None:
        raise InputError(
            f"The lab of {run.model} states no rental price of a chip-hour. Give "
            "`usd_per_chip_hour`, or use `method='cloud'`."
        )
    steps = (
        ("chip-hours", f"{show(hours.value, 'hours')}, {run.hours_from}"),
        ("price assumed", f"${run.stated_usd:.2f} an hour"),
    )
    return TrainingCost(
        run=run,
        scope=SCOPES["final-run"],
        usd=hours.rescaled(run.stated_usd),
        level=LEVEL if run.by_band else 1.0,
        dollars=f"of {run.published_on:%B %Y}",
        steps=steps,
        quotes_n=1,
        source_ids=("deepseek_v3_report",),
    )


_METHODS: dict[str, Callable[[RunEvidence, TrainingRun], TrainingCost]] = {
    "amortised": _amortised,
    "cloud": _cloud,
    "acquisition": _acquisition,
    "final-run": _final_run,
    "flops": _flops,
}
