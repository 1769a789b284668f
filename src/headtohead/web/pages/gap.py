"""How far the best of one side is behind the best of another."""

from collections.abc import Iterable
from datetime import date

from headtohead.capability.result import GapResult
from headtohead.capability.verb import gap
from headtohead.core.errors import UnknownName
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site, side_word

PAGE = PageKind(
    paths=("gap", "gap/{group}/{a}/{b}"),
    title="Gap",
    asks="How far is the best of one side behind the best of the other: in points and in months?",
    place=34,
)
_GROUPS = ("country", "open", "lab", "family", "model")


def answer(site: Site, words: Words, day: date) -> GapResult:
    """The gap between two sides of a group; between the US and China if none are named."""
    group = words.get("group", "country")
    if group not in _GROUPS:
        raise UnknownName("group of sides", group, _GROUPS)
    a, b = words.get("a", "US"), words.get("b", "CN")
    result = gap(a=a, b=b, group=group, as_of=day, store=site.store)
    sides = [side_word(group, side) for side in (result.sides.a, result.sides.b)]
    if sides != [a, b]:
        raise Moved("/".join(["gap", group, *sides]))
    return result


def frozen(site: Site, day: date) -> Iterable[str]:
    """Between the two countries, and between closed and open weights."""
    return ("gap", "gap/open/closed/open")
