"""A ranking as lines for a terminal: places first, then what they rest on."""

import textwrap
from collections.abc import Iterator, Mapping

from headtohead.publish.citing import content_hash, how_to_cite
from headtohead.publish.escaping import plain
from headtohead.ratings.board import Board, Standing
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.data import rank_json
from headtohead.ratings.sheet.naming import (
    distinct,
    level,
    many,
    models_of,
    number,
    parts_of,
    places,
    signed,
    span,
)

WIDTH = 100
_NAME = 32
_TOP = 5
_BOARDS = 6
_LISTED = 30
_MOVES = 10
_GROUPS = 12
_GAPS = 6


def rank_lines(result: RankResult, *, top: int | None = None, again: str = "") -> Iterator[str]:
    """The ranking, a model a line: the places that stay open, tie group, rating, intervals, votes.

    Args:
        result: The ranking.
        top: Models shown of each board; None for all of the first and 5 of the others, and for no
            more than 6 boards in full.
        again: The command that was typed.
    """
    names = distinct(models_of(result), _NAME)
    yield words.title(result)
    yield from _wrapped(f"{plain(result.votes, 200)} ({plain(result.format, 40)}){_days(result)}")
    yield ""
    yield from _wrapped(words.answer(result, names))
    yield from _wrapped(" ".join(words.setting_words(result.settings)))
    said: set[str] = set()
    parts = parts_of(result)
    shown = len(parts) if top else _BOARDS
    for title, board in list(parts.items())[:shown]:
        yield ""
        yield from _board_lines(_head(title, board, result), board, names, top)
        for note in board.notes:
            # Parts of one board share some of their notes.
            yield from () if note in said else _wrapped(f"Note: {plain(note, 600)}")
        said.update(board.notes)
    yield ""
    yield from _more_boards(list(parts)[shown:])
    yield from _unmade_lines(result, len(result.unmade) if top else _BOARDS)
    yield from _wrapped(words.left_out(result))
    if result.judge:
        yield from _wrapped(words.judge_said(result.judge))
    yield from _group_lines(result, names)
    yield from _style_lines(result)
    yield from _drift_lines(result, names)
    yield from _trust_lines(result, names)
    yield ""
    if again:
        yield f"Again: {again}"
    yield from cite_lines(result)


def cite_lines(result: RankResult) -> Iterator[str]:
    """How to cite the ranking."""
    from headtohead.core.version import VERSION

    cite = how_to_cite(
        words.title(result),
        about=str(result.about or ""),
        as_of=result.as_of,
        digest=content_hash(rank_json(result, pairs=False)),
        version=VERSION,
        sources=[plain(f"{c.publisher}: {c.product}", 120) for c in result.citations],
    )
    yield from _wrapped(f"Cite: {cite.plain}")


def _days(result: RankResult) -> str:
    about = f"; about {result.about}" if result.about else ""
    return about + (f"; known by {result.as_of}" if result.as_of else "")


def _head(title: str, board: Board, result: RankResult) -> str:
    """What a board is called above its table."""
    if board.name != "all":
        return _cut(title, 60)
    return words.whole(result).upper() + title.removeprefix("all")


def _more_boards(titles: list[str]) -> Iterator[str]:
    if titles:
        yield from _wrapped(
            f"{many(len(titles), 'more board')}: {_listed(titles)}. --top {_TOP} prints all."
        )


def _unmade_lines(result: RankResult, most: int) -> Iterator[str]:
    for name, why in list(result.unmade.items())[:most]:
        yield from _wrapped(f"No board for {plain(name, 60)}: {plain(why, 400)}")
    if left := list(result.unmade)[most:]:
        yield from _wrapped(f"No board for {len(left):,} more: {_listed(left)}. --json says why.")


def _listed(names: list[str]) -> str:
    shown = ", ".join(plain(name, 60) for name in names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED:,} more" if len(names) > _LISTED else shown


