"""How far the best of one side is behind the best of another."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.capability.verb import gap
from headtohead.core.errors import UnknownName
from headtohead.evidence.sheet import Listing
from headtohead.web.address import Moved
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site, side_word

PAGE = PageKind(
    paths=("gap", "gap/{group}/{a}/{b}"),
    title="Gap",
    asks="How far is the best of one side behind the best of the other: in points and in months?",
    place=34,
)
GROUPS = ("country", "open", "lab", "family", "model")


def answer(site: Site, words: Words, day: date) -> Listing:
    """The gap between two sides of a group; between the US and China if none are named."""
    group = words.get("group", "country")
    if group not in GROUPS:
        raise UnknownName("group of sides", group, GROUPS)
    a, b = words.get("a", "US"), words.get("b", "CN")
    result = gap(a=a, b=b, group=group, as_of=day, store=site.store)
    sides = [side_word(group, side) for side in (result.sides.a, result.sides.b)]
    if sides != [a, b]:
        raise Moved("/".join(["gap", group, *sides]))
    sheet = result.sheet
    found = result.parts["level"].answer.estimates if "level" in result.parts else ()
    if found:
        said = found[0].as_said().in_words()
        if said.startswith("best "):
            said = f"The {said.replace(' ahead of best', ' is ahead of the best')}"
        sheet = replace(sheet, title=said, kicker=f"{sheet.title}. {sheet.kicker}")
    return Listing(sheet, result.as_json, result.table)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Between the two countries, and between closed and open weights."""
    return ("gap", "gap/open/closed/open")
