"""Every source: who published it, under which licence, and what was taken from it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date

from headtohead.core.units import counted
from headtohead.evidence.sheet import Listing
from headtohead.evidence.tables import tables
from headtohead.publish.machine import bare, envelope
from headtohead.publish.sheet import Figure, Linked, Row, Sheet, TableColumn, Topic
from headtohead.publish.words import licence_name
from headtohead.web.kinds import PageKind, Words
from headtohead.web.site import Site

PAGE = PageKind(
    paths=("sources",),
    title="Sources",
    asks="Where does every number come from, and under which licence?",
    place=90,
)
_COLUMNS = (
    TableColumn("product", "Source"),
    TableColumn("known_on", "Newest figure known on"),
    TableColumn("rows_n", "Figures taken", 0),
    TableColumn("of", "What they are of"),
    TableColumn("licence", "Licence"),
)


def answer(site: Site, words: Words, day: date) -> Listing:
    """The sources of which something was known by a day."""
    facts = site.facts
    facts.require_evidence(day)
    rows_n: Counter[str] = Counter()
    subjects: dict[str, list[str]] = defaultdict(list)
    for name in tables():
        every = facts.store.read(name, day)
        for source_id, n in every.group_by("source_id").len().sort("source_id").rows():
            rows_n[source_id] += n
            subjects[source_id].append(name.replace("_", " "))
    citations = facts.citations(sorted(rows_n), day)
    table: list[Row] = [
        (
            Linked(f"{c.publisher}: {c.product}", c.url),
            c.known_on,
            rows_n[c.source_id],
            ", ".join(subjects[c.source_id]),
            licence_name(c.licence),
        )
        for c in citations
    ]
    newest = max((c.known_on for c in citations if c.known_on), default=day)
    publishers = {c.publisher for c in citations}
    figure = Figure(
        "every-source",
        f"Every source with something known by {day}",
        "Each figure belongs to its source and carries that source's licence.",
        columns=_COLUMNS,
        rows=tuple(table),
    )
    sheet = Sheet(
        verb="sources",
        title=f"Every number here comes from one of {counted(len(citations), 'source')} by "
        f"{counted(len(publishers), 'publisher')}",
        sentence=f"{counted(rows_n.total(), 'figure')} of theirs were known by {day}, the newest "
        f"since {newest}.",
        topics=(Topic(figures=(figure,)),),
        sources=citations,
        as_of=day,
    )
    results = [
        {"source_id": c.source_id, "url": c.url}
        | {column.name: bare(x) for column, x in zip(_COLUMNS, row, strict=True)}
        for c, row in zip(citations, table, strict=True)
    ]
    return Listing(sheet, lambda: envelope("sources", None, day, results, citations))


def frozen(site: Site, day: date) -> Iterable[str]:
    """Its one page."""
    return ("sources",)
