"""What a chart builder gets: rows ready to plot."""

from dataclasses import dataclass
from typing import Any

ChartRow = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a chart builder gets: rows ready to plot, and nothing it could not draw.

    Attributes:
        rows: At most 2,000. Days are ISO text; `t_ms` and `row_ms` are the time column in
            milliseconds, `seen_ms` is the moment from which the slider shows the row, `side_label`
            the side for a reader and `side_n` its place in `sides`. Where the exhibit has an
            `ends` column, `end_ms` is that.
        sides: Every side in the rows: the two compared first, then the others by name.
        until_ms: Where the slider stands at first; nothing is later.
    """

    rows: tuple[ChartRow, ...]
    sides: tuple[str, ...]
    until_ms: int
