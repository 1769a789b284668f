"""One page in one form: HTML by the templates that every result uses, JSON, CSV, a picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from headtohead.choosing.watch.notices import feed_text
from headtohead.claims.versus.result import VersusResult
from headtohead.publish.drawing import picture, with_drawings
from headtohead.publish.machine import csv_text, json_text
from headtohead.publish.page import (
    TABLE_ROWS,
    FigureView,
    environment,
    figure_views,
    linked_html,
)
from headtohead.publish.result import Result
from headtohead.publish.sheet import Sheet
from headtohead.publish.words import content_hash
from headtohead.web.address import Address, Form, NoSuchPage
from headtohead.web.assets import POLICY, SCRIPTS, STYLES, own_file
from headtohead.web.card import card_lines, card_png
from headtohead.web.kinds import PageKind, kind_of, kinds, other_sides
from headtohead.web.news import News
from headtohead.web.site import Site

TYPES: Mapping[Form, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "png": "image/png",
    "svg": "image/svg+xml",
    "metadata.json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
_DATA: Mapping[str, Form] = {"JSON": "json", "CSV": "csv"}
_NEWS: Mapping[str, Form] = {"Markdown": "md", "Feed (Atom)": "atom"}
"""What a page of news is offered as besides; Markdown is there of every page that is asked for."""


_FRAMED_LINES = 8
_TABLE_ROWS, _MOST_BYTES = 1000, 290_000
"""Rows of a table on a page; where they make it heavier than this, it has fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What all pages of one site share.

    Attributes:
        html: What the address of a page ends with: ".html" where pages are files.
        days: The days the slider stops at; any day may be asked of a server besides.
        frozen: The paths that a frozen site has, by the day in their addresses; None on a server,
            which has every page there can be.
        png: Whether charts are offered as PNG beside their SVG.
        base: Where the site stands ("https://example.org/h2h/"); empty if that is not known, and
            then no page has a permanent address with a host in it.
    """

    html: str = ""
    days: Sequence[date] = ()
    base: str = ""
    frozen: Mapping[date | None, frozenset[str]] | None = None
    png: bool = True

    def has(self, path: str, day: date | None) -> bool:
        """Whether there is a page to lead to."""
        return self.frozen is None or path in self.frozen.get(day, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page in one form.

    Attributes:
        content_hash: Of the numbers on the page, which its permanent address carries.
    """

    body: bytes
    media_type: str
    content_hash: str


def rendered(site: Site, address: Address, look: Look) -> Rendered:
    """A page in the form that its address asks for.

    Raises:
        NoSuchPage: If there is none.
        Moved: If it has another path.
        UnknownName: If a word of its path stands for nothing, with what is spelt alike.
        NoEvidence: If nothing was known by its day.
    """
    page = _Shown(_answer(site, address))
    body = _MAKE[address.form](site, address, look, page)
    return Rendered(body=body, media_type=TYPES[address.form], content_hash=page.digest)


def all_forms(site: Site, address: Address, look: Look) -> list[tuple[str, bytes]]:
    """A page with its data, its figures' and its card for a frame: name and content of each file.

    Raises:
        As `rendered`.
    """
    page = _Shown(_answer(site, address))
    frame = replace(address, path=f"embed/{address.path}")
    forms: list[Form] = ["html", "json", "csv"]
    forms += ["png"] if _kind(address).card and look.base else []
    forms += _NEWS.values() if isinstance(page.result, News) else []
    wanted = [replace(address, form=form) for form in forms]
    wanted += [frame] if kind_of(frame.path) and look.has(frame.path, address.day) else []
    for slug, view in page.views.items():
        wanted += [replace(address, figure=slug, form=form) for form in _forms(view, look).values()]
    return [
        (unquote(each.file(look.html)), _MAKE[each.form](site, each, look, page)) for each in wanted
    ]


class _Shown:
    """What a result gives to all forms of its page, each worked out once."""

    def __init__(self, result: Result) -> None:
        self.result = result

    @cached_property
    def sheet(self) -> Sheet:
        return self.result.sheet

    @cached_property
    def views(self) -> dict[str, FigureView]:
        return figure_views(self.sheet, rows=_TABLE_ROWS)

    @cached_property
    def json(self) -> dict[str, Any]:
        return self.result.as_json()

    @cached_property
    def digest(self) -> str:
        # Of the numbers alone: sources that are downloaded anew change none of them.
        return self.sheet.digest or content_hash({**self.json, "sources": []})


