"""The article's outlook: how each forecast resolved, and what simple ones would have said."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.claims.forecasts.sheet import headline
from headtohead.claims.forecasts.verb import forecasts
from headtohead.evidence.sheet import Listing
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("forecasts",),
    title="Forecasts",
    asks="What came true of what was foretold, and would a simple forecast have said so?",
    place=70,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """How each forecast of the article resolved."""
    result = forecasts(as_of=day, store=site.store)
    sheet = result.sheet
    titled = replace(sheet, title=headline(result), kicker=f"{sheet.title}. {sheet.kicker}.")
    return Listing(titled, result.as_json, result.table)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("forecasts",)
