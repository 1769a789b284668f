"""What the verbs about users' own trials share: results, margins, files as sources, prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Day, day
from headtohead.core.errors import InputError
from headtohead.core.estimate import Citation, Interval
from headtohead.files.opening import digest
from headtohead.publish.machine import envelope, figure_json
from headtohead.publish.result import Result
from headtohead.publish.sheet import DataTable, Sheet, TableColumn
from headtohead.trials.rates import Rates

if TYPE_CHECKING:
    from headtohead.evidence.store import Store
    from headtohead.names.names import Resolution
    from headtohead.prices.in_force import ListPrice


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrialResult(Result):
    """What `compare`, `plan` and `switch` give.

    Attributes:
        details: Every number, as objects of the verb's own.
        sheet: The report of it, for every way to print.
        results: What `--json` lists.
    """

    details: Any
    sheet: Sheet
    results: Sequence[Mapping[str, Any]]

    def asked_with(self, command: str) -> "TrialResult":
        """The result, with the command that makes it again."""
        return replace(self, sheet=replace(self.sheet, command=command))

    def table(self) -> DataTable:
        """The main figure if the sheet names one; else a row an estimate, as in `results`."""
        if self.sheet.main:
            return self.sheet.table
        names = dict.fromkeys(
            name
            for row in self.results
            for name, cell in row.items()
            if not isinstance(cell, Mapping)
        )
        rows = [
            tuple(
                ", ".join(map(str, cell)) if isinstance(cell := row.get(name), list) else cell
                for name in names
            )
            for row in self.results
        ]
        columns = [TableColumn(name, name.replace("_", " ")) for name in names]
        return DataTable(tuple(columns), tuple(rows))

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        head = envelope(self.sheet.verb, None, self.sheet.as_of, self.results, self.sheet.sources)
        return head | {
            "verdict": self.sheet.answer,
            "word": self.sheet.word,
            "sentence": self.sheet.sentence,
            "notes": list(self.sheet.notes),
            "sections": [figure_json(figure) for figure in self.sheet.figures],
        }


class Prices:
    """List prices of models on one day, which is also the day of knowledge."""

    def __init__(self, day: date, store: "Store | None" = None) -> None:
        from headtohead.evidence.facts import Facts

        self.day = day
        self.used: dict[str, ListPrice] = {}
        self._lost: dict[str, str] = {}
        self.facts = Facts(store)

    def rates(self, model: str, *, operator: str = "") -> Rates | None:
        """What the tokens of a model, in the user's own word, are multiplied by.

        The price is that of the operator asked for; if none is known, the maker's own; and else
        the cheapest seller's. None if no list has the model.
        """
        from headtohead.prices.in_force import price_in_force

        frame = self.facts.frame("prices", self.day, used_on=self.day)
        plain = self._means(model)
        # A name may mean another model at its maker's than elsewhere.
        wishes = [(operator, operator), ("maker", plain.lab), ("cheapest", None)]
        for with_channel, (rule, seller) in product((True, False), wishes):
            meaning = self._means(model, seller)
            if not rule or (with_channel and not meaning.channel):
                continue
            for word in dict.fromkeys((meaning.model or model, model, model.rpartition("/")[2])):
                channel = meaning.channel if with_channel else ""
                price = price_in_force(frame, word, self.day, rule=rule, channel=channel)
                if price is None:
                    continue
                moved = meaning.rule.startswith("alias:")
                self.used[model] = replace(price, name=model, alias=moved)
                if rule == "cheapest":
                    self._lost[model] = (
                        f"{model}: no list has its maker's own price of that day; this is the "
                        f"price of {price.provider}, its cheapest credible seller"
                    )
                if channel != meaning.channel:
                    self._lost[model] = (
                        f"{model}: no list has a price of it as {meaning.channel}; this is the "
                        "price of its usual endpoint"
                    )
                return rates_of(price)
        return None

    def _means(self, model: str, seller: str | None = None) -> "Resolution":
        """What a name stands for on the day, at a seller."""
        return self.facts.names.resolve(model, on=self.day, provider=seller or None)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a careful reader has to know of the prices given out."""
        said = [note for price in self.used.values() for note in price.notes]
        return tuple(dict.fromkeys([*self._lost.values(), *said]))

    def citations(self) -> tuple[Citation, ...]:
        """The lists behind every price given out, and those that their notes name."""
        ids = {i for p in self.used.values() for i in (p.source_id, *p.other_source_ids)}
        return self.facts.citations(sorted(ids), self.day)


def prices_on(as_of: Day | None, store: "Store | None") -> Prices:
    """List prices of a day that has to be given: there is no clock here.

    Raises:
        InputError: If it is not.
    """
    if as_of is None:
        raise InputError("Prices are dated: say `as_of`, the day they should hold on.")
    return Prices(day(as_of), store)


def rates_of(price: "ListPrice") -> Rates:
    """A list price as what tokens are multiplied by, with its prices for long prompts."""
    prices = {
        band.over_tokens: Rates.per_mtok(price.usd_per_mtok | band.usd_per_mtok)
        for band in price.bands
        if band.over_tokens
    }
    return Rates.per_mtok(price.usd_per_mtok, over=tuple(prices.items()))


def interval_json(interval: Interval, scale: float = 1.0) -> dict[str, float | None]:
    """Value and ends, null for an open end."""
    import math

    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {k: v * scale if math.isfinite(v) else None for k, v in ends.items()}


def file_citation(place: str, path: Path, what: str) -> Citation:
    """A user's file as a source: theirs to name, ours to point at by hash."""
    return Citation(
        source_id=place,
        publisher="Your file",
        product=path.name,
        citation=f"{what}: {path.name}.",
        url="",
        licence="as its owner says",
        evaluator="mixed",
        sha256=digest(path),
    )
