"""Impact: who is used, as far as a channel shows it."""

from datetime import date
from typing import TYPE_CHECKING

from headtohead.publish.charts import Drawing, above, base, layered, moments, side_colour, tips
from headtohead.questions.exhibit import ExhibitSpec, ReportSection, headings
from headtohead.questions.prepare import milliseconds

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


SECTION = ReportSection(
    slug="impact",
    title="Impact and outlook",
    asks="Who is used, what did that set off, and did the forecasts come true?",
    exhibits=(
        ExhibitSpec(
            slug="token-share",
            analysis="impact.token_share",
            title="Share of one router's tokens",
            subtitle="Each box is one window. Its foot: the share of all tokens. Its top: the "
            "share if every token nobody can attribute were theirs. The line: the share of "
            "classified tokens.",
            chart=token_share,
            time="window_end",
            needs=("classified_frac", "low_frac", "high_frac", "window_start", "window_end"),
            since=date(2025, 1, 1),
            note="One router is not the world, and tokens of different tokenizers are not "
            "one unit.",
            table=headings(
                "window_start=From; window_end=To; side=Side; breakdown=Counted by; "
                "low_frac=At least; classified_frac=Of classified; high_frac=At most"
            ),
        ),
    ),
)
