"""The kinds of pages: a module each, with one descriptor `PAGE` and two functions.

`answer(site, words, day)` gives the result that the page shows, whose JSON and CSV it offers too;
`frozen(site, day)` lists the paths of the pages of its kind that a frozen site has.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Protocol

from headtohead.publish.result import Result
from headtohead.web.site import Site

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageKind:
    """The descriptor of one kind of page.

    Attributes:
        paths: Its paths; a {word} stands for any one word, and the first path that fits counts.
        title: What it is called in the list of pages.
        asks: The question it answers, in one sentence.
        place: Among the kinds in the list of pages: under 50 in the bar at the top, from there on
            in the menu beside it; 0 if it stands in none.
        template: What makes its HTML.
        groups: What may tell apart the sides that it offers as links, where it is of two sides; all
            groups if empty.
        card: Whether a frozen site that knows its address has its card as a picture, which other
            sites show of its links.
    """

    paths: tuple[str, ...]
    title: str
    asks: str
    place: int = 0
    template: str = "page.html.j2"
    groups: tuple[str, ...] = ()
    card: bool = False


_SIDES = (
    ("US and Chinese models", "country", "US", "CN"),
    ("Closed and open weights", "open", "closed", "open"),
    ("OpenAI and DeepSeek", "lab", "openai", "deepseek"),
    ("Anthropic and Moonshot AI", "lab", "anthropic", "moonshotai"),
    ("Google and Alibaba", "lab", "google", "alibaba"),
)


class PageModule(Protocol):
    """What a module of the folder `pages` holds."""

    PAGE: PageKind

    def answer(self, site: Site, words: Words, day: date) -> Result:
        """What the page shows.

        Raises:
            Moved: If the page of these words has another path.
            UnknownName: If a word stands for nothing, with what is spelt alike.
        """

    def frozen(self, site: Site, day: date) -> Iterable[str]:
        """The paths of its pages on a frozen site."""


@cache
def kinds() -> dict[str, PageModule]:
    """Every kind of page by the name of its module, in the order of the list of pages."""
    folder = importlib.import_module("headtohead.web.pages")
    found: dict[str, PageModule] = {
        module.name: importlib.import_module(f"{folder.__name__}.{module.name}")
        for module in pkgutil.iter_modules(folder.__path__)
    }
    return dict(sorted(found.items(), key=lambda one: (one[1].PAGE.place, one[0])))


def kind_of(path: str) -> tuple[PageModule, dict[str, str]] | None:
    """The kind of page that a path is, with its words; None if it is none."""
    words = path.split("/") if path else []
    for module in kinds().values():
        for pattern in module.PAGE.paths:
            parts = pattern.split("/") if pattern else []
            if len(parts) == len(words) and all(
                part == word or part.startswith("{")
                for part, word in zip(parts, words, strict=True)
            ):
                pairs = zip(parts, words, strict=True)
                return module, {part[1:-1]: w for part, w in pairs if part.startswith("{")}
    return None


def other_sides(path: str) -> list[tuple[str, str]]:
    """What a page of two sides may compare instead, with the path; empty if it has no two sides."""
    found = kind_of(path)
    if found is None:
        return []
    topic = path.partition("/")[0]
    if f"{topic}/{{group}}/{{a}}/{{b}}" not in found[0].PAGE.paths:
        return []
    paths = []
    for words, group, a, b in _SIDES:
        if group not in (found[0].PAGE.groups or (group,)):
            continue
        sides = f"{a}/{b}" if topic == "versus" else f"{group}/{a}/{b}"
        # Where no sides are named, they are the two countries.
        bare = group == "country" and topic != "versus"
        paths.append((words, topic if bare else f"{topic}/{sides}"))
    return paths


def offered(topic: str) -> tuple[str, ...]:
    """The paths of the pages of two sides that every page of a topic leads to."""
    return tuple(path for _, path in other_sides(topic))
