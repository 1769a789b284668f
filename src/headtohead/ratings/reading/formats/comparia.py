"""compar:IA, the arena of the French Ministry of Culture: both layouts it has published.

Until 2025 one row was one vote on a conversation, with the chosen model's name; since 2026 one row
is one turn, with a choice.
"""

from headtohead.files.tables import Columns
from headtohead.ratings.reading.layout import (
    NONE,
    VOCABULARY,
    Chosen,
    RelativeDifference,
    Style,
    VoteFormat,
    VoteLayout,
    Words,
    pairs,
    present,
)

_VOTES = ("model_a_name", "model_b_name", "chosen_model_name")
_TURNS = ("model_a", "model_b", "choice", "comparison_id")

FORMAT = VoteFormat(name="comparia", about="compar:IA votes and turns", needs=(_VOTES, _TURNS))


def layout(columns: Columns) -> VoteLayout:
    """Where the votes of either layout are."""
    if columns.has(*_VOTES):
        return VoteLayout(
            first=("model_a_name",),
            second=("model_b_name",),
            outcome=Chosen(("chosen_model_name",), columns.first("both_equal")),
            labels=present(
                columns,
                voter=("visitor_id", "session_hash"),
                prompt=("opening_msg",),
                time=("timestamp",),
                language=("languages",),
                id=("id",),
                category=("categories", "selected_category"),
            ),
            style=_style(columns, "total_conv_{}_output_tokens"),
        )
    return VoteLayout(
        first=("model_a",),
        second=("model_b",),
        # "I do not know" and no choice at all say nothing about the models.
        outcome=Words(("choice",), {**VOCABULARY, "idk": NONE}, empty=NONE),
        labels=present(
            columns,
            voter=("comparison_id",),
            time=("timestamp",),
            language=("metadata.languages",),
            id=("response_id",),
            category=("metadata.categories",),
        ),
        style=_style(columns, "metadata.tokens_{}"),
    )


def _style(columns: Columns, name: str) -> dict[str, Style]:
    style = pairs(columns)
    a, b = (tuple(name.format(side).split(".")) for side in "ab")
    if columns.kind(a) and columns.kind(b):
        style["length"] = RelativeDifference((a,), (b,))
    return style
