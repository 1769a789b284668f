"""How margins are read, the options that several verbs share, and how reports write numbers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval, is_level
from headtohead.core.settings import option
from headtohead.core.units import shortened, span_of

if TYPE_CHECKING:
    from headtohead.logs.calls import RunReading

Kind = Literal["binary", "graded", "preference"]  # of outcome


def margin_of(text: str | float) -> float:
    """A margin in the unit of the scores: "5pp" and "5%" are 0.05.

    Raises:
        InputError: If it is no number of 0 or more.
    """
    value = _number(text, "margin")
    if not 0 <= value < float("inf"):
        raise InputError(f"`margin` is {text}; it must be 0 or more. Write 5pp or 0.05.")
    return value


def difference_of(text: str | float) -> float:
    """A difference in the unit of the scores: "-1pp" is -0.01.

    Raises:
        InputError: If it is no finite number.
    """
    value = _number(text, "difference")
    if not math.isfinite(value):
        raise InputError(f"`difference` is {text}. Write -1pp or -0.01.")
    return value


def _number(text: str | float, what: str) -> float:
    if not isinstance(text, str):
        return float(text)
    bare = text.strip().removesuffix("%").removesuffix("pp").strip()
    try:
        return float(bare) / (1 if bare == text.strip() else 100)
    except ValueError:
        raise InputError(f"`{what}` is {text!r}, which is no number. Write 5pp or 0.05.") from None


def spread(interval: Interval, digits: int) -> str:
    """A ratio with its interval, as 0.11 (0.10 to 0.12); an open end says so, and so do two."""
    if interval.low <= 0 and interval.high == math.inf:
        return f"{interval.value:,.{digits}f} (these items give no interval)"
    ends = span_of(interval.low, interval.high, lambda end: f"{end:,.{digits}f}")
    return f"{interval.value:,.{digits}f} ({ends})"


def share_words(interval: Interval, unit: str, *, signed: bool = False) -> str:
    """A difference (in the unit of the scores) with its interval; "pp" where scores are shares."""
    scale, digits, word = (100, 1, " pp") if unit == "pp" else (1, 3, "")
    sign = "+" if signed else ""
    value = f"{interval.value * scale:{sign}.{digits}f}"
    ends = span_of(interval.low, interval.high, lambda end: f"{end * scale:{sign},.{digits}f}")
    return f"{value}{word} ({ends})"


def scale_of(unit: str) -> tuple[float, str, str]:
    """What scores are multiplied by, the unit in the name of a column, and that of an axis."""
    return (100, "pp", "percentage points") if unit == "pp" else (1, "value", "score")


def margin_words(margin: float, unit: str) -> str:
    """A margin as people write it."""
    return f"{margin * 100:g} pp" if unit == "pp" else f"{margin:g}"


def amount(score: float, unit: str) -> str:
    """A mean score."""
    return f"{score * 100:.1f}%" if unit == "pp" else f"{score:,.3f}"


def same_words(p_same: float) -> str:
    """Whether slices may all have the same difference."""
    if p_same < 0.05:
        return f"The difference is not the same everywhere (p = {p_same:.2g})."
    return f"The slices may all have the same difference (p = {p_same:.2g})."


def margin_option() -> Any:  # noqa: ANN401 - as `option`
    """How much worse B may be."""
    return option(
        0.05,
        read=margin_of,
        metavar="MARGIN",
        help="How much worse B may be: 5pp, 0.05, or in the unit of graded scores.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChoices:
    """How files of results and logs are read, alike in all who read them."""

    format: str = option(
        "auto", metavar="FORMAT", help="Of the files, if it cannot be told from them."
    )
    mapping: Mapping[str, str] = option(
        factory=dict,
        flag="--map",
        metavar="FIELD=COLUMN",
        help="Where a field is: key, score, model, epoch, output, reference, labels, ...",
    )
    tasks: tuple[str, ...] = option(
        (), flag="--task", metavar="TASK,...", help="Read only these tasks; mmlu_* takes all alike."
    )
    partial: bool = option(
        False, help="Read files that hold less than their header says, and count what they lack."
    )
    ids: str = option(
        "", metavar="FILE", help="All ids, one a line or as JSON, for files that list solved ones."
    )

    @property
    def reading(self) -> "RunReading":
        """The choices, as the door of results and logs takes them."""
        return {
            "format": self.format,
            "mapping": self.mapping,
            "tasks": self.tasks,
            "partial": self.partial,
            "ids": self.ids,
        }


def check_level(level: float) -> None:
    """Refuse a coverage that is none.

    Raises:
        InputError: If it is not inside (0, 1).
    """
    if not is_level(level):
        raise InputError(f"`level` is {level}; it must be between 0 and 1, as 0.95.")


_MOST = 1e15  # beyond it a number is none that anybody means


def at_least(settings: object, **least: float) -> None:
    """Refuse settings below these numbers, or without end; one that is None is not given.

    Raises:
        InputError: If one is.
    """
    for name, number in least.items():
        value = getattr(settings, name)
        if value is not None and not number <= value <= _MOST:
            most = "" if value < _MOST else f", and no more than {_MOST:g}"
            said = shortened(str(value))
            raise InputError(f"`{name}` is {said}; it must be {number} or more{most}.")
