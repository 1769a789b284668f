"""A sheet for a terminal: as wide as the terminal is, and never wider."""

import math
import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from textwrap import wrap

from headtohead.core.estimate import Estimate
from headtohead.core.units import counted_of, show, show_end, unit
from headtohead.publish.sheet import (
    Bars,
    Cell,
    Chooser,
    ClaimCard,
    Figure,
    Linked,
    ReadingCard,
    Row,
    Sheet,
    TableColumn,
    Topic,
)
from headtohead.publish.words import licence_name, listed, plain, sentence

_USUAL, _LEAST, _MOST = 80, 40, 120
_TRACK = 41  # most characters of a bar
_NAME = 34  # most characters of a name beside a bar
_NAMED = 30  # boards that are only named
_NUMBERS = 8  # estimates of one reading
_GAP = "  "
_CELL = 120  # most characters of a cell whose column is not of sentences


def width_of_terminal() -> int:
    """The columns there are; 80 where nobody looks."""
    if not sys.stdout.isatty():
        return _USUAL
    return min(max(shutil.get_terminal_size((_USUAL, 24)).columns, _LEAST), _MOST)


def sheet_lines(sheet: Sheet, *, width: int = 0) -> Iterator[str]:
    """The sheet, line by line.

    `width` is in columns; that of the terminal if 0.
    """
    width = width or width_of_terminal()
    # Beside a long verdict there is no room for a title.
    beside = f"{sheet.word}  " if 0 < cells_of(sheet.word) <= width // 2 else ""
    yield from wrapped("" if beside else sheet.word, width)
    yield from wrapped(sheet.title, width, beside, "")
    large = (f"{h.number} {h.what}{f' ({h.source})' if h.source else ''}" for h in sheet.headlines)
    for text in (sheet.kicker, sheet.sentence, *large):
        yield from wrapped(text, width)
    if sheet.facts:
        yield ""
        yield from wrapped(" · ".join(f"{fact[0]} {fact[1]}" for fact in sheet.facts), width)
    publishers = {c.source_id: c.publisher for c in sheet.sources} if sheet.full else None
    for topic in sheet.topics:
        yield from _topic(topic, width, publishers)
    for note in sheet.notes:
        yield ""
        yield from wrapped(f"Note: {note}", width)
    if sheet.full and sheet.sources:
        yield ""
        yield "SOURCES"
        for c in sheet.sources:
            known = f", known on {c.known_on}" if c.known_on else ""
            url = "" if c.url in c.citation else f" {c.url}"
            said = f"{c.citation}{url} ({licence_name(c.licence)}{known})"
            yield from wrapped(said, width, "  ", "    ")
    if sheet.digest or sheet.command:
        yield ""
    if sheet.digest:
        from headtohead.publish.machine import cite_sheet

        yield from wrapped(f"Cite: {cite_sheet(sheet).plain}", width, "", "  ")
    if sheet.command:
        yield from command_lines(sheet.command, width)


def command_lines(command: str, width: int) -> Iterator[str]:
    """How to ask again, in lines that a shell takes as one command."""
    line = "Again:"
    try:
        words = [shlex.quote(word) for word in shlex.split(command)]
    except ValueError:
        words = command.split()
    for word in words:
        if len(line) + 1 + len(word) > width - 2 and line.strip():
            yield f"{line} \\"
            line = " " * 6
        line = f"{line} {word}"
    yield line


def _topic(topic: Topic, width: int, publishers: Mapping[str, str] | None) -> Iterator[str]:
    """A topic; its cards as a whole where the publishers of its sources are given by id."""
    if topic.title:
        yield ""
        yield from wrapped(topic.title.upper(), width)
    for remark in topic.remarks:
        yield from wrapped(remark, width)
    for card in topic.cards:
        if publishers is None:
            yield from _card(card, width)
        else:
            yield from _card_whole(card, width, publishers)
    for place, figure in enumerate(f for f in topic.figures if not f.folded):
        if place or topic.cards or not topic.title:
            yield ""
        yield from figure_lines(figure, width)
    if folded := [figure.title for figure in topic.figures if figure.folded]:
        yield ""
        yield from wrapped(f"In --html and --json too: {listed(folded)}.", width)


def figure_lines(figure: Figure, width: int) -> Iterator[str]:
    """A figure as a heading, its finding, its picture, its table and its remarks."""
    if figure.chooser:
        yield from _alternatives(figure, figure.chooser, width)
        return
    yield from wrapped(": ".join(filter(None, (figure.title, figure.subtitle))), width)
    if figure.missing:
        yield from wrapped(f"Nothing to show: {figure.missing}", width, "  ")
        return
    yield from wrapped(figure.says, width, "  ")
    if figure.bars:
        yield from drawn(figure.bars, width)
    if figure.columns and figure.rows and figure.shown:
        yield from table(figure.columns, figure.rows[: figure.shown], width)
        more = len(figure.rows) - figure.shown
        if more > 0:
            yield from _left(more, width)
    yield from (f"  {line}".rstrip() for line in figure.code.splitlines())
    for remark in filter(None, (figure.note, *figure.remarks)):
        yield from wrapped(f"- {remark}", width, "  ", "    ")


