"""A sheet for a terminal."""

import math
from collections.abc import Iterator, Sequence

from headtohead.publish.escaping import plain
from headtohead.publish.sheet import Bars, Cell, Column, Section, Sheet

WIDTH = 96
_TRACK = 41  # characters of a bar, odd so that it has a middle
_LONGEST = 34


def sheet_lines(sheet: Sheet) -> Iterator[str]:
    """The sheet, line by line."""
    yield f"{sheet.word}  {plain(sheet.title)}"
    yield from _wrapped(sheet.sentence)
    if sheet.facts:
        yield ""
        yield from _wrapped(" · ".join(f"{name} {value}" for name, value in sheet.facts))
    for section in sheet.sections:
        yield ""
        yield from _section(section)
    for note in sheet.notes:
        yield ""
        yield from _wrapped(f"Note: {note}")


def _section(section: Section) -> Iterator[str]:
    yield f"{section.title}: {section.question}"
    yield from _wrapped(section.says, "  ")
    if section.bars:
        yield from drawn(section.bars)
    if section.rows:
        yield from table(section.columns, section.rows[: section.shown])
        more = len(section.rows) - section.shown
        if more > 0:
            yield f"  and {more} more (--json and --html have all)"
    for remark in section.remarks:
        yield from _wrapped(f"- {remark}", "  ", "    ")


def table(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> Iterator[str]:
    """Columns under their titles, numbers to the right."""
    texts = [[cell_text(cell, column) for cell, column in zip(row, columns, strict=True)]
             for row in rows]  # fmt: skip
    widths = [
        max(len(column.title), *(len(row[i]) for row in texts)) for i, column in enumerate(columns)
    ]
    for line in ([column.title for column in columns], *texts):
        cells = [
            text.ljust(width) if column.digits is None else text.rjust(width)
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def cell_text(cell: Cell, column: Column, longest: int = _LONGEST) -> str:
    """One cell as a reader sees it; a dash for nothing.

    Args:
        cell: A text or a number.
        column: Its column, which says how many decimals a number has.
        longest: Most characters of a text.
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, str):
        return plain(cell, longest)
    if math.isinf(cell):
        return "none"
    return f"{cell:,.{column.digits or 0}f}"


def drawn(bars: Bars) -> Iterator[str]:
    """Intervals as dashes on one track, with a mark where a line decides."""
    place = _scale(bars)
    names = [plain(bar.label, _LONGEST) for bar in bars.bars]
    width = max(map(len, names))
    marks = [0.0 if not bars.log else 1.0, *(where for where, _ in bars.lines)]
    for name, bar in zip(names, bars.bars, strict=True):
        track = [" "] * _TRACK
        left, right = place(bar.low), place(bar.high)
        for i in range(left, right + 1):
            track[i] = "-"
        for mark in marks:
            if track[place(mark)] == " ":
                track[place(mark)] = "|"
        first, last = 0, _TRACK - 1
        if math.isinf(bar.low):
            track[0], first = "<", 1
        if math.isinf(bar.high):
            track[-1], last = ">", _TRACK - 2
        # An arrow must not hide the value beside it.
        track[min(max(place(bar.value), first), last)] = "o"
        yield f"  {name.ljust(width)}  {''.join(track).rstrip()}"
    legend = [f"| at {'1' if bars.log else '0'}", *(f"{w:g} ({n})" for w, n in bars.lines)]
    yield f"  {' ' * width}  {', '.join(legend)}; {bars.unit}"


def _scale(bars: Bars) -> "_Scale":
    ends = [x for bar in bars.bars for x in (bar.value, bar.low, bar.high) if math.isfinite(x)]
    ends += [where for where, _ in bars.lines] + [1.0 if bars.log else 0.0]
    ends = [math.log(x) for x in ends if x > 0] if bars.log else ends
    return _Scale(min(ends), max(ends), bars.log)


class _Scale:
    """From a value to its place on the track."""

    def __init__(self, low: float, high: float, log: bool) -> None:
        self._low, self._span, self._log = low, max(high - low, 1e-12), log

    def __call__(self, value: float) -> int:
        if math.isinf(value):
            return 0 if value < 0 else _TRACK - 1
        if self._log:
            value = math.log(value) if value > 0 else self._low
        share = (value - self._low) / self._span
        return round(min(1.0, max(0.0, share)) * (_TRACK - 1))


def _wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    import textwrap

    if not text:
        return []
    return textwrap.wrap(
        plain(text, 4000), WIDTH, initial_indent=first,
        subsequent_indent=first if rest is None else rest, break_on_hyphens=False,
    )  # fmt: skip
