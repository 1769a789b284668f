"""What the words of a sentence ask of its range: how many ends, and whether it names a time."""

import math
import re
from collections.abc import Mapping
from typing import Any

_NUMBER = (
    r"(?:[$€£]\s?)?(?:\d[\d.,]*|half|twice|double|an? (?:third|quarter|fifth|tenth|dozen)|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten) (?:in|of|times|quarters?|thirds?)\b)"
)
# Years alone are no amounts: "about 2024" speaks of a time.
_YEAR = r"(?!(?:19|20)\d\d(?![\d.,%\w]|\s*(?:%|x|times|points|dollars|percent)))"
_TWO_ENDS = re.compile(
    rf"\b(?:about|nearly|around|roughly|approximately|almost)\s+{_YEAR}{_NUMBER}%?"
    rf"|\bbetween\s+{_YEAR}{_NUMBER}%? and {_NUMBER}%?"
    r"|(?<![\w.-])(?:[$€£]\s?)?\d+(?:[.,]\d+)*%?(?: to |\s?[-–]\s?)(?:[$€£]\s?)?\d+(?:[.,]\d+)*"
    r"(?![\w-]*-\d)%?",
    re.IGNORECASE,
)
_ONE_END = re.compile(
    r"\b(?:at least|at most|no (?:more|less|fewer) than|(?:more|less|fewer) than|over|above|under|"
    rf"below|up to|exceed(?:s|ed)?)\s+{_YEAR}{_NUMBER}%?"
    r"|\d[\d.,]*%?(?: [a-z]+)? or (?:more|less|fewer|above|below|higher|lower)\b",
    re.IGNORECASE,
)
_UPPER = re.compile(
    r"at most|no more|(?<!no )(?:less|fewer) than|under|below|up to|or (?:less|fewer|below|lower)",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"\b(?:\d{4}-\d{2}(?:-\d{2})?"
    r"|\d{1,2}(?: to |\s?[-–]\s?)\d{1,2}(?= (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec))"
    r"|(?:19|20)\d\d(?: to |\s?[-–]\s?)(?:(?:19|20)\d\d|\d\d)\b(?![%.,]?\d))"
)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
)
_WHEN = (
    r"(?:[Ii]n|[Ss]ince|until|by|of|before|after|during|from|to|through|late|early|mid|year|Q[1-4])"
)
_TIME = re.compile(
    rf"\b{_WHEN}[ -](?:{_MONTH} )?(?:19|20)\d\d\b(?!-\d)"
    rf"|\b{_MONTH} (?:19|20)\d\d\b"
    rf"|\b{_WHEN}[ -]{_MONTH}\b"
)
_ENDS = ("at_least", "at_most")


def time_named(text: str) -> str:
    """The year or month that a sentence names ("in 2024"); empty if none."""
    found = _TIME.search(text)
    return found[0] if found else ""


def ends_asked(text: str) -> tuple[int, str]:
    """How many ends the range of a sentence has, and the words that say so.

    "Nearly 30%" and "5 to 10 times" have two ends, "at least half" and "50% or more" one. 0 ends if
    its words ask for nothing, or for both in different places.
    """
    bare = _DATES.sub("", text)
    two, one = _TWO_ENDS.search(bare), _ONE_END.search(bare)
    if two and not one:
        return 2, two[0]
    return (1, one[0]) if one and not two else (0, "")


def ends_wrong(text: str, bounds: list[Mapping[str, Any]]) -> str:
    """What is wrong with the ranges that stand for a sentence; empty if nothing is.

    One of several joined ranges with the right ends is enough. An end written as `inf` counts: the
    author says that whatever lies beyond makes the sentence true as well.
    """
    wanted, words = ends_asked(text) if bounds else (0, "")
    written = [[end for end in _ENDS if end in bound] for bound in bounds]

    def fits(bound: Mapping[str, Any], ends: list[str]) -> bool:
        stated = [end for end in ends if math.isfinite(bound[end])]
        return "by_label" in bound or len(ends if wanted == 2 else stated) == wanted

    if wanted == 1 and len(bounds) == 1:
        end, other = _ENDS[::-1] if _UPPER.search(words) else _ENDS
        if end not in bounds[0] and other in bounds[0] and _same(words, bounds[0][other]):
            return (
                f"has {other} = {bounds[0][other]:g}, but “{words}” states the other end. Write "
                f"{end} = {bounds[0][other]:g}"
            )
    if not wanted or any(map(fits, bounds, written)):
        return ""
    bound, ends = bounds[0], written[0]
    if wanted == 1:
        return (
            f"has two ends, but “{words}” has one. Leave out the end that the sentence does not "
            "state"
        )
    if not ends:
        return ""  # said elsewhere: a range without any end
    missing = next(end for end in _ENDS if end not in ends)
    return (
        f"has one end, but “{words}” has two. Add {missing}{_such_as(words, bound[ends[0]])}, or "
        f"{missing} = {'-' * (missing == 'at_least')}inf if whatever lies beyond makes the "
        "sentence true as well"
    )


_SCALES = (1, 0.01, 1e3, 1e6, 1e9)


def _numbers(words: str) -> list[float]:
    return [float(n.replace(",", "").rstrip(".")) for n in re.findall(r"\d[\d.,]*", words)]


def _same(words: str, given: float) -> bool:
    """Whether the one number in the words is the one given, in whatever unit."""
    numbers = _numbers(words)
    return len(numbers) == 1 and any(math.isclose(numbers[0] * s, given) for s in _SCALES)


def _such_as(words: str, given: float) -> str:
    """A proposal for the other end: as far on the other side of the number in the words."""
    for scale in _SCALES:
        scaled = [n * scale for n in _numbers(words)]
        if len(scaled) == 2 and given in scaled:
            return f" = {next((n for n in scaled if n != given), given):.6g}"
        if len(scaled) == 1 and 0.5 <= given / (scaled[0] or 1) <= 2 and given != scaled[0]:
            return f", such as {2 * scaled[0] - given:.6g}"
    return ""