def _board_lines(
    head: str, board: Board, names: Mapping[str, str], top: int | None
) -> Iterator[str]:
    first = board.name == "all" and board.part == 0
    n, votes = len(board.standings), board.fitted.counts.total
    groups = many(board.standings[-1].group, "tie group")
    yield f"{head}: {many(n, 'model')}, {many(votes, 'vote')}, {groups}"
    sure = level(board.settings.level)
    yield (
        f"{'places':>7} {'tie':>3} {_fill('model', _NAME)} {'rating':>7}  "
        f"{f'all hold ({sure})':<16} {f'alone ({sure})':<16} {'votes':>9}"
    )
    shown = top or (n if first else _TOP)
    for standing in board.standings[:shown]:
        yield from _standing_lines(standing, names)
    if n > shown:
        yield f"{'':>7}     and {n - shown} more (--top {n} prints all)"


def _standing_lines(s: Standing, names: Mapping[str, str]) -> Iterator[str]:
    yield (
        f"{places(s.best, s.worst):>7} {s.group:>3} {_fill(names[s.model], _NAME)} "
        f"{number(s.rating.value):>7}  {span(s.joint):<16} {span(s.rating):<16} {s.battles:>9,}"
    )
    if s.flag:
        yield f"{'':>7}     ({s.flag})"


def _group_lines(result: RankResult, names: Mapping[str, str]) -> Iterator[str]:
    if result.groups is None:
        return
    yield ""
    yield f"GROUPS BY {plain(result.groups.by, 60).upper()}"
    for g in result.groups.ratings[:_GROUPS]:
        left = f", {g.left_out} left out for an open end" if g.left_out else ""
        best = names.get(g.best, plain(g.best, _NAME))
        yield from _wrapped(
            f"{plain(g.group, 40)}: average {number(g.mean.value)} ({span(g.mean)}) of "
            f"{many(g.models, 'model')}{left}; best {best} {number(g.top.value)} ({span(g.top)})",
            indent="  ",
        )
    for gap in result.groups.gaps[:_GAPS]:
        yield from _wrapped(words.gap_words(gap), indent="  ")
    if len(result.groups.ratings) > _GROUPS or len(result.groups.gaps) > _GAPS:
        n, gaps = len(result.groups.ratings), len(result.groups.gaps)
        yield f"  {many(n, 'group')} and {many(gaps, 'gap')} in all; --json has them."
    if result.groups.unplaced:
        yield f"  {many(len(result.groups.unplaced), 'model')} in no group."


def _style_lines(result: RankResult) -> Iterator[str]:
    if not result.style:
        return
    yield ""
    yield "STYLE (points for one standard deviation more)"
    for effect in result.style:
        yield (
            f"  {_fill(plain(effect.name, 30), 30)} {signed(effect.per_sd.value, 1):>8}  "
            f"{span(effect.per_sd, 1)}"
        )


def _drift_lines(result: RankResult, names: Mapping[str, str]) -> Iterator[str]:
    if not result.moves and not result.drift_note:
        return
    yield ""
    yield "DRIFT (points from the first to the last window, against the models in all windows)"
    if result.drift_note:
        yield from _wrapped(f"None: {plain(result.drift_note, 300)}.", indent="  ")
    for m in result.moves[:_MOVES]:
        name = names.get(m.model, plain(m.model, _NAME))
        yield (
            f"  {_fill(name, _NAME)} {signed(m.change.value, 1):>8}  "
            f"all hold {span(m.joint, 1):<20} {plain(m.first, 10)} to {plain(m.last, 10)}"
        )
    if len(result.moves) > _MOVES:
        yield f"  and {len(result.moves) - _MOVES} more"


def _trust_lines(result: RankResult, names: Mapping[str, str]) -> Iterator[str]:
    if result.trust is None:
        return
    yield ""
    yield "TRUST"
    for topic, said in words.trust_words(result.trust, names):
        yield from _wrapped(f"{topic}: {said}", indent="  ")
    for note in result.trust.notes:
        yield from _wrapped(f"Note: {plain(note, 300)}", indent="  ")


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    """The text in lines; a line after the first stands two characters in."""
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )


def _fill(text: str, width: int) -> str:
    """Text that fills exactly so many cells of a terminal; wide characters count as two."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) > width:
        return set_cell_size(text, width - 1) + "…"
    return set_cell_size(text, width)


def _cut(text: str, width: int) -> str:
    return _fill(text, width).rstrip()
