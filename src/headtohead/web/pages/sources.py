"""Every source: who published it, under which licence, and what was taken from it."""

from collections.abc import Iterable
from datetime import date

from headtohead.evidence.verb import list_sources
from headtohead.publish.result import Result
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("sources",),
    title="Sources",
    asks="Where does every number come from, and under which licence?",
    place=90,
)


def answer(site: Site, words: Words, day: date) -> Result:
    """The sources that were known by a day."""
    return list_sources(as_of=day, store=site.store)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("sources",)
