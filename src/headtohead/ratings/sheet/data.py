"""A ranking as JSON, and as CSV with one row for each model and board."""

import math
from collections.abc import Mapping
from dataclasses import is_dataclass
from itertools import combinations
from typing import Any

from headtohead.core.estimate import Interval
from headtohead.publish.machine import envelope
from headtohead.publish.sheet import DataTable, TableColumn
from headtohead.ratings.board import Board, Standing
from headtohead.ratings.result import RankResult
from headtohead.ratings.sheet.naming import ModelNames, finite, parts_of

# Columns of one standing, in the CSV and in the downloads of the page.
STANDING = tuple(
    TableColumn(name, title)
    for name, title in {
        "model": "Model",
        "rank": "Place by rating",
        "best_rank": "Best place that stays open",
        "worst_rank": "Worst place that stays open",
        "tie_group": "Tie group",
        "rating_elo": "Rating",
        "low_elo": "At least, alone",
        "high_elo": "At most, alone",
        "joint_low_elo": "At least, all together",
        "joint_high_elo": "At most, all together",
        "battles_n": "Votes",
        "wins_n": "Wins",
        "losses_n": "Losses",
        "ties_n": "Ties",
        "flag": "Why an end is open",
        "model_group": "Group",
    }.items()
)
COLUMNS = tuple(column.name for column in STANDING)

_PAIRED = 150  # models; their pairs grow with the square


def rank_json(result: RankResult, *, pairs: bool = True) -> dict[str, Any]:
    """The object that `h2h rank --json` prints; an open end of an interval is null.

    With `pairs`, boards of up to 150 models tell the gap of every pair.
    """
    made = envelope("rank", result.about, result.as_of, (), result.citations)
    labels = result.groups.labels if result.groups else {}
    about, as_of = made["about"], made["as_of"]
    common = {
        "level": result.settings.level,
        "unit": "elo",
        "method": result.settings.method(),
        "about": about,
        "as_of": as_of,
        "source_ids": [c.source_id for c in result.citations],
    }
    made["results"] = [
        _board_json(board, title, labels, common)
        | ({"pairs": _pairs(board)} if pairs and len(board.standings) <= _PAIRED else {})
        for title, board in parts_of(result).items()
    ]
    return made | {
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
        "notes": [f"{t}: {n}" for t, board in parts_of(result).items() for n in board.notes],
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


def standing_row(s: Standing, labels: Mapping[str, str]) -> tuple[str | int | float | None, ...]:
    """The cells of one standing, in the order of `COLUMNS`; None for an open end."""
    ends = (s.rating.low, s.rating.high, s.joint.low, s.joint.high)
    places = (s.rank, s.best, s.worst, s.group)
    votes = (s.battles, s.wins, s.losses, s.ties)
    points = (s.rating.value, *map(finite, ends))
    return (s.model, *places, *points, *votes, s.flag, labels.get(s.model, ""))


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
                "rank": s.rank,
                "best": s.best,
                "worst": s.worst,
                "group": s.group,
                "battles": s.battles,
                "wins": s.wins,
                "losses": s.losses,
                "ties": s.ties,
                "flag": s.flag,
                "model_group": labels.get(s.model),
            }
            for s in board.standings
        ],
    }


def _pairs(board: Board) -> list[dict[str, Any]]:
    """Every pair of a board, the model above first; what holds here holds for that pair alone."""
    met = votes_between(board)
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


def votes_between(board: Board) -> dict[tuple[str, str], int]:
    """How many votes each pair has, whoever was shown first; names in order."""
    counts = board.fitted.counts
    found: dict[tuple[str, str], int] = {}
    for i, j, n in zip(
        counts.first.tolist(),
        counts.second.tolist(),
        counts.votes.sum(axis=1).tolist(),
        strict=True,
    ):
        a, b = sorted((counts.models[i], counts.models[j]))
        found[a, b] = found.get((a, b), 0) + n
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a result holds
    """A result as JSON can carry it: objects by field, no infinities."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Interval):
        return {"value": finite(value.value), "low": finite(value.low), "high": finite(value.high)}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain({name: getattr(value, name) for name in value.__dataclass_fields__})
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    return value if isinstance(value, str | int | bool | None) else str(value)
