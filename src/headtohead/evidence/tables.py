"""The declared tables by name."""

from headtohead.core.errors import UnknownName
from headtohead.evidence.table import COMMON, Column, Kind, Table
from headtohead.evidence.table_list import TABLES

__all__ = ["COMMON", "Column", "Kind", "Table", "table", "tables"]


def tables() -> dict[str, Table]:
    """All declared tables by name."""
    return {t.name: t for t in TABLES}


def table(name: str) -> Table:
    """The table called `name`.

    Raises:
        UnknownName: If none is.
    """
    known = tables()
    if name not in known:
        raise UnknownName("table", name, known)
    return known[name]
