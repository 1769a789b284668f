"""Ratings of named entrants on a published board."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headtohead.core.estimate import Estimate
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show_end
from headtohead.evidence.picking import estimate, listed, named, shown, where
from headtohead.ratings.published import BOARD_WORDS, board_rows, rating_interval

if TYPE_CHECKING:
    import polars as pl

QUESTION = Question(
    asks="What rating did these entrants have on this board?",
    reads=("arena_ratings",),
    units=("elo",),
    scope={
        **BOARD_WORDS,
        "models": ScopeWord("models", "Entrants, by any name.", ()),
        "of": ScopeWord("text", "Or all entrants that fit column=value, ...", ""),
        "days": ScopeWord(
            "text",
            "latest: the last board in the window; each: every board in it.",
            "latest",
            ("latest", "each"),
        ),
        "need_all": ScopeWord("flag", "Say nothing if one of the models is absent.", True),
        "both_styles": ScopeWord("flag", "Look at raw and style-controlled boards.", False),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Each entrant's published rating with its published interval."""
    import polars as pl

    rows = board_rows(frames["arena_ratings"], ask)
    if rows.is_empty():
        return Answer(
            missing=f"no {ask.scope['board']} board in the window was known by {ask.as_of}"
        )
    picked = _picked(rows, ask)
    absent = [w.name for w in ask.scope["models"] if named(rows, w).is_empty()]
    if not picked or (absent and ask.scope["need_all"]):
        who = listed(absent) or str(ask.scope["of"])
        return Answer(
            missing=f"{who} cannot be found on the {ask.scope['board']} board in the window"
        )
    top = rows.sort("rating_elo", descending=True).row(0, named=True)
    estimates = [
        estimate(
            ask,
            row,
            label=label,
            interval=rating_interval(row.row(0, named=True)),
            unit="elo",
            method="published rating and its 95% interval",
            n=int(row["entrants_n"][0]),
            n_of="entrants on the board",
        )
        for label, row in picked
    ]
    return Answer(
        estimates=tuple(estimates),
        says=listed(_phrases(estimates)),
        rows=shown(pl.concat([row for _, row in picked]), _COLUMNS),
        notes=(
            f"the best of this board is {top['model_name']} with {top['rating_elo']:.0f}",
            *(f"{name} is not on the board" for name in absent),
        ),
    )


_COLUMNS = (
    "model_name model_id mode lab board style_control category rating_elo rating_low_elo "
    "rating_high_elo votes_n observed_on"
)


def _picked(rows: "pl.DataFrame", ask: Ask) -> "list[tuple[str, pl.DataFrame]]":
    """(label, one row) for every entrant asked for, on every board kept."""
    found = []
    if ask.scope["of"]:
        for row in where(rows, ask.scope["of"]).sort("rating_elo", descending=True).iter_slices(1):
            found.append((str(row["model_name"][0]), row))
    for wanted in ask.scope["models"]:
        for row in named(rows, wanted).sort("rating_elo", descending=True).iter_slices(1):
            found.append((wanted.name, row))
            if ask.scope["days"] == "latest" and not ask.scope["both_styles"]:
                break
    return found


def _phrases(estimates: list[Estimate]) -> Iterator[str]:
    """One phrase a label: its rating, or the range of its ratings where many boards speak."""
    for label in dict.fromkeys(e.label for e in estimates):
        mine = sorted((e for e in estimates if e.label == label), key=lambda e: e.value)
        if len(mine) == 1:
            yield f"{label} {show_end(mine[0].value, 'elo')} ({mine[0].interval()})"
        else:
            ends = f"{show_end(mine[0].value, 'elo')} to {show_end(mine[-1].value, 'elo')}"
            yield f"{label} {ends} on {len(mine)} boards"
