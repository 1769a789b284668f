"""What changed lately: verdicts, list prices, places on boards."""

from collections.abc import Iterable
from datetime import date, timedelta

from headtohead.claims.changes import DiffResult
from headtohead.claims.verb import diff
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("changes",),
    title="Changes",
    asks="Which verdicts, prices and places changed in the last thirty days, and why?",
    place=80,
)
_DAYS = 30


def answer(site: Site, words: Words, day: date) -> DiffResult:
    """What differs from what was known thirty days before."""
    return diff(day - timedelta(days=_DAYS), day, store=site.store)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("changes",)
