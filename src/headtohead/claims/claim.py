"""What a claim is: a sentence, two readings of it, and the bound each must meet."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from headtohead.core.dates import Period

_KINDS = "level rank gap ratio share amount lag trend mechanism forecast"
KINDS = tuple(_KINDS.split())
Each = Literal["all", "any", "most", "each_any"]
Judge = Literal["interval", "point"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What the numbers must meet for a reading to hold.

    Attributes:
        at_least: Lower end of the stated range; -inf if open.
        at_most: Upper end; inf if open.
        unit: Unit of both; empty only where they are zero or open.
        each: How many estimates must meet it: "all", "any", "most" (more than half), or
            "each_any" (for every label at least one).
        judge: "interval": the whole interval must lie inside. "point": the published figure, for
            sentences about what a table printed.
        by_label: Label -> (at_least, at_most), for sentences that state a range for each subject.
    """

    at_least: float = -math.inf
    at_most: float = math.inf
    unit: str = ""
    each: Each = "all"
    judge: Judge = "interval"
    by_label: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def range_of(self, label: str) -> tuple[float, float]:
        """The stated range for one estimate."""
        return self.by_label.get(label, (self.at_least, self.at_most))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One way to read a claim.

    Attributes:
        says: The reading in words.
        analysis: The question that answers it ("performance.arena_level"); empty if nothing can.
        scope: Scope words for that question.
        bound: What its estimates must meet; None if there is no analysis.
        about: A window of its own, if the reading has one.
        cannot: Why nothing can measure it; empty if there is an analysis.
    """

    says: str
    analysis: str = ""
    scope: Mapping[str, Any] = field(default_factory=dict)
    bound: Bound | None = None
    about: Period | None = None
    cannot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One sentence to check.

    Attributes:
        id: Short and unique in its file.
        says: What it asserts, in our own words.
        section: One of `questions.FOLDERS`.
        kind: One of `KINDS`.
        about: The day or window it speaks of.
        as_stated: The scope that the sentence implies.
        kindest: The narrowest scope in which it could be true.
        expect: What we expected before looking; never used for the verdict.
        note: Why the verdict differs from what was expected, or what a reader must know.
    """

    id: str
    says: str
    section: str
    kind: str
    about: Period
    as_stated: Reading
    kindest: Reading
    sources: tuple[str, ...]
    expect: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsFile:
    """A file of claims.

    Attributes:
        origin: Where the sentences come from.
        group: The column that tells the two sides apart.
        a: The side that would be replaced.
        b: The side that might stand in.
    """

    title: str
    origin: str
    group: str
    a: str
    b: str
    claims: tuple[Claim, ...]
