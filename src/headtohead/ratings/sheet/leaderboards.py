"""Every board as the page needs it: the rows of the first in the page, the rest as data."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headtohead.claims.exhibits import ExhibitView
from headtohead.core.interval import Interval
from headtohead.publish.citing import content_hash
from headtohead.publish.escaping import plain
from headtohead.ratings.board import Board
from headtohead.ratings.sheet import charts, words
from headtohead.ratings.sheet.comparisons import reach_of
from headtohead.ratings.sheet.data import COLUMNS, standing_row
from headtohead.ratings.sheet.figures import Setting, Table, Value, figure
from headtohead.ratings.sheet.naming import (
    LONG,
    level,
    many,
    number,
    parts_of,
    places,
    span,
    window_of,
)

SHOWN = 50
SLUG = "board"
_KINDS = 8
_DIGITS = 3
NO_GROUP = "no group"
OTHER = "other"

_TITLES = {
    "model": "Model", "rank": "Place by rating", "best_rank": "Best place that stays open",
    "worst_rank": "Worst place that stays open", "tie_group": "Tie group",
    "rating_elo": "Rating", "low_elo": "At least, alone", "high_elo": "At most, alone",
    "joint_low_elo": "At least, all together", "joint_high_elo": "At most, all together",
    "battles_n": "Votes", "wins_n": "Wins", "losses_n": "Losses", "ties_n": "Ties",
    "flag": "Why an end is open", "model_group": "Group",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the table.

    Attributes:
        places: The rank set.
        model: The name.
        tie: Number of the tie group.
        group: The model's group; empty without groups.
        rating: In points.
        joint: The interval that holds with the rest.
        alone: The interval that holds alone.
        battles: Votes.
        wins: Votes won.
        losses: Votes lost.
        ties: Votes tied.
        flag: Why an end is open.
        shade: True in every other tie group.
    """

    places: str
    model: str
    tie: int
    group: str
    rating: str
    joint: str
    alone: str
    battles: str
    wins: str
    losses: str
    ties: str
    flag: str
    shade: bool


@dataclass(frozen=True, slots=True)
class BoardsView:
    """All boards.

    Attributes:
        first: The chart of the first board.
        rows: The table of the first board.
        choices: (heading of a group of boards, its titles with what to call them).
        groups: Groups that the models belong to; empty without groups.
        by: What tells the groups apart.
        most: Models on the largest board.
        flags: True if some model on some board has an open end.
        data: For the script: every board, and how names are shortened.
    """

    first: ExhibitView
    rows: tuple[RowView, ...]
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    groups: tuple[str, ...]
    by: str
    most: int
    flags: bool
    data: dict[str, Any]


def boards_view(setting: Setting) -> BoardsView:
    """All boards of a ranking, the board of all votes first."""
    parts = parts_of(setting.result)
    kinds = _kinds(setting)
    (title, board), *_ = parts.items()
    labels = sorted({plain(g, LONG) for g in setting.labels.values()})
    by = setting.result.groups.by if setting.result.groups else ""
    return BoardsView(
        first=_figure(setting, title, board, kinds),
        rows=tuple(_row_view(row) for row in _rows(setting, board)),
        choices=_choices(parts, words.whole(setting.result)),
        groups=tuple(labels),
        by=plain(by, 60),
        most=max(len(b.standings) for b in parts.values()),
        flags=any(s.flag for board in parts.values() for s in board.standings),
        data={
            "columns": list(COLUMNS),
            "shown": SHOWN,
            "row_px": charts.ROW_PX,
            "boards": [_board_data(setting, t, b) for t, b in parts.items()],
            "short": {
                setting.long[m]: short
                for m, short in setting.short.items()
                if short != setting.long[m]
            },
            "kinds": {setting.long[m]: kind for m, kind in kinds.items()},
        },
    )


def board_words(setting: Setting, title: str, board: Board) -> tuple[str, str, str, list[str]]:
    """Title, subtitle, finding and notes of one board."""
    sure = level(board.settings.level)
    column, value = window_of(board.name)
    what = f"{column} = {value}".strip(" =")
    if board.name == "all":
        what = words.whole(setting.result)
    part = f", part {board.part + 1} of {board.parts}" if board.parts > 1 else ""
    heading = f"Ratings by {what}{part}"
    subtitle = (
        f"{many(len(board.standings), 'model')}, {many(board.fitted.counts.total, 'vote')}. Points "
        f"are ratings. Thick bars hold for a model alone, thin bars for all models together "
        f"({sure}). Bands are tie groups; at the right edge, the places that stay open."
    )
    notes = [plain(n, 800) for n in board.notes]
    if open_end := words.open_end(board):
        notes.append(f"{open_end} In the chart an arrow marks such an end, or one too far off.")
    return plain(heading, 200), subtitle, words.lead(board, setting.short), notes


