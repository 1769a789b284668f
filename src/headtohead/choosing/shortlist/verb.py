"""`shortlist`: models and sellers that satisfy every condition of a team, ranked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from headtohead.choosing.candidates import SoldModel, priced_models
from headtohead.choosing.scale import Scale, scale_of
from headtohead.choosing.shortlist.conditions import (
    TeamConditions,
    asked,
    check_domain,
    window_of,
)
from headtohead.choosing.shortlist.picking import picked
from headtohead.choosing.shortlist.result import Shortlisted, ShortlistResult
from headtohead.choosing.shortlist.settings import ShortlistSettings
from headtohead.core import dates
from headtohead.core.dates import Day
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store


@takes(settings=ShortlistSettings)
def shortlist(
    *,
    as_of: Day,
    settings: ShortlistSettings,
    store: Store | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ShortlistResult:
    """Models and sellers that satisfy every condition, the ablest first, with ties.

    What misses only because something is not known of it is listed apart; what falls out is
    counted by reason.

    Args:
        as_of: The day of our knowledge.
        settings: All the conditions below as one object.
        store: The evidence; the user's own if None.
        progress: Told of every step.

    Raises:
        InputError: If a condition is none, or two exclude each other.
        UnknownName: If a licence, country, seller, model or domain is in no list.
        NoEvidence: If nothing was known that ranks models.
    """
    day = dates.day(as_of, "as_of")
    at, window = window_of(settings, day)
    facts = Facts(store)
    facts.require_evidence(day)
    check_domain(settings.domain)
    progress("ranking the models")
    scale = scale_of(facts, settings.by, window.end, day, settings.domain)
    wanted = asked(facts, settings, scale, at, day)
    progress("reading licences")
    every = priced_models(facts, scale, at, day)
    progress("looking up prices")
    sorted_out = picked(facts, every, wanted, scale, day, input_share=settings.blend)
    found = [
        Shortlisted(model=m, offers=sure, perhaps=more, chance=_chance(m, wanted, scale))
        for m, sure, more in sorted_out.found
    ]
    may = [
        Shortlisted(model=m, offers=perhaps, chance=_chance(m, wanted, scale))
        for m, perhaps in sorted_out.may
    ]
    return ShortlistResult(
        conditions=tuple(wanted.in_words(scale)),
        scale=scale,
        found=_placed(found, scale),
        may=_placed(may, scale),
        left_out=dict(sorted_out.left_out.most_common()),
        lost_n=sorted_out.lost_n,
        models_n=len(every),
        blend=_blend_words(settings.blend),
        at=at,
        as_of=day,
        citations=facts.citations(sorted({*_sources([*found, *may], scale)}), day),
    )


def _chance(model: SoldModel, wanted: TeamConditions, scale: Scale) -> float | None:
    """The smaller of the chances that were asked for."""
    least, chances = wanted.settings.min_index, []
    if least is not None:
        chances.append(scale.chance_at_least(model.model, least))
    if wanted.than:
        chances.append(scale.chance_no_worse(model.model, wanted.than, wanted.margin))
    return min((c for c in chances if c is not None), default=None)


def _placed(every: Sequence[Shortlisted], scale: Scale) -> tuple[Shortlisted, ...]:
    places = scale.ranked([one.model.model for one in every])
    return tuple(replace(one, place=places.get(one.model.model)) for one in every)


def _sources(every: Sequence[Shortlisted], scale: Scale) -> Iterator[str]:
    yield from scale.source_ids
    for one in every:
        yield from (said.source_id for said in one.model.record.of("licence") if said.source_id)
        for offer in (*one.offers, *one.perhaps):
            yield offer.price.source_id
            if offer.retires:
                yield offer.retires.source_id


def _blend_words(share: float) -> str:
    """A blend as people write it: "3:1"."""
    for out in range(1, 21):
        into = share / (1 - share) * out if share < 1 else 0
        if share < 1 and abs(into - round(into)) < 1e-9:
            return f"{round(into)} input to {out} output tokens"
    return f"{share:.1%} input tokens"
