"""The card of any two, small enough for a frame on somebody else's page."""

from collections.abc import Iterable
from datetime import date

from headtohead.claims.versus.result import VersusResult
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.pages import versus
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("embed/versus/{a}/{b}", "embed/versus/{group}/{a}/{b}"),
    title="Card for a frame",
    asks=versus.PAGE.asks,
    template="embed.html.j2",
)


def answer(site: Site, words: Words, day: date) -> VersusResult:
    """The same as on the page of the two sides."""
    try:
        return versus.answer(site, words, day)
    except Moved as moved:
        raise Moved(f"embed/{moved.path}") from None


def frozen(site: Site, day: date) -> Iterable[str]:
    """A card for every such page."""
    return (f"embed/{path}" for path in versus.frozen(site, day))
