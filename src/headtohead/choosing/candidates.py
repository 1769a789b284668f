"""Every model that somebody sells: how able, under which licence, at which price, from where.

`shortlist` keeps those that satisfy a team's conditions; who looks for successors of a model asks
here too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from headtohead.choosing.scale import Ability, Scale
from headtohead.evidence.facts import Facts
from headtohead.evidence.words import seller_name
from headtohead.openness.record import OpennessRecord
from headtohead.openness.verb import openness_of
from headtohead.prices.in_force import ListPrice, offers_of_all


@dataclass(frozen=True, slots=True)
class Retirement:
    """When a seller says that a model goes.

    Attributes:
        day: The first of the days stated.
        others: Other days stated for the same offer.
    """

    day: date
    others: tuple[date, ...]
    source_id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerOffer:
    """One model at one seller.

    Attributes:
        seller: Its id among operators; in the source's own word where it is in no list.
        country: Where the seller is seated; None if not known.
        price: In force at the instant asked about.
        usd_per_mtok: Of a million tokens of the blend asked for.
        doubt: Why the price may not hold; empty for no reason.
        context_tokens: The least and the most that lists give of this seller's endpoint; None if
            none does.
        retires: None if no day was stated.
        unknown: What of it is not known that some condition asks.
    """

    seller: str
    name: str
    country: str | None
    price: ListPrice
    usd_per_mtok: float
    doubt: str
    context_tokens: tuple[int, int] | None
    retires: Retirement | None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class SoldModel:
    """One model with what it can do, its terms and its offers.

    Attributes:
        score: None if it has none on the scale.
        context_tokens: By its own record; None if not known.
        offers: The cheapest first, those of doubtful price last.
    """

    record: OpennessRecord
    score: Ability | None
    context_tokens: int | None
    offers: tuple[SellerOffer, ...]

    @property
    def model(self) -> str:
        """Its canonical id."""
        return self.record.model


def priced_models(facts: Facts, scale: Scale, at: datetime, as_of: date) -> list[SoldModel]:
    """Every model that some price list has had by an instant, without its offers.

    The ablest first; those without a score last, by name.

    Args:
        scale: As `scale_of` gives it.
        at: The instant whose prices count.
    """
    day, prices = at.date(), _prices(facts, at, as_of)
    begun = prices.filter(pl.col("valid_from") <= day)
    models = begun["model_id"].drop_nulls().unique().sort().to_list()
    own = _own_contexts(facts.frame("models", as_of))
    made = [
        SoldModel(record, scale.scores.get(record.model), own.get(record.model), ())
        for record in openness_of(facts, models, day, as_of)
        if record.released_on is None or record.released_on <= day
    ]
    return sorted(made, key=_ablest)


def with_offers(
    facts: Facts, models: Sequence[SoldModel], at: datetime, as_of: date, *, input_share: float
) -> list[SoldModel]:
    """The models with what each seller asks for them at an instant, in their order.

    Args:
        input_share: Share of the tokens that are input, 0 to 1.
    """
    # Few models are left when offers are asked, and several searches leave other ones.
    offers = facts.once(("offers", at, as_of, input_share), dict[str, tuple[SellerOffer, ...]])
    if new := [one.model for one in models if one.model not in offers]:
        offers |= dict.fromkeys(new, ()) | _offers(facts, new, at, as_of, input_share)
    return [replace(one, offers=offers[one.model]) for one in models]


def _offers(
    facts: Facts, models: Sequence[str], at: datetime, as_of: date, input_share: float
) -> dict[str, tuple[SellerOffer, ...]]:
    """Of each model that is sold what each seller asks for it."""
    every = _prices(facts, at, as_of)
    rows = every.filter(pl.col("model_id").is_in(models))
    by_model: dict[str, list[SellerOffer]] = {}
    contexts = _contexts(facts.frame("models", as_of))
    retired = _retirements(facts, as_of)
    for price, doubt in offers_of_all(rows, at, input_share=input_share, words=every):
        known = facts.names.operator(price.operator or price.provider)
        seller = known.id if known else price.provider
        usd = price.usd_per_mtok
        offer = SellerOffer(
            seller=seller,
            name=seller_name(price.provider),
            country=known.country if known else None,
            price=price,
            # A price of exactly the most that may be paid is not above it.
            usd_per_mtok=round(input_share * usd["input"] + (1 - input_share) * usd["output"], 9),
            doubt=doubt,
            context_tokens=contexts.get((seller, price.model)),
            retires=retired.get((seller, price.model)),
        )
        by_model.setdefault(price.model, []).append(offer)
    return {model: _cheapest_first(offers) for model, offers in by_model.items()}


def _prices(facts: Facts, at: datetime, as_of: date) -> pl.DataFrame:
    """The prices known, with sellers' names for models read on the day of the instant."""
    return facts.frame("prices", as_of, used_on=min(at.date(), as_of))


def _cheapest_first(offers: Iterable[SellerOffer]) -> tuple[SellerOffer, ...]:
    """Those whose price holds first, since a price of long ago may be of nothing."""
    return tuple(sorted(offers, key=lambda o: (bool(o.doubt), o.usd_per_mtok, o.seller)))


def _ablest(model: SoldModel) -> tuple[bool, float, str]:
    value = model.score.interval.value if model.score else 0.0
    return model.score is None, -value, model.record.name


def _contexts(models: pl.DataFrame) -> Mapping[tuple[str, str], tuple[int, int]]:
    """The least and the most context that a seller's lists give of a model."""
    offers = models.filter(pl.col("provider").is_not_null()).drop_nulls(
        ["model_id", "context_tokens"]
    )
    tokens = pl.col("context_tokens")
    found = offers.group_by(pl.coalesce("operator", "provider").alias("seller"), "model_id").agg(
        tokens.min().alias("least"), tokens.max().alias("most")
    )
    return {(s, m): (low, high) for s, m, low, high in found.iter_rows()}


def _own_contexts(models: pl.DataFrame) -> Mapping[str, int]:
    """The context of each model by its own record."""
    own = models.filter(pl.col("provider").is_null()).drop_nulls(["model_id", "context_tokens"])
    found = own.group_by("model_id").agg(pl.col("context_tokens").min())
    return dict(found.iter_rows())


def _retirements(facts: Facts, as_of: date) -> Mapping[tuple[str, str], Retirement]:
    """The day on which each seller retires a model, with other days that were stated."""
    rows = facts.frame("retirements", as_of).drop_nulls(["model_id", "retires_on"])
    by_offer: dict[tuple[str, str], list[tuple[date, str, str]]] = {}
    columns = ("provider", "model_id", "retires_on", "source_id", "row_url")
    for provider, model, day, source, url in rows.select(columns).sort("retires_on").iter_rows():
        known = facts.names.operator(provider)
        key = (known.id if known else provider, model)
        by_offer.setdefault(key, []).append((day, source, url or ""))
    return {
        key: Retirement(said[0][0], _later(said), said[0][1], said[0][2])
        for key, said in by_offer.items()
    }


def _later(said: Sequence[tuple[date, str, str]]) -> tuple[date, ...]:
    return tuple(sorted({day for day, *_ in said} - {said[0][0]}))
