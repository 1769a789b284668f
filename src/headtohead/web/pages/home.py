"""The first page: the answer of the day, and where every other page is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.claims.versus.pair import pair_of
from headtohead.claims.versus.sheet import card, headlines, versus_sheet
from headtohead.claims.versus.verb import finding_of, side_by_side
from headtohead.core.dates import Period
from headtohead.evidence.sheet import Listing
from headtohead.evidence.words import model_name
from headtohead.publish.sheet import Figure, Row, TableColumn, Topic
from headtohead.web.kinds import PageKind, Words
from headtohead.web.pages.changes import latest
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("",),
    title="Start",
    asks="Can B stand in for A, what does it save, and how sure is that?",
    place=1,
    card=True,
)
_NEWEST = 5
_ENTRIES = (
    ("Every change of the last thirty days", "changes"),
    ("Every statement and its verdict", "claims"),
    ("Closed and open weights side by side", "versus/closed/open"),
    ("Every model", "models"),
    ("Every lab", "labs"),
    ("What every model costs", "prices"),
    ("The capability index", "capability"),
    ("How far behind, in points and months", "gap"),
    ("What goes out of sale, and when", "retirements"),
    ("Every page by name", "search"),
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The two countries of the reference question side by side."""
    facts = site.facts
    facts.require_evidence(day)
    found = side_by_side(pair_of(facts, "US", "CN", "country", Period(day, day), day))
    card_of_both = versus_sheet(found)
    sheet = replace(
        card_of_both,
        title=finding_of(found),
        kicker=card_of_both.title,
        sentence=f"{found.work} {found.saving}",
        headlines=headlines(found),
        topics=(Topic(figures=(card(found),)), Topic(figures=(_changes(site, day),))),
        pages=_ENTRIES,
    )
    return Listing(sheet, found.as_json, found.table)


def _changes(site: Site, day: date) -> Figure:
    rows: list[Row] = []
    for notice, change in latest(site, day, _NEWEST):
        _, _, says = change.subject.partition(": ")
        subject = says if change.what == "verdict" else model_name(change.subject)
        now = change.after or "no longer on the board"
        rows.append((subject, now, change.before or "not known", notice.known_on))
    return Figure(
        "changes",
        "What changed lately",
        columns=(
            TableColumn("subject", "Model or statement", long=True),
            TableColumn("now", "Now"),
            TableColumn("before", "Thirty days before"),
            TableColumn("known_on", "Known since"),
        ),
        rows=tuple(rows),
        missing="" if rows else f"nothing changed in the thirty days to {day}",
        table_first=True,
        opened=True,
    )


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("",)