def _left(more: int, width: int) -> Iterator[str]:
    """How many rows are not shown, and where they are."""
    yield from wrapped(f"and {more:,} more (--json and --html have all)", width, "  ")


def _alternatives(figure: Figure, chooser: Chooser, width: int) -> Iterator[str]:
    """The first boards of a figure with several, and the names of the others."""
    said: set[str] = set()
    for place, (board, shown) in enumerate(zip(chooser.alternatives, chooser.listed, strict=False)):
        if place:
            yield ""
        yield from wrapped(f"{board.title}: {board.subtitle}", width)
        yield from wrapped(board.says, width, "  ")
        rows = rows_of(figure, board.rows[:shown])
        yield from table(figure.columns, rows, width, said=said)
        if len(board.rows) > shown:
            yield from _left(len(board.rows) - shown, width)
        if not place:
            terms = " ".join(f"{term}: {meaning}" for term, meaning in chooser.help)
            yield from wrapped(terms, width, "  ")
        for remark in board.remarks:
            if remark not in said:
                yield from wrapped(f"- {remark}", width, "  ", "    ")
        said.update(board.remarks)
    if more := chooser.alternatives[len(chooser.listed) :]:
        names = ", ".join(board.title for board in more[:_NAMED])
        left = f" and {len(more) - _NAMED:,} more" if len(more) > _NAMED else ""
        yield ""
        yield from wrapped(f"{len(more):,} more to choose from: {names}{left}.", width)


def _card(card: ClaimCard, width: int) -> Iterator[str]:
    """A statement with its verdict, and the number that decided."""
    head = f"{card.lead.mark} {plain(card.id, 12):<4}{card.lead.word:<15}"
    indent = " " * cells_of(head)
    yield from wrapped(card.says, width, head, indent)
    more = f" and {card.others} more" if card.others else ""
    mark = ", unverified" if card.lead.unverified else ""
    first = _number(card.headline) + more + mark if card.headline else card.why_none
    yield from wrapped(first, width, indent)
    if (narrower := card.narrower) and narrower.decisive:
        said = f"{narrower.name} ({narrower.truth}): {_number(narrower.decisive)}"
        yield from wrapped(said, width, indent)


def _number(e: Estimate) -> str:
    """One number in a line, with what it rests on."""
    n = () if e.count else (f"n={counted_of(e.n, e.n_of)}",)
    return e.in_words(basis="; ".join((e.interval(), *n, e.about.in_words)))


def _card_whole(card: ClaimCard, width: int, publishers: Mapping[str, str]) -> Iterator[str]:
    yield from wrapped(card.says, width, f"{card.id}  ", "    ")
    for ruling in card.rulings:
        kind = f"(kind {card.kind}, about {card.about})" if ruling is card.lead else ""
        yield from wrapped(f"{ruling.mark} {ruling.word.upper()} {kind}", width)
        yield ""
        yield from wrapped(ruling.sentence, width)
        before: tuple[Estimate, ...] = ()
        for reading in ruling.readings:
            yield ""
            yield from _reading(reading, before, width, publishers)
            before = reading.numbers
        if ruling.decides:
            yield ""
            yield from wrapped(f"What would decide it: {ruling.decides}", width)
    if card.note:
        yield ""
        yield from wrapped(f"Note: {card.note}", width)
    if card.expect:
        yield from wrapped(f"Expected before looking, and not used: {card.expect}", width)


def _reading(
    reading: ReadingCard,
    before: tuple[Estimate, ...],
    width: int,
    publishers: Mapping[str, str],
) -> Iterator[str]:
    """A reading with its numbers, unless they are those of the reading before it."""
    yield from wrapped(f"{reading.name.upper()} ({reading.truth}): {reading.says}", width)
    if reading.asked:
        yield from wrapped(f"asked: {reading.asked}", width, "  ", "    ")
    if reading.bound:
        yield from wrapped(f"holds if {reading.bound}", width, "  ", "    ")
    if reading.numbers and reading.numbers == before:
        yield "  the same numbers as above"
        return
    alike: dict[tuple[object, ...], list[Estimate]] = {}
    for e in reading.numbers[:_NUMBERS]:
        alike.setdefault(
            (e.n, e.n_of, e.about, e.method, e.source_ids, e.level, e.unit), []
        ).append(e)
    for group in alike.values():
        yield from _estimates(group, width, publishers)
    if len(reading.numbers) > _NUMBERS:
        yield from _left(len(reading.numbers) - _NUMBERS, width)
    if not reading.numbers:
        yield from wrapped(sentence(reading.finding), width, "  ")
    for note in reading.notes:
        yield from wrapped(f"- {note}", width, "  ", "    ")


