"""Reports and checks as one HTML file that needs nothing but a browser."""

import shlex
from typing import Any

from headtohead.claims.cards import STYLES, CardView, cards
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
from headtohead.core.provenance import Citation
from headtohead.core.question import Sides
from headtohead.publish.citing import content_hash, how_to_cite, source_views
from headtohead.publish.escaping import plain
from headtohead.publish.layout import Section
from headtohead.publish.shell import page
from headtohead.questions.exhibits import sections

WHENS = {
    "then": "what was known when the statement's own time ended",
    "hindsight": "what is known now about the statement's own time",
    "today": "the same sentence asked of the day of this report",
    "verdict": "what was known by the day given",
}


def render_html(result: ReportResult, *, version: str) -> str:
    """The whole report as one self-contained page.

    Args:
        result: The report.
        version: Of this package.
    """
    views = exhibit_views(result, version)
    title = sides_title(result.sides)
    return _page(
        title=title,
        kicker=_origin(result.now or result.then or result.today),
        answer=report_answer(result),
        about=str(result.about),
        as_of=str(result.as_of),
        checks=checks_of(result),
        citations=result.citations,
        exhibits=views,
        again=_command(result),
        cite=how_to_cite(
            title,
            about=str(result.about),
            as_of=result.as_of,
            digest=content_hash(result.as_json()),
            version=version,
        ),
        version=version,
    )


def check_html(result: CheckResult, *, version: str) -> str:
    """The verdicts on a file of claims as one self-contained page.

    Args:
        result: The check.
        version: Of this package.
    """
    title = plain(result.file.title)
    about = str(result.about) if result.about else ""
    return _page(
        title=title,
        kicker=_origin(result),
        answer=check_answer(result),
        about=about or "its own time, for each statement",
        as_of=str(result.as_of),
        checks=[("verdict", "Verdict", result)],
        citations=result.citations,
        exhibits={},
        again=f"h2h check CLAIMS.toml --as-of {result.as_of}",
        cite=how_to_cite(
            title,
            about=about,
            as_of=result.as_of,
            digest=content_hash(result.as_json()),
            version=version,
        ),
        version=version,
    )


def _page(
    *,
    checks: Checks,
    citations: tuple[Citation, ...],
    exhibits: dict[str, ExhibitView],
    **words: Any,  # noqa: ANN401 - names and types are those of page.html.j2
) -> str:
    sources = source_views(citations)
    made = cards(checks, sources)
    names = {key: name for key, name, _ in checks}
    return page(
        "page.html.j2",
        scripts=["scorecard.js"],
        exhibits=list(exhibits.values()),
        **words,
        cards=made,
        whens=[(key, name, WHENS[key], str(check.as_of)) for key, name, check in checks],
        columns=[(key, names[key]) for key in WHENS if key in names],
        words=list(STYLES.items()),
        blocks=_blocks(made, exhibits),
        sources=list(sources.values()),
        evidence_until=evidence_until(citations),
    )


def _blocks(
    made: list[CardView], exhibits: dict[str, ExhibitView]
) -> list[tuple[Section, list[CardView], list[ExhibitView]]]:
    """Every section that has a claim or an exhibit; claims of unknown sections come last."""
    known = {s.slug for s in sections()}
    rest = dict.fromkeys(c.section for c in made if c.section not in known)
    others = [Section(slug=s, title=s.capitalize(), asks="", exhibits=()) for s in rest]
    found = [
        (
            section,
            [c for c in made if c.section == section.slug],
            [exhibits[x.slug] for x in section.exhibits if x.slug in exhibits],
        )
        for section in (*sections(), *others)
    ]
    return [block for block in found if block[1] or block[2]]


def _command(result: ReportResult) -> str:
    """The command that makes a report again."""
    given = {"--as-of": str(result.as_of)}
    if result.sides != Sides():
        given = {
            "--group": result.sides.group, "--a": result.sides.a, "--b": result.sides.b, **given,
        }  # fmt: skip
    if result.now is None or result.now.about is not None:
        given["--about"] = str(result.about)
    return " ".join(["h2h report", *(f"{k} {shlex.quote(plain(v))}" for k, v in given.items())])


def _origin(check: CheckResult | None) -> str:
    return plain(check.file.origin) if check else ""
