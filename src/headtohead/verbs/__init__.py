"""The verbs as Python functions: each gives the same result object as its `h2h` twin."""

from headtohead.verbs.capability import gap, index
from headtohead.verbs.evidence import (
    check,
    diff,
    list_sources,
    names,
    read_evidence,
    report,
    show,
)
from headtohead.verbs.rank import rank

__all__ = [
    "check", "diff", "gap", "index", "list_sources", "names", "rank", "read_evidence", "report",
    "show",
]  # fmt: skip
