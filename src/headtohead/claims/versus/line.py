"""One line of the card: what each side has, who is ahead, and since when."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from headtohead.core.estimate import Estimate
from headtohead.core.units import show_end, unsigned_span

# "a" or "b" is ahead; "open": measured, but it cannot be told who; "level": exactly alike;
# "facts": nothing to be ahead in; "unknown": one side or both are not known.
Ahead = Literal["a", "b", "open", "level", "facts", "unknown"]
# What a line bears on: may B do the work of A, what does that save, and all else.
Bears = Literal["quality", "saving", "context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is known of one thing on both sides.

    Attributes:
        slug: Unique on the card.
        what: What is compared, with its day ("Rating, text board of 2026-10-20").
        a: What side A has, in words with numbers; empty if not known.
        b: What side B has.
        ahead: Who is ahead, if that can be told.
        says: The finding as a sentence that stands alone; where nothing is known, what is not.
        short: The thing in a few words, for the answer ("the rating by blind votes").
        by: How far apart the two are ("36 points"); empty for none.
        gain: For the answer, what B saves or brings where it is ahead, after "it".
        loss: What B lacks or costs where A is ahead, after "it".
        difference: That number.
        since: The first day of an unbroken lead; None if there is none or it is not known.
        observed_on: The last day the data speak of.
        rows: Behind the line, each with its `source_id`.
        notes: What a careful reader must know.
    """

    slug: str
    what: str
    a: str = ""
    b: str = ""
    ahead: Ahead
    says: str
    short: str
    by: str = ""
    gain: str = ""
    loss: str = ""
    bears: Bears = "context"
    difference: Estimate | None = None
    since: date | None = None
    observed_on: date | None = None
    rows: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """The interval of the difference, as a size without its sign; empty for none."""
        e = self.difference
        if e is None or math.isinf(e.low) or math.isinf(e.high) or e.low == e.high:
            return ""
        if e.unit == "ratio":
            return f"{e.low:.0%} to {e.high:.0%}"
        return unsigned_span(e.value, e.low, e.high, lambda end: show_end(end, e.unit))

    @property
    def source_ids(self) -> tuple[str, ...]:
        """Every source behind it, sorted."""
        columns = ("source_id", "also_source_id")
        ids = {str(row[c]) for row in self.rows for c in columns if row.get(c)}
        return tuple(sorted(ids | set(self.difference.source_ids if self.difference else ())))


def unknown(slug: str, what: str, short: str, why: str, bears: Bears = "context") -> Line:
    """A line of which nothing is known on one side or on both."""
    return Line(slug=slug, what=what, ahead="unknown", says=why, short=short, bears=bears)


def described(
    slug: str,
    what: str,
    short: str,
    names: tuple[str, str],
    said: Sequence[str],
    *,
    rows: tuple[Mapping[str, Any], ...],
    seen: str,
    neither: str,
    absent: str = "not known",
    opening: str = "{}",
) -> Line:
    """A line of facts, in which nobody is ahead.

    Args:
        names: What the two are called.
        said: What is known of each; empty if nothing is.
        seen: The column of the rows with the day they speak of.
        neither: What to say where nothing is known of either.
        absent: What to say of a side of which nothing is known.
        opening: What stands before each side's facts, with {} for its name.
    """
    if not any(said):
        return unknown(slug, what, short, neither)
    a, b = (text or absent for text in said)
    return Line(
        slug=slug,
        what=what,
        a=a,
        b=b,
        ahead="facts" if all(said) else "unknown",
        says="; ".join(f"{opening.format(n)}: {s}" for n, s in zip(names, (a, b), strict=True)),
        short=short,
        observed_on=last_seen(rows, seen),
        rows=rows,
    )


def leads(difference: Estimate, *, zero: float = 0.0, more: Ahead = "b") -> Ahead:
    """Who is ahead by an estimate of B against A: whose side of `zero` the interval lies on.

    Args:
        difference: B minus A, or a ratio of the two.
        zero: The value of no difference; 1 for a ratio.
        more: Who is ahead above it.
    """
    less: Ahead = "a" if more == "b" else "b"
    if difference.low > zero:
        return more
    if difference.high < zero:
        return less
    return "level" if difference.low == difference.high == zero else "open"


def last_seen(rows: Sequence[Mapping[str, Any]], *columns: str) -> date | None:
    """The latest day in some columns of the rows."""
    days = [row[c] for row in rows for c in columns if isinstance(row.get(c), date)]
    return max(days, default=None)


def lead_since(days: Sequence[tuple[date, Ahead]], gap_days: int = 0) -> date | None:
    """The first day of the last unbroken lead, of (day, who is ahead) in order of time.

    A stretch without evidence of more than `gap_days` days breaks a lead; none does if 0.
    """
    since, leader, last = None, "open", None
    for day, who in days:
        blind = gap_days and last is not None and (day - last).days > gap_days
        if who != leader or blind:
            since, leader = day, who
        last = day
    return since if leader in ("a", "b") else None
