"""What every report of a trial consists of, whichever way it is printed."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from headtohead.core.provenance import Citation

Answer = Literal["yes", "no", "undecided", "none"]
EXIT_CODE: dict[Answer, int] = {"yes": 0, "no": 1, "undecided": 2, "none": 0}

Cell = str | float | int | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: Of the download: lower case, with its unit ("difference_pp").
        title: For readers.
        digits: Decimals of a number; None where it is no number.
    """

    name: str
    title: str
    digits: int | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One estimate with its interval.

    Attributes:
        label: What it is of.
        value: The estimate.
        low: Lower end; -inf where nothing bounds it.
        high: Upper end; inf where nothing bounds it.
        answer: Its verdict, for the colour and the mark.
    """

    label: str
    value: float
    low: float
    high: float
    answer: Answer = "none"


@dataclass(frozen=True, slots=True)
class Bars:
    """Estimates on one axis, against lines that decide.

    Attributes:
        unit: Of the axis, in words ("percentage points, B minus A").
        bars: The first on top.
        lines: (place, name) of lines such as the margin; 0 is always drawn.
        log: Whether the axis is logarithmic, for ratios.
    """

    unit: str
    bars: tuple[Bar, ...]
    lines: tuple[tuple[float, str], ...] = ()
    log: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report: a question, its picture, its table, what to know of it.

    Attributes:
        slug: Its anchor.
        title: In one or two words.
        question: What it answers.
        says: The answer in a sentence.
        columns: Of the table; empty without one.
        rows: Of the table, one cell a column.
        shown: How many rows a terminal or a pull request shows; pages and downloads have all.
        bars: The picture; None without one.
        remarks: What a careful reader must know.
    """

    slug: str
    title: str
    question: str
    says: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    shown: int = 10
    bars: Bars | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a gate can fail on.

    Attributes:
        name: What was checked.
        answer: yes, no or undecided; none for what is told beside the verdict, which fails no gate.
        message: Why, in one sentence.
    """

    name: str
    answer: Answer
    message: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report, before it is printed.

    Attributes:
        verb: The command.
        title: What was compared.
        word: The verdict, as printed large ("SWITCH", "NON-INFERIOR", "NEED 240 MORE").
        answer: What the exit code says.
        sentence: One sentence that can be quoted, with its numbers.
        facts: (name, value) of the first screen.
        sections: In order.
        checks: What a CI gate sees; the first is the verdict.
        method: How it was done, step by step.
        sources: What stands behind it: files and price lists.
        as_of: The day of our knowledge; None where no dated evidence was used.
        command: How to make it again.
        notes: Of the whole.
    """

    verb: str
    title: str
    word: str
    answer: Answer
    sentence: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    checks: tuple[Check, ...]
    method: tuple[str, ...] = ()
    sources: tuple[Citation, ...] = ()
    as_of: date | None = None
    command: str = ""
    notes: tuple[str, ...] = ()
