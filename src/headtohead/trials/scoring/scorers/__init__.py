"""One file per kind of scorer: SCORER and prepare(argument) -> a scorer ready to be used."""

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

from headtohead.core.errors import UnknownName
from headtohead.trials.scoring.scored import Kind, Scorer


class ScorerModule(Protocol):
    """What every module in this folder offers."""

    SCORER: Kind

    def prepare(self, argument: str) -> Scorer:
        """The scorer that what stands after the colon asks for."""
        ...


@cache
def scorers() -> dict[str, ScorerModule]:
    """All kinds of scorers by name: the folder listing is the registry."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = cast(ScorerModule, importlib.import_module(f"{__name__}.{info.name}"))
        found[module.SCORER.name] = module
    return found


def scorer_from(spec: str) -> Scorer:
    """The scorer that an option asks for.

    Args:
        spec: Its name, or its name, a colon and what it needs: 'exact', 'exact:last_line',
            'regex:PATTERN', 'json-schema:FILE', 'python:FILE.py:function'.

    Raises:
        UnknownName: If no scorer has that name.
        InputError: If what stands after the colon makes no scorer.
    """
    name, _, argument = spec.partition(":")
    name = name.strip()
    known = scorers()
    if name not in known:
        raise UnknownName("scorer", name, known)
    return known[name].prepare(argument)
