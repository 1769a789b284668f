"""The one registry of units: the suffix of a name says what it is measured in."""

import math
import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files
from typing import Literal

from headtohead.core.errors import UnknownName

Scale = Literal["ratio", "interval", "count", "none"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measurement.

    Attributes:
        suffix: How names of columns and fields end ("usd_per_mtok").
        label: How people read it ("$ per million tokens").
        scale: "ratio" if twice as much makes sense; "interval" if only differences do.
        digits: Decimals to show.
    """

    suffix: str
    label: str
    scale: Scale
    digits: int


@cache
def units() -> dict[str, Unit]:
    """All units by suffix, from data/units.toml."""
    text = files("headtohead").joinpath("data/units.toml").read_text(encoding="utf-8")
    return {
        suffix: Unit(suffix, str(u["label"]), u["scale"], int(u["digits"]))
        for suffix, u in tomllib.loads(text).items()
    }


def unit(suffix: str) -> Unit:
    """The unit called `suffix`.

    Raises:
        UnknownName: If the registry has no such unit.
    """
    known = units()
    if suffix not in known:
        raise UnknownName("unit", suffix, known)
    return known[suffix]


def unit_of(name: str) -> Unit | None:
    """The unit that a column or field name ends with, the longest match first; None if none."""
    parts = name.split("_")
    for start in range(len(parts)):
        suffix = "_".join(parts[start:])
        if suffix in units():
            return units()[suffix]
    return None


def show(value: float, suffix: str) -> str:
    """`value` written for a reader: rounded, with its unit."""
    u = unit(suffix)
    if u.suffix in ("frac", "share_frac"):
        return f"{value * 100:.1f}%"
    if u.suffix == "rank":
        return f"place {value:.0f}"
    if u.suffix == "usd":
        for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return f"${value / size:.4g}{letter}"
        return f"${value:.2f}"
    if abs(value) >= 1e5 and u.suffix != "index":
        return f"{_short(value)} {u.label}".strip()
    return f"{value:,.{u.digits}f}{'' if u.label in ('x', '%') else ' '}{u.label}".strip()


def show_end(value: float, suffix: str) -> str:
    """One end of an interval: without the words of its unit, which stand beside the value."""
    if math.isinf(value):
        return "no lower bound" if value < 0 else "no upper bound"
    label = unit(suffix).label
    if suffix == "rank":
        return f"{value:.0f}"
    return show(value, suffix).removesuffix(f" {label}") if len(label) > 1 else show(value, suffix)


def span_of(low: float, high: float, write: Callable[[float], str]) -> str:
    """An interval in words: "3 to 8", "at least 3", "at most 8"; "not bounded" with no end."""
    if math.isinf(low) and math.isinf(high):
        return "not bounded"
    if math.isinf(low):
        return f"at most {write(high)}"
    return f"at least {write(low)}" if math.isinf(high) else f"{write(low)} to {write(high)}"


def apart(
    value: float, low: float, high: float, suffix: str, less: str = "less", more: str = "more"
) -> str:
    """A difference without signs: "36 rating points (26 to 46) less".

    Where the interval has zero inside: "3.6 percentage points less (16.0 less to 10.6 more)".
    """
    word = less if value < 0 else more
    if low * high > 0:
        near, far = sorted((abs(low), abs(high)))
        ends = span_of(near, far, lambda end: show_end(end, suffix))
        return f"{show(abs(value), suffix)} ({ends}) {word}"
    ends = f"{show_end(abs(low), suffix)} {less} to {show_end(abs(high), suffix)} {more}"
    return f"{show(abs(value), suffix)} {word} ({'no bounds' if math.isinf(high - low) else ends})"


def unsigned_span(value: float, low: float, high: float, write: Callable[[float], str]) -> str:
    """The interval of a difference whose sign is said elsewhere: "32 to 50".

    Where zero lies inside: "2.5 the other way to 29.6".
    """
    if value < 0:
        low, high = -high, -low
    if low < 0 < high and not (math.isinf(low) or math.isinf(high)):
        return f"{write(-low)} the other way to {write(high)}"
    return span_of(low, high, write)


def lead_span(low: float, high: float, suffix: str, a: str, b: str) -> str:
    """A range of B less A without signs: "US models ahead by 4.3 to 6.3 index points"."""
    if low < 0 < high:
        return f"{a} ahead by {show(-low, suffix)} to {b} ahead by {show(high, suffix)}"
    near, far = sorted((abs(low), abs(high)))
    return f"{b if high > 0 else a} ahead by {show_end(near, suffix)} to {show(far, suffix)}"


def _short(value: float) -> str:
    for size, letter in ((1e15, "e15"), (1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


_MANY = 100


def ratio_words(ratio: float) -> str:
    """A ratio with one decimal, or as many as tell it from 1, up to three: "1.8", "1.04", "120"."""
    said = (f"{ratio:,.{digits}f}" for digits in ((0,) if ratio >= _MANY else (1, 2, 3)))
    return next((text for text in said if float(text.replace(",", "")) != 1), "1")


def counted(n: int, one: str, many: str = "") -> str:
    """A number before what it counts: 1 model, 2 models; `many` if no s makes it plural."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def counted_of(n: int, many: str) -> str:
    """A number before the plural of what it counts: 2 models on the board, 1 model on the board."""
    one = re.sub(r"s(?= (?:at|in|listed|of|on|ranked|that)\b|$)", "", many, count=1)
    return f"{n:,} {one if n == 1 else many}"


def lasting(length: timedelta) -> str:
    """A length of time for a sentence: 1 hour, 15 minutes."""
    hours = length / timedelta(hours=1)
    n, unit = (hours, "hour") if hours >= 1 else (60 * hours, "minute")
    return f"{n:g} {unit}{'s' * (n != 1)}"


def nearest_first(names: Sequence[str], wanted: Sequence[str], most: int = 12) -> str:
    """Names for a message, of many those most like the ones wanted."""
    if len(names) <= most:
        return ", ".join(shortened(name.strip()) or "(nameless)" for name in names)

    def likeness(name: str) -> float:
        return max(SequenceMatcher(None, name.casefold(), one).ratio() for one in wanted)

    return first_few(sorted(names, key=likeness, reverse=True), most)


def first_few(names: Sequence[str], most: int = 5) -> str:
    """Names for a message, of many the first few."""
    more = len(names) - most
    return ", ".join(map(shortened, names[:most])) + (f" and {more} more" if more > 0 else "")


def shortened(text: str, most: int = 60) -> str:
    """Of a text of others, as much as a message has room for: its two ends."""
    half = most // 2
    return text if len(text) <= most else f"{text[:half]}...{text[-half:]}"
