"""How much may be asked for at once, and by which days."""

from collections.abc import Mapping
from datetime import date

PAGING: Mapping[str, int] = {"limit": 1000, "offset": 0}
"""How many results a program is given at once, and from which one on, where it does not say."""
_EARLIEST = date(2000, 1, 1)


def unknown(day: date, today: date) -> str:
    """Why nothing can be known by a day; empty if something may be."""
    if day > today:
        return f"{day} lies ahead: nobody knows yet."
    return f"Nothing was known by {day}. Choose a later day." if day < _EARLIEST else ""
