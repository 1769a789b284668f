"""AlpacaEval annotations: two generators and a preference from 1 (first) to 2 (second)."""

from headtohead.files.tables import Columns
from headtohead.ratings.reading.layout import (
    PreferenceScale,
    RelativeDifference,
    Style,
    VoteFormat,
    VoteLayout,
    pairs,
    present,
)

FORMAT = VoteFormat(
    name="alpacaeval",
    about="AlpacaEval annotations.json",
    needs=(("generator_1", "generator_2", "preference"),),
    sides=False,
)


def layout(columns: Columns) -> VoteLayout:
    """Where the annotations are; the length of an answer is its number of characters."""
    style: dict[str, Style] = pairs(columns)
    if columns.has("output_1", "output_2"):
        style["length"] = RelativeDifference((("output_1",),), (("output_2",),), characters=True)
    return VoteLayout(
        first=("generator_1",),
        second=("generator_2",),
        outcome=PreferenceScale(("preference",)),
        labels=present(
            columns, voter=("annotator",), prompt=("instruction",), category=("dataset",)
        ),
        style=style,
    )
