"""Questions asked of evidence, one file each, in six folders: a QUESTION and run(frames, ask)."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.question import Answer, Ask, Frames, Question, Sides

if TYPE_CHECKING:
    from headtohead.evidence.facts import Facts
    from headtohead.questions.exhibit import ExhibitSpec, ReportSection

FOLDERS = ("performance", "openness", "cost", "hardware", "investment", "impact")
_ELSEWHERE = {"performance": "headtohead.capability.questions"}


@dataclass(frozen=True, slots=True)
class Analysis:
    """A discovered analysis.

    Attributes:
        id: folder.file, as claims name it.
    """

    id: str
    question: Question
    run: Callable[[Frames, Ask], Answer]


@cache
def analyses() -> dict[str, Analysis]:
    """All analyses by id: the folder listing is the registry.

    Questions of the capability index lie with the index, and are asked as performance.*.
    """
    found = {}
    for folder in FOLDERS:
        modules: dict[str, str] = {}
        for home in filter(None, (f"{__name__}.{folder}", _ELSEWHERE.get(folder))):
            package = importlib.import_module(home)
            modules |= {info.name: home for info in pkgutil.iter_modules(package.__path__)}
        for name, home in sorted(modules.items()):
            module = importlib.import_module(f"{home}.{name}")
            found[f"{folder}.{name}"] = Analysis(f"{folder}.{name}", module.QUESTION, module.run)
    return found


def analysis(name: str) -> Analysis:
    """The analysis called folder.file.

    Raises:
        UnknownName: If none is.
    """
    known = analyses()
    if name not in known:
        raise UnknownName("analysis", name, known)
    return known[name]


def ask(
    facts: "Facts",
    name: str,
    *,
    about: Period,
    as_of: date,
    sides: Sides | None = None,
    scope: Mapping[str, Any] | None = None,
    sources: tuple[str, ...] = (),
) -> Answer:
    """The answer of the question called folder.file; arguments as in `Facts.ask`.

    Raises:
        UnknownName: If none is called so.
    """
    found = analysis(name)
    return facts.ask(
        found.question,
        found.run,
        about=about,
        as_of=as_of,
        sides=sides,
        scope=scope,
        sources=sources,
    )


def sections() -> "tuple[ReportSection, ...]":
    """The sections of the report, in the order of the folders."""
    return tuple(
        importlib.import_module(f"{__name__}.exhibits.{folder}").SECTION for folder in FOLDERS
    )


def exhibit_specs() -> "dict[str, ExhibitSpec]":
    """Every exhibit of every section by slug, in reading order."""
    return {spec.slug: spec for section in sections() for spec in section.exhibits}
