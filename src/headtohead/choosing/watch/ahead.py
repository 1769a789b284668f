"""What is ahead of a model at its seller: the days it may go, the prices announced, the bill."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import polars as pl

from headtohead.choosing.watch.stack import UsedModel
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import publisher
from headtohead.evidence.words import seller_name
from headtohead.logs.calls import Usage
from headtohead.prices.in_force import INPUT_SHARE, Course, ListPrice, price_in_force
from headtohead.prices.rates import Rates, cost_usd

_MAKER, _CHEAPEST = "maker", "cheapest"


@dataclass(frozen=True, slots=True, order=True)
class RetirementDay:
    """One day on which a seller was said to retire a model.

    Attributes:
        seller: Its id, or the source's word.
        printed: What the source calls the model.
        channel: What the source calls the seller.
        known_on: The day it was stated.
    """

    day: date
    seller: str
    printed: str
    channel: str
    known_on: date
    source_id: str
    url: str

    def __str__(self) -> str:
        return f"{self.day} by {self.said_by}"

    @property
    def said_by(self) -> str:
        """Who states it, as which of the seller's lists, and when, for a sentence."""
        which = self.channel.replace("_", " ").replace("-", " ")
        who = publisher(self.source_id).partition(",")[0]
        as_which = f", as {which}," if which != who.lower() else ""
        return f"{who}{as_which} stated {self.known_on}"


@dataclass(frozen=True, slots=True)
class PriceTurn:
    """A change of price that was announced.

    Attributes:
        at: Its first moment.
        after: None if the price ends and what follows is not known.
    """

    at: datetime
    before: ListPrice
    after: ListPrice | None

    @property
    def known_on(self) -> date:
        """The day it was announced."""
        price = self.after or self.before
        return price.known_on or price.since


@dataclass(frozen=True, slots=True)
class MonthlyBill:
    """What the stated tokens cost a month, at the usual price and over all hours.

    Attributes:
        low_usd: If all calls fell in the cheapest hours; `high_usd`: in the dearest.
    """

    usd: float
    low_usd: float
    high_usd: float


def retirement_days(
    facts: Facts, use: UsedModel, model: str, lab: str | None, as_of: date
) -> tuple[tuple[RetirementDay, ...], tuple[RetirementDay, ...]]:
    """The days stated for a model at its seller, and at others; the soonest first.

    Args:
        model: Its id, or as lists print it.
        lab: Its maker, who is the seller where the team names none.
    """
    rows = facts.frame("retirements", as_of).drop_nulls("retires_on")
    word = pl.col("model_name").str.split("/").list.last()
    mine = (pl.col("model_id") == model) | (word == use.name.rpartition("/")[2])
    columns = ("retires_on", "provider", "model_name", "known_on", "source_id", "row_url")
    seller = use.operator or lab
    own: list[RetirementDay] = []
    others: list[RetirementDay] = []
    for day, provider, printed, known_on, source, url in (
        rows.filter(mine.fill_null(value=False)).select(columns).iter_rows()
    ):
        known = facts.names.operator(provider)
        who = known.id if known else provider
        said = RetirementDay(day, who, printed, provider, known_on, source, url or "")
        (own if who == seller else others).append(said)
    return tuple(sorted(own)), tuple(sorted(others))


