"""A sheet as GitHub's Markdown: for a pull request, or as a file of its own."""

from collections.abc import Iterator, Sequence

from headtohead.core.estimate import Citation, Estimate
from headtohead.core.units import show
from headtohead.core.version import VERSION
from headtohead.publish.machine import cite_sheet
from headtohead.publish.sheet import (
    Answer,
    Cell,
    ClaimCard,
    Figure,
    Linked,
    ReadingCard,
    Ruling,
    Sheet,
    TableColumn,
    Topic,
)
from headtohead.publish.terminal import cell_text
from headtohead.publish.words import (
    EVALUATORS,
    cited,
    licence_name,
    markdown_link,
    n_words,
    plain,
    sentence,
    source_name,
)
from headtohead.publish.words import markdown as md

_MARK: dict[Answer, str] = {"yes": "✅", "no": "❌", "undecided": "❔", "none": "ℹ️"}


def sheet_markdown(sheet: Sheet, *, version: str = VERSION) -> str:
    """The sheet as Markdown.

    A sheet with a verdict is a comment under a pull request: the verdict in sight, tables folded
    away. Any other is a page with headings.
    """
    blocks = _verdict(sheet) if sheet.word else _page(sheet, version)
    return "\n\n".join(filter(None, blocks)) + "\n"


def _verdict(sheet: Sheet) -> Iterator[str]:
    yield f"### {_MARK[sheet.answer]} {md(sheet.word)}: {md(sheet.title)}"
    yield md(sheet.sentence)
    if sheet.facts:
        yield _table(["", ""], [[md(fact[0]), md(fact[1])] for fact in sheet.facts])
    for figure in (f for f in sheet.figures if not f.folded):
        asks = f": {md(figure.subtitle)}" if figure.subtitle else ""
        yield f"<details><summary><b>{md(figure.title)}</b>{asks}</summary>"
        yield from _figure(figure)
        yield "</details>"
    for note in sheet.notes:
        yield f"> {md(note)}"
    if sheet.command:
        yield f"Made with `{sheet.command.replace('`', '')}`"


def _topic(topic: Topic, sheet: Sheet, sources: dict[str, Citation]) -> Iterator[str]:
    """One topic of a page: its cards, then its figures with their sources."""
    if topic.title:
        yield f"## {md(topic.title)}"
    yield md(topic.asks)
    for remark in topic.remarks:
        yield md(remark)
    for card in topic.cards:
        yield from _card(card, sources)
    for figure in (f for f in topic.figures if not f.folded):
        yield f"### {md(figure.title)}"
        yield md(figure.subtitle)
        yield from _figure(figure)
        if not figure.missing:
            own = sheet.sources if figure.sources is None else figure.sources
            credit = "; ".join(map(_linked, own))
            known = f" Known by {sheet.as_of}." if sheet.as_of else ""
            yield f"Data: {credit or 'none'}.{known}"


def _page(sheet: Sheet, version: str) -> Iterator[str]:
    sources = {c.source_id: c for c in sheet.sources}
    yield f"# {md(sheet.title)}"
    yield md(sheet.sentence)
    yield "\n".join(
        f"- **{md(h.number)}** {md(h.what)}{f' ({md(h.source)})' if h.source else ''}"
        for h in sheet.headlines
    )
    yield " ".join(f"{md(fact[0])} {md(fact[1])}." for fact in sheet.facts)
    for note in sheet.notes:
        yield md(note)
    for topic in sheet.topics:
        if topic.first:
            yield from _topic(topic, sheet, sources)
    if sheet.scorecard and sheet.cards:
        yield "## Scorecard"
        views = sheet.scorecard.viewpoints
        rows = [
            [md(c.id), md(c.says), *(_word(c.at(v.key)) for v in views), _headline(c)]
            for c in sheet.cards
        ]
        yield _table(["No.", "Statement", *(v.name for v in views), "Deciding number"], rows)
    for topic in sheet.topics:
        if not topic.first:
            yield from _topic(topic, sheet, sources)
    yield "## Sources"
    yield "\n".join(map(_source, sources.values())) or "No source was used."
    yield "## How to cite"
    cite = cite_sheet(sheet, version)
    yield md(cite.plain)
    yield "\n".join(f"    {line}" for line in cite.bibtex.splitlines())
    if sheet.command and "<" not in sheet.command:
        yield f"Made with `{sheet.command.replace('`', '')}`"


