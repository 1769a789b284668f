"""Which models their sellers let go, and when."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from headtohead.choosing.shortlist.conditions import seller_id
from headtohead.core.errors import NoEvidence, UnknownName
from headtohead.core.units import counted
from headtohead.evidence.facts import Facts
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
    return retirements(site.facts, day)


def retirements(
    facts: Facts, day: date, *, model: str = "", seller: str = "", until: date | None = None
) -> Listing:
    """What sellers let go, those to come first; only of one model, by one seller, until one day.

    Raises:
        UnknownName: If the model or the seller stands for nothing.
        NoEvidence: If no such day was known.
    """
    facts.require_evidence(day)
    rows = facts.frame("retirements", day).drop_nulls("retires_on")
    if model:
        resolved = facts.names.resolve(model, on=day)
        asked = pl.col("model_name").str.split("/").list.last() == model.rpartition("/")[2]
        if resolved.model is None and rows.filter(asked).is_empty():
            called = [m.name for m in facts.names.models().values()]
            raise UnknownName("model", model, called, meant=facts.names.suggested(model))
        rows = rows.filter(asked | (pl.col("model_id") == (resolved.model or "")))
    if seller:
        wanted = seller_id(facts, seller, day)
        sellers = {word: facts.names.operator(word) for word in rows["provider"].unique()}
        own = [word for word, found in sellers.items() if (found.id if found else word) == wanted]
        rows = rows.filter(pl.col("provider").is_in(own))
    if until:
        rows = rows.filter(pl.col("retires_on") <= until)
    if rows.is_empty():
        raise NoEvidence(
            f"No retirement that fits was known by {day}: that none is stated does not mean that "
            "none will come. Ask for less, or choose a later day."
        )
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
        what = "what was asked for" if model or seller or until else "a model"
        says = f"No seller has stated a day after {day} on which it lets {what} go."
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
