"""Any two, side by side."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date
from itertools import combinations
from typing import cast, get_args

from headtohead.claims.versus.pair import pair_of
from headtohead.claims.versus.result import VersusResult
from headtohead.claims.versus.settings import Kind
from headtohead.claims.versus.verb import finding_of, side_by_side
from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.publish.sheet import Sheet
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.models_of_day import models_of_day
from headtohead.web.site import Site, model_word, side_word

PAGE = PageKind(
    paths=("versus/{a}/{b}", "versus/{group}/{a}/{b}"),
    title="Side by side",
    asks="Can B stand in for A, what does it save, and how sure is that?",
    card=True,
)

_LABS = 6


class FoundFirst(VersusResult):
    """Two sides under the finding, where a terminal asks the question."""

    __slots__ = ()

    @property
    def sheet(self) -> Sheet:
        """The card."""
        sheet = super().sheet
        return replace(sheet, title=finding_of(self), kicker=sheet.title)


def answer(site: Site, words: Words, day: date) -> VersusResult:
    """The card of two sides; under {group} of those that are a lab, a family, a country or so."""
    kind = words.get("group")
    if kind is not None and kind not in get_args(Kind):
        raise UnknownName("kind of sides", kind, list(get_args(Kind)))
    facts = site.facts
    facts.require_evidence(day)
    given = cast("Kind | None", kind)
    pair = pair_of(facts, words["a"], words["b"], given, Period(day, day), day)
    sides = [side_word(pair.kind, side) for side in (pair.a, pair.b)]
    if sides != [words["a"], words["b"]]:
        raise Moved("/".join(["versus", *([kind] if kind else []), *sides]))
    found = side_by_side(pair)
    return FoundFirst(**{each.name: getattr(found, each.name) for each in fields(found)})


def frozen(site: Site, day: date) -> Iterable[str]:
    """Countries, closed and open, and the best of each leading lab against that of each other."""
    yield from ("versus/US/CN", "versus/closed/open")
    known = models_of_day(site.facts, day)
    best: dict[str, str] = {}
    for model in known.leading:
        best.setdefault(known.models[model].lab, model)
    for pairs in (list(best)[:_LABS], list(best.values())[:_LABS]):
        for a, b in combinations(pairs, 2):
            words = (a, b) if "/" not in a else (model_word(a), model_word(b))
            yield "/".join(("versus", *words))
