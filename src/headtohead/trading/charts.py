"""Charts of a season: accounts over time with the band of luck, and how far they fell."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from headtohead.publish.charts import (
    DASHES,
    ChartRow,
    Drawing,
    above,
    base,
    layered,
    moments,
    side_colour,
    side_shape,
    tips,
)
from headtohead.trading.judging import AgentVerdict, Judgement

if TYPE_CHECKING:
    import altair as alt

_MOST_ROWS = 1800
_HOLDING = "holding all coins"


def accounts_chart(judgement: Judgement) -> "alt.LayerChart | None":
    """Every account, in percent of the stake, and holding the market's coins."""
    import altair as alt

    season = judgement.season
    series = {
        v.account.agent: (v.account.curve.times, v.account.curve.equity_usd.tolist())
        for v in judgement.verdicts
        if v.account.curve is not None
    }
    held = judgement.holding
    if held is not None and len(held.times) > 1:
        worth = (season.stake_usd * held.value).tolist()
        series[_HOLDING] = (held.times, worth)
    every = max(1, sum(len(times) for times, _ in series.values()) // _MOST_ROWS + 1)
    rows = [
        _row(name, at, 100 * usd / season.stake_usd, "line")
        for name, (times, values) in series.items()
        for at, usd in _thinned(times, values, every)
    ]
    rows += [
        _row(v.account.agent, at, 100 * usd / season.stake_usd, "point")
        for v in judgement.verdicts
        if v.account.curve is None or v.account.curve.made != "recorded"
        for at, usd in _apart(season.equity[v.account.agent])
    ]
    if not rows:
        return None
    names = tuple(dict.fromkeys(row["side_label"] for row in rows))
    drawn = Drawing(tuple(rows), names, 0)
    chart = base(drawn)
    y = alt.Y(
        "value_pct:Q",
        scale=alt.Scale(zero=True, nice=True),
        axis=above("Account, % of the stake", format=",.0f"),
    )
    shown = tips("side_label=Account; at=Time (UTC); value_pct=% of the stake|,.1f")
    lines = [
        chart.transform_filter(f"datum.kind == 'line' && datum.side_label == {name!r}")
        .mark_line(strokeWidth=1.8, strokeDash=DASHES[n % len(DASHES)])
        .encode(moments(), y, side_colour(drawn))
        for n, name in enumerate(names)
    ]
    points = (
        chart.transform_filter("datum.kind == 'point'")
        .mark_point(filled=True, size=80, opacity=1)
        .encode(moments(), y, side_colour(drawn), side_shape(drawn), tooltip=shown)
    )
    stake = (
        alt.Chart(alt.InlineData(values=({"value_pct": 100},)))
        .mark_rule(style="strong", strokeDash=[4, 3], opacity=0.6)
        .encode(y)
    )
    return layered(drawn, stake, *lines, points, height=420)


def luck_chart(judgement: Judgement, verdict: AgentVerdict) -> "alt.LayerChart | None":
    """One account in the band of random agents that traded as it did."""
    import altair as alt

    if verdict.luck is None:
        return None
    season, luck, account = judgement.season, verdict.luck.season, verdict.account
    every = max(1, len(luck.times) // 400)
    rows: list[ChartRow] = [
        {
            **_row("random agents", at, 100 * middle, "band"),
            "low_pct": 100 * low,
            "high_pct": 100 * high,
        }
        for (at, middle), low, high in zip(
            _thinned(luck.times, luck.median.tolist(), every),
            [x for _, x in _thinned(luck.times, luck.low.tolist(), every)],
            [x for _, x in _thinned(luck.times, luck.high.tolist(), every)],
            strict=True,
        )
    ]
    if account.curve is not None:
        step = max(1, len(account.curve.times) // 400)
        rows += [
            _row(account.agent, at, 100 * usd / season.stake_usd, "line")
            for at, usd in _thinned(account.curve.times, account.curve.equity_usd.tolist(), step)
        ]
    rows += [
        _row(account.agent, at, 100 * usd / season.stake_usd, "point")
        for at, usd in _apart(season.equity[account.agent])
    ]
    drawn = Drawing(tuple(rows), (account.agent, "random agents"), 0)
    chart = base(drawn)
    axis = above("Account, % of the stake", format=",.0f")
    y = alt.Y("value_pct:Q", scale=alt.Scale(zero=True), axis=axis)
    colour, of_band = side_colour(drawn), chart.transform_filter("datum.kind == 'band'")
    band = of_band.mark_area(opacity=0.22).encode(
        moments(), alt.Y("low_pct:Q", axis=axis), alt.Y2("high_pct:Q"), colour
    )
    middle = of_band.mark_line(strokeWidth=1.2, strokeDash=DASHES[1]).encode(moments(), y, colour)
    line = (
        chart.transform_filter("datum.kind == 'line'")
        .mark_line(strokeWidth=2.2)
        .encode(moments(), y, colour)
    )
    points = (
        chart.transform_filter("datum.kind == 'point'")
        .mark_point(filled=True, size=80, opacity=1)
        .encode(
            moments(),
            y,
            colour,
            tooltip=tips("side_label=Account; at=Time (UTC); value_pct=% of the stake|,.1f"),
        )
    )
    return layered(drawn, band, middle, line, points, height=260)


def drawdowns_chart(judgement: Judgement) -> "alt.LayerChart | None":
    """How far each account stood below its highest value so far."""
    import altair as alt

    series = [
        (v.account.agent, v.account.curve.times, (-100 * v.account.curve.drawdowns).tolist())
        for v in judgement.verdicts
        if v.account.curve is not None
    ]
    every = max(1, sum(len(times) for _, times, _ in series) // _MOST_ROWS + 1)
    rows = [
        _row(name, at, fallen, "line")
        for name, times, values in series
        for at, fallen in _thinned(times, values, every)
    ]
    if not rows:
        return None
    names = tuple(dict.fromkeys(row["side_label"] for row in rows))
    drawn = Drawing(tuple(rows), names, 0)
    y = alt.Y("value_pct:Q", axis=above("Below its highest value, %", format=",.0f"))
    lines = [
        base(drawn)
        .transform_filter(f"datum.side_label == {name!r}")
        .mark_line(strokeWidth=1.6, strokeDash=DASHES[n % len(DASHES)])
        .encode(moments(), y, side_colour(drawn))
        for n, name in enumerate(names)
    ]
    return layered(drawn, *lines, height=300)


def _row(name: str, at: datetime, value: float, kind: str) -> ChartRow:
    return {
        "side_label": name,
        "at": f"{at:%Y-%m-%d %H:%M}",
        "t_ms": round(at.timestamp() * 1000),
        "seen_ms": 0,
        "value_pct": value,
        "kind": kind,
    }


def _thinned(
    times: Sequence[datetime], values: Sequence[float], every: int
) -> list[tuple[datetime, float]]:
    """Every so manieth point, and the last."""
    both = list(zip(times, values, strict=True))
    return both[::every] + (both[-1:] if (len(both) - 1) % every else [])


def _apart(values: Sequence[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Recorded values, of those within a day the last."""
    by_day = {at.date(): (at, usd) for at, usd in values}
    return list(by_day.values())
