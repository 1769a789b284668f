"""How able every model is, on one scale."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from headtohead.capability.verb import index
from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.publish.sheet import Figure
from headtohead.publish.words import sentence
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("capability",),
    title="Capability index",
    asks="How able is each model by its published test scores, and which cannot be told apart?",
    place=32,
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The index of all models that were out."""
    result = index(as_of=day, store=site.store)
    sheet = replace(result.sheet, sentence=sentence(result.sheet.sentence))
    rows = result.answer.rows
    if rows:
        first = rows[0]
        tied = sum(row["tie_group"] == first["tie_group"] for row in rows) - 1
        points = "{score_index:.1f} points ({score_low_index:.1f} to {score_high_index:.1f})"
        also = f"; {counted(tied, 'other')} cannot be told from it" if tied else ""
        title = f"{first['model_name']} is first of {counted(len(rows), 'model')} by capability"
        sheet = replace(
            sheet,
            title=f"{title}, with {points.format(**first)}{also}",
            kicker=f"{result.sheet.title}. {result.sheet.kicker}",
        )
    sheet = replace(
        sheet, topics=tuple(replace(t, figures=_named(site, t.figures, day)) for t in sheet.topics)
    )
    return Listing(sheet, result.as_json, result.table)


def _named(site: Site, figures: Iterable[Figure], day: date) -> tuple[Figure, ...]:
    """The tables with models by their own names, which have pages, for the publisher's words."""
    models = site.names.models()
    named = []
    for figure in figures:
        at = [c.name for c in figure.columns].index("model_name")
        rows = []
        for row in figure.rows:
            found = site.names.resolve(str(row[at]), on=day).model
            name = models[found].name if found and found in models else row[at]
            rows.append((*row[:at], name, *row[at + 1 :]))
        named.append(replace(figure, rows=tuple(rows)))
    return tuple(named)


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("capability",)
