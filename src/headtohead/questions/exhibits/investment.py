"""Investment: private money by country and year."""

from typing import TYPE_CHECKING

from headtohead.core.units import show
from headtohead.publish.charts import ChartRow, Drawing, above, base, layered, side_colour, tips
from headtohead.questions.exhibit import section

if TYPE_CHECKING:
    import altair as alt


def private_investment(drawn: Drawing) -> "alt.LayerChart":
    """One bar a country and year, with the bounds of the published figure."""
    import altair as alt

    billions = "replace(format(datum.value, '$~s'), 'G', 'B')"
    chart = base(drawn, ({**row, "years": _years(row), **_bounds(row)} for row in drawn.rows))
    x = alt.X("years:O", axis=alt.Axis(title=None, labelAngle=0, ticks=False))
    y = alt.Y("value:Q", axis=above("US dollars", labelExpr=billions, tickCount=5))
    lane = alt.XOffset("side_label:N", scale=alt.Scale(domain=list(drawn.sides)))
    shown = tips("side_label=Country; years=Year; amount=Amount; bounds=Bounds")
    bars = chart.mark_bar().encode(x, y, lane, side_colour(drawn), tooltip=shown)
    ends = chart.mark_rule(style="strong", strokeWidth=1.6).encode(
        x, alt.Y("low_end:Q"), lane, alt.Y2("high_end:Q")
    )
    words = chart.mark_text(dy=-9, style="words").encode(
        x, alt.Y("high_end:Q"), lane, alt.Text("amount:N")
    )
    return layered(drawn, bars, ends, words, height=340)


def _years(row: ChartRow) -> str:
    first, last = (str(row.get(c) or "")[:4] for c in ("window_start", "window_end"))
    return first if first == last or not last else f"{first}–{last}"


def _bounds(row: ChartRow) -> ChartRow:
    low, high, value = row.get("low_value"), row.get("high_value"), row["value"]
    amount = show(value, "usd")
    if low is None or high is None:
        unknown = "interval not published"
        return {"amount": amount, "bounds": unknown, "low_end": value, "high_end": value}
    bounds = f"{show(low, 'usd')} to {show(high, 'usd')}"
    return {"amount": amount, "bounds": bounds, "low_end": low, "high_end": high}


SECTION = section("investment", private_investment)
