"""Whether one offer satisfies what a team asks: yes, no, or not known, each with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from headtohead.choosing.candidates import SellerOffer, SoldModel
from headtohead.choosing.scale import Scale
from headtohead.choosing.shortlist.settings import LICENCE_WORDS, ShortlistSettings
from headtohead.core.dates import Period
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.units import show
from headtohead.evidence.facts import Facts
from headtohead.evidence.tables import DOMAINS
from headtohead.evidence.words import model_name, seller_name
from headtohead.names.names import country_name, in_sentence
from headtohead.names.reading import key
from headtohead.openness.licences import LicenceTerms, licences, narrower, terms
from headtohead.openness.record import NO, YES
from headtohead.publish.words import listed


@dataclass(frozen=True, slots=True)
class Fitting:
    """What one condition comes to for one offer.

    Attributes:
        reason: Of a no why, as a clause; of an unknown what is not known; empty for a yes.
    """

    answer: Literal["yes", "no", "unknown"]
    reason: str = ""


_YES = Fitting("yes")
_UNCLEAR = Fitting("unknown", "what the licence allows")
_SOME = ("conditions", "commercial")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamConditions:
    """The conditions with every name in them understood.

    Attributes:
        licences: The SPDX ids that will do, where some were named.
        than: The model to be no worse than, by its id; empty if none.
    """

    settings: ShortlistSettings
    licences: tuple[str, ...]
    lab_countries: tuple[str, ...]
    not_lab_countries: tuple[str, ...]
    operator_countries: tuple[str, ...]
    not_operator_countries: tuple[str, ...]
    operators: tuple[str, ...]
    than: str
    margin: float
    at: datetime

    def in_words(self, scale: Scale) -> list[str]:
        """The conditions, each in a few words."""
        s = self.settings
        known = dict(zip(LICENCE_WORDS, _LICENCES, strict=True))
        sure = f"with a chance of {s.chance:.0%} or more"
        said = {
            known.get(s.licence, f"licence {s.licence}"): s.licence,
            f"{s.weights} weights": s.weights != "any",
            f"maker in {_places(self.lab_countries)}": self.lab_countries,
            f"maker not in {_places(self.not_lab_countries)}": self.not_lab_countries,
            f"seller in {_places(self.operator_countries)}": self.operator_countries,
            f"seller not in {_places(self.not_operator_countries)}": self.not_operator_countries,
            f"seller {listed(map(seller_name, self.operators), 'or')}": self.operators,
            f"context of {s.context or 0:,} tokens or more": s.context,
            f"at most ${s.max_cost or 0:g} per million tokens": s.max_cost is not None,
            f"{show(s.min_index or 0, scale.unit)} or more {sure}": s.min_index is not None,
            f"at most {show(self.margin, scale.unit)} below {model_name(self.than)} {sure}": (
                self.than
            ),
            f"not said to be retired by {s.until}": s.until,
        }
        return [words for words, is_asked in said.items() if is_asked]

    def of_model(self, model: SoldModel, scale: Scale) -> Iterator[Fitting]:
        """The conditions on the model itself, whoever sells it."""
        yield self._weights(model)
        yield self._licence(model)
        yield _seat(model.record.country, self.lab_countries, self.not_lab_countries, "maker")
        s = self.settings
        if s.min_index is not None:
            chance = scale.chance_at_least(model.model, s.min_index)
            yield self._sure(chance, f"reaches {show(s.min_index, scale.unit)}", scale)
        if self.than:
            chance = scale.chance_no_worse(model.model, self.than, self.margin)
            yield self._sure(chance, f"is within {show(self.margin, scale.unit)}", scale)

    def of_offer(self, model: SoldModel, offer: SellerOffer) -> Iterator[Fitting]:
        """The conditions on one seller's offer of the model."""
        country = offer.country
        yield _seat(country, self.operator_countries, self.not_operator_countries, "seller")
        if self.operators and offer.seller not in self.operators:
            yield Fitting("no", "the seller is another")
        yield self._context(model, offer)
        yield self._cost(offer)
        yield self._stays(offer)

    def _weights(self, model: SoldModel) -> Fitting:
        wanted, value = self.settings.weights, model.record.value("weights")
        if wanted == "any" or value == {"open": YES, "closed": NO}[wanted]:
            return _YES
        if value is None:
            return Fitting("unknown", "whether the weights can be downloaded")
        return Fitting("no", f"the weights are not {wanted}")

    def _licence(self, model: SoldModel) -> Fitting:
        wanted, record = self.settings.licence, model.record
        if not wanted:
            return _YES
        if record.value("weights") == NO:
            if wanted in ("commercial", "unconditional"):
                return Fitting("unknown", "the seller's own terms (closed weights)")
            return Fitting("no", "the weights are closed, so there is no such licence")
        if record.terms is None:
            return Fitting("unknown", "the licence")
        both = [held for held in (record.terms, record.base_terms) if held]
        if self.licences:
            fits = all(_covered(held, self.licences) for held in both)
            return _YES if fits else Fitting("no", "the licence, or that of its base, is another")
        if wanted == "open":
            if any(held.open is False for held in both):
                return Fitting("no", "the licence is not open to anyone for any purpose")
            return _UNCLEAR if any(held.open is None for held in both) else _YES
        return self._commercial(record.commercial)

    def _commercial(self, use: str | None) -> Fitting:
        wanted = self.settings.licence
        if use is None:
            return _UNCLEAR
        if use == "yes" or (use, wanted) == _SOME:
            return _YES
        how = "" if wanted == "commercial" else " without conditions"
        return Fitting("no", f"the licence does not allow commercial use{how}")

    def _context(self, model: SoldModel, offer: SellerOffer) -> Fitting:
        wanted = self.settings.context
        if wanted is None:
            return _YES
        short = Fitting("no", f"the context is shorter than {wanted:,} tokens")
        low, high = offer.context_tokens or (None, None)
        own = model.context_tokens
        # The maker's own endpoint is what the model's record speaks of.
        if low is None and offer.seller == model.record.lab:
            low = high = own
        if low is not None and high is not None:
            if high < wanted:
                return short
            # No seller can serve more than the model has, and none of several others has as much.
            others = {o.seller: o.context_tokens[1] for o in model.offers if o.context_tokens}
            others.pop(offer.seller, None)
            alone = own is None and len(others) > 1 and max(others.values()) < wanted
            if low < wanted or alone or (own is not None and own < wanted):
                return Fitting("unknown", "the context at this seller (lists differ)")
            return _YES
        if own is not None and own < wanted:
            return short
        return Fitting("unknown", "the context at this seller")

    def _cost(self, offer: SellerOffer) -> Fitting:
        most = self.settings.max_cost
        if most is None:
            return _YES
        if offer.usd_per_mtok > most:
            return Fitting("no", f"it costs more than ${most:g} per million tokens")
        if offer.doubt:
            return Fitting("unknown", "whether the price still holds")
        return _YES

    def _stays(self, offer: SellerOffer) -> Fitting:
        if offer.retires is None:
            return _YES
        if offer.retires.day <= self.at.date():
            return Fitting("no", "the seller has retired it")
        until = self.settings.until
        if until and offer.retires.day <= until:
            return Fitting("no", f"the seller retires it by {until}")
        return _YES

    def _sure(self, chance: float | None, what: str, scale: Scale) -> Fitting:
        if chance is None:
            return Fitting("unknown", f"its score on {scale.named}")
        least = self.settings.chance
        return _YES if chance >= least else Fitting("no", f"the chance that it {what} is too small")


