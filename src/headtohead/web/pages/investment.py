"""The ground investment for two sides; see `headtohead.web.ground`."""

from collections.abc import Iterable
from datetime import date

from headtohead.evidence.sheet import Listing
from headtohead.web.ground import ground, ground_paths
from headtohead.web.kinds import PageKind, Words, offered
from headtohead.web.site import Site

PAGE = PageKind(
    paths=ground_paths("investment"),
    title="Investment",
    asks="How much money is put into it on each side?",
    groups=("country",),
    place=56,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """Its charts, for the two countries or two sides that are named."""
    return ground(site, "investment", "investment", words, day)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Of the two countries, and of the other sides that the page offers."""
    return offered("investment")
