"""The sheet of a ranking, and the same as JSON and as CSV."""

import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from itertools import combinations
from typing import Any

from headtohead.core.units import counted
from headtohead.publish.machine import envelope
from headtohead.publish.sheet import DataTable, Sheet, TableColumn, Topic
from headtohead.publish.words import content_hash, plain
from headtohead.ratings.board import Board
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet import words
from headtohead.ratings.sheet.figures import (
    BOARDS,
    STANDING,
    boards_figure,
    drift_figure,
    group_figures,
    left_out_figure,
    pair_figures,
    standing_row,
    style_figure,
    trust_figures,
)
from headtohead.ratings.sheet.words import ModelNames, finite, parts_of, steps

_LISTED = 30


def rank_sheet(
    result: RankResult, *, top: int | None = None, command: str = "", page: bool = False
) -> Sheet:
    """The sheet of a ranking.

    A page also shows who beats whom, and every reason why a board could not be made. A terminal
    shows `top` models of each board, or all of the first and 5 of each of five others.
    """
    digest = content_hash(rank_json(result, pairs=False))
    result = words.with_group_names(result)
    names = ModelNames.of(result)
    board = result.boards["all"][0]
    models = sum(len(b.standings) for b in result.boards["all"])
    boards = sum(map(len, result.boards.values()))
    out = sum(result.dropped.values())
    facts = [
        ("About", result.about.in_words if result.about else ""),
        ("Known by", str(result.as_of or "")),
        ("Models", f"{models:,}", "section-leaderboard"),
        (
            "Votes",
            f"{words.votes_of(result) if result.weighed else result.used:,}",
            "section-votes",
        ),
        ("Left out", f"{out:,}", "section-votes"),
        ("Tie groups", str(board.standings[-1].group), "section-leaderboard"),
        ("Boards", f"{boards:,}", "section-leaderboard"),
    ]
    topics = [
        Topic(
            "leaderboard",
            "Leaderboard",
            "Which places stay open, and how far are the models apart?",
            figures=(boards_figure(result, names, top),),
        )
    ]
    if page:
        part = " (its largest part)" if len(result.boards["all"]) > 1 else ""
        which = f"These are pairs on the board of {words.whole(result)}{part}."
        topics.append(
            Topic(
                "pairs",
                "Pairs",
                "Who beats whom, and on how many votes?",
                remarks=(which,) if boards > 1 else (),
                figures=pair_figures(result, names, board),
            )
        )
    if result.moves or result.drift_note:
        why = f"No drift can be shown: {plain(result.drift_note, 400)}."
        topics.append(
            Topic(
                "time",
                "Drift",
                "Whose rating moved?",
                remarks=(why,) if result.drift_note else (),
                figures=(drift_figure(result, names),) if result.moves else (),
            )
        )
    if result.judge:
        said = words.judge_said(result.judge)
        topics.append(Topic("judge", "Judge", "How far does the judge help?", remarks=(said,)))
    if result.groups:
        topics.append(
            Topic(
                "groups",
                "Groups",
                "How far are groups of models apart?",
                figures=group_figures(result, names, result.groups),
            )
        )
    if result.style:
        topics.append(
            Topic("style", "Style", "How much of a vote is looks?", figures=(style_figure(result),))
        )
    if result.trust:
        topics.append(
            Topic(
                "trust",
                "Trust",
                "What could overturn this board?",
                remarks=tuple(plain(n, 400) for n in result.trust.notes),
                figures=trust_figures(result, names, result.trust),
            )
        )
    topics.append(
        Topic(
            "votes",
            "Votes",
            "Which votes count here?",
            remarks=(
                *(plain(remark, 400) for remark in result.remarks),
                *_failed_boards(result, len(result.unmade) if page or top else BOARDS),
            ),
            figures=(left_out_figure(result),),
        )
    )
    return Sheet(
        verb="rank",
        title=words.title(result),
        kicker=f"{plain(result.votes, 200)}, read as {plain(result.format, 60)}",
        sentence=words.answer(result, names.short),
        facts=tuple(fact for fact in facts if fact[1]),
        topics=tuple(topics),
        method=steps(result),
        sources=result.citations,
        about=str(result.about or ""),
        as_of=result.as_of,
        command=command,
        notes=(" ".join(words.setting_words(result.settings)),),
        next=(
            "Take every number along: `h2h rank VOTES --json`, or `--csv` for one row a model and "
            "board",
            'Compare two models: `headtohead.rank(votes).board().gap("A", "B")` in Python',
        ),
        digest=digest,
    )


