"""The head-to-head card: what two sides have, line by line, for a frame and as a picture.

The picture is laid out here, so that it needs no browser: by the widths of Liberation Sans, which
the library that draws it brings along. What does not fit in the smallest type ends with an
ellipsis.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from headtohead.claims.versus.line import Line
from headtohead.claims.versus.result import VersusResult
from headtohead.publish.charts import PRINT_INK
from headtohead.publish.drawing import packed
from headtohead.publish.result import Result
from headtohead.publish.words import plain
from headtohead.web.lettering import readable

WIDTH, HEIGHT = 1200, 630
"""Pixels of the picture, as large as the previews of links are."""
_EDGE = 60
_MOST_LINES = 6
_MOST_NUMBERS = 3
_NAMED = 4  # publishers
_LEADING = 1.2
_BOLD = 1.1  # times as wide as the same text in the normal weight, at most
_FONT = "'Liberation Sans', Arial, sans-serif"
_EMS = {
    char: ems
    for chars, ems in (
        ("ijl'’", 0.23),
        ("I !.,:;/\\|[]tf·", 0.28),
        ('r()-“”"*`', 0.36),
        ("ckszxvyJ", 0.5),
        ("FTLZ+=<>~", 0.62),
        ("ABEKPSVXY&", 0.67),
        ("CDHNRUw", 0.73),
        ("GOQ", 0.78),
        ("mM", 0.84),
        ("%W", 0.95),
        ("@—…", 1.02),
    )
    for char in chars
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """One thing that both sides are compared by.

    Attributes:
        what: What is compared ("Rating by blind votes").
        a: By how much A is ahead; empty if it is not.
        b: By how much B is ahead.
        neither: Why no side is ahead, where none is.
    """

    what: str
    a: str = ""
    b: str = ""
    neither: str = ""


def card_lines(result: VersusResult, most: int = 99) -> list[CardLine]:
    """The lines in which something was measured on both sides, those with one ahead first."""
    lines = [line for own in result.lines.values() for line in own]
    ahead = [line for line in lines if line.ahead in ("a", "b")]
    others = [line for line in lines if line.ahead in ("open", "level")]
    return [_line(line) for line in (*ahead, *others)[:most]]


def _line(line: Line) -> CardLine:
    by, what = line.by or "ahead", line.short.removeprefix("the ")
    if line.range and "(" not in by:
        by = f"{by} ({line.range})"
    return CardLine(
        what=what[:1].upper() + what[1:],
        a=by if line.ahead == "a" else "",
        b=by if line.ahead == "b" else "",
        neither={"open": "cannot be told", "level": "exactly alike"}.get(line.ahead, ""),
    )


def card_png(result: Result, where: str) -> bytes:
    """As `card_svg`, of `WIDTH` times `HEIGHT` pixels."""
    import vl_convert

    return packed(vl_convert.svg_to_png(card_svg(result, where)))


def card_svg(result: Result, where: str) -> str:
    """A page as a picture: its title; of two sides, the lines; else its numbers or its sentence.

    Args:
        where: The address of the page; empty if it is not known.
    """
    sheet = result.sheet
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PRINT_INK["paper"]}"/>',
        f'<rect width="{WIDTH}" height="10" fill="{_SIDES[0]}"/>',
    ]
    size, title = fitted(_shown(sheet.title), WIDTH - 2 * _EDGE, 125, (54, 46, 40, 34), bold=True)
    y = 50.0
    for text in title:
        y += size * _LEADING
        parts.append(_text(text, _EDGE, y, size, bold=True))
    y += 30
    if isinstance(result, VersusResult):
        parts += _tape(result, y)
    elif sheet.headlines:
        parts += _numbers([(h.number, h.what) for h in sheet.headlines[:_MOST_NUMBERS]], y)
    else:
        tall = HEIGHT - 110 - y
        size, lines = fitted(_shown(sheet.sentence), WIDTH - 2 * _EDGE, tall, (34, 30, 26, 22))
        for text in lines:
            y += size * _LEADING
            parts.append(_text(text, _EDGE, y, size))
    known = f"With what was known by {sheet.as_of}" if sheet.as_of else ""
    behind = [h.source for h in sheet.headlines[:_MOST_NUMBERS] if h.source]
    publishers = [*dict.fromkeys(behind or [c.publisher for c in sheet.sources])]
    more = len(publishers) - _NAMED
    named = "; ".join(publishers[:_NAMED]) + (f"; {more} more" if more > 0 else "")
    if named and not isinstance(result, VersusResult):
        size, lines = fitted(_shown(f"Sources: {named}"), WIDTH - 2 * _EDGE, 0, (22, 18))
        parts.append(_text(lines[0], _EDGE, HEIGHT - 70, size, fill=PRINT_INK["muted"]))
    said = " · ".join(filter(None, (known, where)))
    size, foot = fitted(said, WIDTH - 2 * _EDGE - 200, 0, (22, 18))
    parts.append(_text(foot[0], _EDGE, HEIGHT - 36, size, fill=PRINT_INK["muted"]))
    parts.append(_text("headtohead", WIDTH - _EDGE, HEIGHT - 36, 26, bold=True, anchor="end"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
    )


_SIDES: Sequence[str] = PRINT_INK["sides"]  # type: ignore[assignment]


def _tape(result: VersusResult, y: float) -> Iterator[str]:
    """Side A on the left, side B on the right, what is compared between them."""
    third = (WIDTH - 2 * _EDGE) / 3
    columns = ((float(_EDGE), "start", 0), (float(WIDTH - _EDGE), "end", 1))
    for (x, anchor, n), name in zip(columns, result.titles, strict=True):
        side = (result.a, result.b)[n].rpartition("/")[2]
        size, lines = fitted(_shown(name, side), third * 1.4, 0, (30, 26, 22), bold=True)
        yield _text(lines[0], x, y + 26, size, bold=True, fill=_SIDES[n], anchor=anchor)
    yield _text("ahead by", WIDTH / 2, y + 26, 20, fill=PRINT_INK["muted"], anchor="middle")
    y += 44
    shown = card_lines(result, _MOST_LINES)
    step = min(58.0, (HEIGHT - 84 - y) / max(1, len(shown)))
    for line in shown:
        yield f'<path d="M{_EDGE} {y:.1f}H{WIDTH - _EDGE}" stroke="{PRINT_INK["grid"]}"/>'
        middle = y + step / 2 + 8
        # Where no side is ahead, the words are one and have the room of all three.
        room = third - 20 if line.a or line.b else 3 * third
        what = line.what if line.a or line.b else f"{line.what}: {line.neither}"
        for text, x, anchor, fill, bold in (
            (line.a, _EDGE, "start", _SIDES[0], True),
            (what, WIDTH / 2, "middle", PRINT_INK["muted"], False),
            (line.b, WIDTH - _EDGE, "end", _SIDES[1], True),
        ):
            size, lines = fitted(_shown(text), room, step, (24, 21, 18), bold=bold)
            for n, part in enumerate(lines):
                at = middle + (n - (len(lines) - 1) / 2) * size * _LEADING
                yield _text(part, x, at, size, bold=bold, fill=str(fill), anchor=anchor)
        y += step


def _numbers(numbers: Sequence[tuple[str, str]], y: float) -> Iterator[str]:
    """Large numbers side by side, each with what it is of."""
    room = (WIDTH - 2 * _EDGE) / len(numbers)
    for n, (number, what) in enumerate(numbers):
        x, top = _EDGE + n * room, y + 50.0
        size, lines = fitted(_shown(number), room - 30, 0, (48, 40, 34, 28), bold=True)
        yield _text(lines[0], x, top, size, bold=True, fill=_SIDES[0])
        size, lines = fitted(_shown(what), room - 30, HEIGHT - 130 - top, (26, 22))
        for text in lines:
            top += size * _LEADING
            yield _text(text, x, top + 10, size, fill=PRINT_INK["muted"])


def _shown(text: object, otherwise: str = "") -> str:
    return readable(plain(text), otherwise)


def _text(
    text: str,
    x: float,
    y: float,
    size: int,
    *,
    bold: bool = False,
    fill: object = PRINT_INK["text"],
    anchor: str = "start",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{_FONT}" font-size="{size}"{weight} '
        f'fill="{fill}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def fitted(
    text: str, room: float, tall: float, sizes: Sequence[int], *, bold: bool = False
) -> tuple[int, list[str]]:
    """The largest of some sizes of type in which a text fits, and its lines in it.

    Args:
        room: Pixels of a line.
        tall: Pixels of all lines; there is always one.
        sizes: In pixels, falling. In the last one, what does not fit ends with an ellipsis.
    """
    weight = _BOLD if bold else 1.0
    for size in sizes:
        ems, most = room / size / weight, max(1, int(tall / size / _LEADING))
        lines = list(_lines(text, ems))
        if len(lines) <= most:
            return size, lines or [""]
    last = lines[most - 1]
    while last and width(f"{last}…") > ems:
        last = last[:-1]
    return size, [*lines[: most - 1], f"{last.rstrip()}…"]


def _lines(text: str, ems: float) -> Iterator[str]:
    """The lines of a text; a word that is longer than one is broken."""
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= ems:
            line = joined
            continue
        if line:
            yield line
        line = ""
        for char in word:
            if line and width(line + char) > ems:
                yield line
                line = ""
            line += char
    if line:
        yield line


def width(text: str) -> float:
    """How wide a text of normal weight is at most, in ems."""
    return sum(map(_em, text))


def _em(char: str) -> float:
    if char in _EMS:
        return _EMS[char]
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.02
    if ord(char) < 0x530:  # Latin, Greek, Cyrillic
        return 0.8 if char.isupper() else 0.57
    return 0.9
