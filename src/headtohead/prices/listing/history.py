"""The steps of a price: what a name cost at one seller from day to day, and where nobody knows."""

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from headtohead.core.units import ratio_words
from headtohead.evidence.facts import Facts
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import KINDS, Course, ListPrice, in_force

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

    def at(turn: datetime) -> ListPrice | None:
        sold = _means_something(prices, name, turn.date())
        return prices.in_force(name, turn, operator) if sold else None

    return _steps((turn, at(turn)) for turn in sorted(_turns(prices, name, operator)))


def _steps(held: Iterable[tuple[datetime, ListPrice | None]]) -> tuple[PriceStep, ...]:
    """The steps of what was in force at some moments, the oldest first."""
    steps: list[PriceStep] = []
    for turn, price in held:
        if steps and _same(steps[-1].price, price):
            continue
        if steps:
            steps[-1] = PriceStep(steps[-1].since, turn, steps[-1].price)
        if steps or price:
            steps.append(PriceStep(turn, None, price))
    return tuple(steps)


def histories(
    facts: Facts, day: date, models: tuple[str, ...] = ()
) -> dict[str, tuple[PriceStep, ...]]:
    """As `history`, of models whose names never moved: all at once in a tenth of the time.

    Args:
        day: The day of knowledge.
        models: Ids; all models if empty.

    Returns:
        Model -> its steps; without models that nobody ever sold.
    """
    rows = facts.frame("prices", day, models=models)
    words = rows.select("source_id", "valid_from").unique()
    if models:
        rows = rows.filter(pl.col("model_id").is_in(models))
    moving = [i for i in rows["model_id"].unique().drop_nulls() if facts.names.turns(i)]
    rows = rows.filter(pl.col("model_id").is_not_null() & ~pl.col("model_id").is_in(moving))
    own = rows.filter(pl.col("operator") == pl.col("lab"))
    found = _at_each(own, _moments(own, day), "maker", words)
    # Others count where the maker sells it not yet, or no longer.
    turns = {model: sorted(prices) for model, prices in found.items()}
    others = [
        (model, at)
        for model, at in _moments(rows, day)
        if not (place := bisect_right(turns.get(model, ()), at))
        or found[model][turns[model][place - 1]] is None
    ]
    for model, prices in _at_each(rows, others, "cheapest", words).items():
        found[model] = prices | {at: price for at, price in found[model].items() if price}
    made = {model: _steps(sorted(prices.items())) for model, prices in found.items()}
    return {model: steps for model, steps in made.items() if steps}


def _moments(rows: pl.DataFrame, day: date) -> list[tuple[str, datetime]]:
    """Every model with every moment at which a price of it began or ended, in order of time."""
    both = [
        pl.coalesce(f"{end}_at", pl.col(end).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        for end in ("valid_from", "valid_to")
    ]
    found = pl.concat([rows.select("model_id", at=end) for end in both]).drop_nulls().unique()
    latest = datetime.combine(day, time.max, UTC)
    return found.filter(pl.col("at") <= latest).sort("at", "model_id").rows()


def _at_each(
    rows: pl.DataFrame, asked: list[tuple[str, datetime]], rule: str, words: pl.DataFrame
) -> dict[str, dict[datetime, ListPrice | None]]:
    """The price of some models at some moments; those of one moment are worked out together."""
    found: dict[str, dict[datetime, ListPrice | None]] = defaultdict(dict)
    for at, several in groupby(asked, key=itemgetter(1)):
        models = [model for model, _ in several]
        mine = rows.filter(pl.col("model_id").is_in(models))
        prices = in_force(mine, at, rule=rule, words=words, word=None, noted=False)
        held = {row["model_id"]: _usual(row) for row in prices.iter_rows(named=True)}
        for model in models:
            found[model][at] = held.get(model)
    return found


def _usual(row: dict[str, Any]) -> ListPrice:
    """A row of `in_force` as a price, without those of some hours and of long prompts."""
    usd = {kind: row[f"{kind}_usd_per_mtok"] for kind in KINDS}
    kept = ("provider", "rule", "basis", "source_id", "known_on", "at_least")
    return ListPrice(
        **{name: row[name] for name in kept},
        model=row["model_id"],
        name=row["model_name"],
        operator=row["operator"] or "",
        usd_per_mtok={k: x for k, x in usd.items() if x or k in ("input", "output")},
        band="",
        since=row["valid_from"],
        row_url=row["row_url"] or "",
    )


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
    if math.isclose(old, usd, rel_tol=0.0005):
        return f"{said}, as a year before"
    times = max(old, usd) / min(old, usd) if old else 0.0
    if not times:
        return f"{said}; a year before it was free"
    than = "less" if usd < old else "more"
    return f"{said}, {ratio_words(times)} times {than} than a year before"
