"""Every board of a ranking as one figure, among whose boards a reader of the page chooses."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headtohead.core.estimate import Interval
from headtohead.publish.escaping import plain
from headtohead.publish.sheet import Alternative, Chooser, DataTable, Figure, Row, TableColumn
from headtohead.ratings.board import Board
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import charts, words
from headtohead.ratings.sheet.data import STANDING, standing_row
from headtohead.ratings.sheet.naming import LONG, ModelNames, level, many, parts_of, places
from headtohead.ratings.sheet.tables import described

if TYPE_CHECKING:
    import altair as alt

SHOWN = 50  # models of the chart, until a reader asks for all
SLUG = "board"
TOP = 5  # models of a board but the first in a terminal
BOARDS = 6  # boards in a terminal
NO_GROUP = "no group"
OTHER = "other"
_KINDS = 8
_DIGITS = 3


def boards_figure(result: RankResult, names: ModelNames, top: int | None) -> Figure:
    """All boards of a ranking, the board of all votes first.

    Without `top` a terminal shows all models of the first board, and 5 of each of five more.
    """
    parts = parts_of(result)
    sure = level(result.settings.level)
    by = plain(result.groups.by, 60).capitalize() if result.groups else ""
    flags = any(s.flag for board in parts.values() for s in board.standings)
    kinds = _kinds(names)
    alternatives = tuple(_alternative(result, names, t, b) for t, b in parts.items())
    board, first = next(iter(parts.values())), alternatives[0]
    listed = [len(board.standings), *[TOP] * (BOARDS - 1)] if top is None else [top] * len(parts)
    return Figure(
        slug=SLUG,
        title=first.title,
        subtitle=first.subtitle,
        says=first.says,
        remarks=first.remarks,
        note="In the chart thick bars hold for a model alone and thin bars for all models "
        "together; bands are tie groups; at the right edge stand the places that stay open. "
        f"{result.settings.method()}.",
        columns=(
            TableColumn("model", "Model"),
            TableColumn("places", "Places", 0, ("best_rank", "worst_rank")),
            TableColumn("rating_elo", "Rating", 0),
            TableColumn("joint", "All hold", 0, ("joint_low_elo", "joint_high_elo")),
            TableColumn("alone", "Alone", 0, ("low_elo", "high_elo")),
            TableColumn("battles_n", "Votes", 0),
            TableColumn("tie_group", "Tie", 0),
            *([TableColumn("model_group", by)] if by else ()),
            TableColumn("wins_n", "Wins", 0),
            TableColumn("losses_n", "Losses", 0),
            TableColumn("ties_n", "Ties", 0),
            *([TableColumn("flag", "Open end")] if flags else ()),
        ),
        data=DataTable(STANDING, first.rows),
        chart=_chart(names, kinds, board, first.constants),
        metadata=described(result),
        chooser=Chooser(
            label="Board",
            alternatives=alternatives,
            listed=tuple(listed),
            find="model",
            order=("rating_elo", True),
            fields={
                "value": "rating_elo",
                "low": "low_elo",
                "high": "high_elo",
                "wide_low": "joint_low_elo",
                "wide_high": "joint_high_elo",
                "votes": "battles_n",
                "tie": "tie_group",
                "flag": "flag",
            },
            spans={"beside": ("best_rank", "worst_rank")},
            short={
                names.long[m]: short for m, short in names.short.items() if short != names.long[m]
            },
            kinds={names.long[m]: kind for m, kind in kinds.items()},
            by="model_group" if by else "",
            shown=SHOWN,
            row_px=charts.ROW_PX,
            shade="tie_group",
            falling=(
                "rating_elo",
                "joint_low_elo",
                "low_elo",
                "battles_n",
                "wins_n",
                "losses_n",
                "ties_n",
            ),
            help=(
                ("Places", f"those that all votes together leave open ({sure})."),
                (
                    "Tie",
                    "number of the tie group, shaded in turn; its first model is not surely "
                    "better than the others in it.",
                ),
                ("All hold", "intervals that hold for all models together."),
                ("Alone", "an interval that holds for that model alone."),
            ),
        ),
    )


def _alternative(result: RankResult, names: ModelNames, title: str, board: Board) -> Alternative:
    sure = level(board.settings.level)
    column, _, value = board.name.partition("=")
    whole = board.name == "all"
    what = words.whole(result) if whole else f"{column} = {value}" if value else column
    standings = board.standings
    remarks = [plain(n, 800) for n in board.notes]
    remarks += [said] if (said := words.open_end(board, names.short)) else []
    rows: list[Row] = []
    for s in standings:
        _, *rest = standing_row(s, names.groups)
        rounded = [round(v, _DIGITS) if isinstance(v, float) else v for v in rest]
        rounded[-1] = plain(rounded[-1], LONG)
        rows.append((names.long[s.model], *rounded))
    reach = reach_of([s.rating.value for s in standings], [s.joint for s in standings])
    part = f", part {board.part + 1} of {board.parts}" if board.parts > 1 else ""
    beside = f" (part {board.part + 1})" if board.parts > 1 else ""
    return Alternative(
        key=title,
        name=plain(what, 100) + beside,
        group="" if whole or not value else plain(column, 60),
        title=plain(f"Ratings by {what}{part}", 200),
        subtitle=f"{many(len(standings), 'model')}, {many(board.fitted.counts.total, 'vote')}, "
        f"{many(standings[-1].group, 'tie group')}. Ratings are points; places and intervals hold "
        f"with {sure}.",
        says=words.lead(board, names.short),
        remarks=tuple(remarks),
        rows=tuple(rows),
        # Rounded up, so that rounding never makes an end seem cut.
        constants={"reach": math.ceil(1.001 * reach)},
    )


def _chart(
    names: ModelNames, kinds: Mapping[str, str], board: Board, constants: Mapping[str, float]
) -> "Callable[[], alt.LayerChart]":
    """The chart of the first board, drawn when it is wanted."""

    def made() -> "alt.LayerChart":
        rows: list[dict[str, Any]] = [
            {
                **charts.ends(names.short[s.model], s.rating, s.joint),
                **constants,
                "place": n,
                "shade": s.group % 2 == 0,
                "kind": kinds.get(s.model, ""),
                "beside": places(s.best, s.worst),
                "votes": s.battles,
                "tie": s.group,
                "flag": s.flag,
            }
            for n, s in enumerate(board.standings[:SHOWN], 1)
        ]
        ranked = [kind for kind, _ in Counter(kinds.values()).most_common()]
        return charts.intervals(
            rows,
            axis="Rating (points)",
            kinds=sorted(ranked, key=lambda kind: kind in (NO_GROUP, OTHER)),
            always=True,
            more=[
                ("beside", "Places", ""),
                ("tie", "Tie group", ""),
                ("votes", "Votes", ",.0f"),
                ("flag", "Open end", ""),
            ],
        )

    return made


def _kinds(names: ModelNames) -> dict[str, str]:
    """Model -> group as a chart tells it apart: at most `_KINDS`, the rest as "other"."""
    if not names.groups:
        return {}
    labels = {m: plain(names.groups.get(m, NO_GROUP), 24) for m in names.long}
    ranked = [label for label, _ in Counter(labels.values()).most_common()]
    if len(ranked) <= _KINDS:
        return labels
    kept = set(ranked[: _KINDS - 1])
    return {m: label if label in kept else OTHER for m, label in labels.items()}


def reach_of(values: Sequence[float], joint: Sequence[Interval]) -> float:
    """How many points from its value an interval is drawn.

    All ends are, but for one that is open, or so far away that it would squeeze the others.
    """
    arms = [a for i in joint for a in (i.value - i.low, i.high - i.value) if math.isfinite(a)]
    arms = sorted(arms) or [100.0]
    across = max(values, default=0.0) - min(values, default=0.0)
    return max(1.0, 0.3 * across, min(arms[-1], 4 * arms[len(arms) // 2]))
