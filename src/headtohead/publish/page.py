"""A sheet as one HTML file that needs nothing but a browser."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from hashlib import sha256
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headtohead.core.errors import StoreFull
from headtohead.core.estimate import Citation, Estimate
from headtohead.core.units import show, unit_of
from headtohead.core.version import VERSION
from headtohead.publish.charts import PAGE_INK, PRINT_INK, bars_chart, config, frame, specification
from headtohead.publish.files import cache_folder
from headtohead.publish.files import replace as replace_file
from headtohead.publish.machine import DATA_ROWS, citation_json, cite_sheet, data_json
from headtohead.publish.sheet import (
    Alternative,
    Answer,
    Cell,
    DataTable,
    Figure,
    ReadingCard,
    Row,
    Ruling,
    Sheet,
    Slider,
    Step,
    TableColumn,
)
from headtohead.publish.terminal import cell_text, rows_of
from headtohead.publish.traces import trace_svg
from headtohead.publish.words import (
    EVALUATORS,
    Track,
    anchor,
    cited,
    content_hash,
    how_to_cite,
    licence_name,
    licence_url,
    n_words,
    plain,
    policy,
    script_json,
    sentence,
    source_name,
    tracks,
    web_address,
)

if TYPE_CHECKING:
    from jinja2 import Environment

TABLE_ROWS = 200
SHOWN_ESTIMATES = 8
_WHOLE = re.compile(r"\d{4}-\d\d-\d\d|\b[A-Za-z]+-[A-Za-z]?\d[\w.]*\w|\b[A-Za-z]+-\d\b")
_COMMAND = re.compile(r"`([^`]+)`")
WIDTHS = {"wide": 960, "narrow": 340}
"""Pixels of a chart that is drawn before it is known how wide its place is."""
_LONG = 200
_Drawn = tuple[Estimate, Track]
STYLES: dict[Answer, str] = {
    "yes": "supported",
    "no": "refuted",
    "undecided": "undecided",
    "none": "unmeasured",
}


def sheet_html(sheet: Sheet, *, version: str = VERSION) -> str:
    """The sheet as one self-contained page."""
    views = figure_views(sheet, version)
    chooser = next((figure for figure in sheet.figures if figure.chooser), None)
    scripts = ["shell.js"]
    scripts += ["scorecard.js"] if sheet.cards else []
    scripts += ["boards.js"] if chooser else []
    texts = [_text(name) for name in (*scripts, "tables.js")]
    if any(view.spec for view in views.values()):
        texts = [_chart_library(), *texts, _text("charts.js")]
    return _page(
        environment(),
        "sheet.html.j2",
        sheet,
        views,
        version=version,
        style=page_style(),
        scripts=texts,
        policy=policy(texts, "img-src data: blob:; "),
        link_of=None,
        apart=None,
        charts={
            "page": config(PAGE_INK),
            "print": config(PRINT_INK),
            "exhibits": [
                {
                    "slug": slug,
                    "spec": view.spec,
                    "frame": view.frame,
                    "days": view.slider.days if view.slider else [],
                    "data": view.data,
                    "metadata": view.metadata,
                }
                for slug, view in views.items()
                if not view.figure.missing
            ],
            **({"chooser": _boards(sheet, chooser, version)} if chooser else {}),
        },
    )


def linked_html(
    sheet: Sheet,
    views: "Mapping[str, FigureView]",
    templates: "Environment",
    template: str,
    **values: object,
) -> str:
    """The sheet as a page of a site, by a template that extends `sheet.html.j2`.

    Args:
        views: Of its figures, whose charts are drawn.
        templates: An environment of `environment`.
        values: What the template needs besides; `link_of` gives the page of a cell's text, and
            `apart` that of a card, where cards have pages of their own.
    """
    charts: dict[str, Any] = {"page": {}, "print": {}, "exhibits": []}
    return _page(templates, template, sheet, views, charts=charts, version=VERSION, **values)


def _page(
    templates: "Environment",
    template: str,
    sheet: Sheet,
    views: "Mapping[str, FigureView]",
    *,
    version: str,
    **values: object,
) -> str:
    return templates.get_template(template).render(
        sheet=sheet,
        topics=[topic for topic in sheet.topics if topic.cards or topic.figures or topic.remarks],
        views=views,
        known={c.source_id: c for c in sheet.sources},
        steps=[s if isinstance(s, Step) else Step(s) for s in sheet.method],
        word_style=STYLES[sheet.answer],
        cite=cite_sheet(sheet, version),
        numbers_of=_numbers,
        version=version,
        **values,
    )


def figure_views(
    sheet: Sheet, version: str = VERSION, rows: int = TABLE_ROWS
) -> "dict[str, FigureView]":
    """Every figure of a sheet by slug, with its chart drawn up and its downloads ready.

    Args:
        rows: Of each table on the page, the first at most.
    """
    return {figure.slug: _view(sheet, figure, version, rows) for figure in sheet.figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """A figure with everything its template and its downloads need.

    Attributes:
        rows: Of the table, the first ones.
        shades: Whether each of these rows is shaded, where there is a chooser.
        rows_n: How many rows there are.
        spec: Vega-Lite; None if there is nothing to plot.
        frame: What stands around the chart when it is exported.
        chartless: True if it is a table and no chart by design.
        numbers: Its first estimates; they are not drawn.
        drawn: (class, SVG) where the chart is drawn already, for a wide screen and a narrow one.
        files: (words, address) of its downloads, where each has an address of its own; None where
            a script makes them.
        known: Every source that these may lean on, by id.
    """

    figure: Figure
    rows: Sequence[Row]
    shades: Sequence[bool]
    rows_n: int
    sources: tuple[Citation, ...]
    known: Mapping[str, Citation]
    spec: dict[str, Any] | None
    frame: dict[str, Any]
    data: dict[str, Any]
    metadata: dict[str, Any]
    chartless: bool
    numbers: Sequence[tuple[Estimate, None]]
    drawn: Sequence[tuple[str, str]] = ()
    files: Sequence[tuple[str, str]] | None = None

    @property
    def slider(self) -> Slider | None:
        """Of the chart, if there is one."""
        return self.figure.slider if self.spec else None


def _view(sheet: Sheet, figure: Figure, version: str, rows_most: int) -> FigureView:
    own = sheet.sources if figure.sources is None else figure.sources
    data = data_json(figure.download)
    draw = figure.chart or (figure.bars and partial(bars_chart, figure.bars))
    chart = None
    if draw and not figure.missing:
        from altair.utils.schemapi import debug_mode

        # The tests check every chart against the schema; here that took a tenth of a page.
        with debug_mode(False):
            chart = draw()
    rows, shades = _shown(figure)
    said = f"{figure.title}. {figure.subtitle}"
    return FigureView(
        figure=figure,
        rows=rows[: None if figure.chooser else rows_most],
        shades=shades,
        rows_n=len(rows),
        sources=own,
        numbers=[(e.as_said(), None) for e in figure.numbers[:12]],
        # An estimate may lean on a source that none of the rows shown names.
        known={c.source_id: c for c in (*sheet.sources, *own)},
        spec=specification(chart, said) if chart is not None else None,
        frame=_frame(sheet, figure),
        data=data,
        metadata=_described(sheet, figure, data, version),
        chartless=not (figure.chart or figure.bars or figure.trace),
        drawn=[(name, trace_svg(figure.trace, w)) for name, w in WIDTHS.items()]
        if figure.trace
        else (),
    )


def _shown(figure: Figure) -> tuple[Sequence[Row], Sequence[bool]]:
    """The rows of the table on the page, and which of them are shaded."""
    chooser = figure.chooser
    if chooser is None:
        return figure.rows, ()
    first = chooser.alternatives[0].rows
    names = [column.name for column in figure.download.columns]
    shades = [False] * len(first)
    if chooser.shade:
        given = [row[names.index(chooser.shade)] for row in first]
        shades = [isinstance(shade, int) and shade % 2 == 0 for shade in given]
    return rows_of(figure, first), shades


def _frame(sheet: Sheet, figure: Figure) -> dict[str, Any]:
    """What stands around a chart that is taken away: the finding above, the sources below."""
    citations = sheet.sources if figure.sources is None else figure.sources
    names = "; ".join(map(source_name, citations))
    licences = sorted({plain(licence_name(c.licence), 60) for c in citations if c.licence})
    known = f" Known by {sheet.as_of}." if sheet.as_of else ""
    footer = [f"Data: {names or 'none'}."]
    if licences:
        footer.append(f"Licence of the data: {', '.join(licences)}.")
    footer.append(f"Made with headtohead.{known}")
    title = figure.title
    if sheet.word:
        title = f"{plain(sheet.title, 70)}: {title[:1].lower()}{title[1:]}"
    said = " ".join(filter(None, (sentence(plain(figure.says, 400)), figure.subtitle)))
    return frame(title, said, footer, PRINT_INK)


def _described(
    sheet: Sheet, figure: Figure, data: Mapping[str, Any], version: str
) -> dict[str, Any]:
    """What the file beside a CSV says of it, with how to cite it."""
    citations = sheet.sources if figure.sources is None else figure.sources
    about, as_of = figure.about or sheet.about, str(sheet.as_of or "")
    title = plain(f"{sheet.title}: {figure.title}" if sheet.word else figure.title)
    digest = content_hash({"title": title, "as_of": as_of, **data})
    names = list(map(source_name, citations))
    cite = how_to_cite(
        title, about=about, as_of=sheet.as_of, digest=digest, version=version, sources=names
    )
    return {
        "slug": figure.slug,
        "title": figure.title,
        "subtitle": figure.subtitle,
        "verdict": sheet.word or None,
        "about": about or None,
        "as_of": as_of or None,
        "rows": len(data["rows"]),
        "rows_left_out": max(0, len(figure.download.rows) - DATA_ROWS),
        "finding": plain(figure.says or figure.missing),
        "estimates": [e.as_json() for e in figure.numbers],
        "method": [s if isinstance(s, str) else s.says for s in sheet.method],
        "notes": [plain(n) for n in (figure.note, *figure.remarks) if n],
        "columns": {
            c.name: {"title": c.title, "unit": unit.label if (unit := unit_of(c.name)) else ""}
            for c in figure.download.columns
        },
        "sources": [citation_json(c) | {"url": web_address(c.url)} for c in citations],
        "content_sha256": digest,
        "citation": cite.plain,
        "bibtex": cite.bibtex,
        "made_with": f"headtohead {version}",
        **figure.metadata,
    }


def _numbers(reading: ReadingCard) -> tuple[list[_Drawn], list[_Drawn]]:
    """The first estimates of a reading, drawn against its range, and the others."""
    drawn = list(zip(reading.numbers, tracks(reading.numbers, reading.ranges), strict=True))
    return drawn[:SHOWN_ESTIMATES], drawn[SHOWN_ESTIMATES:]


def _boards(sheet: Sheet, figure: Figure, version: str) -> dict[str, Any]:
    """Every board of a figure with a chooser, for the script."""
    chooser = figure.chooser
    assert chooser is not None
    given = asdict(chooser)
    for word in ("alternatives", "help", "label"):
        del given[word]
    return given | {
        "slug": figure.slug,
        "columns": [column.name for column in figure.download.columns],
        "table": [{"name": c.name, "digits": c.digits, "ends": c.ends} for c in figure.columns],
        "boards": [_board(sheet, figure, board, version) for board in chooser.alternatives],
    }


def _board(sheet: Sheet, figure: Figure, board: Alternative, version: str) -> dict[str, Any]:
    """One board: its words, its rows, and what its downloads say."""
    shown = replace(
        figure,
        title=board.title,
        subtitle=board.subtitle,
        says=board.says,
        remarks=board.remarks,
        data=DataTable(figure.download.columns, board.rows),
    )
    data = data_json(shown.download)
    about = _described(sheet, shown, data, version)
    kept = ("title", "subtitle", "rows", "finding", "notes", "content_sha256", "citation", "bibtex")
    return {
        "key": board.key,
        "title": board.title,
        "subtitle": board.subtitle,
        "says": board.says,
        "notes": list(board.remarks),
        "constants": dict(board.constants),
        "frame": _frame(sheet, shown),
        "about_it": {name: about[name] for name in kept},
        "rows": data["rows"],
    }


@cache
def environment(package: str = "headtohead.publish") -> "Environment":
    """The templates of every page, and before them those of a package of its own pages."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup, escape

    places = dict.fromkeys((package, "headtohead.publish"))
    made = Environment(
        loader=ChoiceLoader([PackageLoader(place, "templates") for place in places]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def commands(text: str) -> Markup:
        """Text in which `backticks` are commands."""
        return Markup(_COMMAND.sub(r"<code>\1</code>", str(escape(text))))

    def whole_days(text: str) -> Markup:
        """Text whose days and numbered models are not broken at their hyphens."""
        return Markup(_WHOLE.sub(r'<span class="day">\g<0></span>', str(escape(text))))

    def isolated(text: str) -> Markup:
        """Text that leaves the direction of what stands around it alone."""
        # Most of a page's weight are cells, and what is all ASCII runs one way.
        marked = commands(text)
        return marked if text.isascii() else Markup("<bdi>{}</bdi>").format(marked)

    def long_text(cell: Cell, column: TableColumn) -> str:
        return cell_text(cell, column, 4000 if column.long else _LONG)

    made.globals |= {"show": show, "anchor": anchor, "evaluators": EVALUATORS}
    for words in (
        *(cited, licence_name, licence_url, long_text, n_words, quoted_from, source_name),
        web_address,
    ):
        made.filters[words.__name__] = words
    # Only our own files, and JSON that cannot end its element, go in unescaped.
    made.filters["ours"] = Markup
    made.filters["plain"] = plain
    made.filters["sentence"] = sentence
    made.filters["isolated"] = isolated
    made.filters["commands"] = commands
    made.filters["whole_days"] = whole_days
    made.filters["script_json"] = lambda value: Markup(script_json(value))
    return made


def quoted_from(ruling: Ruling, sources: Mapping[str, Citation]) -> str:
    """Who published what a verdict leans on, and where: what a copied sentence ends with."""
    numbers = (e for r in ruling.readings for e in r.numbers)
    used = dict.fromkeys(c for e in numbers for c in cited(e, sources))
    return "; ".join(f"{plain(c.publisher)}, {web_address(c.url)}".rstrip(", ") for c in used)


@cache
def page_style(own: str = "") -> str:
    """The style of a page after the colours and sizes that all share; that of a sheet if none."""
    return _text("tokens.css") + (own or _text("style.css"))


@cache
def _text(name: str) -> str:
    return files("headtohead.publish").joinpath("templates", name).read_text(encoding="utf-8")


@cache
def _chart_library() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, after their licence."""
    # "</script" inside a string of the library would end the element.
    return _text("vega-licence.txt") + bundle(cache_folder()).replace("\r\n", "\n").replace(
        "</script", "<\\/script"
    )


def bundle(folder: Path | None) -> str:
    """The script that draws charts; kept in a folder if one is given: making it takes seconds.

    What is kept names its version and its own hash: a damaged or older one is made anew, and where
    nothing can be kept the script is the same, only later.
    """
    import vl_convert

    # Its stub says otherwise, but the snippet may be left out.
    make: Callable[[], str] = vl_convert.javascript_bundle  # type: ignore[assignment]
    if folder is None:
        return make()
    kept = folder / f"vega-{metadata.version('vl-convert-python')}.js"
    with suppress(OSError, UnicodeDecodeError):
        digest, _, found = kept.read_bytes().decode().partition("\n")
        if digest == sha256(found.encode()).hexdigest():
            return found
    script = make()
    with suppress(StoreFull):
        replace_file(kept, f"{sha256(script.encode()).hexdigest()}\n{script}".encode())
    return script
