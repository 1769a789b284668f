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


def source_ids() -> list[str]:
    """All sources by id, without importing them: the folder listing is the registry."""
    return sorted(info.name for info in pkgutil.iter_modules(__path__))


def importers() -> dict[str, Importer]:
    """All sources by id."""
    return {source_id: _load(source_id) for source_id in source_ids()}


def importer(source_id: str) -> Importer:
    """The source called `source_id`.

    Raises:
        UnknownName: If none is.
    """
    if source_id not in source_ids():
        raise UnknownName("source", source_id, source_ids())
    return _load(source_id)


def _load(source_id: str) -> Importer:
    module = cast(SourceModule, importlib.import_module(f"{__name__}.{source_id}"))
    return Importer(module.SOURCE, module)
