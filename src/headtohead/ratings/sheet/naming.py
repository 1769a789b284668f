"""Names and numbers of a ranking as a reader sees them: printable, distinct, never too long."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from headtohead.core.estimate import Interval
from headtohead.publish.escaping import plain
from headtohead.ratings.board import Board
from headtohead.ratings.result import RankResult

SHORT = 36
LONG = 200
_NAMELESS = "(nameless)"


def distinct(names: Iterable[str], most: int) -> dict[str, str]:
    """Every name as one printable line of at most `most` characters; no two look alike."""
    wanted = list(names)
    return dict(zip(wanted, _labels(wanted, most), strict=True))


def parts_of(result: RankResult) -> dict[str, Board]:
    """Every board, each connected part on its own, by a distinct title; "all" comes first."""
    names = sorted(result.boards, key=lambda name: name != "all")
    boards = [board for name in names for board in result.boards[name]]
    return dict(zip(_labels([board.title for board in boards], LONG), boards, strict=True))


def _labels(names: Sequence[str], most: int) -> list[str]:
    made: list[str] = []
    taken: set[str] = set()
    for name in names:
        label = plain(name, most) or _NAMELESS
        number = 2
        while label in taken:
            label = f"{plain(name, most - 6) or _NAMELESS[: most - 6]} ({number})"
            number += 1
        taken.add(label)
        made.append(label)
    return made


@dataclass(frozen=True, slots=True)
class ModelNames:
    """What models are called on one sheet.

    Attributes:
        short: Model -> a distinct name of at most `SHORT` characters, for axes and sentences.
        long: Model -> a distinct name of at most `LONG` characters, for tables.
        groups: Model -> group, where groups were asked for.
    """

    short: Mapping[str, str]
    long: Mapping[str, str]
    groups: Mapping[str, str]

    @classmethod
    def of(cls, result: RankResult) -> "ModelNames":
        """The names of every model on some board, in the order of their first board."""
        models = list(
            dict.fromkeys(s.model for p in result.boards.values() for b in p for s in b.standings)
        )
        groups = result.groups.labels if result.groups else {}
        return cls(distinct(models, SHORT), distinct(models, LONG), groups)

    def name(self, model: str) -> str:
        """A model's name for a table."""
        return self.long.get(model) or plain(model, LONG)


def places(best: int, worst: int) -> str:
    """A rank set: "3", or "3-7"."""
    return str(best) if best == worst else f"{best}-{worst}"


def span(
    interval: Interval, digits: int = 0, write: Callable[[float, int], str] | None = None
) -> str:
    """An interval in words: "1,195 to 1,213", "at least 1,195"."""
    low, high = ((write or number)(x, digits) for x in (interval.low, interval.high))
    if math.isinf(interval.low) and math.isinf(interval.high):
        return "no bounds"
    if math.isinf(interval.high):
        return f"at least {low}"
    return f"at most {high}" if math.isinf(interval.low) else f"{low} to {high}"


def number(value: float, digits: int = 0) -> str:
    """A number with thousands marked; a dash if it is infinite or none."""
    if not math.isfinite(value):
        return "–"
    # "-0" is no number a reader expects.
    return f"{value:,.{digits}f}" if round(value, digits) else f"{0:.{digits}f}"


def signed(value: float, digits: int = 0) -> str:
    """A difference with its sign."""
    text = number(value, digits)
    return f"+{text}" if round(value, digits) > 0 else text


def percent(share: float, digits: int = 1) -> str:
    """A share as a percentage; small ones keep two figures that say something."""
    if 0 < abs(share) < 0.001:
        return f"{100 * share:.2g}%"
    return f"{100 * share:.{digits}f}%"


def level(value: float) -> str:
    """A coverage: "95%"."""
    return f"{100 * value:.4g}%"


def chance(p: float) -> str:
    """A chance as it is written: "p = 0.03", "p < 0.001"."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def many(n: int, one: str, several: str = "") -> str:
    """How many of what: "1 vote", "1,200 votes"."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def finite(value: float) -> float | None:
    """The number, or None for JSON and CSV if it is infinite or not a number."""
    return value if math.isfinite(value) else None
