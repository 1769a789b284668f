"""The file of an arena of one's own (`h2h arena`): people's votes, without those declared void."""

from headtohead.files.tables import Columns
from headtohead.ratings.reading.layout import (
    VOCABULARY,
    Mark,
    VoteFormat,
    VoteLayout,
    Words,
    pairs,
    present,
)

FORMAT = VoteFormat(
    name="arena",
    about="An arena of one's own (h2h arena)",
    needs=(("battle", "voter", "model_a", "model_b", "winner", "names_hidden"),),
)


def layout(columns: Columns) -> VoteLayout:
    """Where the votes are: the first model stood on the left."""
    return VoteLayout(
        first=("model_a",),
        second=("model_b",),
        outcome=Words(("winner",), VOCABULARY),
        labels=present(
            columns,
            voter=("voter",),
            prompt=("prompt",),
            time=("voted_ms",),
            id=("battle",),
            category=("category",),
        ),
        style=pairs(columns),
        marks=(Mark("an answer gave its model away", ("names_hidden",), "anonymous_only"),),
    )
