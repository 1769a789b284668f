"""One file per format of results or logs: FORMAT, recognise(head) and read(source)."""

import importlib
import pkgutil
from functools import cache
from typing import Protocol, cast

from headtohead.trials.calls import Format, Reading
from headtohead.trials.reading.source import Head, Source


class FormatModule(Protocol):
    """What every module in this folder offers."""

    FORMAT: Format

    def recognise(self, head: Head) -> bool:
        """Whether a file is of this format, told by its name and its first records."""
        ...

    def read(self, source: Source) -> Reading:
        """The calls in it."""
        ...


@cache
def formats() -> dict[str, FormatModule]:
    """All formats by name: the folder listing is the registry."""
    found = {}
    for info in pkgutil.iter_modules(__path__):
        module = cast(FormatModule, importlib.import_module(f"{__name__}.{info.name}"))
        found[module.FORMAT.name] = module
    return found
