"""Which models their sellers let go, and when."""

from collections.abc import Iterable
from dataclasses import replace
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
from headtohead.publish.sheet import DataTable, Figure, Linked, Row, Sheet, TableColumn, Topic
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("retirements", "retirements/{which}"),
    title="Retirements",
    asks="Which models do their sellers let go, and on which day?",
    place=60,
)
_ENDED = "ended"
_UNLISTED = "in no list of ours"
_PAST = f"retirements/{_ENDED}"
_COLUMNS = (
    TableColumn("retires_on", "Last day stated"),
    TableColumn("model", "Model"),
    TableColumn("seller", "Seller"),
    TableColumn("name", "Sold as"),
    TableColumn("known_on", "Stated"),
    TableColumn("source", "Where"),
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """What ends, the soonest first; on a page of its own what has ended. The data are of both."""
    which = words.get("which", "")
    if which not in ("", _ENDED):
        raise UnknownName("part of the retirements", which, [_ENDED])
    whole = retirements(site.facts, day)
    [figure] = whole.sheet.figures
    ended = [row[0] <= day for row in figure.rows]  # type: ignore[operator]
    rows = tuple(row for row, over in zip(figure.rows, ended, strict=True) if over == bool(which))
    also, path = ("What is still to end", "retirements") if which else ("What has ended", _PAST)
    shown = replace(
        figure,
        title="Every stated day that has passed" if which else "Every stated day to come",
        rows=rows,
        data=DataTable(figure.columns, figure.rows),
        missing="" if rows else "no such day is known",
        note=f"The page “{also}” has the others; the CSV and the JSON have all {len(ended)}.",
    )
    sheet = replace(whole.sheet, topics=(Topic(figures=(shown,)),), pages=((also, path),))
    if which:
        first = rows[0] if rows else None
        sheet = replace(
            sheet,
            title=f"{counted(len(rows), 'offer')} of models had ended by {day}",
            sentence=f"The last to go was {_of(first)} at {first[2]}, on {first[0]}."
            if first
            else f"No offer with a stated day had ended by {day}.",
        )
    table = DataTable(figure.columns, figure.rows)
    return Listing(sheet, whole.as_json, lambda: table)


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
            called, meant = facts.names.called(day), facts.names.suggested(model, day)
            raise UnknownName("model", model, called, meant=meant)
        rows = rows.filter(asked | (pl.col("model_id") == (resolved.model or "")))
    if seller:
        wanted = seller_id(facts, seller, day)
        sellers = {word: facts.names.operator(word) for word in rows["provider"].unique()}
        own = [word for word, found in sellers.items() if (found.id if found else word) == wanted]
        rows = rows.filter(pl.col("provider").is_in(own))
    if until:
        rows = rows.filter(pl.col("retires_on") <= until)
    # Two sources of one day are one offer: whoever said so first is named.
    offer = ["provider", "model_name", "retires_on"]
    rows = rows.sort("known_on", maintain_order=True).unique(offer, keep="first")
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
            names[row["model_id"]].name if row["model_id"] in names else _UNLISTED,
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
            f"The next to go is {_of(first)} at {first[2]}, on {first[0]}. "
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


def _of(row: Row) -> object:
    """The model that an offer is of, by its name or else by the seller's word."""
    return row[3] if row[1] == _UNLISTED else row[1]


def frozen(site: Site, day: date) -> Iterable[str]:
    """What ends, and what has ended."""
    return ("retirements", _PAST)
