"""A sheet as a piece of a notebook: what the first screen of its page says, without script."""

from dataclasses import replace
from functools import cache
from importlib.resources import files

from headtohead.publish.drawing import drawn, picture
from headtohead.publish.page import STYLES, FigureView, environment, figure_views
from headtohead.publish.sheet import Sheet, Topic
from headtohead.publish.traces import trace_svg

_ROWS, _WIDE = 20, 960


def sheet_fragment(sheet: Sheet) -> str:
    """The answer, the first chart and the main table as a piece of HTML with its own style."""
    view = _first_chart(sheet)
    chart = ""
    if view is not None:
        trace = view.figure.trace
        chart = drawn(view, "wide") if view.spec else trace_svg(trace, _WIDE) if trace else ""
    return (
        environment()
        .get_template("notebook.html.j2")
        .render(
            sheet=sheet,
            word_style=STYLES[sheet.answer],
            figure=view.figure if view else None,
            chart=chart,
            table=sheet.table,
            most=_ROWS,
            style=_style(),
        )
    )


def chart_alone(sheet: Sheet) -> str:
    """The first chart with its finding and its sources as SVG; empty if there is none."""
    view = _first_chart(sheet)
    return picture(view, "svg").decode() if view and view.spec else ""


def _first_chart(sheet: Sheet) -> FigureView | None:
    """The main figure if it can be drawn, or the first that can."""
    figures = sorted(sheet.figures, key=lambda figure: figure.slug != sheet.main)
    for figure in figures:
        if (figure.chart or figure.bars or figure.trace) and not figure.missing:
            alone = replace(sheet, topics=(Topic(figures=(figure,)),))
            view = figure_views(alone)[figure.slug]
            if view.spec or figure.trace:
                return view
    return None


@cache
def _style() -> str:
    """The colours that all pages share and what a notebook needs, for this piece alone."""
    here = files("headtohead.publish").joinpath("templates")
    shared = here.joinpath("tokens.css").read_text(encoding="utf-8").replace(":root", ".h2h")
    return shared + here.joinpath("notebook.css").read_text(encoding="utf-8")