def _failed_boards(result: RankResult, most: int) -> tuple[str, ...]:
    """Why some boards could not be made."""
    said = [
        f"No board for {plain(name, 80)}: {plain(why, 400)}"
        for name, why in list(result.unmade.items())[:most]
    ]
    if left := list(result.unmade)[most:]:
        shown = ", ".join(plain(name, 60) for name in left[:_LISTED])
        more = f" and {len(left) - _LISTED:,} more" if len(left) > _LISTED else ""
        said.append(f"No board for {counted(len(left), 'more value')}: {shown}{more}.")
    return tuple(said)


_PAIRED = 150  # models; their pairs grow with the square
_AS_THEY_STAND = ("rank", "best", "worst", "group", "battles", "wins", "losses", "ties", "flag")


def rank_json(result: RankResult, *, pairs: bool = True) -> dict[str, Any]:
    """The object that `h2h rank --json` prints; an open end of an interval is null.

    With `pairs`, boards of up to 150 models tell the gap of every pair.
    """
    document = envelope("rank", result.about, result.as_of, (), result.citations)
    labels = result.groups.labels if result.groups else {}
    about, as_of = document["about"], document["as_of"]
    common = {
        "level": result.settings.level,
        "unit": "elo",
        "method": result.settings.method(),
        "about": about,
        "as_of": as_of,
        "source_ids": [c.source_id for c in result.citations],
    }
    document["results"] = [
        _board_json(board, title, labels, common)
        | ({"pairs": _pairs(board)} if pairs and len(board.standings) <= _PAIRED else {})
        for title, board in parts_of(result).items()
    ]
    return document | {
        "votes": result.votes,
        "format": result.format,
        "settings": _plain(result.settings.as_json()),
        "asked": dict(result.asked),
        "rows_read": result.rows_read,
        "used": result.used,
        "dropped": dict(result.dropped),
        "unmade": dict(result.unmade),
        "groups": _plain(result.groups),
        "style": _plain(result.style),
        "drift": {"moves": _plain(result.moves), "note": result.drift_note},
        "trust": _plain(result.trust),
        "judge": _plain(result.judge),
        "notes": [
            *result.remarks,
            *(f"{t}: {n}" for t, board in parts_of(result).items() for n in board.notes),
        ],
    }


def rank_table(result: RankResult) -> DataTable:
    """One row for each model and board; an open end of an interval is None."""
    names = ModelNames.of(result)
    return DataTable(
        (TableColumn("board", "Board"), *STANDING, TableColumn("level_frac", "Coverage")),
        tuple(
            (title, names.long[s.model], *standing_row(s, names.groups)[1:], board.settings.level)
            for title, board in parts_of(result).items()
            for s in board.standings
        ),
    )


def _board_json(
    board: Board, title: str, labels: Mapping[str, str], common: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "board": board.name,
        "title": title,
        "part": board.part,
        "parts": board.parts,
        "votes": board.fitted.counts.total,
        "tie_groups": max(s.group for s in board.standings),
        "joint_width_in_errors": finite(board.width),
        "tie_parameter": board.fitted.tie,
        "notes": list(board.notes),
        "ratings": [
            {
                "label": s.model,
                "value": s.rating.value,
                "low": finite(s.rating.low),
                "high": finite(s.rating.high),
                **common,
                "n": s.battles,
                "n_of": "votes",
                "joint_low": finite(s.joint.low),
                "joint_high": finite(s.joint.high),
                **{name: getattr(s, name) for name in _AS_THEY_STAND},
                "model_group": labels.get(s.model),
            }
            for s in board.standings
        ],
    }


def _pairs(board: Board) -> list[dict[str, Any]]:
    """Every pair of a board, the model above first; what holds here holds for that pair alone."""
    met = board.fitted.counts.between()
    models = [s.model for s in board.standings]
    return [
        {
            "a": a,
            "b": b,
            "beats": _plain(board.beats(a, b)),
            "gap": _plain(board.gap(a, b)),
            "votes": met.get((min(a, b), max(a, b)), 0),
        }
        for a, b in combinations(models, 2)
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a result holds
    """A result as JSON can carry it: objects by field, no infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({name: getattr(value, name) for name in value.__dataclass_fields__})
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
