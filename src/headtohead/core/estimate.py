"""A number that is never bare: value, interval, n, both dates and its sources."""

import math
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from typing import Literal

from headtohead.core.dates import Period, long_day
from headtohead.core.units import counted, counted_of, show, show_end, span_of, unit, unsigned_span


def is_level(level: float) -> bool:
    """Whether a coverage is inside (0, 1), so far that its quantiles are neither 0 nor infinite."""
    return 0.5 < 0.5 + level / 2 < 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A point estimate and the ends of its interval.

    Attributes:
        value: The point estimate; inf only where none exists (a median never reached).
        low: Lower end; -inf where nothing bounds it.
        high: Upper end; inf where nothing bounds it.

    Raises:
        ValueError: If one is not a number, or `value` lies outside.
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not self.low <= self.value <= self.high:
            raise ValueError(f"{self.low} <= {self.value} <= {self.high} does not hold")

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low if self.high > self.low else 0.0

    def rescaled(self, by: float, plus: float = 0.0) -> "Interval":
        """The interval in another unit: every part times `by`, then plus `plus`.

        Args:
            by: Above 0, so that the ends keep their order.
            plus: Where 0 goes.
        """
        return Interval(self.value * by + plus, self.low * by + plus, self.high * by + plus)


# The source of rows that a user brought: known whenever the user asks.
OWN_SCORES = "scores"
Evaluator = Literal["first_party", "third_party", "mixed"]
Own = Literal["own"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A publisher's product, as a reader finds and credits it.

    Attributes:
        source_id: Its name in every table's `source_id` column.
        citation: The sentence to print next to a number.
        url: The address a reader can open.
        licence: SPDX identifier, or LicenseRef-... with the publisher's terms.
        evaluator: Whether the makers of the models measured themselves; "own" for a user's file,
            of which nobody says that.
    """

    source_id: str
    publisher: str
    product: str
    citation: str
    url: str
    licence: str
    evaluator: Evaluator | Own


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation(Publication):
    """A source of a result: the product, and what was read of it.

    Attributes:
        known_on: When the rows that were used became known (the latest of them).
        retrieved_on: When we took it.
        sha256: Content hash of the raw files that were read; empty for hand-gathered figures.
        unverified: True if some figure of it could not be checked against its origin.
    """

    known_on: date | None = None
    retrieved_on: date | None = None
    sha256: str = ""
    unverified: bool = False


def leads_by(a: str, b: str, where: str = "") -> tuple[str, str]:
    """What a difference, B less A, is called below zero and above."""
    return f"{a} ahead of {b}{where} by", f"{b} ahead of {a}{where} by"


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """How old data may be and still decide a sentence about a later day.

    Attributes:
        days: From the last day of the data to the end of the window asked about.
        of: What the data are, for a sentence ("board").
    """

    days: int
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One estimated quantity.

    Attributes:
        label: What it is, in a reader's words ("deepseek-v3.2-thinking").
        low: Lower end of the interval; -inf where nothing bounds it.
        high: Upper end; inf where nothing bounds it.
        level: Coverage of the interval, 0 < level <= 1; 1 for logical bounds.
        unit: A suffix of the unit registry.
        n_of: What n counts ("models", "tokens", "tests", "published figures").
        about: The day or window it answers for.
        as_of: The day of our knowledge.
        source_ids: The sources of every row behind it, sorted; never empty.
        unverified: True if a figure behind it is marked unverified.
        observed_on: The last day that its data speak of, which may lie long before `about`; None
            if they are of no day.
        known_on: The day on which the last row behind it became known.
        limit: How old such data may be; None where they do not age.
        called: How readers call it, if not by its label. A difference has two names, below zero
            and above ("US ahead by", "China ahead by"), so that it needs no sign.

    Raises:
        ValueError: If the interval does not hold the value, or something is missing.
    """

    label: str
    value: float
    low: float
    high: float
    level: float
    unit: str
    method: str
    n: int
    n_of: str
    about: Period
    as_of: date
    source_ids: tuple[str, ...]
    unverified: bool = False
    observed_on: date | None = None
    known_on: date | None = None
    limit: AgeLimit | None = None
    called: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unit(self.unit)
        slack = 1e-9 * max(1.0, abs(self.value))
        if not math.isfinite(self.value) or not self.low - slack <= self.value <= self.high + slack:
            raise ValueError(
                f"{self.label}: {self.low} <= {self.value} <= {self.high} does not hold"
            )
        if not 0 < self.level <= 1:
            raise ValueError(f"{self.label}: level {self.level} is not in (0, 1]")
        if self.n < 1 or not self.source_ids or not self.method:
            raise ValueError(f"{self.label}: an estimate needs n >= 1, a method and a source")
        object.__setattr__(self, "source_ids", tuple(sorted(set(self.source_ids))))

    def days_before(self, window: Period) -> int:
        """From the last day of its data to the end of a window; 0 if they reach it."""
        return max(0, (window.end - self.observed_on).days) if self.observed_on else 0

    def stale(self, window: Period) -> str:
        """Why its data are too old to decide a sentence about a window; empty if they are not."""
        days = self.days_before(window)
        if self.limit is None or self.observed_on is None or days <= self.limit.days:
            return ""
        return (
            f"the newest {self.limit.of} known is of {long_day(self.observed_on)}, "
            f"{counted(days, 'day')} before {long_day(window.end)}"
        )

    def as_said(self) -> "Estimate":
        """The same as a reader says it: under its other name, a difference without its sign."""
        if not self.called:
            return self
        if len(self.called) == 1 or self.value >= 0:
            return replace(self, label=self.called[-1])
        return replace(
            self,
            label=self.called[0],
            value=-self.value,
            low=-self.high,
            high=-self.low,
            called=self.called[::-1],
        )

    def in_words(self, joint: str = ":", basis: str = "") -> str:
        """Its name, number and interval in a line; `basis` instead of the interval, if given.

        `joint` stands before the number; a name that ends in "by" needs none.
        """
        between = "" if self.label.endswith(" by") else joint
        rest = basis or self.interval()
        return f"{self.label}{between} {show(self.value, self.unit)} ({rest})"

    @property
    def count(self) -> str:
        """How many of how many, where a share is a plain count of a list; empty if it is not."""
        if self.unit != "frac" or self.low != self.high or not self.method.startswith("count"):
            return ""
        return f"{round(self.value * self.n):,} of {counted_of(self.n, self.n_of)}"

    def interval(self, *, level: bool = False) -> str:
        """The interval, written for a reader; with its coverage if `level`.

        A count of a list is given as such; "exact" is what was computed over all, "interval not
        published" a published figure of which nobody knows how sure it is, and "no bounds" what
        could be anything. It is said where a part of it is assumed and not published.
        """
        if self.low == self.high:
            return self.count or "exact"
        if math.isinf(self.low) and math.isinf(self.high):
            published = self.method.startswith("published")
            return "interval not published" if published else "no bounds"
        if show_end(self.low, self.unit) == show_end(self.high, self.unit):
            return "exact but for rounding"
        write = show if math.isinf(self.low) or math.isinf(self.high) else show_end
        span = (
            partial(unsigned_span, self.value)
            if len(self.called) == 2 and self.value >= 0
            else span_of
        )
        ends = span(self.low, self.high, lambda end: write(end, self.unit))
        assumed = ", partly assumed" if "assumed" in self.method else ""
        coverage = "bounds" if self.level == 1 else f"{self.level:.0%}"
        return f"{coverage}{assumed}: {ends}" if level else ends + assumed

    def __str__(self) -> str:
        return (
            f"{self.label}: {show(self.value, self.unit)} ({self.interval(level=True)}), "
            f"n={counted_of(self.n, self.n_of)}, about {self.about.in_words}, known by {self.as_of}"
        )

    def as_json(self) -> dict[str, object]:
        """The object that `--json` prints."""
        names = [f.name for f in fields(self) if f.name != "called"]
        return {name: getattr(self, name) for name in names} | {
            "low": None if math.isinf(self.low) else self.low,
            "high": None if math.isinf(self.high) else self.high,
            "about": str(self.about),
            "as_of": self.as_of.isoformat(),
            "source_ids": list(self.source_ids),
            "observed_on": self.observed_on and self.observed_on.isoformat(),
            "known_on": self.known_on and self.known_on.isoformat(),
            "limit": self.limit and self.limit.days,
        }
