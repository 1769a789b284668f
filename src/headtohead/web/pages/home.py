"""The first page: the answer of the day, and where every other page is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.claims.versus.pair import pair_of
from headtohead.claims.versus.sheet import card, headlines, versus_sheet
from headtohead.claims.versus.verb import side_by_side
from headtohead.core.dates import Period
from headtohead.evidence.sheet import Listing
from headtohead.publish.sheet import Topic
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("",),
    title="Start",
    asks="Can B stand in for A, what does it save, and how sure is that?",
    place=1,
    card=True,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The two countries of the reference question side by side."""
    facts = site.facts
    facts.require_evidence(day)
    found = side_by_side(pair_of(facts, "US", "CN", "country", Period(day, day), day))
    sheet = replace(
        versus_sheet(found),
        headlines=headlines(found),
        topics=(Topic(figures=(card(found),)),),
    )
    return Listing(sheet, found.as_json, found.table)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("",)
