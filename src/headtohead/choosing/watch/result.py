"""What `h2h watch` gives."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from headtohead.choosing.shortlist.result import offer_json
from headtohead.choosing.watch.ahead import (
    MonthlyBill,
    PriceTurn,
    RetirementDay,
    bill_of,
    price_words,
    turn_words,
)
from headtohead.choosing.watch.changed import StackChange, StackPicture, state_text
from headtohead.choosing.watch.notices import Notice, calendar_text, feed_text
from headtohead.choosing.watch.stack import Stack, UsedModel, called
from headtohead.choosing.watch.successors import Successor, Successors
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation, Interval
from headtohead.evidence.words import seller_name
from headtohead.openness.result import terms_json
from headtohead.prices.in_force import ListPrice
from headtohead.publish.files import replace
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet
from headtohead.publish.words import listed, sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedModel:
    """One model of a stack and what is ahead of it.

    Attributes:
        model: Its id, or as lists print it where it is in no list of models.
        stood_for: The model of a name that stands for none any more; empty of others.
        seller: What the seller is called.
        retirements: The days on which its seller was said to retire it, the soonest first.
        elsewhere_retirements: Those of other sellers.
        retiring: Whether the first day is due: past, or in the window.
        price: None if none is known.
        successors: None unless it retires, or where nothing ranks models.
    """

    use: UsedModel
    model: str
    stood_for: str
    seller: str
    retirements: tuple[RetirementDay, ...]
    elsewhere_retirements: tuple[RetirementDay, ...]
    retiring: bool
    price: ListPrice | None
    turns: tuple[PriceTurn, ...]
    successors: Successors | None

    @property
    def called(self) -> str:
        """What it is called in a sentence."""
        return called(self.use, self.model)

    @property
    def bill(self) -> MonthlyBill | None:
        """A month at the price in force."""
        return bill_of(self.use, self.price)

    @property
    def bill_after(self) -> MonthlyBill | None:
        """A month after every change announced in the window; None if that is not known."""
        return bill_of(self.use, self.turns[-1].after if self.turns else self.price)

    def retirement_words(self, day: date) -> str:
        """When it retires, seen from a day, for a sentence without its full stop."""
        days = sorted({said.day for said in self.retirements})
        verb = "retires" if days[0] > day else "was to retire"
        what = f"{self.seller} {verb} {self.called} on"
        if len(days) == 1:
            return f"{what} {days[0]}"
        said = listed((str(one) for one in _one_a_day(self.retirements)), "or")
        return f"{what} one of {len(days)} days: {said}"


def _one_a_day(every: tuple[RetirementDay, ...]) -> Iterator[RetirementDay]:
    """For each day and seller's list the first statement."""
    seen = set()
    for said in every:
        if (said.day, said.channel) not in seen:
            seen.add((said.day, said.channel))
            yield said


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchResult(Result):
    """What becomes of a stack.

    Attributes:
        changes: Since `since`; None if there was nothing to compare with.
        first: Whether the file of the last run was not there yet.
        margin: In words; empty if nothing retires.
        level: Coverage of the scale's intervals.
        no_scale: Why no successor could be looked for; empty if it could.
        retirements_known_on: The day of the last statement on any model; None if there is none.
        picture: For the next run.
    """

    stack: Stack
    watched: tuple[WatchedModel, ...]
    changes: tuple[StackChange, ...] | None
    since: date | None
    first: bool
    days: int
    window: Period
    at: datetime
    as_of: date
    margin: str
    level: float
    scale_words: str
    no_scale: str
    retirements_known_on: date | None
    picture: StackPicture
    citations: tuple[Citation, ...]

    @property
    def bill_usd(self) -> float | None:
        """A month of every model whose tokens and price are known; None if of none."""
        return _total(one.bill for one in self.watched)

    @property
    def bill_after_usd(self) -> float | None:
        """The same after every change announced in the window; at today's price where one ends."""
        return _total(one.bill_after or one.bill for one in self.watched)

    @property
    def over_budget(self) -> bool:
        """Whether the bill, now or after the changes, is more than the budget."""
        most, bills = self.stack.budget_usd, (self.bill_usd, self.bill_after_usd)
        return most is not None and any(bill is not None and bill > most for bill in bills)

    @property
    def due(self) -> bool:
        """Whether something retires, changes or has changed, or the budget does not suffice."""
        ahead = any(one.retiring or one.turns for one in self.watched)
        return ahead or self.over_budget or bool(self.changes)

    @property
    def sheet(self) -> Sheet:
        """What is due, what has changed, what to take instead, the bill."""
        from headtohead.choosing.watch.sheet import watch_sheet

        return watch_sheet(self)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is due and what has changed, for calendars and feeds."""
        return (*self._ahead(), *self._news())

    def _ahead(self) -> Iterator[Notice]:
        for one in self.watched:
            if one.retiring:
                said = one.retirements[0]
                text = [f"{one.retirement_words(self.as_of)}.", *successor_lines(one, self.margin)]
                yield Notice(
                    about=f"{one.use.key} retires",
                    day=said.day,
                    title=f"{one.called} retires at {one.seller}",
                    text="\n".join(text),
                    known_on=max(other.known_on for other in one.retirements),
                    url=said.url,
                )
            for turn in one.turns:
                yield Notice(
                    about=f"{one.use.key} price {turn.at:%Y-%m-%dT%H:%M}",
                    day=turn.at.date(),
                    title=f"{one.called} at {one.seller} changes price",
                    text=sentence(f"{one.called}: {turn_words(turn)}"),
                    known_on=turn.known_on,
                    url=(turn.after or turn.before).row_url,
                )

    def _news(self) -> Iterator[Notice]:
        for change in self.changes or ():
            yield Notice(
                about=f"{change.model} {change.kind}",
                day=None,
                title=f"{change.model}: {change.kind} changed",
                text=change.says,
                known_on=change.known_on,
            )

    def to_calendar(self) -> str:
        """What is due, as an iCalendar file."""
        return calendar_text(f"Models of {self.stack.name}", self.notices)

    def to_feed(self) -> str:
        """What is due and what has changed, as an Atom feed."""
        return feed_text(f"Models of {self.stack.name}", self.notices, self.as_of)

    def keep(self, path: Path) -> None:
        """Write the file that the next run compares with, whole or not at all."""
        replace(path, state_text(self.picture).encode())

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h watch --json` prints."""
        results = [_watched_json(one) for one in self.watched]
        return envelope("watch", self.window, self.as_of, results, self.citations) | {
            "stack": self.stack.name,
            "at": self.at.isoformat(),
            "due": self.due,
            "margin": self.margin or None,
            "scale_level": self.level,
            "successors_missing": self.no_scale or None,
            "since": self.since and str(self.since),
            "first_run": self.first,
            "changes": None if self.changes is None else [_change(one) for one in self.changes],
            "budget_usd_per_month": self.stack.budget_usd,
            "bill_usd_per_month": self.bill_usd,
            "bill_after_usd_per_month": self.bill_after_usd,
            "over_budget": self.over_budget,
            "retirements_known_on": self.retirements_known_on and str(self.retirements_known_on),
        }


