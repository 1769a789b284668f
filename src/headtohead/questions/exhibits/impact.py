"""Impact: who is used, as far as a channel shows it."""

from datetime import date
from typing import TYPE_CHECKING

from headtohead.publish.charts import Drawing, above, base, layered, moments, side_colour, tips
from headtohead.questions.exhibit import section
from headtohead.questions.figures import milliseconds

if TYPE_CHECKING:
    import altair as alt


def token_share(drawn: Drawing) -> "alt.LayerChart":
    """A box a window, from the least to the most the share can be, and the classified share."""
    import altair as alt

    rows = (
        {**row, "start_ms": _ms(row["window_start"]), "end_ms": _ms(row["window_end"])}
        for row in drawn.rows
    )
    chart = base(drawn, rows)
    x = moments("start_ms")
    axis = above("Share of the channel's tokens", format=".0%", tickCount=6)
    shown = tips(
        "side_label=Side; window_start=From; window_end=To; "
        "low_frac=At least (of all tokens)|.1%; classified_frac=Of the classified tokens|.1%; "
        "high_frac=At most|.1%"
    )
    boxes = chart.mark_rect(opacity=0.28).encode(
        x,
        alt.Y("low_frac:Q", axis=axis),
        alt.X2("end_ms"),
        alt.Y2("high_frac:Q"),
        side_colour(drawn),
        tooltip=shown,
    )
    lines = chart.mark_rule(strokeWidth=2.6).encode(
        x,
        alt.Y("classified_frac:Q", axis=axis),
        alt.X2("end_ms"),
        side_colour(drawn),
        tooltip=shown,
    )
    return layered(drawn, boxes, lines)


def _ms(day: object) -> int:
    return milliseconds(date.fromisoformat(str(day)))


SECTION = section("impact", token_share)
