"""The steps of a price: what a name cost at one seller from day to day, and where nobody knows."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import Course, ListPrice

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One price and how long it held.

    Attributes:
        since: Its first moment in UTC.
        until: Its end; None if it is still in force.
        price: None where no list known has one.
    """

    since: datetime
    until: datetime | None
    price: ListPrice | None

    def holds(self, at: datetime) -> bool:
        """Whether the step covers a moment."""
        return self.since <= at and (self.until is None or at < self.until)


def history(prices: Prices, name: str, *, operator: str = "") -> tuple[PriceStep, ...]:
    """Every price of a name at its maker, or at another seller, oldest first.

    A name that moves from model to model has the price of each model in its time. Prices of some
    hours do not count as steps, and a model without a price of its maker has its cheapest seller's.
    """
    steps: list[PriceStep] = []
    for turn in sorted(_turns(prices, name, operator)):
        sold = _means_something(prices, name, turn.date())
        price = prices.in_force(name, turn, operator) if sold else None
        if steps and _same(steps[-1].price, price):
            continue
        if steps:
            steps[-1] = PriceStep(steps[-1].since, turn, steps[-1].price)
        if steps or price:
            steps.append(PriceStep(turn, None, price))
    return tuple(steps)


def _means_something(prices: Prices, name: str, on: date) -> bool:
    """Whether a name stands for a model on a day, or never moved."""
    names = prices.facts.names
    meaning = names.resolve(name, on=on, provider=names.resolve(name, on=on).lab)
    return meaning.status != "unmatched" or not meaning.rule.startswith("alias:")


def _turns(prices: Prices, name: str, operator: str) -> set[datetime]:
    """Every moment up to the day of knowledge at which the price may have changed."""
    starts = [date.min, *prices.facts.names.turns(name)]
    turns: set[datetime] = set()
    for start, end in zip(starts, [*starts[1:], date.max], strict=True):
        on = min(max(start, date(2020, 1, 1)), prices.day)
        if start > prices.day:
            break
        first, last = (datetime.combine(day, time(), UTC) for day in (on, end))
        turns.add(first)
        for rule, word, _, _ in prices.asked(name, on, operator):
            course: Course = prices.course(word, on)
            turns |= {t for t in course.turns(rule) if first <= t < last}
    latest = datetime.combine(prices.day, time.max, UTC)
    return {t for t in turns if t <= latest}


def _same(a: ListPrice | None, b: ListPrice | None) -> bool:
    if a is None or b is None:
        return a is b
    pair = ("input", "output", "cache_read")
    return a.provider == b.provider and all(
        a.usd_per_mtok.get(k) == b.usd_per_mtok.get(k) for k in pair
    )


def at_step(steps: tuple[PriceStep, ...], at: datetime) -> PriceStep | None:
    """The step in force at a moment; None before the first."""
    return next((step for step in steps if step.holds(at)), None)


def finding(steps: tuple[PriceStep, ...], at: datetime, name: str, seller: str) -> str:
    """What happened to the price of input within a year, as a sentence without its full stop."""
    now, before = at_step(steps, at), at_step(steps, at - _YEAR)
    if now is None or now.price is None:
        return f"No list known has a price of {name} on {at.date()}"
    usd = now.price.usd_per_mtok["input"]
    said = f"{seller} sold a million input tokens of {name} for ${usd:g} on {at.date()}"
    if before is None or before.price is None or not usd:
        return f"{said}; what it cost a year before is not known"
    old = before.price.usd_per_mtok["input"]
    if old == usd:
        return f"{said}, as a year before"
    times = max(old, usd) / min(old, usd) if old else 0.0
    if not times:
        return f"{said}; a year before it was free"
    return f"{said}, {times:.1f} times {'less' if usd < old else 'more'} than a year before"
