"""A log priced call by call, each at its own minute, against what it was billed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import NamedTuple

import polars as pl
from msgspec.structs import replace

from headtohead.logs.calls import Call, Usage
from headtohead.prices.at_calls import Prices
from headtohead.prices.in_force import last_spells, of_model
from headtohead.prices.listing.audit import WrongPrice
from headtohead.prices.rates import Rates, cost_usd

NO_DAY = date.min
_NO_TOKENS = "tells no tokens"
_NO_MODEL = "names no model"


@dataclass(slots=True)
class Spent:
    """What calls cost.

    Attributes:
        calls_n: All of them.
        priced_n: Those whose price is known.
        cost_usd: Of those, at the prices in force.
        billed_n: Those of the priced ones for which the log says a cost.
        billed_usd: What it says.
        billed_cost_usd: What these cost at the prices in force.
    """

    calls_n: int = 0
    priced_n: int = 0
    cost_usd: float = 0.0
    billed_n: int = 0
    billed_usd: float = 0.0
    billed_cost_usd: float = 0.0

    @property
    def difference_usd(self) -> float | None:
        """How much more was billed than the prices in force say; None without a bill."""
        return self.billed_usd - self.billed_cost_usd if self.billed_n else None

    def add(self, cost: float | None, billed: float | None, n: int = 1) -> None:
        """Count one call, or `n` that cost and were billed as much together."""
        self.calls_n += n
        if cost is None:
            return
        self.priced_n += n
        self.cost_usd += cost
        if billed is not None:
            self.billed_n += n
            self.billed_usd += billed
            self.billed_cost_usd += cost


@dataclass(frozen=True, slots=True)
class Billed:
    """A log with its costs.

    Attributes:
        by_day: Model, in the log's word, and day -> what its calls cost; `NO_DAY` for calls that
            tell no time.
        unpriced: Model and reason -> how many calls have no price.
        dropped: Reason -> records of the log that are no calls.
        tokens: Model that was meant and day -> tokens of its calls.
    """

    by_day: Mapping[tuple[str, date], Spent]
    unpriced: Mapping[tuple[str, str], int]
    dropped: Mapping[str, int]
    tokens: Mapping[tuple[str, date], Usage] = field(default_factory=dict)

    @property
    def by_model(self) -> dict[str, Spent]:
        """What the calls of each model cost, the dearest first."""
        sums: dict[str, Spent] = {}
        for (model, _), one in self.by_day.items():
            sums[model] = added(sums.get(model, Spent()), one)
        return dict(sorted(sums.items(), key=lambda item: (-item[1].cost_usd, item[0])))

    @property
    def total(self) -> Spent:
        """What all calls cost."""
        total = Spent()
        for one in self.by_day.values():
            total = added(total, one)
        return total

    @property
    def days(self) -> list[date]:
        """The days of its calls, without those that tell none."""
        return sorted({day for _, day in self.by_day} - {NO_DAY})


def added(a: Spent, b: Spent) -> Spent:
    """Two sums as one."""
    return Spent(*(getattr(a, name) + getattr(b, name) for name in Spent.__slots__))


class Alike(NamedTuple):
    """Calls of one model whose tokens cost the same, as one.

    Attributes:
        call: Stands for each of them: its model, a time and a prompt as theirs.
        n: How many they are.
        usage: The tokens of all of them; None if they tell none.
        billed_usd: What the log says they cost together; None if it says nothing.
    """

    call: Call
    n: int
    usage: Usage | None
    billed_usd: float | None


class Pricing:
    """Prices calls, those of a batch at the seller's price of batches.

    Args:
        prices: As known on its day; a call that tells no time takes the usual price of that day.
        operator: Who ran the endpoint; the models' makers if empty.
    """

    def __init__(self, prices: Prices, *, operator: str = "", batch: bool = False) -> None:
        self.prices, self._operator, self._batch = prices, operator, batch
        self._rates: dict[tuple[str, date], Rates | None] = {}
        self.notes: dict[str, None] = {}

    def cost(self, alike: Alike) -> tuple[float | None, str]:
        """What calls cost, or why that is not known."""
        call = alike.call
        model = call.model.strip()
        if not model:
            return None, _NO_MODEL
        if call.from_cache:
            return 0.0, ""
        if alike.usage is None or call.usage is None:
            return None, _NO_TOKENS
        rates = self._in_batch(model, call) if self._batch else None
        rates = rates or self.prices.rates_at(model, call, operator=self._operator, n=alike.n)
        if rates is None:
            return None, "is in no price list of its day"
        if rates.over:  # the length of one prompt decides, not that of all
            rates = replace(rates.of(call.usage.input_tokens), over=())
        try:
            return cost_usd(alike.usage, rates), ""
        except ValueError as error:
            return None, f"has impossible counts ({error})"

    def _in_batch(self, model: str, call: Call) -> Rates | None:
        """The seller's price of batches on the day of a call; None where no list has one."""
        at = call.instant or datetime.combine(self.prices.day, time(12), UTC)
        key = model, at.date()
        if key not in self._rates:
            price = self.prices.in_force(model, at, self._operator)
            usd: dict[str, float] = {}
            if price:
                rows = self.prices.frame(at.date())
                of_seller = pl.coalesce("operator", "provider") == (
                    price.operator or price.provider
                )
                batch = rows.filter(
                    of_model(rows, price.model) & of_seller & (pl.col("tier") == "batch")
                )
                said = last_spells(batch, at).sort("doubt", "written", descending=[True, False])
                usd = dict(said.select("token_kind", "price_usd_per_mtok").iter_rows())
            whole = {"input", "output"} <= usd.keys()
            self._rates[key] = Rates.per_mtok(usd) if whole else None
            if price and not whole:
                self.notes[f"{model}: no list has its price of batches; the usual one is taken"] = (
                    None
                )
        return self._rates[key]


