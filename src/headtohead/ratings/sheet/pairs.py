"""Who beats whom, and who met whom how often: a cell for each pair of the leading models."""

import math
from collections.abc import Iterator
from itertools import permutations

from headtohead.claims.exhibits import ExhibitView
from headtohead.core.interval import Interval
from headtohead.ratings.board import Board
from headtohead.ratings.sheet import charts
from headtohead.ratings.sheet.data import votes_between
from headtohead.ratings.sheet.figures import (
    Setting,
    Table,
    figure,
    number_cell,
    text_cell,
    words_cell,
)
from headtohead.ratings.sheet.naming import level, many, percent

MODELS = 30
_Pair = tuple[int, int, str, str, Interval, int]


def pair_figures(setting: Setting, board: Board) -> list[ExhibitView]:
    """The expected scores and the numbers of votes between the leading models of a board."""
    pairs = list(_pairs(board))
    return [_chances(setting, board, pairs), _battles(setting, board, pairs)]


def _pairs(board: Board) -> Iterator[_Pair]:
    """Each ordered pair of the leading models: places, names, expected score, votes."""
    models = [s.model for s in board.standings[:MODELS]]
    met = votes_between(board)
    for (i, a), (j, b) in permutations(enumerate(models, 1), 2):
        yield i, j, a, b, board.beats(a, b), met.get((min(a, b), max(a, b)), 0)


def _chances(setting: Setting, board: Board, pairs: list[_Pair]) -> ExhibitView:
    short = setting.short
    rows = [
        {
            "row_n": i, "column_n": j, "a": short[a], "b": short[b], "score_frac": score.value,
            "low_frac": score.low, "high_frac": score.high, "votes_n": votes,
            "lead_frac": abs(score.value - 0.5),
            "lean": "row ahead" if score.value >= 0.5 else "column ahead",
            "sure": score.low > 0.5 or score.high < 0.5,
        }
        for i, j, a, b, score, votes in pairs
    ]  # fmt: skip
    sure = sum(bool(row["sure"]) for row in rows) // 2
    once = [(a, b, score, votes) for i, j, a, b, score, votes in pairs if i < j]
    name = level(board.settings.level)
    what = "chance to win a decisive vote" if board.settings.ties == "drop" else "expected score"
    table = Table(
        headings=("Model", "Against", "Takes", f"{name} interval", "Votes between them"),
        rows=tuple(
            (
                words_cell(setting.name(a)), words_cell(setting.name(b)),
                text_cell(percent(score.value)),
                text_cell(f"{percent(score.low)} to {percent(score.high)}"), number_cell(votes),
            )
            for a, b, score, votes in once
        ),
        columns={
            "model_a": "Model", "model_b": "Against", "score_frac": "Takes",
            "low_frac": "At least", "high_frac": "At most", "votes_n": "Votes between them",
        },
        data=tuple(
            (setting.name(a), setting.name(b), score.value, score.low, score.high, votes)
            for a, b, score, votes in once
        ),
    )  # fmt: skip
    tie = "" if board.settings.ties == "drop" else " A tie counts half."
    return figure(
        setting,
        "win-matrix",
        "Who beats whom",
        f"The {what} of the model in the row against the model in the column, in percent.{tie} "
        f"Bold: its {name} interval, of that pair alone, keeps clear of one half.",
        table,
        says=f"In {sure:,} of {many(len(once), 'pair')}, taken one at a time, one side is ahead "
        "beyond chance.",
        chart=charts.chances(rows, _order(setting, board)),
        note=_limited(board),
    )


def _battles(setting: Setting, board: Board, pairs: list[_Pair]) -> ExhibitView:
    short = setting.short
    rows = [
        {
            "row_n": i, "column_n": j, "a": short[a], "b": short[b], "votes_n": votes,
            "votes_log": math.log1p(votes), "kind": "votes", "sure": votes > 0,
        }
        for i, j, a, b, _, votes in pairs
    ]  # fmt: skip
    once = sorted(
        ((a, b, votes) for i, j, a, b, _, votes in pairs if i < j), key=lambda pair: -pair[2]
    )
    never = sum(votes == 0 for *_, votes in once)
    table = Table(
        headings=("Model", "Against", "Votes between them"),
        rows=tuple(
            (words_cell(setting.name(a)), words_cell(setting.name(b)), number_cell(votes))
            for a, b, votes in once
        ),
        columns={"model_a": "Model", "model_b": "Against", "votes_n": "Votes between them"},
        data=tuple((setting.name(a), setting.name(b), votes) for a, b, votes in once),
    )
    return figure(
        setting,
        "battle-counts",
        "Who met whom how often",
        "Votes between two models, whichever was shown first; the stronger the colour, the more.",
        table,
        says=_never_met(never, len(once)),
        chart=charts.battles(rows, _order(setting, board)),
        note=_limited(board),
    )


def _never_met(never: int, pairs: int) -> str:
    if never:
        whose = "its" if never == 1 else "their"
        return (
            f"{never:,} of {many(pairs, 'pair')} never met: {whose} order rests on votes against "
            "others."
        )
    return "The one pair met." if pairs == 1 else f"All {pairs:,} pairs met."


def _order(setting: Setting, board: Board) -> list[str]:
    return [setting.short[s.model] for s in board.standings[:MODELS]]


def _limited(board: Board) -> str:
    n = len(board.standings)
    said = []
    if n > MODELS:
        said.append(
            f"The {MODELS} models with the highest ratings; the board has {n}. For any other pair, "
            "use board.beats(a, b) in Python."
        )
    if n > charts.NARROW:
        said.append(f"A narrow screen shows {charts.NARROW} models; the table has all of these.")
    return " ".join(said)
