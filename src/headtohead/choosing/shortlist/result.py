"""What `h2h shortlist` gives."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from headtohead.choosing.candidates import SellerOffer, SoldModel
from headtohead.choosing.scale import Place, Scale
from headtohead.core.dates import Period
from headtohead.core.estimate import Citation
from headtohead.openness.result import terms_json
from headtohead.publish.machine import envelope, finite
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortlisted:
    """One model on the list, or one that may belong there.

    Attributes:
        offers: Those that satisfy everything; of a model that may, those that may.
        perhaps: Of a model on the list, its other offers that may.
        place: Among those of the list; None without a score.
        chance: That it reaches the points, or is no worse, if that was asked.
    """

    model: SoldModel
    offers: tuple[SellerOffer, ...]
    perhaps: tuple[SellerOffer, ...] = ()
    place: Place | None = None
    chance: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShortlistResult(Result):
    """Models and sellers that satisfy every condition, the ablest first.

    Attributes:
        conditions: In words.
        scale: What ranks them.
        found: Those with a score, then those without one.
        may: Those of which it is not known.
        left_out: Why models fell out -> how many; one may fall out for several reasons.
        lost_n: How many fell out.
        models_n: Models that anybody sells.
        blend: Input and output tokens, in words.
        at: The instant of the prices.
        as_of: The day of our knowledge.
    """

    conditions: tuple[str, ...]
    scale: Scale
    found: tuple[Shortlisted, ...]
    may: tuple[Shortlisted, ...]
    left_out: dict[str, int]
    lost_n: int
    models_n: int
    blend: str
    at: datetime
    as_of: date
    citations: tuple[Citation, ...]

    @property
    def sheet(self) -> Sheet:
        """The list, what may belong to it, and why the others do not."""
        from headtohead.choosing.shortlist.sheet import shortlist_sheet

        return shortlist_sheet(self)

    def as_json(self) -> dict[str, Any]:
        """The object that `h2h shortlist --json` prints."""
        day = self.at.date()
        results = [_listed(one, self.scale) for one in self.found]
        fields = envelope("shortlist", Period(day, day), self.as_of, results, self.citations)
        return fields | {
            "at": self.at.isoformat(),
            "conditions": list(self.conditions),
            "scale": {"unit": self.scale.unit, "day": str(self.scale.day)},
            "blend": self.blend,
            "may_qualify": [_listed(one, self.scale) for one in self.may],
            "left_out": [{"reason": r, "models_n": n} for r, n in self.left_out.items()],
            "left_out_models_n": self.lost_n,
            "models_n": self.models_n,
        }


def _listed(one: Shortlisted, scale: Scale) -> dict[str, Any]:
    record, score = one.model.record, one.model.score
    return {
        "model": record.model,
        "name": record.name,
        "lab": record.lab,
        "lab_country": record.country,
        "released_on": record.released_on and str(record.released_on),
        "score": score
        and {
            "value": score.interval.value,
            "low": finite(score.interval.low),
            "high": finite(score.interval.high),
            "level": scale.level,
            "unit": scale.unit,
            "tests_n": score.tests_n,
        },
        "best_rank": one.place and one.place.best,
        "worst_rank": one.place and one.place.worst,
        "tie_group": one.place and one.place.group,
        "chance_frac": one.chance,
        "weights": record.value("weights"),
        "licence": terms_json(record.terms),
        "commercial": record.commercial,
        "base_adds": list(record.base_adds),
        "context_tokens": one.model.context_tokens,
        "offers": [offer_json(offer) for offer in one.offers],
        "perhaps": [offer_json(offer) for offer in one.perhaps],
    }


def offer_json(offer: SellerOffer) -> dict[str, Any]:
    """An offer as every `--json` prints it."""
    retires, price, tokens = offer.retires, offer.price, offer.context_tokens
    return {
        "seller": offer.seller,
        "seller_name": offer.name,
        "operator_country": offer.country,
        "model_name": price.name,
        "blend_usd_per_mtok": offer.usd_per_mtok,
        **{f"{kind}_usd_per_mtok": usd for kind, usd in price.usd_per_mtok.items()},
        "band": price.band or None,
        "since": str(price.since),
        "at_least_since": price.at_least,
        "doubt": offer.doubt or None,
        "not_known": list(offer.unknown),
        "context_least_tokens": tokens and tokens[0],
        "context_most_tokens": tokens and tokens[1],
        "retires_on": retires and str(retires.day),
        "other_retirement_days": [str(day) for day in retires.others] if retires else [],
        "source_id": price.source_id,
        "url": price.row_url or None,
    }
