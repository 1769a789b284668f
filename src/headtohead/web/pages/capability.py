"""How able every model is, on one scale."""

from collections.abc import Iterable
from datetime import date

from headtohead.capability.result import IndexResult
from headtohead.capability.verb import index
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("capability",),
    title="Capability index",
    asks="How able is each model by its published test scores, and which cannot be told apart?",
    place=32,
)


def answer(site: Site, words: Words, day: date) -> IndexResult:
    """The index of all models that were out."""
    return index(as_of=day, store=site.store)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("capability",)
