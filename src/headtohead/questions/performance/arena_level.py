"""Ratings of named entrants on a published board."""

from collections.abc import Iterator

import polars as pl

from headtohead.core.estimate import Estimate
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show_end
from headtohead.evidence.picking import estimate, listed, named, shown, unplaced, where
from headtohead.names.names import called
from headtohead.ratings.published import (
    BOARD_WORDS,
    best,
    board_rows,
    board_words,
    moved_scale,
    rating_interval,
)

QUESTION = Question(
    asks="What rating did these entrants have on this board?",
    reads=("arena_ratings",),
    units=("elo",),
    scope={
        **BOARD_WORDS,
        "models": ScopeWord("models", "Entrants, by any name.", ()),
        "of": ScopeWord("text", "Or all entrants that fit column=value, ...", "", column=FILTER),
        "days": ScopeWord(
            "text",
            "latest: the last board in the window; each: every board in it.",
            "latest",
            ("latest", "each"),
        ),
        "need_all": ScopeWord("flag", "Say nothing if one of the models is absent.", False),
        "both_styles": ScopeWord("flag", "Look at raw and style-controlled boards.", False),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Each entrant's published rating with its published interval."""
    rows = board_rows(frames["arena_ratings"], ask)
    if rows.is_empty():
        return ask.lacks(f"no {ask.scope['board']} board in the window was known")
    by_rating = rows.sort("rating_elo", descending=True)
    picked = []
    if ask.scope["of"]:
        matches = where(by_rating, ask.scope["of"]).iter_slices(1)
        picked = [(str(row["model_name"][0]), row) for row in matches]
    one_each = ask.scope["days"] == "latest" and not ask.scope["both_styles"]
    for wanted in ask.scope["models"]:
        mine = named(by_rating, wanted, per=("observed_on", "style_control"))
        picked += [(wanted.name, r) for r in (mine.head(1) if one_each else mine).iter_slices(1)]
    absent = [w.name for w in ask.scope["models"] if named(rows, w).is_empty()]
    if not picked or (absent and ask.scope["need_all"]):
        who = listed(absent) or str(ask.scope["of"])
        return Answer(
            missing=f"{who} cannot be found on the {ask.scope['board']} board in the window"
        )
    kept = pl.concat([row for _, row in picked])
    top = best(rows).row(0, named=True)
    leader = (
        f"the best of this board is {called(top['model_name'])} with {top['rating_elo']:,.0f} "
        "rating points"
    )
    # Where every board in the window speaks, each speaks for its own day.
    ages = ask.scope["days"] == "latest"
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
            ages=ages,
        )
        for label, row in picked
    ]
    return Answer(
        estimates=tuple(estimates),
        says=f"on {board_words(kept, ask)} {listed(_phrases(estimates))}",
        rows=shown(kept, _COLUMNS),
        notes=(
            *(leader,) * one_each,
            *moved_scale(kept),
            *unplaced(rows, "entrants", str(ask.scope["of"])),
        ),
        absent=tuple(map(called, absent)),
    )


_COLUMNS = (
    "model_name model_id mode lab board style_control category rating_elo rating_low_elo "
    "rating_high_elo votes_n observed_on"
)


def _phrases(estimates: list[Estimate]) -> Iterator[str]:
    """One phrase a label: its rating, or the range of its ratings where many boards speak."""
    for label in dict.fromkeys(e.label for e in estimates):
        mine = sorted((e for e in estimates if e.label == label), key=lambda e: e.value)
        if len(mine) == 1:
            yield (
                f"{called(label)} has {show_end(mine[0].value, 'elo')} ({mine[0].interval()}) "
                "rating points"
            )
        else:
            ends = f"{show_end(mine[0].value, 'elo')} to {show_end(mine[-1].value, 'elo')}"
            yield f"{called(label)} has {ends} rating points on {len(mine)} boards"
