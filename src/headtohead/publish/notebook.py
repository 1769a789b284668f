"""A sheet as a piece of a notebook: as much as a terminal prints, and its first chart."""

from dataclasses import replace
from functools import cache
from importlib.resources import files

from headtohead.publish.drawing import drawn, picture
from headtohead.publish.page import STYLES, FigureView, environment, figure_views, page_style
from headtohead.publish.sheet import Figure, Sheet, Topic
from headtohead.publish.traces import trace_svg

_FIGURES, _CARDS, _WIDE = 8, 20, 960


def sheet_fragment(sheet: Sheet) -> str:
    """The answer, the first chart and the tables as a piece of HTML with a style of its own."""
    charted = _first_chart(sheet)
    shown = [figure for figure in sheet.figures if not figure.folded]
    views = [
        charted
        if charted and charted.figure is figure
        else _view(sheet, replace(figure, chart=None, bars=None))
        for figure in shown[:_FIGURES]
    ]
    headings = {
        figure.slug: topic.title if n == 0 else figure.title
        for topic in sheet.topics
        for n, figure in enumerate(topic.figures)
    }
    template = environment().get_template("notebook.html.j2")
    return template.render(
        sheet=sheet,
        word_style=STYLES[sheet.answer],
        views=views,
        headings=headings,
        charted=charted,
        chart=_drawing(charted) if charted else "",
        left_out=len(shown) - len(views),
        most=_CARDS,
        style=_style(),
    )


def chart_alone(sheet: Sheet) -> str:
    """The first chart with its finding and its sources as SVG; empty if there is none."""
    view = _first_chart(sheet)
    return picture(view, "svg").decode() if view and view.spec else ""


def _first_chart(sheet: Sheet) -> FigureView | None:
    for figure in sheet.figures:
        if (figure.chart or figure.bars or figure.trace) and not figure.missing:
            view = _view(sheet, figure)
            if view.spec or figure.trace:
                return view
    return None


def _view(sheet: Sheet, figure: Figure) -> FigureView:
    """One figure, without the charts of the others."""
    return figure_views(replace(sheet, topics=(Topic(figures=(figure,)),)))[figure.slug]


def _drawing(view: FigureView) -> str:
    if view.spec:
        return drawn(view, "wide")
    return trace_svg(view.figure.trace, _WIDE) if view.figure.trace else ""


@cache
def _style() -> str:
    """The colours that all pages share and what a notebook needs, for this piece alone."""
    path = files("headtohead.publish").joinpath("templates", "notebook.css")
    return page_style(path.read_text(encoding="utf-8")).replace(":root", ".h2h")
