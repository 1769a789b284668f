"""The step chart of a price."""

from datetime import UTC, date, datetime, time
from functools import partial
from typing import TYPE_CHECKING

from headtohead.prices.listing.history import PriceStep
from headtohead.publish.charts import (
    DASHES,
    ChartRow,
    Drawing,
    above,
    base,
    layered,
    log_ticks,
    moments,
    side_colour,
    tips,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt

_KINDS = {"input": "Input", "cache_read": "Input from the cache", "output": "Output"}


def step_chart(
    steps: tuple[PriceStep, ...], side: str, until: date
) -> "Callable[[], alt.LayerChart | None]":
    """Makes the picture: a stepped line a kind of token, none through days without a price.

    Args:
        side: Whose models these are, which the colour says.
        until: The last day that the lists speak of.
    """
    return partial(_drawn, steps, side, until)


def _drawn(steps: tuple[PriceStep, ...], side: str, until: date) -> "alt.LayerChart | None":
    import altair as alt

    end = datetime.combine(until, time(), UTC)
    rows: list[ChartRow] = []
    for number, step in enumerate(steps):
        if step.price is None:
            continue
        for kind, word in _KINDS.items():
            usd = step.price.usd_per_mtok.get(kind)
            if not usd:
                continue
            shared = {
                "kind": word,
                "price_usd_per_mtok": usd,
                "side_label": side,
                "side_n": 0,
                "since": f"{step.since:%Y-%m-%d}",
                "model": step.price.name,
                "stretch": _stretch(steps, number),
            }
            last = max(step.since, min(step.until or end, end))
            for at in (step.since, last):
                ms = int(at.timestamp() * 1000)
                rows.append({**shared, "t_ms": ms, "seen_ms": ms, "is_start": at is step.since})
    if not rows:
        return None
    drawn = Drawing(tuple(rows), (side,), int(end.timestamp() * 1000))
    chart = base(drawn)
    y = alt.Y(
        "price_usd_per_mtok:Q",
        scale=alt.Scale(type="log", nice=False, padding=10),
        axis=above(
            "$ per million tokens (log scale)",
            format="$~g",
            values=log_ticks(row["price_usd_per_mtok"] for row in rows),
        ),
    )
    kinds = [word for word in _KINDS.values() if any(row["kind"] == word for row in rows)]
    dash = alt.StrokeDash(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=list(DASHES[: len(kinds)])),
        legend=alt.Legend(title="Tokens"),
    )
    lines = chart.mark_line(interpolate="step-after", strokeWidth=2.2).encode(
        moments(), y, side_colour(drawn), dash, detail=[alt.Detail("stretch:N")]
    )
    shown = tips("kind=Tokens; since=Since; price_usd_per_mtok=$ per million tokens|,.3~f")
    points = (
        chart.transform_filter("datum.is_start")
        .mark_point(filled=True, size=45, opacity=1)
        .encode(moments(), y, side_colour(drawn), tooltip=shown)
    )
    return layered(drawn, lines, points)


def _stretch(steps: tuple[PriceStep, ...], number: int) -> int:
    """Which stretch of days with a price a step is in: a line runs through one alone."""
    return sum(step.price is None for step in steps[:number])