_LICENCES = (
    "a licence that allows commercial use",
    "a licence that allows commercial use without conditions",
    "a licence open to anyone and any purpose",
)


def _places(countries: tuple[str, ...]) -> str:
    return listed((in_sentence(country_name(code)) for code in countries), "or")


def _seat(
    country: str | None, wanted: tuple[str, ...], banned: tuple[str, ...], who: str
) -> Fitting:
    if not wanted and not banned:
        return _YES
    if country is None:
        return Fitting("unknown", f"where the {who} is seated")
    if country in banned or (wanted and country not in wanted):
        return Fitting("no", f"the {who} is seated elsewhere than asked")
    return _YES


def _covered(allowed: LicenceTerms, wanted: tuple[str, ...]) -> bool:
    """Whether every licence that holds is one of those that will do."""
    held = [*(one.spdx for one in allowed.licences), *allowed.unlisted]
    return all(any(one == w or narrower(one, w) for w in wanted) for one in held)


def asked(
    facts: Facts, settings: ShortlistSettings, scale: Scale, at: datetime, as_of: date
) -> TeamConditions:
    """The conditions with every name in them understood.

    Raises:
        UnknownName: If a licence, country, seller, model or domain is in no list.
        NoEvidence: If the model to be no worse than has no score.
    """
    lab, operator = (
        _seats(facts, who, getattr(settings, who), getattr(settings, f"not_{who}"))
        for who in ("lab_country", "operator_country")
    )
    return TeamConditions(
        settings=settings,
        licences=_licences(settings.licence),
        lab_countries=lab[0],
        not_lab_countries=lab[1],
        operator_countries=operator[0],
        not_operator_countries=operator[1],
        operators=tuple(seller_id(facts, name, as_of) for name in settings.operator),
        than=_than(facts, settings.no_worse_than, scale, at.date()),
        margin=scale.margin if settings.margin is None else settings.margin,
        at=at,
    )


