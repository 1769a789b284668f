"""Open WebUI feedback export: a rating of one answer beside answers of other models.

As in Open WebUI's own leaderboard, a thumb up is a win over every sibling and a thumb down a loss
against every sibling, so a record with several siblings makes several votes.
"""

from headtohead.files.tables import Columns
from headtohead.ratings.reading.layout import (
    FIRST,
    NONE,
    SECOND,
    VoteFormat,
    VoteLayout,
    Words,
    present,
)

_DATA = ("data.model_id", "data.rating")

FORMAT = VoteFormat(
    name="openwebui",
    about="Open WebUI feedback export",
    needs=(("user_id", *_DATA), ("type", "meta", *_DATA)),
    sides=False,
)


def layout(columns: Columns) -> VoteLayout:
    """Where the ratings are.

    An answer that the same model gave again is a sibling too; such a pair says nothing.
    """
    siblings = ("data", "sibling_model_ids")
    return VoteLayout(
        first=("data", "model_id"),
        second=siblings,
        outcome=Words(("data", "rating"), {"1": FIRST, "-1": SECOND}, empty=NONE),
        labels=present(
            columns,
            voter=("user_id",),
            time=("created_at", "updated_at"),
            id=("id",),
            category=("data.tags",),
            arena=("meta.arena",),
        ),
        unfold=siblings,
        no_second="no other model beside the rated one",
        same_model="answers of one model",
        no_preference="no rating",
    )
