"""What to take instead of a model that retires: the cheapest of those that are surely no worse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property

import numpy as np
import polars as pl

from headtohead.capability.scores import runs
from headtohead.choosing.candidates import SellerOffer, SoldModel, priced_models
from headtohead.choosing.scale import Scale, scale_of
from headtohead.choosing.shortlist.conditions import Fitting, asked
from headtohead.choosing.shortlist.picking import picked
from headtohead.choosing.watch.ahead import tokens_usd
from headtohead.choosing.watch.stack import Stack, UsedModel
from headtohead.core.estimate import Interval
from headtohead.core.units import show
from headtohead.evidence.facts import Facts
from headtohead.prices.in_force import ListPrice, price_in_force

_FEWEST = 3  # shared tests for an interval
_LEVEL = 0.9
_SHOWN = 3
_ALL_TESTS = {"parts": ("overall",), "independent": True, "benchmarks": ()}


@dataclass(frozen=True, slots=True)
class SharedTests:
    """How a successor did on the tests that both models were given.

    Attributes:
        names: Of the tests.
        difference_pp: Successor minus the model, the mean over tests, in percentage points with a
            90% interval; the interval is open with fewer than three tests.
        chance: That the mean lies above minus the margin; None with fewer than three tests.
    """

    names: tuple[str, ...]
    difference_pp: Interval
    chance: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Successor:
    """One model to take instead.

    Attributes:
        offer: The cheapest that satisfies everything.
        chance: That it is no worse by more than the margin; None if that cannot be told.
        difference: Of the points of the scale, with the scale's interval; None without draws.
        tests: None if no test was given to both.
        cost_ratio: Its price over that of the model, at the tokens of the stack; None if the model
            has no price.
    """

    model: SoldModel
    offer: SellerOffer
    chance: float | None
    difference: Interval | None
    tests: SharedTests | None
    cost_ratio: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Successors:
    """The successors of a model, and why there are not more.

    Attributes:
        renamed: The name under which the same seller goes on to sell the model; empty if none.
        elsewhere: Other sellers of the same model that satisfy every condition on sellers, or may.
        fitting_n: How many models satisfy everything.
        may_n: How many may: something is not known of them.
        left_out: Why others fell out -> how many.
        scored: Whether the model has a score. Without one no chance can be told, and the ablest of
            those that cost no more stand in `found`.
    """

    found: tuple[Successor, ...]
    renamed: str
    elsewhere: tuple[SellerOffer, ...]
    fitting_n: int
    may_n: int
    left_out: Mapping[str, int]
    models_n: int
    scored: bool


class SuccessorSearch:
    """Looks for successors by the conditions of one stack; what all models share is made once.

    Args:
        until: The day by which no successor may be retired.
    """

    def __init__(self, facts: Facts, stack: Stack, at: datetime, as_of: date, until: date) -> None:
        self._facts, self._at, self._as_of = facts, at, as_of
        self._settings = replace(stack.successors, until=until)
        self._margin = stack.margin

    @cached_property
    def scale(self) -> Scale:
        """What ranks the models."""
        by, domain = self._settings.by, self._settings.domain
        return scale_of(self._facts, by, self._at.date(), self._as_of, domain)

    @property
    def margin(self) -> float:
        """In points of the scale, or percentage points of shared tests."""
        return self.scale.margin if self._margin.value is None else self._margin.value

    @property
    def margin_words(self) -> str:
        """The margin, for a sentence."""
        return show(self.margin, "pp" if self._margin.unit == "pp" else self.scale.unit)

    @cached_property
    def _every(self) -> list[SoldModel]:
        return priced_models(self._facts, self.scale, self._at, self._as_of)

    @cached_property
    def _tests(self) -> Mapping[str, Mapping[str, float]]:
        """Model -> test -> its best score by others than its maker, in percent."""
        rows = runs(self._facts.frame("benchmark_scores", self._as_of), _ALL_TESTS, self._at.date())
        best = (
            rows.filter(pl.col("model_id").is_not_null())
            .group_by("model_id", "test")
            .agg(pl.col("score_frac").max())
        )
        found: dict[str, dict[str, float]] = {}
        for model, test, score in best.sort("model_id", "test").iter_rows():
            found.setdefault(model, {})[test] = 100 * score
        return found

    def of(self, use: UsedModel, model: str, price: ListPrice | None) -> Successors:
        """The successors of one model.

        Args:
            model: Its id.
            price: In force for it now.
        """
        wanted = asked(self._facts, self._settings, self.scale, self._at, self._as_of)
        share = use.input_share
        by_tests = self._margin.unit == "pp"
        scored = model in (self._tests if by_tests else self.scale.draws)
        least, what = self._settings.chance, f"is no worse by more than {self.margin_words}"

        def no_worse(one: SoldModel) -> Iterable[Fitting]:
            if not scored or one.model == model:
                return
            chance = self._chance(one.model, model)
            if chance is None:
                why = "too few tests shared" if by_tests else f"no score on {self.scale.named}"
                yield Fitting("unknown", why)
            elif chance < least:
                yield Fitting("no", f"the chance that it {what} is below {least:.0%}")

        sorted_out = picked(
            self._facts,
            self._every,
            wanted,
            self.scale,
            self._as_of,
            input_share=share,
            also=no_worse,
        )
        now = None if price is None else tokens_usd(use, price.usd_per_mtok)
        others = [(one, offers[0]) for one, offers, _ in sorted_out.found if one.model != model]
        # The team has accepted the model itself: only who sells it is asked.
        same = [
            o
            for one, offers in (*((m, (*a, *b)) for m, a, b in sorted_out.found), *sorted_out.may)
            if one.model == model
            for o in offers
        ]
        seller = price.operator if price else use.operator
        if scored:
            others.sort(key=lambda pair: (bool(pair[1].doubt), self._usd(use, pair[1])))
        elif now:
            # Nothing tells who is no worse: at least none of them costs more.
            others = [pair for pair in others if self._usd(use, pair[1]) <= now]
        return Successors(
            found=tuple(
                self._successor(one, offer, model, self._usd(use, offer) / now if now else None)
                for one, offer in others[:_SHOWN]
            ),
            renamed=self._renamed(use, model, [o for o in same if o.seller == seller]),
            elsewhere=tuple(o for o in same if o.seller != seller),
            fitting_n=len(others),
            may_n=sum(one.model != model for one, _ in sorted_out.may),
            left_out=dict(sorted_out.left_out.most_common()),
            models_n=len(self._every),
            scored=scored,
        )

    def _renamed(self, use: UsedModel, model: str, own: list[SellerOffer]) -> str:
        """Another name of the model at its seller, which was not said to retire the model."""
        if not own or own[0].retires:
            return ""
        mine = (pl.col("model_id") == model) & (pl.col("operator") == own[0].seller)
        begun = self._prices.filter(mine & (pl.col("valid_from") <= self._at.date()))
        going = self._facts.frame("retirements", self._as_of).drop_nulls("retires_on")
        names = {*begun["model_name"]} - {*going["model_name"], use.name}
        return min(names, key=lambda name: (len(name), name), default="")

    def _usd(self, use: UsedModel, offer: SellerOffer) -> float:
        """What the tokens of a model cost at an offer, at its usual hours."""
        price = offer.price
        if price.hours:
            asked_of = (self._prices, price.model, self._at)
            price = price_in_force(*asked_of, rule=offer.seller, by_hour=False) or price
        return tokens_usd(use, price.usd_per_mtok)

    @cached_property
    def _prices(self) -> pl.DataFrame:
        on = min(self._at.date(), self._as_of)
        return self._facts.frame("prices", self._as_of, used_on=on)

    def _successor(
        self, one: SoldModel, offer: SellerOffer, model: str, cost_ratio: float | None
    ) -> Successor:
        own, other = self.scale.draws.get(one.model), self.scale.draws.get(model)
        difference = None
        if own is not None and other is not None:
            tails = [(1 - self.scale.level) / 2, (1 + self.scale.level) / 2]
            low, high = np.quantile(own - other, tails)
            scores = self.scale.scores
            value = scores[one.model].interval.value - scores[model].interval.value
            difference = Interval(value, min(float(low), value), max(float(high), value))
        return Successor(
            model=one,
            offer=offer,
            chance=self._chance(one.model, model),
            difference=difference,
            tests=shared_tests(self._tests, one.model, model, self._pp),
            cost_ratio=cost_ratio,
        )

    @property
    def _pp(self) -> float:
        return self.margin if self._margin.unit == "pp" else 0.0

    def _chance(self, candidate: str, model: str) -> float | None:
        if self._margin.unit == "pp":
            tests = shared_tests(self._tests, candidate, model, self.margin)
            return tests.chance if tests else None
        return self.scale.chance_no_worse(candidate, model, self.margin)


def shared_tests(
    scores: Mapping[str, Mapping[str, float]], candidate: str, model: str, margin_pp: float
) -> SharedTests | None:
    """How a candidate did on the tests that a model was given too; None if there is none.

    Tests count as drawn from those that could have been given: the interval is Student's.
    """
    own, other = scores.get(candidate, {}), scores.get(model, {})
    names = sorted(own.keys() & other.keys())
    if not names:
        return None
    differences = np.array([own[name] - other[name] for name in names])
    mean = float(differences.mean())
    if len(names) < _FEWEST:
        return SharedTests(tuple(names), Interval(mean, -np.inf, np.inf), None)
    from scipy.special import stdtr, stdtrit

    error = float(differences.std(ddof=1) / np.sqrt(len(names)))
    half = float(stdtrit(len(names) - 1, (1 + _LEVEL) / 2)) * error
    above = mean + margin_pp
    chance = float(stdtr(len(names) - 1, above / error)) if error else float(above >= 0)
    return SharedTests(tuple(names), Interval(mean, mean - half, mean + half), chance)