def _total(bills: Iterable[MonthlyBill | None]) -> float | None:
    known = [bill.usd for bill in bills if bill is not None]
    return sum(known) if known else None


def successor_lines(one: WatchedModel, margin: str) -> Iterator[str]:
    """What to take instead, a sentence a successor."""
    made = one.successors
    if made is None:
        return
    if made.renamed:
        yield f"{one.seller} sells the same model under the name {made.renamed}."
    if made.elsewhere:
        offers = [f"{o.name} (${o.usd_per_mtok:.3g} per million)" for o in made.elsewhere[:3]]
        yield f"The same model is sold by {listed(offers, 'or')}."
    for n, successor in enumerate(made.found, 1):
        offer = successor.offer
        parts = [f"{n}. {successor.model.record.name} at {offer.name}"]
        if successor.chance is not None:
            parts.append(f"{successor.chance:.0%} sure to be no worse by more than {margin}")
        if successor.cost_ratio is not None:
            parts.append(f"{successor.cost_ratio:.2g} times the price")
        if offer.retires:
            parts.append(f"retires on {offer.retires.day}")
        yield sentence(", ".join(parts))
    if not made.found:
        yield "No model satisfies every condition."


def _change(one: StackChange) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "name": one.model,
        "says": one.says,
        "known_on": str(one.known_on),
        "more_usd_per_month": one.month_usd,
    }


