"""The verbs as Python functions: each gives the same result object as its `h2h` twin."""

from headtohead.verbs.capability import gap, index
from headtohead.verbs.compare import compare
from headtohead.verbs.evidence import (
    check,
    diff,
    list_sources,
    names,
    read_evidence,
    report,
    show,
)
from headtohead.verbs.plan import plan
from headtohead.verbs.rank import rank
from headtohead.verbs.switch import switch

__all__ = [
    "check", "compare", "diff", "gap", "index", "list_sources", "names", "plan", "rank",
    "read_evidence", "report", "show", "switch",
]  # fmt: skip