def _figure(figure: Figure) -> Iterator[str]:
    if figure.missing:
        yield f"Nothing to show: {md(sentence(figure.missing))}"
        return
    if figure.says:
        yield f"**{md(sentence(figure.says))}**"
    if figure.columns and figure.rows and figure.shown:
        yield _table(
            [md(c.title) for c in figure.columns],
            [
                [_cell(x, c) for x, c in zip(row, figure.columns, strict=True)]
                for row in figure.rows[: figure.shown]
            ],
            [c.digits is not None for c in figure.columns],
        )
        if (more := len(figure.rows) - figure.shown) > 0:
            yield f"and {more:,} more"
    if figure.code:
        yield f"```toml\n{figure.code.strip()}\n```"
    yield "\n".join(f"- {md(sentence(r))}" for r in (figure.note, *figure.remarks) if r)


def _cell(cell: Cell, column: TableColumn) -> str:
    if isinstance(cell, Linked):
        return markdown_link(cell.text, cell.url)
    return md(cell_text(cell, column, 2000 if column.long else 80))


def _word(ruling: Ruling | None) -> str:
    return f"{ruling.mark} {ruling.word}" if ruling else "–"


def _headline(c: ClaimCard) -> str:
    e, narrower = c.headline, c.narrower
    mark = " (unverified)" if c.lead.unverified else ""
    said = md(c.why_none) or "no number may be used"
    if e:
        said = f"{_named(e)}, n = {md(n_words(e))}{mark}"
    if narrower and (number := narrower.decisive):
        said += f"<br>{md(narrower.name)} ({narrower.truth}): {_named(number)}"
    return said


def _label(e: Estimate) -> str:
    return md(plain(e.label, 160))


def _number(e: Estimate) -> str:
    return f"**{md(show(e.value, e.unit))}** ({md(e.interval(level=True))})"


def _named(e: Estimate) -> str:
    return f"{_label(e)}{'' if e.label.endswith(' by') else ':'} {_number(e)}"


def _linked(c: Citation) -> str:
    return markdown_link(source_name(c), c.url)


def _card(c: ClaimCard, sources: dict[str, Citation]) -> Iterator[str]:
    yield f"### {md(c.id)}: {md(c.says)}"
    for ruling in c.rulings:
        yield f"**{md(ruling.name)}, known by {ruling.as_of}: {_word(ruling)}**"
        yield f"> {md(ruling.sentence)}"
        if ruling.decides:
            yield f"What would decide it: {md(ruling.decides)}"
        if ruling is c.lead:
            for reading in ruling.readings:
                yield from _reading(reading, sources)
    if c.note:
        yield f"Note: {md(c.note)}"


def _reading(r: ReadingCard, sources: dict[str, Citation]) -> Iterator[str]:
    asked = f" Holds if {md(r.bound)}." if r.bound else ""
    yield f"{r.name} ({r.truth}): {md(sentence(r.says))}{asked}"
    if r.numbers:
        rows = []
        for e in r.numbers:
            links = "; ".join(map(_linked, cited(e, sources)))
            mark = " (unverified)" if e.unverified else ""
            days = [e.about.in_words, str(e.as_of)]
            rows.append([_label(e), _number(e), md(n_words(e)), *days, md(e.method), links + mark])
        heads = ["What", "Estimate and interval", "n", "About", "Known by", "Method", "Sources"]
        yield _table(heads, rows)
    elif r.finding:
        yield md(sentence(r.finding))
    for note in r.notes:
        yield f"*{md(sentence(note))}*"


def _source(c: Citation) -> str:
    mark = ", unverified in part" if c.unverified else ""
    known = f", known by {c.known_on}" if c.known_on else ""
    return (
        f"* {_linked(c)}. {md(c.citation)} Licence: {md(licence_name(c.licence))}; "
        f"{EVALUATORS[c.evaluator]}{known}{mark}."
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> str:
    marks = ["--:" if side else "---" for side in right or [False] * len(heads)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, marks, *rows))