def priced(
    calls: Iterable[Call | Alike], pricing: Pricing, *, dropped: Mapping[str, int] = {}
) -> Billed:
    """Every call at the price in force at its own minute.

    Args:
        dropped: Complete when the calls have been read.
    """
    prices = pricing.prices
    by_day: dict[tuple[str, date], Spent] = {}
    tokens: dict[tuple[str, date], Usage] = {}
    unpriced = Counter[tuple[str, str]]()
    meant: dict[tuple[str, date], str] = {}
    for one in calls:
        alike = one if isinstance(one, Alike) else Alike(one, 1, one.usage, one.cost_usd)
        at = alike.call.instant
        day = at.date() if at else NO_DAY
        model = alike.call.model.strip()
        cost, reason = pricing.cost(alike)
        if reason:
            unpriced[model or "(no name)", reason] += alike.n
        key = (model or "(no name)", day)
        if key not in by_day:
            by_day[key] = Spent()
        by_day[key].add(cost, alike.billed_usd, alike.n)
        if cost is None or alike.usage is None:
            continue
        if key not in meant:
            on = day if at else prices.day
            meant[key] = prices.facts.names.resolve(model, on=on).model or model
        whole = (meant[key], day if at else prices.day)
        tokens[whole] = _sum(tokens.get(whole), alike.usage)
    return Billed(by_day, dict(unpriced), dict(dropped), tokens)


def _sum(a: Usage | None, b: Usage) -> Usage:
    if a is None:
        return b
    return Usage(
        input_tokens=a.input_tokens + b.input_tokens,
        cache_read_tokens=a.cache_read_tokens + b.cache_read_tokens,
        cache_write_tokens=a.cache_write_tokens + b.cache_write_tokens,
        output_tokens=a.output_tokens + b.output_tokens,
        reasoning_tokens=a.reasoning_tokens + b.reasoning_tokens,
    )


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a wrong price makes of a log.

    Attributes:
        wrong_usd: What its calls would cost at the wrong price.
        right_usd: What they cost at the right one.
    """

    wrong: WrongPrice
    wrong_usd: float
    right_usd: float


def consequences(found: Sequence[WrongPrice], log: Billed) -> list[Consequence]:
    """What each wrong price of which the right one is known costs on a log, the most first.

    Tokens from and to caches count as input, since quotes are of input and output alone.
    """
    costs = []
    for wrong in found:
        used = None
        for (model, day), usage in log.tokens.items():
            if (
                model == wrong.model
                and wrong.since <= day
                and (wrong.until is None or day < wrong.until)
            ):
                used = _sum(used, usage)
        if used is None or wrong.right is None:
            continue
        plain = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)
        usd = [
            cost_usd(plain, Rates(input_usd_per_mtok=a, output_usd_per_mtok=b))
            for a, b in (wrong.usd, wrong.right)
        ]
        costs.append(Consequence(wrong, *usd))
    return sorted(costs, key=lambda c: -abs(c.wrong_usd - c.right_usd))