def check_names(facts: Facts, settings: ShortlistSettings, as_of: date) -> None:
    """Check every name in the conditions but that of a model, without a scale.

    Raises:
        UnknownName: If a licence, country, seller or domain is in no list.
    """
    _licences(settings.licence)
    for countries in (settings.lab_country, settings.not_lab_country):
        _countries(facts, countries)
    for countries in (settings.operator_country, settings.not_operator_country):
        _countries(facts, countries)
    for name in settings.operator:
        seller_id(facts, name, as_of)
    check_domain(settings.domain)


def check_domain(domain: str) -> None:
    """Check that the index has such a domain.

    Raises:
        UnknownName: If not.
    """
    if domain and domain not in DOMAINS:
        raise UnknownName("domain", domain, DOMAINS)


def _licences(wanted: str) -> tuple[str, ...]:
    if not wanted or wanted in LICENCE_WORDS:
        return ()
    named = terms(wanted)
    if named.unlisted:
        known = {text: one.spdx for one in licences().values() for text in (one.name, *one.also)}
        raise UnknownName("licence", wanted, [*LICENCE_WORDS, *licences()], known)
    if " AND " in named.spdx:
        raise InputError(f"`licence` {wanted!r}: join licences that will do by OR.")
    return tuple(one.spdx for one in named.licences)


def _seats(
    facts: Facts, who: str, wanted: tuple[str, ...], banned: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The countries asked for and those ruled out."""
    seats = _countries(facts, wanted), _countries(facts, banned)
    if both := {*seats[0]} & {*seats[1]}:
        raise InputError(f"`{who}` and `not_{who}` both name {_places(tuple(sorted(both)))}.")
    return seats


def _countries(facts: Facts, given: tuple[str, ...]) -> tuple[str, ...]:
    known = facts.names.countries().values()
    spelt = {
        text: one.code
        for one in known
        for text in (one.code, one.name, one.adjective, *one.spellings)
    }
    by_key = {key(text): code for text, code in spelt.items()}
    found = []
    for name in given:
        code = by_key.get(key(name))
        if code is None:
            shown = {text: str(facts.names.countries()[code]) for text, code in spelt.items()}
            raise UnknownName("country", name, shown.values(), shown)
        found.append(code)
    return tuple(dict.fromkeys(found))


def seller_id(facts: Facts, name: str, as_of: date) -> str:
    """The id of a seller; the word of a price list for one that is in no list of ours.

    Raises:
        UnknownName: If it is in no list.
    """
    operators = facts.names.operators().values()
    known = facts.names.operator(name)
    found = known or {key(one.name): one for one in operators}.get(key(name))
    if found:
        return found.id
    for word in facts.frame("prices", as_of)["provider"].unique():
        if key(str(word)) == key(name):
            return str(word)
    spelt = {text: one.name for one in operators for text in (*one.spellings, one.id)}
    raise UnknownName("seller", name, [one.name for one in operators], spelt)


def _than(facts: Facts, name: str, scale: Scale, day: date) -> str:
    if not name:
        return ""
    meant = facts.names.resolve(name, on=day).model
    listed_models = facts.names.models()
    if meant is None:
        close = facts.names.suggested(name, day)
        raise UnknownName("model", name, facts.names.called(day), meant=close)
    if meant not in scale.draws:
        raise NoEvidence(
            f"{listed_models[meant].name} has no score with an interval on {scale.named}, so "
            "nothing can be said to be no worse. Choose another model, or another `by`."
        )
    return meant


def window_of(settings: ShortlistSettings, as_of: date) -> tuple[datetime, Period]:
    """The instant of the prices, and the day it lies on.

    Raises:
        InputError: If it lies after the day of knowledge, or after `until`.
    """
    from headtohead.core.dates import instant

    at = settings.at or instant(as_of)
    if at.date() > as_of:
        raise InputError(f"`at` {at:%Y-%m-%dT%H:%MZ} lies after {as_of}: nobody knew by then.")
    if settings.until and settings.until < at.date():
        raise InputError(f"`until` {settings.until} lies before the prices of {at.date()}.")
    return at, Period(at.date(), at.date())
