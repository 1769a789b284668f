"""The price of each logged call: which model its name meant, and what was in force then."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import TYPE_CHECKING

from headtohead.core.dates import Day, day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation
from headtohead.core.units import counted
from headtohead.prices.rates import Rates

if TYPE_CHECKING:
    import polars as pl

    from headtohead.evidence.store import Store
    from headtohead.logs.calls import Call
    from headtohead.names.names import Resolution
    from headtohead.prices.in_force import Band, Course, ListPrice

    _Ask = tuple[str, str, str, Resolution]  # rule, word, channel, what the name means there

LONG_TOKENS = 128_000  # sellers ask more above this, or above 200,000 or 272,000


@dataclass(frozen=True, slots=True)
class _Given:
    """What a call is priced by.

    Attributes:
        says: What the notes count, and whether this call is one of those.
        lacks_long: Whether no list has its price of long prompts.
    """

    rates: Rates | None
    says: tuple[tuple[str, bool], ...] = ()
    lacks_long: bool = False


class Prices:
    """List prices of models on a day, which is also the day of knowledge, and at logged calls.

    Args:
        only: Names of models; if given, no others will be asked for, and less is read.
    """

    def __init__(
        self, day: date, store: "Store | None" = None, *, only: tuple[str, ...] = ()
    ) -> None:
        from headtohead.evidence.facts import Facts

        self.day = day
        self.used: dict[str, ListPrice] = {}
        self._lost: dict[str, str] = {}
        self._asks: dict[tuple[str, date, str], list[_Ask]] = {}
        self._turns: dict[str, list[date]] = {}
        self._courses: dict[tuple[str, int], Course] = {}
        self._whole: dict[tuple[str, date, str], bool] = {}
        # What calls of a day are given where the minute does not matter.
        self._steady: dict[tuple[str, str, bool, date | None], _Given] = {}
        self._calls, self._said = Counter[str](), Counter[tuple[str, str]]()
        self.facts = Facts(store)
        meant = [self.facts.names.meant(word) for word in only]
        self._only = tuple(m for models in meant for m in models) if all(meant) else ()

    def rates(self, model: str, *, operator: str = "", input_tokens: int = 0) -> Rates | None:
        """What the tokens of a model, in the user's own word, are multiplied by.

        The price is that of the operator asked for; if none is known, the maker's own; and else
        the cheapest seller's. None if no list has the model. A note says if the prompt, of so
        many input tokens, is long and no list has a price of long prompts.
        """
        price = self.in_force(model, self.day, operator)
        if price and _lacks_long(price, input_tokens):
            self._lost[f"{model} long"] = (
                f"{model}: no list known on {self.day} has a price of prompts over "
                f"{LONG_TOKENS:,} tokens; the usual price is taken, which may be too low"
            )
        return rates_of(price) if price else None

    def dearest(self, model: str, *, operator: str = "") -> Rates | None:
        """The most that tokens cost on the day at whatever hour, which a note then says."""
        price = self.in_force(model, self.day, operator)
        hourly = [band.usd_per_mtok for band in price.bands if band.hours] if price else []
        if not price or not hourly:
            return rates_of(price) if price else None
        kinds = {kind for usd in (price.usd_per_mtok, *hourly) for kind in usd}
        all_hours = (price.usd_per_mtok, *(price.usd_per_mtok | usd for usd in hourly))
        most = {kind: max(usd[kind] for usd in all_hours if kind in usd) for kind in kinds}
        self._lost[f"{model} hours"] = (
            f"{model}: its price goes by the hour; the ceiling and what is spent of it count the "
            f"dearest hours, ${most['input']:g} in, ${most['output']:g} out per million tokens"
        )
        return rates_of(replace(price, usd_per_mtok=most))

    def rates_at(
        self,
        model: str,
        call: "Call",
        *,
        operator: str = "",
        on_its_day: bool = True,
        n: int = 1,
    ) -> Rates | None:
        """The same at the instant of a logged call, which is counted for the notes `n` times.

        A call that tells no time of day takes the day's price. Without `on_its_day` the call
        counts as made again on the day, at its hour.
        """
        at = call.instant
        key = model, operator, on_its_day, at.date() if at else None
        given = self._steady.get(key)
        if given is None:
            given = self._given(model, at, operator, on_its_day)
            if at is None or self.steady(model, at.date(), operator):
                self._steady[key] = given
        if given.rates is None:
            return None
        for what, counts in given.says:
            self._said[model, what] += n if counts else 0
        if given.lacks_long and call.usage and call.usage.input_tokens > LONG_TOKENS:
            what = f"have over {LONG_TOKENS:,} tokens of input and take the usual price"
            self._said[model, f"{what}, as no list has one for long prompts"] += n
        self._calls[model] += n
        return given.rates

    def _given(self, model: str, at: datetime | None, operator: str, on_its_day: bool) -> "_Given":
        """What a call at an instant is priced by."""
        says: list[tuple[str, bool]] = []
        price = self.in_force(model, self.day, operator)
        if at and on_its_day and at.date() <= self.day:
            then = self.in_force(model, at, operator)
            if then and price and then.usd_per_mtok != price.usd_per_mtok:
                says.append((f"were made when another price was in force: {then}", True))
            price = then or price
        if price is None:
            return _Given(None)
        hourly = [band for band in price.bands if band.hours]
        held = next((b for b in hourly if at and b.hours and b.hours.holds(at)), None)
        says += [(f"fell in the hours of another price: {band}", band is held) for band in hourly]
        if hourly and at is None:
            usual = price.band or "usual"
            says.append((f"tell no time of day and take the {usual} price", True))
        lacks_long = _lacks_long(price, LONG_TOKENS + 1)
        return _Given(rates_of(price, held), tuple(says), lacks_long)

    def steady(self, model: str, on: date, operator: str) -> bool:
        """Whether all calls of a model on a day have one price, whatever their minute."""
        key = model, on, operator
        if key not in self._whole:
            start = datetime.combine(on, time(), UTC)
            end, price = start + timedelta(days=1), None
            for ask in self._asked(*key):
                if any(start < turn < end for turn in self.course(ask[1], on).turns(ask[0])):
                    self._whole[key] = False
                    return False
                if price := self._listed(ask, model, start):
                    break
            prices = filter(None, (price, self.in_force(model, self.day, operator)))
            self._whole[key] = not any(band.hours for each in prices for band in each.bands)
        return self._whole[key]

    def _asked(self, model: str, on: date, operator: str) -> "list[_Ask]":
        if (model, on, operator) not in self._asks:
            self._asks[model, on, operator] = list(self.asked(model, on, operator))
        return self._asks[model, on, operator]

    def in_force(self, model: str, at: date | datetime, operator: str) -> "ListPrice | None":
        """The price at an instant, or at the end of a day."""
        on = at.date() if isinstance(at, datetime) else at
        for rule, word, channel, meaning in self._asked(model, on, operator):
            price = self._listed((rule, word, channel, meaning), model, at)
            if price is None:
                continue
            if isinstance(at, datetime) and model in self.used:
                return price
            self.used[model] = price
            if rule == "cheapest":
                from headtohead.evidence.words import seller_name

                self._lost[model] = (
                    f"{model}: its maker has no price in force on that day; this is the "
                    f"price of {seller_name(price.provider)}, its cheapest credible seller"
                )
            if channel != meaning.channel:
                self._lost[model] = (
                    f"{model}: no list has a price of it as {meaning.channel}; this is the "
                    "price of its usual endpoint"
                )
            return price
        return None

    def _listed(self, ask: "_Ask", model: str, at: date | datetime) -> "ListPrice | None":
        rule, word, channel, meaning = ask
        on = at.date() if isinstance(at, datetime) else at
        moved = on if meaning.rule.startswith("alias:") else None
        return self.course(word, on).at(
            at, rule=rule, channel=channel, word=model, name=model, moved_on=moved
        )

    def asked(self, model: str, on: date, operator: str) -> Iterator["_Ask"]:
        """The rule, word and channel to look for on a day, one after the other."""
        plain = self._means(model, None, on)
        # A name may mean another model at its maker's than elsewhere.
        wishes = [(operator, operator), ("maker", plain.lab), ("cheapest", None)]
        for with_channel, (rule, seller) in product((True, False), wishes):
            meaning = self._means(model, seller, on)
            if not rule or (with_channel and not meaning.channel):
                continue
            for word in dict.fromkeys((meaning.model or model, model, model.rpartition("/")[2])):
                yield rule, word, meaning.channel if with_channel else "", meaning

    def course(self, word: str, on: date) -> "Course":
        """The prices of a model or word, read once for all days on which the same words mean it."""
        from headtohead.prices.in_force import Course

        if word not in self._turns:
            self._turns[word] = self.facts.names.turns(word)
        key = word, bisect_right(self._turns[word], on)
        if key not in self._courses:
            self._courses[key] = Course(self.frame(on), word)
        return self._courses[key]

    def frame(self, on: date) -> "pl.DataFrame":
        """The rows of prices, with the names as they are read on a day."""
        return self.facts.frame("prices", self.day, used_on=on, models=self._only)

    def _means(self, model: str, seller: str | None, on: date) -> "Resolution":
        """What a name stands for on a day, at a seller."""
        return self.facts.names.resolve(model, on=on, provider=seller or None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a careful reader has to know of the prices given out."""
        said = [note for price in self.used.values() for note in price.notes]
        said += [
            f"{model}: {n:,} of {counted(self._calls[model], 'priced call')} {what}"
            for (model, what), n in self._said.items()
        ]
        return tuple(dict.fromkeys([*self._lost.values(), *said]))

    @property
    def call_notes(self) -> tuple[str, ...]:
        """Of the notes those on calls that were priced otherwise than at their own minute."""
        said = [
            f"{model}: {n:,} of {counted(self._calls[model], 'priced call')} {what}"
            for (model, what), n in self._said.items()
            if n and what.startswith(("tell no", "have over"))
        ]
        return tuple(dict.fromkeys([*self._lost.values(), *said]))

    def citations(self) -> tuple[Citation, ...]:
        """The lists behind every price given out, and those that their notes name."""
        given = [price for course in self._courses.values() for price in course.given]
        ids = {i for price in given for i in (price.source_id, *price.other_source_ids)}
        return self.facts.citations(sorted(ids), self.day)


def prices_on(as_of: Day | None, store: "Store | None") -> Prices:
    """List prices of a day that has to be given: there is no clock here.

    Raises:
        InputError: If it is not.
    """
    if as_of is None:
        raise InputError("Prices are dated: say `as_of`, the day they should hold on.")
    return Prices(day(as_of, "as_of"), store)


def _lacks_long(price: "ListPrice", input_tokens: int) -> bool:
    """Whether a prompt is so long that sellers ask more, and no list says what this one asks."""
    known = any(band.over_tokens and "input" in band.usd_per_mtok for band in price.bands)
    return input_tokens > LONG_TOKENS and not known


def rates_of(price: "ListPrice", hourly: "Band | None" = None) -> Rates:
    """A list price, or that of some hours, as what tokens are multiplied by, long prompts too."""
    usual = price.usd_per_mtok | (hourly.usd_per_mtok if hourly else {})
    prices = {
        band.over_tokens: Rates.per_mtok(usual | band.usd_per_mtok)
        for band in price.bands
        if band.over_tokens
    }
    return Rates.per_mtok(usual, over=tuple(prices.items()))
