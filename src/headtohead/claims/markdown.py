"""Reports and checks as Markdown: the same words and numbers as the page, without the charts."""

from collections.abc import Iterator, Sequence

from headtohead.claims.cards import CardView, NumberView, ReadingView, WhenView, cards
from headtohead.claims.exhibits import ExhibitView, exhibit_views
from headtohead.claims.result import CheckResult, ReportResult
from headtohead.claims.summary import (
    Checks,
    check_answer,
    checks_of,
    evidence_until,
    report_answer,
    sides_title,
)
from headtohead.claims.terminal import MARKS
from headtohead.publish.citing import (
    HowToCite,
    SourceView,
    content_hash,
    how_to_cite,
    source_views,
)
from headtohead.publish.escaping import markdown as md
from headtohead.publish.escaping import markdown_link, sentence
from headtohead.questions.exhibits import sections

_ROWS = 20


def render_markdown(result: ReportResult, *, version: str = "") -> str:
    """The whole report as Markdown.

    Args:
        result: The report.
        version: Of this package.
    """
    title = sides_title(result.sides)
    cite = how_to_cite(
        title,
        about=str(result.about),
        as_of=result.as_of,
        digest=content_hash(result.as_json()),
        version=version,
    )
    sources = source_views(result.citations)
    head = _head(title, report_answer(result), str(result.about), str(result.as_of))
    head.append(f"Evidence up to {evidence_until(result.citations) or 'no stated day'}.")
    body = _body(checks_of(result), sources, exhibit_views(result, version))
    return _joined([*head, *body, *_tail(sources, cite)])


def check_markdown(result: CheckResult, *, version: str = "") -> str:
    """The verdicts on a file of claims as Markdown.

    Args:
        result: The check.
        version: Of this package.
    """
    about = str(result.about) if result.about else ""
    title = result.file.title
    cite = how_to_cite(
        title, about=about, as_of=result.as_of, digest=content_hash(result.as_json()),
        version=version,
    )  # fmt: skip
    sources = source_views(result.citations)
    head = _head(title, check_answer(result), about or "its own time", str(result.as_of))
    body = _body([("verdict", "Verdict", result)], sources, {})
    return _joined([*head, *body, *_tail(sources, cite)])


def _head(title: str, answer: str, about: str, as_of: str) -> list[str]:
    return [f"# {md(title)}", md(answer), f"About {about}. Known by {as_of}."]


def _body(
    checks: Checks, sources: dict[str, SourceView], exhibits: dict[str, ExhibitView]
) -> Iterator[str]:
    made = cards(checks, sources)
    if made:
        yield "## Scorecard"
        yield _scorecard(made, [(key, name) for key, name, _ in checks])
    known = {s.slug: s for s in sections()}
    slugs = [*known, *dict.fromkeys(c.section for c in made if c.section not in known)]
    for slug in slugs:
        claims = [c for c in made if c.section == slug]
        specs = known[slug].exhibits if slug in known else ()
        shown = [exhibits[x.slug] for x in specs if x.slug in exhibits]
        if not claims and not shown:
            continue
        yield f"## {md(known[slug].title if slug in known else slug)}"
        if slug in known:
            yield md(known[slug].asks)
        for card in claims:
            yield from _card(card)
        for view in shown:
            yield from _exhibit(view)


def _scorecard(made: Sequence[CardView], checks: Sequence[tuple[str, str]]) -> str:
    lines = [["No.", "Statement", *(name for _, name in checks), "Deciding number"]]
    lines.append(["---"] * len(lines[0]))
    for c in made:
        words = [_word(c.at(key)) for key, _ in checks]
        lines.append([md(c.id), md(c.says), *words, _number(c.headline)])
    return _table(lines)


def _word(when: WhenView | None) -> str:
    return f"{MARKS[when.word]} {when.word}" if when else "–"


def _number(e: NumberView | None) -> str:
    if e is None:
        return "no number may be used"
    mark = " (unverified)" if e.unverified else ""
    return f"{md(e.label)}: **{md(e.value)}** {_interval(e)}, n = {md(e.n)}{mark}"


def _interval(e: NumberView) -> str:
    return f"({md(e.interval)})"


def _card(c: CardView) -> Iterator[str]:
    yield f"### {md(c.id)}: {md(c.says)}"
    for when in c.whens:
        yield f"**{when.name}, known by {when.as_of}: {_word(when)}**"
        yield f"> {md(when.sentence)}"
        if when.decides:
            yield f"What would decide it: {md(when.decides)}"
        if when is c.lead:
            for reading in when.readings:
                yield from _reading(reading)
    if c.note:
        yield f"Note: {md(c.note)}"


def _reading(r: ReadingView) -> Iterator[str]:
    asked = f" Holds if {md(r.bound)}." if r.bound else ""
    yield f"{r.name} ({r.truth}): {md(sentence(r.says))}{asked}"
    if r.numbers:
        lines = [["What", "Estimate and interval", "n", "About", "Known by", "Method", "Sources"]]
        lines.append(["---"] * 7)
        for e in (*r.numbers, *r.more):
            mark = " (unverified)" if e.unverified else ""
            links = "; ".join(markdown_link(s.name, s.url) for s in e.sources)
            lines.append([
                md(e.label), f"**{md(e.value)}** {_interval(e)}", md(e.n), e.about, e.as_of,
                md(e.method), f"{links}{mark}",
            ])  # fmt: skip
        yield _table(lines)
    elif r.found:
        yield md(sentence(r.found))
    for note in r.notes:
        yield f"*{md(sentence(note))}*"


def _exhibit(v: ExhibitView) -> Iterator[str]:
    yield f"### {md(v.title)}"
    yield md(v.subtitle)
    if v.missing:
        yield f"Nothing to show: {md(sentence(v.missing))}"
        return
    yield f"**{md(sentence(v.says))}**"
    lines = [[md(h) for h in v.headings], ["---"] * len(v.headings)]
    for row in v.rows[:_ROWS]:
        lines.append([markdown_link(c.text, c.url) for c in row])
    yield _table(lines)
    if v.rows_n > _ROWS:
        yield f"The first {_ROWS} of {v.rows_n:,} rows."
    for note in filter(None, (v.note, *v.notes)):
        yield f"*{md(sentence(note))}*"
    credit = "; ".join(markdown_link(s.name, s.url) for s in v.sources)
    yield f"Data: {credit or 'none'}. Known by {v.as_of}."


def _tail(sources: dict[str, SourceView], cite: HowToCite) -> Iterator[str]:
    yield "## Sources"
    lines = []
    for s in sources.values():
        mark = ", unverified in part" if s.unverified else ""
        known = f", known by {s.known_on}" if s.known_on else ""
        lines.append(
            f"* {markdown_link(s.name, s.url)}. {md(s.citation)} Licence: {md(s.licence)}; "
            f"{s.evaluator}{known}{mark}."
        )
    yield "\n".join(lines) or "No source was used."
    yield "## How to cite"
    yield md(cite.plain)
    yield "\n".join(f"    {line}" for line in cite.bibtex.splitlines())


def _table(lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _joined(blocks: Sequence[str]) -> str:
    return "\n\n".join(blocks) + "\n"
