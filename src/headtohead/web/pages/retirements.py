"""Which models their sellers let go, and when."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from headtohead.core.errors import NoEvidence
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.evidence.store import publisher
from headtohead.evidence.words import seller_name
from headtohead.publish.machine import bare, envelope
from headtohead.publish.sheet import Figure, Linked, Row, Sheet, TableColumn, Topic
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("retirements",),
    title="Retirements",
    asks="Which models do their sellers let go, and on which day?",
    place=60,
)
_COLUMNS = (
    TableColumn("retires_on", "Last day stated"),
    TableColumn("model", "Model"),
    TableColumn("seller", "Seller"),
    TableColumn("name", "Sold as"),
    TableColumn("known_on", "Stated"),
    TableColumn("source", "Where"),
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """Every retirement with a day, those to come first and the soonest of them on top."""
    facts = site.facts
    facts.require_evidence(day)
    rows = facts.frame("retirements", day).drop_nulls("retires_on")
    if rows.is_empty():
        raise NoEvidence(f"No retirement of a model was known by {day}. Choose a later day.")
    ahead = rows.filter(pl.col("retires_on") > day).sort("retires_on", "provider", "model_name")
    gone = rows.filter(pl.col("retires_on") <= day)
    gone = gone.sort("retires_on", "provider", "model_name", descending=[True, False, False])
    names = facts.names.models()
    table: list[Row] = [
        (
            row["retires_on"],
            names[row["model_id"]].name if row["model_id"] in names else "in no list of ours",
            seller_name(row["provider"]),
            row["model_name"],
            row["known_on"],
            Linked(publisher(row["source_id"]), row["row_url"] or ""),
        )
        for row in pl.concat([ahead, gone]).iter_rows(named=True)
    ]
    citations = facts.citations(rows["source_id"].unique().sort().to_list(), day)
    if ahead.is_empty():
        says = f"No seller has stated a day after {day} on which it lets a model go."
        title = "No retirement with a day is ahead"
    else:
        first = table[0]
        title = f"{counted(ahead.height, 'offer')} of models end after {day}"
        says = (
            f"The next to go is {first[3]} at {first[2]}, on {first[0]}. "
            f"{counted(gone.height, 'offer')} with a stated day had ended by {day}."
        )
    figure = Figure(
        "retirements",
        "Every stated day",
        "Days as stated by sellers, and by lists that follow them; one model may be sold under "
        "several names.",
        columns=_COLUMNS,
        rows=tuple(table),
    )
    sheet = Sheet(
        verb="retirements",
        title=title,
        sentence=says,
        topics=(Topic(figures=(figure,)),),
        sources=citations,
        as_of=day,
    )
    results = [{c.name: bare(x) for c, x in zip(_COLUMNS, row, strict=True)} for row in table]
    return Listing(sheet, lambda: envelope("retirements", None, day, results, citations))


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("retirements",)
