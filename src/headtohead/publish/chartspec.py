"""A chart as a plain specification: themed by the page or by literal colours, framed for export."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
EXPORT_WIDTH = 760

# In the page a colour is a CSS variable, so one switch turns page and charts dark, and print light.
PAGE_INK = {
    "text": "var(--ink)",
    "muted": "var(--muted)",
    "grid": "var(--grid)",
    "paper": "var(--paper)",
    "legend_offset": 30,
    "sides": [f"var(--side-{n})" for n in range(1, 9)],
}
_PRINT_SIDES = "#1a5fb4 #b8420b #1b7a5a #7d3c98 #7a6200 #5f6875 #a61e4d #0b7285"
PRINT_INK = {
    "text": "#1c2430",
    "muted": "#505a68",
    "grid": "#e1e5ea",
    "paper": "#ffffff",
    "legend_offset": 14,
    "sides": _PRINT_SIDES.split(),
}
_SHAPES = "circle diamond square triangle-up cross triangle-down triangle-left triangle-right"


def specification(chart: "alt.LayerChart", description: str) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as its place, without theme and without any address."""
    spec: dict[str, Any] = chart.to_dict()
    for key in ("$schema", "config"):
        spec.pop(key, None)
    spec |= {"width": "container", "description": description, "background": None}
    return spec


def config(ink: Mapping[str, Any]) -> dict[str, Any]:
    """The look of every chart."""
    small = {"labelFont": FONT, "titleFont": FONT, "labelFontSize": 12, "titleFontSize": 12}
    axis = {
        **small,
        "labelColor": ink["muted"],
        "titleColor": ink["muted"],
        "titleFontWeight": "normal",
        "gridColor": ink["grid"],
        "domainColor": ink["muted"],
        "tickColor": ink["muted"],
        "labelLimit": 200,
        "labelPadding": 6,
    }
    legend = {
        **small,
        "orient": "top",
        "direction": "horizontal",
        "labelColor": ink["text"],
        "titleColor": ink["muted"],
        "titleFontWeight": "normal",
        "labelLimit": 180,
        "symbolSize": 90,
        "symbolOpacity": 1,
        "symbolStrokeWidth": 2,
        "columnPadding": 16,
        "offset": ink["legend_offset"],
        "symbolBaseFillColor": ink["muted"],
        "symbolBaseStrokeColor": ink["muted"],
    }
    title = {
        "font": FONT,
        "subtitleFont": FONT,
        "fontSize": 18,
        "subtitleFontSize": 13,
        "color": ink["text"],
        "subtitleColor": ink["muted"],
        "anchor": "start",
        "subtitlePadding": 6,
        "offset": 14,
    }
    return {
        "font": FONT,
        "aria": True,
        # Screen readers get the description and the table, not two thousand points.
        "mark": {"aria": False},
        "text": {"fill": ink["text"], "fontSize": 12, "font": FONT},
        "rule": {"color": ink["muted"]},
        "axis": axis,
        "legend": legend,
        "title": title,
        "view": {"stroke": None},
        "range": {"category": list(ink["sides"]), "symbol": _SHAPES.split()},
        "style": {
            "faint": {"color": ink["muted"]},
            "strong": {"color": ink["text"]},
            "words": {"fill": ink["text"], "fontSize": 12},
            "quiet": {"fill": ink["muted"], "fontSize": 11},
            "halo": {
                "fill": ink["paper"],
                "stroke": ink["paper"],
                "strokeWidth": 4,
                "strokeJoin": "round",
            },
        },
    }


def framed(spec: Mapping[str, Any], frame: Mapping[str, Any]) -> dict[str, Any]:
    """The chart with its title above and its sources below, of fixed width, to stand alone."""
    outer = {k: spec[k] for k in ("params", "datasets") if k in spec}
    inner = {k: v for k, v in spec.items() if k not in (*outer, "background")}
    inner |= {"width": EXPORT_WIDTH, "title": frame["footer"]}
    return {
        **outer,
        "title": frame["title"],
        "background": frame["background"],
        "padding": 20,
        "vconcat": [inner],
    }


def frame(
    title: str, subtitle: str, footer: Sequence[str], ink: Mapping[str, Any]
) -> dict[str, Any]:
    """What `framed` puts around a chart: titles are text marks, so no markup is read in them.

    Sentences of the subtitle and lines of the footer are broken here.
    """
    return {
        "title": {"text": wrapped(title, 80), "subtitle": wrapped(subtitle, 120)},
        "footer": {
            "text": [line for text in footer for line in wrapped(text, 142)],
            "orient": "bottom",
            "anchor": "start",
            "fontSize": 11,
            "fontWeight": "normal",
            "color": ink["muted"],
            "offset": 16,
        },
        "background": ink["paper"],
    }


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` characters; a longer word is broken."""
    import textwrap

    return textwrap.wrap(text, width) or [""]
