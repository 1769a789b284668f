"""The place of a group's best entrant, with the places it cannot be told apart from."""

from dataclasses import replace

import numpy as np
import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, listed, shown, where
from headtohead.ratings.published import BOARD_WORDS, best, board_rows
from headtohead.stats.intervals import rank_spread

QUESTION = Question(
    asks="Which place does the best entrant of each group take?",
    reads=("arena_ratings",),
    units=("rank",),
    scope={
        **BOARD_WORDS,
        "groups": ScopeWord("texts", "Each as column=value, ...; one estimate a group."),
        "among": ScopeWord(
            "text",
            "What is ranked: every entrant, the best of each lab, or the best of each model.",
            "entrants",
            ("entrants", "models", "labs"),
        ),
        "only": ScopeWord("text", "Rank only entrants that fit column=value, ...", ""),
        "categories": ScopeWord("texts", "Several categories instead of one.", ()),
        "also_boards": ScopeWord("texts", "Other boards too, each as a whole.", ()),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """One place a group (and category): 1 is best; the interval is the published rank spread."""
    estimates, kept = [], []
    here = ask.scope["board"]
    wanted = [(here, c) for c in ask.scope["categories"] or (ask.scope["category"],)]
    wanted += [(board, "full") for board in ask.scope["also_boards"]]
    for board, category in wanted:
        scope = {**ask.scope, "board": board, "category": category}
        rows = board_rows(frames["arena_ratings"], replace(ask, scope=scope))
        field = _field(where(rows, ask.scope["only"]), str(ask.scope["among"]))
        for group in ask.scope["groups"]:
            top = best(where(field, group)) if field.height else field
            if top.is_empty():
                continue
            where_ = category if board == here else f"{board} board"
            label = group.split("=")[-1].strip()
            label = f"{label} in {where_}" if len(wanted) > 1 else label
            place = field["model_name"].to_list().index(top["model_name"][0])
            estimates.append(
                estimate(
                    ask,
                    top,
                    label=label,
                    interval=Interval(
                        float(top["place_rank"][0]),
                        float(top["place_low_rank"][0]),
                        float(top["place_high_rank"][0]),
                    ),
                    unit="rank",
                    level=1.0,
                    method="published place; spread over entrants with overlapping intervals",
                    n=field.height,
                    n_of=f"{ask.scope['among']} ranked",
                )
            )
            kept.append(field.slice(max(0, place - 3), 7))
    if not estimates:
        return ask.lacks(f"no {ask.scope['board']} board with these groups was known")
    says = listed(
        f"{e.label} takes place {e.value:.0f} (it may be {e.low:.0f} to {e.high:.0f}) of {e.n}"
        for e in sorted(estimates, key=lambda e: e.value)[:5]
    )
    rows = pl.concat(kept).unique(maintain_order=True)
    return Answer(estimates=tuple(estimates), says=says, rows=shown(rows, _COLUMNS))


_COLUMNS = (
    "place_rank place_low_rank place_high_rank model_name model_id lab country category rating_elo "
    "rating_low_elo rating_high_elo observed_on"
)


def _field(rows: pl.DataFrame, among: str) -> pl.DataFrame:
    """What is ranked, best first, with place and spread; entrants no list knows count too."""
    rows = rows.filter(pl.col("rating_low_elo").is_not_null())
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
