"""`watch`: what becomes of the models a team uses, and what to take instead."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from headtohead.choosing.watch.ahead import (
    RetirementDay,
    StackPrices,
    price_words,
    retirement_days,
)
from headtohead.choosing.watch.changed import (
    ModelPicture,
    StackPicture,
    changes,
    read_state,
)
from headtohead.choosing.watch.result import WatchedModel, WatchResult
from headtohead.choosing.watch.settings import WatchSettings
from headtohead.choosing.watch.stack import Stack, last_meant, named_model, read_stack
from headtohead.choosing.watch.successors import SuccessorSearch
from headtohead.core import dates
from headtohead.core.dates import Day, Period, instant
from headtohead.core.errors import InputError, NoEvidence
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.evidence.words import seller_name
from headtohead.openness.verb import openness_of
from headtohead.prices.in_force import ListPrice


@takes(settings=WatchSettings)
def watch(
    stack: Path,
    *,
    as_of: Day,
    settings: WatchSettings,
    store: Store | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> WatchResult:
    """What of a stack retires or changes price, what has changed, and what to take instead.

    The file of the last run is read, and written anew by `keep` of the result.

    Args:
        stack: The file of the team's models.
        as_of: The day of our knowledge, from which the window begins.
        settings: The choices below as one object.
        store: The evidence; the user's own if None.
        progress: Told of every step.

    Raises:
        InputError: If the file has a mistake; with file, line and what may be meant.
        NoEvidence: If nothing was known by the day.
    """
    day = dates.day(as_of, "as_of")
    at = settings.at or instant(day)
    if at.date() > day:
        raise InputError(f"`at` {at:%Y-%m-%dT%H:%MZ} lies after {day}: nobody knew by then.")
    facts = Facts(store)
    facts.require_evidence(day)
    progress("reading the stack")
    team = read_stack(Path(stack), facts, at.date(), day)
    before = _before(facts, team, settings, day)
    window = Period(day, day + timedelta(days=settings.days))
    progress("looking ahead")
    watched = list(_watched(facts, team, at, day, window))
    search = SuccessorSearch(facts, team, at, day, window.end)
    margin = scale_words = no_scale = ""
    level = 0.0
    if any(one.retiring for one in watched):
        progress("looking for successors")
        try:
            margin, level = search.margin_words, search.scale.level
            scale_words = f"{search.scale.named} of {search.scale.day}"
            watched = [
                replace(one, successors=search.of(one.use, one.stood_for or one.model, one.price))
                if one.retiring
                else one
                for one in watched
            ]
        except NoEvidence as error:
            no_scale = str(error)
    now = _picture(facts, watched, day)
    return WatchResult(
        stack=team,
        watched=tuple(watched),
        changes=None if before is None else tuple(changes(before, now, team.models)),
        since=before.as_of if before else None,
        first=settings.state is not None and before is None,
        days=settings.days,
        window=window,
        at=at,
        as_of=day,
        margin=margin,
        level=level,
        scale_words=scale_words,
        no_scale=no_scale,
        retirements_known_on=_last_word(facts, day),
        picture=now,
        citations=facts.citations(
            sorted({*_sources(watched), *(search.scale.source_ids if margin else ())}), day
        ),
    )


def _before(facts: Facts, team: Stack, settings: WatchSettings, day: date) -> StackPicture | None:
    """What was known last time; None if there was none."""
    if settings.state:
        return read_state(settings.state, day)
    since = settings.since
    if since is None:
        return None
    if since > day:
        raise InputError(f"`since` {since} lies after {day}.")
    facts.require_evidence(since)
    window = Period(since, since + timedelta(days=1))
    return _picture(facts, list(_watched(facts, team, instant(since), since, window)), since)


def _watched(
    facts: Facts, team: Stack, at: datetime, day: date, window: Period
) -> Iterator[WatchedModel]:
    """Each model with what is ahead of it, without successors."""
    prices = StackPrices(facts, at, day)
    for use in team.models:
        model, lab = named_model(use, facts, at.date())
        own, elsewhere = retirement_days(facts, use, model, lab, day)
        price = prices.now(use, model)
        seller = use.operator or (price.operator or price.provider if price else lab or "")
        yield WatchedModel(
            use=use,
            model=model,
            stood_for=last_meant(use, facts, at.date()) if model == use.name else "",
            seller=seller_name(seller) if seller else "its maker",
            retirements=own,
            elsewhere_retirements=elsewhere,
            retiring=bool(own) and own[0].day <= window.end,
            price=price,
            turns=prices.turns(use, model, price, window.end) if price else (),
            successors=None,
        )


def _picture(facts: Facts, watched: list[WatchedModel], day: date) -> StackPicture:
    """What was known of each model on a day."""
    ids = list(dict.fromkeys(one.model for one in watched))
    licences = {
        record.model: record.terms.spdx if record.terms else ""
        for record in openness_of(facts, ids, day, day)
    }
    made = {}
    for one in watched:
        price = one.price
        made[one.use.key] = ModelPicture(
            model=one.model,
            seller=seller_name(price.provider) if price else "",
            usd_per_mtok=dict(sorted(price.usd_per_mtok.items())) if price else {},
            price=price_words(price) if price else "",
            price_known_on=price.known_on if price else None,
            retirements=_by_day(one.retirements),
            retires_known_on=max((said.known_on for said in one.retirements), default=None),
            licence=licences.get(one.model, ""),
        )
    return StackPicture(as_of=day, models=made)


def _by_day(every: tuple[RetirementDay, ...]) -> dict[str, str]:
    """Day -> the lists that state it."""
    days: dict[str, dict[str, None]] = {}
    for said in every:
        days.setdefault(str(said.day), {})[said.channel] = None
    return {day: ", ".join(channels) for day, channels in days.items()}


def _last_word(facts: Facts, day: date) -> date | None:
    """The day of the last statement on a retirement."""
    last = facts.frame("retirements", day)["known_on"].max()
    return last if isinstance(last, date) else None


def _sources(watched: list[WatchedModel]) -> Iterator[str]:
    def of_price(price: ListPrice | None) -> Iterator[str]:
        if price:
            yield price.source_id

    for one in watched:
        yield from of_price(one.price)
        for turn in one.turns:
            yield from of_price(turn.after)
        yield from (said.source_id for said in (*one.retirements, *one.elsewhere_retirements))
        for successor in one.successors.found if one.successors else ():
            yield successor.offer.price.source_id
            said = successor.model.record.of("licence")
            yield from (s.source_id for s in said if s.source_id)
            if successor.offer.retires:
                yield successor.offer.retires.source_id