class StackPrices:
    """The prices of a stack's models at an instant and after it.

    Args:
        as_of: The day of our knowledge.
    """

    def __init__(self, facts: Facts, at: datetime, as_of: date) -> None:
        rows = facts.frame("prices", as_of, used_on=min(at.date(), as_of))
        # A seller that is in no list of ours goes by the word of its price list.
        self._rows = rows.with_columns(pl.coalesce("operator", "provider").alias("operator"))
        self.at = at

    def now(self, use: UsedModel, model: str) -> ListPrice | None:
        """The price in force at the seller; without one named, the maker's or else the cheapest."""
        rules = [use.operator] if use.operator else [_MAKER, _CHEAPEST]
        found = (self._of(use, model, self.at, rule) for rule in rules)
        return next((price for price in found if price), None)

    def turns(
        self, use: UsedModel, model: str, price: ListPrice, until: date
    ) -> tuple[PriceTurn, ...]:
        """The changes after the instant that were announced, up to the end of a day."""
        rule = use.operator or price.operator or _MAKER
        end = datetime.combine(until, time.max, UTC)
        turns, before = [], price
        for turn in Course(self._rows, model).turns(rule):
            if self.at < turn <= end:
                after = self._of(use, model, turn, rule)
                if after and _only_left(before, after, turn.date()):
                    after = None
                if after is None or _differ(before, after):
                    turns.append(PriceTurn(turn, before, after))
                if after is None:
                    break
                before = after
        return tuple(turns)

    def _of(self, use: UsedModel, model: str, at: datetime, rule: str) -> ListPrice | None:
        for channel in dict.fromkeys((use.channel, "")):
            price = price_in_force(self._rows, model, at, rule=rule, channel=channel, by_hour=False)
            if price:
                return price
        return None


def _only_left(before: ListPrice, after: ListPrice, day: date) -> bool:
    """Whether another list's price is left where the surer one ends: it does not begin there."""
    return after.usd_per_mtok != before.usd_per_mtok and after.since < day


def _differ(a: ListPrice, b: ListPrice) -> bool:
    def said(price: ListPrice) -> object:
        bands = [
            (band.name, band.hours and band.hours.text, band.over_tokens, band.usd_per_mtok)
            for band in price.bands
        ]
        return price.usd_per_mtok, bands

    return said(a) != said(b)


def bill_of(use: UsedModel, price: ListPrice | None) -> MonthlyBill | None:
    """What a model's tokens cost a month; None if its tokens or its price are not known.

    Long prompts are not counted, since a stack does not say how long its prompts are.
    """
    if price is None or use.input_tokens is None:
        return None
    if not use.input_tokens and not use.output_tokens:
        return MonthlyBill(0.0, 0.0, 0.0)
    usual = tokens_usd(use, price.usd_per_mtok)
    hourly = [tokens_usd(use, price.usd_per_mtok | b.usd_per_mtok) for b in price.bands if b.hours]
    return MonthlyBill(usual, min([usual, *hourly]), max([usual, *hourly]))


def tokens_usd(use: UsedModel, usd_per_mtok: Mapping[str, float]) -> float:
    """What a month's tokens cost in US dollars; a million of the usual mix if none are stated."""
    into, out = use.input_tokens, use.output_tokens
    if not into and not out:
        into, out = 1e6 * INPUT_SHARE, 1e6 * (1 - INPUT_SHARE)
    usage = Usage(
        input_tokens=round(into or 0),
        cache_read_tokens=round(use.cached_tokens),
        output_tokens=round(out or 0),
    )
    return cost_usd(usage, Rates.per_mtok(usd_per_mtok))


def price_words(price: ListPrice) -> str:
    """A price for a sentence, with its hours."""
    usd = price.usd_per_mtok
    cached = f", ${usd['cache_read']:g} cached" if "cache_read" in usd else ""
    hours = "".join(f"; {band}" for band in price.bands if band.hours)
    return f"${usd['input']:g} in{cached}, ${usd['output']:g} out{hours}"


def turn_words(turn: PriceTurn) -> str:
    """A change of price, for a sentence without its full stop."""
    when = f"{turn.at:%Y-%m-%d}" + (f" {turn.at:%H:%M} UTC" if turn.at.time() != time() else "")
    seller = seller_name(turn.before.provider)
    if turn.after is None:
        return f"on {when} its price at {seller} ends; what follows is not known"
    both = (turn.before, turn.after)
    before, after = (p.usd_per_mtok["input"] + p.usd_per_mtok["output"] for p in both)
    how = "rises" if after > before else "falls" if after < before else "changes"
    said = f"{price_words(turn.before)} to {price_words(turn.after)}"
    return f"on {when} its price at {seller} {how} from {said} per million tokens"
