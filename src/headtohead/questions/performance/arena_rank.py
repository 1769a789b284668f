"""The place of a group's best entrant, with the places it cannot be told apart from."""

from dataclasses import replace

import numpy as np
import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import FILTER, Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import (
    estimate,
    known,
    listed,
    shown,
    side_name,
    span,
    unplaced,
    where,
)
from headtohead.ratings.published import BOARD_WORDS, RATING_ENDS, best, board_rows, board_words
from headtohead.stats.intervals import rank_spread

QUESTION = Question(
    asks="Which place does the best entrant of each group take?",
    reads=("arena_ratings",),
    units=("rank",),
    scope={
        **BOARD_WORDS,
        "groups": ScopeWord(
            "texts", "Each as column=value, ...; one estimate a group.", column=FILTER
        ),
        "among": ScopeWord(
            "text",
            "What is ranked: every entrant, the best of each lab, or the best of each model.",
            "entrants",
            ("entrants", "models", "labs"),
        ),
        "measure": ScopeWord(
            "text",
            "place: the place, with those it may take; best_place: the best it may take, which is "
            "1 in the first tie group.",
            "place",
            ("place", "best_place"),
        ),
        "only": ScopeWord(
            "text", "Rank only entrants that fit column=value, ...", "", column=FILTER
        ),
        "categories": ScopeWord(
            "texts", "Several categories instead of one.", (), column="category", within=("board",)
        ),
        "also_boards": ScopeWord("texts", "Other boards too, each as a whole.", (), column="board"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One place a group (and category): 1 is best; the interval is the published rank spread."""
    estimates, kept, notes, absent = [], [], [], []
    here, best_place = ask.scope["board"], ask.scope["measure"] == "best_place"
    wanted = [(here, c) for c in ask.scope["categories"] or (ask.scope["category"],)]
    wanted += [(board, "full") for board in ask.scope["also_boards"]]
    for board, category in wanted:
        scope = {**ask.scope, "board": board, "category": category}
        rows = board_rows(frames["arena_ratings"], replace(ask, scope=scope))
        rated, lost = known(rows, RATING_ENDS, "entrants without a published interval")
        field = _field(where(rated, ask.scope["only"]), str(ask.scope["among"]))
        spoken = category.replace("_", " ")
        where_ = f"in {spoken.capitalize() if category in _LANGUAGES else spoken}"
        if board != here:
            where_ = f"on the {board.replace('_', ' ')} board"
        entrants = f"entrants {where_}" if len(wanted) > 1 else "entrants"
        notes += [*lost, *unplaced(rated, entrants, ask.scope["only"], *ask.scope["groups"])]
        for group in ask.scope["groups"]:
            top = best(where(field, group)) if field.height else field
            label = side_name(group)
            label = f"{label} {where_}" if len(wanted) > 1 else label
            if top.is_empty():
                absent.append(label)
                continue
            place = field["model_name"].to_list().index(top["model_name"][0])
            printed, low, high = (
                float(top[column][0])
                for column in ("place_rank", "place_low_rank", "place_high_rank")
            )
            if best_place:
                label, printed, high = f"best place of {label}", low, low
            estimates.append(
                estimate(
                    ask,
                    top,
                    label=label,
                    interval=Interval(printed, low, high),
                    unit="rank",
                    level=1.0,
                    method="the place after all whose intervals lie wholly above"
                    if best_place
                    else "published place; spread over entrants with overlapping intervals",
                    n=field.height,
                    n_of=f"{ask.scope['among']} ranked",
                )
            )
            kept.append(field.slice(max(0, place - 3), 7))
    if not estimates:
        return ask.lacks(f"no {ask.scope['board']} board with these groups was known")
    rows = pl.concat(kept).unique(maintain_order=True)
    boards = board_words(rows, ask) if len(wanted) == 1 else f"the boards of {span(rows)}"
    says = listed(
        f"the {e.label} is {e.value:.0f} of {e.n}"
        if best_place
        else f"{e.label} takes place {e.value:.0f} (it may be {e.low:.0f} to {e.high:.0f}) of {e.n}"
        for e in sorted(estimates, key=lambda e: e.value, reverse=best_place)
    )
    return Answer(
        estimates=tuple(estimates),
        says=f"on {boards} {says}",
        rows=shown(rows, _COLUMNS),
        notes=tuple(dict.fromkeys(notes)),
        absent=tuple(absent),
    )


_LANGUAGES = ("chinese", "english", "french", "german", "japanese", "korean", "russian", "spanish")
_COLUMNS = (
    "place_rank place_low_rank place_high_rank model_name model_id lab country category rating_elo "
    "rating_low_elo rating_high_elo observed_on"
)


def _field(rows: pl.DataFrame, among: str) -> pl.DataFrame:
    """What is ranked, best first, with place and spread; entrants no list knows count too."""
    rows = rows.sort("rating_elo", "model_name", descending=[True, False])
    if among != "entrants":
        column = {"models": "model_id", "labs": "lab"}[among]
        rows = rows.with_columns(pl.coalesce(column, "model_name").alias("unit_name"))
        rows = rows.unique("unit_name", keep="first", maintain_order=True)
    if rows.is_empty():
        return rows
    spread = rank_spread(
        rows["rating_elo"].to_numpy(),
        rows["rating_low_elo"].to_numpy(),
        rows["rating_high_elo"].to_numpy(),
    )
    return rows.with_columns(
        pl.Series("place_rank", np.asarray(spread.rank)),
        pl.Series("place_low_rank", np.asarray(spread.best)),
        pl.Series("place_high_rank", np.asarray(spread.worst)),
    )
