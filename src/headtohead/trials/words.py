"""How reports of trials write numbers."""

import math

from headtohead.core.interval import Interval


def spread(interval: Interval, digits: int) -> str:
    """A value with its interval, as 0.11 [0.10, 0.12]; an open end says so."""
    ends = (_end(end, digits) for end in (interval.low, interval.high))
    return f"{interval.value:,.{digits}f} [{', '.join(ends)}]"


def share_words(interval: Interval, unit: str, *, signed: bool = False) -> str:
    """A difference with its interval, in percentage points where scores are shares.

    Args:
        interval: In the unit of the scores.
        unit: "pp" or "score".
        signed: Whether to write the sign of what is above 0.
    """
    scale, digits, word = (100, 1, " pp") if unit == "pp" else (1, 3, "")
    sign = "+" if signed else ""
    value = f"{interval.value * scale:{sign}.{digits}f}"
    ends = [_end(end * scale, digits, sign) for end in (interval.low, interval.high)]
    return f"{value}{word} [{', '.join(ends)}]"


def margin_words(margin: float, unit: str) -> str:
    """A margin as people write it."""
    return f"{margin * 100:g} pp" if unit == "pp" else f"{margin:g}"


def amount(score: float, unit: str) -> str:
    """A mean score."""
    return f"{score * 100:.1f}%" if unit == "pp" else f"{score:,.3f}"


def _end(end: float, digits: int, sign: str = "") -> str:
    return "open" if math.isinf(end) else f"{end:{sign},.{digits}f}"


def same_words(p_same: float) -> str:
    """Whether slices may all have the same difference."""
    if p_same < 0.05:
        return f"The difference is not the same everywhere (p = {p_same:.2g})."
    return f"The slices may all have the same difference (p = {p_same:.2g})."
