"""Which models and offers satisfy conditions, which may, and why the others do not."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from headtohead.choosing.candidates import SellerOffer, SoldModel, with_offers
from headtohead.choosing.scale import Scale
from headtohead.choosing.shortlist.conditions import Fitting, TeamConditions
from headtohead.evidence.facts import Facts

_NOBODY = "nobody sells it any more, by the lists known"


@dataclass(frozen=True, slots=True)
class Picked:
    """Models sorted out by conditions, in their order.

    Attributes:
        found: Models with the offers that satisfy everything, and their others that may.
        may: Models with the offers of which something is not known.
        left_out: Why models fell out -> how many; one may fall out for several reasons.
        lost_n: How many fell out.
    """

    found: tuple[tuple[SoldModel, tuple[SellerOffer, ...], tuple[SellerOffer, ...]], ...]
    may: tuple[tuple[SoldModel, tuple[SellerOffer, ...]], ...]
    left_out: Counter[str]
    lost_n: int


def picked(
    facts: Facts,
    every: Sequence[SoldModel],
    wanted: TeamConditions,
    scale: Scale,
    as_of: date,
    *,
    input_share: float,
    also: Callable[[SoldModel], Iterable[Fitting]] = lambda _: (),
) -> Picked:
    """The models sorted out by conditions, with what each seller asks.

    Args:
        every: As `priced_models` gives them at the instant of the conditions.
        also: More conditions on a model itself.
    """
    left_out: Counter[str] = Counter()
    held = {one.model: (*wanted.of_model(one, scale), *also(one)) for one in every}
    fit = [one for one in every if not _failed(held[one.model], left_out)]
    found, may = [], []
    for one in with_offers(facts, fit, wanted.at, as_of, input_share=input_share):
        sure, perhaps = _sorted_out(one, wanted, held[one.model], left_out)
        if sure:
            found.append((one, sure, perhaps))
        elif perhaps:
            may.append((one, perhaps))
    return Picked(tuple(found), tuple(may), left_out, len(every) - len(found) - len(may))


def _failed(findings: Sequence[Fitting], left_out: Counter[str]) -> bool:
    """Whether some condition is not met; each such reason counts."""
    reasons = {finding.reason for finding in findings if finding.answer == "no"}
    left_out.update(reasons)
    return bool(reasons)


def _sorted_out(
    model: SoldModel, wanted: TeamConditions, held: Sequence[Fitting], left_out: Counter[str]
) -> tuple[tuple[SellerOffer, ...], tuple[SellerOffer, ...]]:
    """The offers that satisfy everything, and those that may, the best known of them first."""
    sure, perhaps, failed = [], [], set[str]()
    for offer in model.offers:
        findings = [*held, *wanted.of_offer(model, offer)]
        if reasons := [f.reason for f in findings if f.answer == "no"]:
            failed.update(reasons)
        elif reasons := [f.reason for f in findings if f.answer == "unknown"]:
            perhaps.append(replace(offer, unknown=tuple(reasons)))
        else:
            sure.append(offer)
    if not sure and not perhaps:
        left_out.update(failed or {_NOBODY})
    return tuple(sure), tuple(sorted(perhaps, key=lambda offer: len(offer.unknown)))
