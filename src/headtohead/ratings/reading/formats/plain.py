"""Plain columns model_a, model_b and winner, or any other names that `mapping` gives."""

from headtohead.ratings.reading.layout import (
    VOCABULARY,
    VoteFormat,
    VoteLayout,
    Words,
    pairs,
    present,
)
from headtohead.ratings.reading.tables import Columns

FORMAT = VoteFormat(
    name="plain",
    about="any table with two models and a winner a row",
    needs=(("model_a", "model_b", "winner"),),
)


def layout(columns: Columns) -> VoteLayout:
    """Where a plain table keeps its votes."""
    return VoteLayout(
        first=("model_a",),
        second=("model_b",),
        outcome=Words(("winner",), VOCABULARY, names=True),
        labels=present(
            columns,
            voter=("voter", "voter_id", "user", "user_id", "judge", "annotator"),
            prompt=("prompt_id", "question_id", "prompt", "question", "instruction"),
            time=("time", "timestamp", "tstamp", "date", "created_at"),
            language=("language", "lang"),
            id=("vote_id", "id", "num"),
        ),
        style=pairs(columns),
    )
