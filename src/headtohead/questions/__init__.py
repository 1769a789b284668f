"""Questions asked of evidence, one file each: a QUESTION and run(frames, ask).

Six folders are those of the report's sections; the questions in `general` serve any section.
"""

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, cast

from headtohead.core.errors import UnknownName
from headtohead.core.question import Analysis

if TYPE_CHECKING:
    from headtohead.questions.exhibit import ExhibitSpec, ReportSection

FOLDERS = ("performance", "openness", "cost", "hardware", "investment", "impact")
GENERAL = "general"
_ELSEWHERE = {"performance": "headtohead.capability.questions"}


@cache
def analyses() -> dict[str, Analysis]:
    """All analyses by id, as claims name them (folder.file): the folder listing is the registry.

    Questions of the capability index lie with the index, and are asked as performance.*.
    """
    analyses_by_name = {}
    for folder in (*FOLDERS, GENERAL):
        modules: dict[str, str] = {}
        for home in filter(None, (f"{__name__}.{folder}", _ELSEWHERE.get(folder))):
            package = importlib.import_module(home)
            modules |= {info.name: home for info in pkgutil.iter_modules(package.__path__)}
        for name, home in sorted(modules.items()):
            analyses_by_name[f"{folder}.{name}"] = cast(
                "Analysis", importlib.import_module(f"{home}.{name}")
            )
    return analyses_by_name


def analysis(name: str) -> Analysis:
    """The analysis called folder.file.

    Raises:
        UnknownName: If none is.
    """
    known = analyses()
    if name not in known:
        raise UnknownName("analysis", name, known)
    return known[name]


def sections() -> "tuple[ReportSection, ...]":
    """The sections of the report, in the order of the folders."""
    return tuple(
        importlib.import_module(f"{__name__}.exhibits.{folder}").SECTION for folder in FOLDERS
    )


def exhibit_specs() -> "dict[str, ExhibitSpec]":
    """Every exhibit of every section by slug, in reading order."""
    return {spec.slug: spec for section in sections() for spec in section.exhibits}
