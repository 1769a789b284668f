"""One file per publisher: a SOURCE descriptor and parse(raw) -> rows of declared tables."""

import importlib
import pkgutil
from dataclasses import dataclass
from typing import Protocol, cast

from headtohead.core.errors import UnknownName
from headtohead.evidence.sourcing import Parsed, RawFiles, Source


class SourceModule(Protocol):
    """What every module in this folder offers."""

    SOURCE: Source

    def parse(self, raw: RawFiles) -> Parsed:
        """The rows in the raw files."""
        ...


@dataclass(frozen=True, slots=True)
class Importer:
    """A discovered source."""

    source: Source
    module: SourceModule


def importers() -> dict[str, Importer]:
    """All sources by id: the folder listing is the registry."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = cast(SourceModule, importlib.import_module(f"{__name__}.{info.name}"))
        found[info.name] = Importer(module.SOURCE, module)
    return found


def importer(source_id: str) -> Importer:
    """The source called `source_id`.

    Raises:
        UnknownName: If none is.
    """
    known = importers()
    if source_id not in known:
        raise UnknownName("source", source_id, known)
    return known[source_id]