def _estimates(
    group: Sequence[Estimate], width: int, publishers: Mapping[str, str]
) -> Iterator[str]:
    """Estimates that differ only in their values, then what they share."""
    first = group[0]
    level = "Bounds" if first.level == 1 else f"{first.level:.0%}"
    bare = show_end(first.value, first.unit)
    worded = "" if bare == show(first.value, first.unit) else f", {unit(first.unit).label}"
    heads = ("What", f"Estimate{worded}", level)
    columns = tuple(TableColumn("", head, 0 if n else None) for n, head in enumerate(heads))
    rows = [
        (e.label + (" UNVERIFIED" if e.unverified else ""), show_end(e.value, e.unit), e.interval())
        for e in group
    ]
    yield from table(columns, rows, width)
    whose = listed(dict.fromkeys(publishers.get(i, i) for i in first.source_ids))
    yield from wrapped(
        f"n={counted_of(first.n, first.n_of)}, about {first.about.in_words}, "
        f"known by {first.as_of}; {first.method}; from {whose}",
        width,
        "    ",
    )


def cell_text(cell: Cell, column: TableColumn, longest: int = 200) -> str:
    """One cell as a reader sees it; a dash for nothing."""
    if isinstance(cell, Linked):
        cell = cell.text
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "–"
    if isinstance(cell, str):
        return plain(cell, longest)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")[:16]
    if isinstance(cell, date):
        return str(cell)
    if math.isinf(cell):
        return "none"
    if column.digits is None:
        return f"{cell:,.6g}" if isinstance(cell, float) else str(cell)
    return f"{cell:,.{column.digits}f}"


def rows_of(figure: Figure, rows: Sequence[Row]) -> list[Row]:
    """Rows of a figure's download as its table shows them: a column, or the span of two."""
    names = [column.name for column in figure.download.columns]
    shown: list[Row] = []
    for cells in rows:
        row = dict(zip(names, cells, strict=True))
        shown.append(
            tuple(
                span_words(row[column.ends[0]], row[column.ends[1]], column)
                if column.ends
                else row[column.name]
                for column in figure.columns
            )
        )
    return shown


def span_words(low: Cell, high: Cell, column: TableColumn) -> str:
    """Two ends as a reader sees them: "1,195 to 1,213", "at least 1,195", places "3-7".

    An end that nothing bounds is None.
    """
    first, last = cell_text(low, column), cell_text(high, column)
    if column.ends and column.ends[0].endswith("_rank"):
        return first if low == high else f"{first}-{last}"
    if low is None and high is None:
        return "no bounds"
    if low is None:
        return f"at most {last}"
    return f"at least {first}" if high is None else f"{first} to {last}"


def table(
    columns: Sequence[TableColumn],
    rows: Sequence[Row],
    width: int,
    indent: str = "  ",
    *,
    said: set[str] | None = None,
) -> Iterator[str]:
    """Columns under their titles, numbers to the right.

    Texts are wrapped inside their column until the table fits; if that does not help, columns
    are dropped from the right, and named, or each row becomes lines where sentences would be lost.

    `said` holds the remarks that stand above already; which columns do not fit is said once.
    """
    texts = [[plain(c.title, 60) for c in columns]]
    texts += [
        [cell_text(x, c, 4000 if c.long else _CELL) for x, c in zip(row, columns, strict=True)]
        for row in rows
    ]
    kept = list(range(len(columns)))
    room = width - len(indent)
    while (widths := _widths(columns, texts, kept, room)) is None and len(kept) > 1:
        kept.pop()
    if any(c.long for c in columns[len(kept) :]):
        for name, *others in texts[1:]:
            yield from wrapped(name, width, indent)
            for title, cell in zip(texts[0][1:], others, strict=True):
                yield from wrapped(f"{title}: {cell}", width, f"{indent}  ", f"{indent}    ")
        return
    widths = widths or [room]
    for line in texts:
        cells = [cut_to_fit(line[i], w) for i, w in zip(kept, widths, strict=True)]
        for n in range(max(1, *map(len, cells))):
            parts = [
                filled(cell[n] if n < len(cell) else "", w, right=columns[i].digits is not None)
                for i, cell, w in zip(kept, cells, widths, strict=True)
            ]
            yield (indent + _GAP.join(parts)).rstrip()
    remark = f"Too wide to show here: {', '.join(c.title for c in columns[len(kept) :])}."
    if len(kept) < len(columns) and remark not in (said or ()):
        yield from wrapped(remark, width, indent)
        if said is not None:
            said.add(remark)