def _kind(address: Address) -> PageKind:
    found = kind_of(address.path)
    if found is None:
        raise NoSuchPage(address.path)
    return found[0].PAGE


def _answer(site: Site, address: Address) -> Result:
    found = kind_of(address.path)
    if found is None:
        raise NoSuchPage(address.path)
    module, words = found
    return module.answer(site, words, site.on(address))


def _html(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    if address.figure:
        raise NoSuchPage(address.path)
    views = {slug: _with_files(view, address, look) for slug, view in page.views.items()}
    body = _text(site, address, look, page, views)
    most = _TABLE_ROWS
    while len(body) > _MOST_BYTES and most > TABLE_ROWS:
        longest = max((len(view.rows) for view in views.values()), default=0)
        most = max(TABLE_ROWS, int(0.95 * longest * _MOST_BYTES / len(body)))
        views = {i: replace(view, rows=view.rows[:most]) for i, view in views.items()}
        body = _text(site, address, look, page, views)
    return body


def _text(
    site: Site, address: Address, look: Look, page: _Shown, views: Mapping[str, FigureView]
) -> bytes:
    sheet, digest, news = page.sheet, page.digest, isinstance(page.result, News)
    to = _to(address, look)
    text = linked_html(
        sheet,
        views,
        environment("headtohead.web"),
        _kind(address).template,
        address=address,
        day=site.on(address),
        days=_days(site, address, look),
        sides=_sides(site, address, look),
        look=look,
        to=to,
        own_file=own_file,
        styles=STYLES,
        scripts=SCRIPTS,
        policy=POLICY,
        places=[(m.PAGE, m.PAGE.paths[0]) for m in kinds().values() if m.PAGE.place],
        pages=[(words, to(path)) for words, path in sheet.pages if look.has(path, address.day)],
        link_of=_links(site, address, look),
        apart=(lambda card: to(f"{address.path}/{card.id}")) if sheet.verb == "check" else None,
        permanent=_permanent(site, address, look, digest),
        digest=digest[:16],
        image=_image(address, look, page),
        **_framed(page.result, address, look),
        forms=[
            (words, address.up + replace(address, form=form).file())
            for words, form in {**_DATA, **(_NEWS if news else {})}.items()
        ],
        feed=address.up + replace(address, form="atom").file() if news else "",
    )
    return text.encode()


def _framed(result: Result, address: Address, look: Look) -> dict[str, object]:
    """What the card of two sides needs in a frame, and where the frame is."""
    if not isinstance(result, VersusResult):
        return {"frame": ""}
    path = address.path.removeprefix("embed/")
    to, whole = _to(address, look), replace(address, path=path)
    return {
        "frame": to(f"embed/{path}") if look.has(f"embed/{path}", address.day) else "",
        "lines": card_lines(result, _FRAMED_LINES),
        "titles": result.titles,
        "whole": to(path),
        "whole_path": whole.file(look.html),
    }


def _image(address: Address, look: Look, page: _Shown) -> str:
    """The picture that other sites show of a link to this page; empty where there is none."""
    if look.frozen is None or (_kind(address).card and look.base):
        return replace(address, form="png").file()
    first = next((slug for slug, view in page.views.items() if view.spec and look.png), "")
    return replace(address, figure=first, form="png").file() if first else ""


def _permanent(site: Site, address: Address, look: Look, digest: str) -> str:
    """An address that says the day of knowledge and what the page held."""
    day = address.day or site.today
    if look.has(address.path, day):
        return f"{address.at(day).file(look.html)}?content={digest[:16]}"
    return f"{address.file(look.html)}?as-of={day}&content={digest[:16]}"


def _json(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    if address.figure:
        raise NoSuchPage(address.path)
    return json_text(page.json, None if look.frozen is not None else 2).encode()


def _markdown(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    if address.figure:
        raise NoSuchPage(address.path)
    return page.result.to_markdown().encode()


def _atom(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    news = page.result
    if address.figure or not isinstance(news, News):
        raise NoSuchPage(address.path)
    links, notices = [], []
    if look.base:
        own = (("self", address), ("alternate", replace(address, form="html")))
        links = [(what, look.base + each.file(look.html)) for what, each in own]
    for notice in news.notices:
        there = look.base and look.has(notice.url, None)
        url = look.base + Address(path=notice.url).file(look.html) if there else ""
        notices.append(replace(notice, url=url))
    day = site.on(address)
    text = feed_text(news.feed_title, notices, day, "headtohead", links)
    return text.encode()


def _csv(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    view = _view(page, address) if address.figure else None
    return csv_text(view.figure.download if view else page.result.table()).encode()


def _metadata(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    return json_text(_view(page, address).metadata).encode()


def _picture(site: Site, address: Address, look: Look, page: _Shown) -> bytes:
    charts = [slug for slug, view in page.views.items() if view.spec]
    if page.sheet.headlines and not address.figure:
        charts = []  # the numbers of its first screen say more than its first chart
    if address.figure in charts or (charts and not address.figure):
        return picture(page.views[address.figure or charts[0]], address.form)
    if address.figure or address.form != "png":
        raise NoSuchPage(address.path)
    own = replace(address, form="html").file(look.html)
    return card_png(page.result, look.base + own if look.base else "")


_Make = Callable[[Site, Address, Look, _Shown], bytes]
_MAKE: Mapping[Form, _Make] = {
    "html": _html,
    "json": _json,
    "csv": _csv,
    "metadata.json": _metadata,
    "md": _markdown,
    "atom": _atom,
    "png": _picture,
    "svg": _picture,
}


def _view(page: _Shown, address: Address) -> FigureView:
    """The figure that an address names; the first with a chart, or the first, if it names none."""
    if address.figure:
        if address.figure not in page.views:
            raise NoSuchPage(address.figure)
        return page.views[address.figure]
    first = next((v for v in page.views.values() if v.spec), None)
    first = first or next(iter(page.views.values()), None)
    if first is None:
        raise NoSuchPage(address.path)
    return first


def _forms(view: FigureView, look: Look) -> Mapping[str, Form]:
    """What of a figure can be taken away; a table alone is in the CSV and the JSON of its page."""
    pictures: dict[str, Form] = {"PNG": "png", "SVG": "svg"} if view.spec else {}
    if not look.png:
        pictures.pop("PNG", None)
    data: dict[str, Form] = {"Data (CSV)": "csv", "What the data are (JSON)": "metadata.json"}
    return pictures | (data if view.data["columns"] and not view.chartless else {})


def _with_files(view: FigureView, address: Address, look: Look) -> FigureView:
    own = replace(address, figure=view.figure.slug)
    where = [
        (words, address.up + replace(own, form=form).file())
        for words, form in _forms(view, look).items()
    ]
    return replace(with_drawings(view), files=where)


def _to(address: Address, look: Look) -> Callable[..., str]:
    """What gives the relative address of another page, on the same day if none is named."""

    def to(path: str, day: date | None = address.day) -> str:
        return address.up + Address(path=path, day=day).file(look.html) or "./"

    return to


def _days(site: Site, address: Address, look: Look) -> list[tuple[date, str]]:
    """The days on which there is this page, with its address on each; always the day it shows."""
    to, shown = _to(address, look), site.on(address)
    # The page of today has no day in its address.
    days = {day: None if day == site.today else day for day in {*look.days, shown}}
    return [
        (day, to(address.path, own))
        for day, own in sorted(days.items())
        if day == shown or look.has(address.path, own)
    ]


def _sides(site: Site, address: Address, look: Look) -> list[tuple[str, str, bool]]:
    """The same kind of page for other sides: what they are called, address, whether this is it."""
    to, ahead = _to(address, look), site.labs_ahead(site.on(address))
    return [
        (words, to(path), path == address.path)
        for words, path in other_sides(address.path)
        if look.has(path, address.day) and ahead.isdisjoint(path.split("/"))
    ]


def _links(site: Site, address: Address, look: Look) -> Callable[[object], str]:
    to = _to(address, look)

    def link_of(cell: object) -> str:
        path = site.page_of(cell)
        shown = path and path != address.path and look.has(path, address.day)
        return to(path) if shown else ""

    return link_of


def month_ends(first: date, last: date) -> list[date]:
    """The last day of every month from one day on, and the last day itself."""
    days, day = [], first.replace(day=1)
    while day <= last:
        following = (day + timedelta(days=32)).replace(day=1)
        days.append(min(following - timedelta(days=1), last))
        day = following
    return days