def _figure(setting: Setting, title: str, board: Board, kinds: Mapping[str, str]) -> ExhibitView:
    heading, subtitle, says, notes = board_words(setting, title, board)
    shown = board.standings[:SHOWN]
    reach = _board_reach(board)
    rows = [
        {
            "place": n, "name": setting.short[s.model], "value": s.rating.value,
            "low": row[6], "high": row[7], "wide_low": row[8], "wide_high": row[9],
            "reach": reach, "shade": s.group % 2 == 0, "kind": kinds.get(s.model, ""),
            "beside": places(s.best, s.worst), "votes": s.battles, "tie": s.group, "flag": s.flag,
        }
        for n, s in enumerate(shown, 1)
        for row in (standing_row(s, setting.labels),)
    ]  # fmt: skip
    table = Table((), (), _TITLES, tuple(_rows(setting, board)))
    chart = charts.intervals(
        rows,
        [str(r["name"]) for r in rows],
        axis="Rating (points)",
        kinds=_domain(kinds),
        always=True,
        more=[("beside", "Places", ""), ("tie", "Tie group", ""), ("votes", "Votes", ",.0f"),
              ("flag", "Open end", "")],
    )  # fmt: skip
    return figure(
        setting, SLUG, heading, subtitle, table, says=says, chart=chart, notes=notes,
        note=_methods(setting),
    )  # fmt: skip


def _methods(setting: Setting) -> str:
    return f"{setting.result.settings.method()}."


def _board_data(setting: Setting, title: str, board: Board) -> dict[str, Any]:
    """One board for the script: its words, its rows, and what its downloads say."""
    heading, subtitle, says, notes = board_words(setting, title, board)
    rows = _rows(setting, board)
    cite, digest = setting.cite(heading, {"columns": list(COLUMNS), "rows": rows})
    return {
        "key": title,
        "title": heading,
        "subtitle": subtitle,
        "says": says,
        "notes": notes,
        "reach": _board_reach(board),
        "frame": setting.frame(heading, subtitle),
        "about_it": {
            "title": heading, "subtitle": subtitle, "rows": len(rows), "finding": says,
            "notes": [_methods(setting), *notes], "content_sha256": digest,
            "citation": cite.plain, "bibtex": cite.bibtex,
        },
        "rows": rows,
    }  # fmt: skip


def _rows(setting: Setting, board: Board) -> list[tuple[Value, ...]]:
    """The rows of a board in the order of `COLUMNS`, rounded to a thousandth of a point."""
    made = []
    for s in board.standings:
        _, *rest = standing_row(s, setting.labels)
        rounded = [round(v, _DIGITS) if isinstance(v, float) else v for v in rest]
        rounded[-1] = plain(rounded[-1], LONG)
        made.append((setting.long[s.model], *rounded))
    return made


def _row_view(row: tuple[Value, ...]) -> RowView:
    r: dict[str, Any] = dict(zip(COLUMNS, row, strict=True))
    return RowView(
        places=places(r["best_rank"], r["worst_rank"]),
        model=r["model"],
        tie=r["tie_group"],
        group=r["model_group"],
        rating=number(r["rating_elo"]),
        joint=span(_interval(r["rating_elo"], r["joint_low_elo"], r["joint_high_elo"])),
        alone=span(_interval(r["rating_elo"], r["low_elo"], r["high_elo"])),
        battles=f"{r['battles_n']:,}",
        wins=f"{r['wins_n']:,}",
        losses=f"{r['losses_n']:,}",
        ties=f"{r['ties_n']:,}",
        flag=r["flag"],
        shade=r["tie_group"] % 2 == 0,
    )


def _interval(value: float, low: float | None, high: float | None) -> Interval:
    return Interval(
        value, -float("inf") if low is None else low, float("inf") if high is None else high
    )


def _board_reach(board: Board) -> float:
    standings = board.standings
    # Rounded up, so that rounding never makes an end seem cut.
    return math.ceil(
        1.001 * reach_of([s.rating.value for s in standings], [s.joint for s in standings])
    )


def _choices(
    parts: Mapping[str, Board], whole: str
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Boards by the column they come from."""
    found: dict[str, list[tuple[str, str]]] = {}
    for title, board in parts.items():
        column, value = window_of(board.name)
        part = f" (part {board.part + 1})" if board.parts > 1 else ""
        name = f"{column} = {value}" if column else value
        if board.name == "all":
            name = whole
        found.setdefault(plain(column, 60), []).append((title, f"{plain(name, 100)}{part}"))
    return tuple((column, tuple(titles)) for column, titles in found.items())


def _kinds(setting: Setting) -> dict[str, str]:
    """Model -> group as a chart tells it apart: at most `_KINDS`, the rest as "other"."""
    if not setting.labels:
        return {}
    labels = {m: plain(setting.labels.get(m, NO_GROUP), 24) for m in setting.long}
    ranked = [label for label, _ in Counter(labels.values()).most_common()]
    if len(ranked) <= _KINDS:
        return labels
    kept = set(ranked[: _KINDS - 1])
    return {m: label if label in kept else OTHER for m, label in labels.items()}


def _domain(kinds: Mapping[str, str]) -> list[str]:
    ranked = [kind for kind, _ in Counter(kinds.values()).most_common()]
    return sorted(ranked, key=lambda kind: kind in (NO_GROUP, OTHER))


def digest_of(setting: Setting) -> str:
    """The hash of every number on every board."""
    parts = parts_of(setting.result)
    return content_hash({title: _rows(setting, board) for title, board in parts.items()})
