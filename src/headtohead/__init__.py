"""Can B stand in for A, what does it save, and how sure are we?

The verbs of the command line are functions here: `check`, `show`, `report`, `diff`, `names`,
`rank`, `index`, `gap`, `compare`, `plan`, `switch`, `list_sources` (`h2h sources`) and
`read_evidence` (`h2h evidence`; the plain words are packages). Those that read dated evidence take
`as_of`, the day of our knowledge; each gives the same result object that its `h2h` twin prints.
"""

from typing import TYPE_CHECKING

from headtohead.core.version import VERSION as __version__

if TYPE_CHECKING:
    from headtohead.verbs import (
        check,
        compare,
        diff,
        gap,
        index,
        list_sources,
        names,
        plan,
        rank,
        read_evidence,
        report,
        show,
        switch,
    )

_VERBS = (
    "check", "compare", "diff", "gap", "index", "list_sources", "names", "plan", "rank",
    "read_evidence", "report", "show", "switch",
)  # fmt: skip
__all__ = [
    "__version__", "check", "compare", "diff", "gap", "index", "list_sources", "names", "plan",
    "rank", "read_evidence", "report", "show", "switch",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """A verb, imported when first used, so that importing the package stays quick."""
    if name in _VERBS:
        import importlib

        return getattr(importlib.import_module("headtohead.verbs"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
