"""Plain columns model_a, model_b and winner, other usual names, or any that `mapping` gives.

Instead of a winner there may be a score of each side, how many votes ended in each way, or one
column for each of several annotators.
"""

from collections.abc import Mapping
from itertools import count, takewhile

from headtohead.files.tables import Columns, Path
from headtohead.ratings.reading.layout import (
    BOTH_BAD,
    FIRST,
    NONE,
    SECOND,
    TIE,
    VOCABULARY,
    Annotators,
    HigherScore,
    Outcome,
    VoteCounts,
    VoteFormat,
    VoteLayout,
    Words,
    pairs,
    present,
)

_SIDES = ("model_a", "model_b")
# Numbered columns of these names are of one annotator each.
_STEMS = ("winner", "vote", "annotator", "annotation", "rater", "judge", "label", "preference")

FORMAT = VoteFormat(
    name="plain",
    about="any table with two models and a winner a row",
    needs=(
        (*_SIDES, "winner"),
        (*_SIDES, "wins_a", "wins_b"),
        (*_SIDES, "score_a", "score_b"),
    ),
    usual={
        "model_a": (
            *("left", "model_1", "model1", "modela", "left_model", "model_left"),
            *("system_a", "player_a", "home", "home_team", "home_model"),
        ),
        "model_b": (
            *("right", "model_2", "model2", "modelb", "right_model", "model_right"),
            *("system_b", "player_b", "away", "away_team", "away_model"),
        ),
        "winner": (
            *("outcome", "result", "vote", "verdict", "choice"),
            *(name for stem in _STEMS for name in (f"{stem}_1", f"{stem}1")),
        ),
        "wins_a": ("a_wins", "win_a", "wins_1", "wins1", "wins_model_a", "model_a_wins"),
        "wins_b": ("b_wins", "win_b", "wins_2", "wins2", "wins_model_b", "model_b_wins"),
        "ties": ("tie", "draws", "n_ties", "ties_ab"),
        "both_bad": ("bothbad", "ties_bothbad", "ties_both_bad"),
        "score_a": ("a_score", "home_score", "score_1", "score1", "score_model_a"),
        "score_b": ("b_score", "away_score", "score_2", "score2", "score_model_b"),
    },
)


def layout(columns: Columns) -> VoteLayout:
    """Where a plain table keeps its votes."""
    first, second = (FORMAT.path(columns, name) or (name,) for name in _SIDES)
    return VoteLayout(
        first=first,
        second=second,
        outcome=outcome_of(columns, {}),
        labels=present(
            columns,
            voter=("voter", "voter_id", "user", "user_id", "judge", "annotator", "annotator_id"),
            prompt=("prompt_id", "question_id", "prompt", "question", "instruction"),
            turn=("turn", "turn_id", "turn_number"),
            time=("time", "timestamp", "tstamp", "date", "created_at"),
            language=("language", "lang"),
            id=("vote_id", "id", "num"),
        ),
        weight=columns.alike("weight", "weights", "n_votes", "num_votes", "vote_count"),
        style=pairs(columns),
    )


def outcome_of(columns: Columns, mapped: Mapping[str, Path]) -> Outcome:
    """How a table says who won: in words, by counts of votes, or by a score of each side."""

    def path(name: str) -> Path | None:
        return mapped.get(name) or FORMAT.path(columns, name)

    winner = path("winner")
    for name in ("wins_a", "score_a"):
        winner = None if name in mapped else winner
    if winner is not None:
        for stem in _STEMS if "winner" not in mapped else ():
            numbers = (columns.alike(f"{stem}_{n}", f"{stem}{n}") for n in count(1))
            each = [path for path in takewhile(bool, numbers) if path]
            if winner in each and len(each) > 1:
                words = (Words(path, VOCABULARY, names=True, empty=NONE) for path in each)
                return Annotators(tuple(words))
        return Words(winner, VOCABULARY, names=True)
    wins = {FIRST: path("wins_a"), SECOND: path("wins_b")}
    if all(wins.values()):
        wins |= {TIE: path("ties"), BOTH_BAD: path("both_bad")}
        return VoteCounts({outcome: path for outcome, path in wins.items() if path})
    a, b = path("score_a"), path("score_b")
    if a and b:
        return HigherScore(a, b)
    return Words(("winner",), VOCABULARY, names=True)