def _widths(
    columns: Sequence[TableColumn], texts: Sequence[Sequence[str]], kept: Sequence[int], room: int
) -> list[int] | None:
    """How wide each column is; None if they cannot be made to fit.

    Numbers are never broken. Words are only if no name has so many letters, or if nothing but the
    name of a row and one column is left.
    """
    wide = [max(cells_of(line[i]) for line in texts) for i in kept]
    room -= len(_GAP) * (len(kept) - 1)
    for most in (40, 28, 20, 16, 13, 10) if len(kept) < 3 else (40, 28):
        widths = []
        for n, i in enumerate(kept):
            words = max((_longest_word(line[i], most) for line in texts[1:]), default=0)
            if columns[i].digits is not None:
                words = max((cells_of(line[i]) for line in texts[1:]), default=0)
            widths.append(min(wide[n], max(_longest_word(texts[0][i], most), words)))
        if sum(widths) <= room:
            break
    else:
        return None
    # What room is left goes, a cell at a time, to the column that is the most cramped.
    for _ in range(room - sum(widths)):
        cramped = max(range(len(kept)), key=lambda n: wide[n] / widths[n] if widths[n] else 0.0)
        if widths[cramped] >= wide[cramped]:
            break
        widths[cramped] += 1
    return widths


def _longest_word(text: str, most: int) -> int:
    return min(most, max((cells_of(word) for word in text.split()), default=0))


def drawn(bars: Bars, width: int = _USUAL) -> Iterator[str]:
    """Intervals as dashes on one track, with a mark where a line decides.

    A line stays visible where it crosses an interval ("+") and where it meets an estimate ("ø").
    """
    names = [plain(bar.label, min(_NAME, width // 3)) for bar in bars.bars]
    beside = max(map(cells_of, names))
    track_n = min(_TRACK, width - beside - 4)
    track_n -= 1 - track_n % 2  # odd, so that it has a middle
    first = min(bars.ends)
    span = max(max(bars.ends) - first, 1e-12)

    def place(value: float) -> int:
        if math.isinf(value):
            return 0 if value < 0 else track_n - 1
        if bars.log:
            value = math.log(value) if value > 0 else first
        return round(min(1.0, max(0.0, (value - first) / span)) * (track_n - 1))

    marks = {place(where) for where, _ in bars.marks}
    for name, bar in zip(names, bars.bars, strict=True):
        left, right = place(bar.low), place(bar.high)
        track = ["-" if left <= i <= right else " " for i in range(track_n)]
        for mark in marks:
            track[mark] = "+" if track[mark] == "-" else "|"
        least, most = 0, track_n - 1
        if math.isinf(bar.low):
            track[0], least = "<", 1
        if math.isinf(bar.high):
            track[-1], most = ">", track_n - 2
        # An arrow must not hide the value beside it.
        point = min(max(place(bar.value), least), most)
        track[point] = "ø" if point in marks else "o"
        yield f"  {filled(name, beside)}  {''.join(track).rstrip()}"
    legend = [f"| at {'1' if bars.log else '0'}", *(f"{w:g} ({n})" for w, n in bars.lines)]
    yield from wrapped(f"{', '.join(legend)}; {bars.unit}", width, " " * (beside + 4))


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """A text in lines that fit; none for an empty one.

    `first` stands before the first line and `rest`, if given, before the others.
    """
    plain_text = plain(text, 4000)
    if not plain_text:
        return []
    rest = first if rest is None else rest
    if plain_text.isascii():
        return wrap(
            plain_text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        )
    head, *more = cut_to_fit(plain_text, width - max(cells_of(first), cells_of(rest)))
    return [first + head, *(rest + line for line in more)]


def cut_to_fit(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells, whose wide characters count as two."""
    if text.isascii():
        return wrap(text, width, break_on_hyphens=False)
    lines, line = [], ""
    for word in text.split():
        while cells_of(word) > width:
            room = width - cells_of(line) - bool(line)
            head = ""
            for c in word:
                if cells_of(head + c) > max(room, 0):
                    break
                head += c
            if head:
                line, word = f"{line} {head}".strip(), word[len(head) :]
            lines.append(line)
            line = ""
        longer = f"{line} {word}".strip()
        if cells_of(longer) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line] if line else lines


def filled(text: str, width: int, *, right: bool = False) -> str:
    """A text that fills exactly so many cells of a terminal, unless it is wider."""
    space = " " * (width - cells_of(text))
    return space + text if right else text + space


def cells_of(text: str) -> int:
    """How many cells of a terminal a text takes: wide characters count as two, accents as none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Cf")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
