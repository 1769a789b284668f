"""All models of one day together: what each can do, what is asked for it, what may stand in for it.

What is worked out here is worked out once for a day and shared by the pages of all models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import polars as pl

from headtohead.choosing.candidates import SellerOffer, SoldModel, priced_models, with_offers
from headtohead.choosing.scale import Place, Scale, scale_of
from headtohead.core.errors import NoEvidence
from headtohead.evidence.facts import Facts
from headtohead.names.book import Model
from headtohead.openness.record import OpennessRecord
from headtohead.openness.verb import openness_of
from headtohead.prices.in_force import INPUT_SHARE
from headtohead.prices.listing.history import PriceStep, histories
from headtohead.prices.listing.result import PricesResult
from headtohead.prices.listing.verb import list_prices
from headtohead.ratings.published import one_board

_LEADING = 30
_EDITIONS = 24
NO_WORSE = 0.9
"""The chance from which a model counts as no worse, as elsewhere where nobody says another."""
BOARD = {"board": "text", "category": "full", "style_control": True}


@dataclass(frozen=True, slots=True)
class StandIn:
    """A model that may take the place of another.

    Attributes:
        chance: That it is no worse by more than the margin.
        cost_ratio: Its cheapest price over the cheapest of the other; None without both.
    """

    model: str
    chance: float
    offer: SellerOffer
    cost_ratio: float | None


class ModelsOfDay:
    """The models that were out by a day, as known by it.

    Args:
        facts: The evidence.
        day: The day of knowledge.

    Attributes:
        all_asked: Whether every model is asked for, and not one or another.
    """

    def __init__(self, facts: Facts, day: date) -> None:
        self.facts, self.day = facts, day
        self.all_asked = False
        self.at = datetime.combine(day, time(12), UTC)

    @cached_property
    def models(self) -> dict[str, Model]:
        """Every listed model that was out; one whose day of release is not known counts as out."""
        listed = self.facts.names.models()
        return {i: m for i, m in listed.items() if not m.released_on or m.released_on <= self.day}

    @cached_property
    def index(self) -> Scale | None:
        """The capability index; None where what was known makes none."""
        try:
            return scale_of(self.facts, "index", self.day, self.day)
        except NoEvidence:
            return None

    @cached_property
    def places(self) -> Mapping[str, Place]:
        """Where each model of the index stands."""
        return self.index.ranked(list(self.index.scores)) if self.index else {}

    @cached_property
    def boards(self) -> dict[str, pl.DataFrame]:
        """Model -> its best entrant on every text board with style control, the oldest first."""
        rows = one_board(self.facts.frame("arena_ratings", self.day), BOARD)
        rows = rows.filter(pl.col("model_id").is_not_null())
        rows = rows.sort("observed_on", "rating_elo", "model_name", descending=[False, True, False])
        rows = rows.unique(["model_id", "observed_on"], keep="first", maintain_order=True)
        parts = rows.partition_by("model_id", as_dict=True, maintain_order=True)
        return {str(key[0]): part for key, part in parts.items()}

    @cached_property
    def sold(self) -> dict[str, SoldModel]:
        """Every model that somebody has listed a price for, with its offers of this day."""
        scale = self.index or Scale("index", 0.9, self.day, "", {}, {}, ())
        every = priced_models(self.facts, scale, self.at, self.day)
        offered = with_offers(self.facts, every, self.at, self.day, input_share=INPUT_SHARE)
        return {one.model: one for one in offered}

    @cached_property
    def editions(self) -> list[tuple[date, Scale]]:
        """The index by the day on which it became what it was then, the oldest first.

        Of each month the last one, and of two years at most.
        """
        found: list[tuple[date, Scale]] = []
        by, scale = self.day, self.index
        while scale and len(found) < _EDITIONS:
            rows = self.facts.frame("benchmark_scores", by)
            known_on = rows.filter(pl.col("source_id").is_in(scale.source_ids))["known_on"].max()
            if not isinstance(known_on, date):
                break
            found.append((known_on, scale))
            by = known_on.replace(day=1) - timedelta(days=1)
            try:
                scale = scale_of(self.facts, "index", by, by)
            except NoEvidence:  # too little was known for an index
                break
        return found[::-1]

    def history(self, model: str) -> tuple[PriceStep, ...]:
        """What a model cost from day to day; empty if its name moved to other models."""
        if self.all_asked:
            return self._histories.get(model, ())
        return histories(self.facts, self.day, (model,)).get(model, ())

    @cached_property
    def _histories(self) -> dict[str, tuple[PriceStep, ...]]:
        return histories(self.facts, self.day)

    @cached_property
    def kept_to(self) -> dict[str, date]:
        """Price list -> the last day that it speaks of."""
        rows = self.facts.frame("prices", self.day)
        last = pl.max_horizontal("valid_from", "known_on").max()
        return {
            source: min(day, self.day)
            for source, day in rows.group_by("source_id").agg(last.alias("last")).rows()
        }

    @cached_property
    def openness(self) -> dict[str, OpennessRecord]:
        """What of every model is published."""
        made = openness_of(self.facts, list(self.models), self.day, self.day)
        return {record.model: record for record in made}

    @cached_property
    def retirements(self) -> dict[str, pl.DataFrame]:
        """Model -> what sellers say of its end, the soonest first."""
        rows = self.facts.frame("retirements", self.day)
        rows = rows.filter(pl.col("model_id").is_not_null()).sort(
            "retires_on", "provider", "model_name", nulls_last=True
        )
        parts = rows.partition_by("model_id", as_dict=True, maintain_order=True)
        return {str(key[0]): part for key, part in parts.items()}

    @cached_property
    def tests(self) -> dict[str, pl.DataFrame]:
        """Model -> its best score on each benchmark as a whole, by whom and of which day."""
        rows = self.facts.frame("benchmark_scores", self.day)
        rows = rows.filter(pl.col("model_id").is_not_null() & (pl.col("part") == "overall"))
        rows = rows.sort("benchmark", "score_frac", "model_name", descending=[False, True, False])
        rows = rows.unique(["model_id", "benchmark"], keep="first", maintain_order=True)
        parts = rows.partition_by("model_id", as_dict=True, maintain_order=True)
        return {str(key[0]): part for key, part in parts.items()}

    @cached_property
    def known(self) -> list[str]:
        """The models of which more is known than their names: a rating, a score or a price."""
        some = self.boards.keys() | self.sold.keys() | self.tests.keys()
        return sorted(some & self.models.keys())

    @cached_property
    def leading(self) -> list[str]:
        """The ablest models of the index that their makers, or others, still sell."""
        scores = self.index.scores if self.index else {}
        ranked = sorted(scores, key=lambda i: -scores[i].interval.value)
        return [i for i in ranked if i in self.models and self.cheapest(i)][:_LEADING]

    def cheapest(self, model: str) -> SellerOffer | None:
        """The cheapest offer whose price is not in doubt."""
        sold = self.sold.get(model)
        return next((offer for offer in sold.offers if not offer.doubt), None) if sold else None

    def maker_offer(self, model: str) -> SellerOffer | None:
        """What the maker itself asks."""
        sold, listed = self.sold.get(model), self.models.get(model)
        offers = sold.offers if sold else ()
        return next((o for o in offers if listed and o.seller == listed.lab), None)

    def stand_ins(self, model: str, most: int = 8) -> list[StandIn]:
        """The cheapest of those that are surely no worse on the index by more than its margin.

        Empty where the model has no score on the index: then none can be told.
        """
        scale = self.index
        if scale is None or model not in scale.draws:
            return []
        own = self.cheapest(model)
        found = []
        for other in scale.draws:
            offer = self.cheapest(other) if other != model else None
            chance = scale.chance_no_worse(other, model, scale.margin) if offer else None
            if offer and chance is not None and chance >= NO_WORSE:
                ratio = offer.usd_per_mtok / own.usd_per_mtok if own and own.usd_per_mtok else None
                found.append(StandIn(other, chance, offer, ratio))
        return sorted(found, key=lambda one: (one.offer.usd_per_mtok, one.model))[:most]


def listing_of(facts: Facts, model: str, day: date) -> PricesResult:
    """Every offer of a model with every price before, gathered once for all pages of a day.

    It is asked for by the model's name, where that means no other: a reader knows no ids.
    """
    name = facts.names.models()[model].name
    asked = name if facts.names.resolve(name, on=day).model == model else model
    return facts.once(
        ("listing", model, day),
        lambda: list_prices(asked, as_of=day, history=True, store=facts.store),
    )


def models_of_day(facts: Facts, day: date) -> ModelsOfDay:
    """The models of a day, made once for all its pages."""
    return facts.once(("models of day", day), lambda: ModelsOfDay(facts, day))