def _watched_json(one: WatchedModel) -> dict[str, Any]:
    use, price, made = one.use, one.price, one.successors
    return {
        "name": use.name,
        "model": one.model,
        "last_stood_for": one.stood_for or None,
        "seller": use.operator or (price.operator if price else None),
        "seller_name": one.seller,
        "channel": use.channel or None,
        "input_tokens_per_month": use.input_tokens,
        "cached_tokens_per_month": use.cached_tokens,
        "output_tokens_per_month": use.output_tokens,
        "retires_on": str(one.retirements[0].day) if one.retirements else None,
        "retiring": one.retiring,
        "days_stated": [_retirement(said) for said in one.retirements],
        "days_stated_elsewhere": [_retirement(said) for said in one.elsewhere_retirements],
        "price": price and _price(price),
        "price_changes": [
            {
                "at": turn.at.isoformat(),
                "says": turn_words(turn),
                "known_on": str(turn.known_on),
                "after": turn.after and _price(turn.after),
            }
            for turn in one.turns
        ],
        "bill_usd_per_month": one.bill and one.bill.usd,
        "bill_low_usd_per_month": one.bill and one.bill.low_usd,
        "bill_high_usd_per_month": one.bill and one.bill.high_usd,
        "bill_after_usd_per_month": one.bill_after and one.bill_after.usd,
        "successors": made and [_successor(s) for s in made.found],
        "same_model_named": (made and made.renamed) or None,
        "same_model_elsewhere": made and [offer_json(offer) for offer in made.elsewhere],
        "fitting_models_n": made and made.fitting_n,
        "may_fit_models_n": made and made.may_n,
        "left_out": made and [{"reason": r, "models_n": n} for r, n in made.left_out.items()],
        "models_n": made and made.models_n,
    }


def _retirement(said: RetirementDay) -> dict[str, Any]:
    return {
        "day": str(said.day),
        "seller": said.seller,
        "channel": said.channel,
        "model_name": said.printed,
        "known_on": str(said.known_on),
        "source_id": said.source_id,
        "url": said.url or None,
    }


def _price(price: ListPrice) -> dict[str, Any]:
    return {
        "says": price_words(price),
        **{f"{kind}_usd_per_mtok": usd for kind, usd in price.usd_per_mtok.items()},
        "seller_name": seller_name(price.provider),
        "since": str(price.since),
        "known_on": price.known_on and str(price.known_on),
        "source_id": price.source_id,
        "url": price.row_url or None,
    }


def _interval(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    low, high = finite(interval.low), finite(interval.high)
    return {"value": interval.value, "low": low, "high": high}


def _successor(one: Successor) -> dict[str, Any]:
    record, tests = one.model.record, one.tests
    return {
        "model": record.model,
        "name": record.name,
        "lab": record.lab,
        "lab_country": record.country,
        "chance_frac": one.chance,
        "difference": _interval(one.difference),
        "shared_tests": tests and list(tests.names),
        "shared_tests_difference_pp": _interval(tests.difference_pp) if tests else None,
        "cost_ratio": one.cost_ratio,
        "licence": terms_json(record.terms),
        "commercial": record.commercial,
        "weights": record.value("weights"),
        "context_tokens": one.model.context_tokens,
        **offer_json(one.offer),
    }
