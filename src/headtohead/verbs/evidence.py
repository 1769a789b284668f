"""The verbs about public evidence: each gives the same result object as its `h2h` twin."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.analyses.listprices import in_force
from headtohead.analyses.picking import where as kept
from headtohead.claims.claim import ClaimsFile
from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.names import Names, Resolution
from headtohead.core.question import Sides
from headtohead.evidence.store import Card, Store
from headtohead.pipeline import Pipeline
from headtohead.reports.changes import DiffResult, price_changes, rank_changes, verdict_changes
from headtohead.reports.result import CheckResult, Exhibit, ReportResult
from headtohead.verbs import asking
from headtohead.verbs.asking import Day, Window

if TYPE_CHECKING:
    import polars as pl


def check(
    claims: Path | str | None = None,
    *,
    as_of: Day,
    about: Window | None = None,
    store: Store | None = None,
) -> CheckResult:
    """Verdicts on a file of claims.

    Args:
        claims: A claims file; the reference article's if None.
        as_of: The day of our knowledge: nothing known later has any influence.
        about: A day or window to ask the claims of, instead of their own.
        store: The evidence; the user's own if None.

    Raises:
        ClaimsFileError: If the file is wrong.
        NoEvidence: If nothing was known by `as_of`.
    """
    line = Pipeline(store)
    return _check(line, line.claims(_path(claims)), asking.window(about), asking.day(as_of))


def show(
    claim: str,
    *,
    as_of: Day,
    about: Window | None = None,
    claims: Path | str | None = None,
    store: Store | None = None,
) -> CheckResult:
    """One claim's verdict with every number, row and source behind it.

    Args:
        claim: The claim's id.
        as_of: The day of our knowledge.
        about: A day or window to ask it of, instead of its own.
        claims: The file it is in; the reference article's if None.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no claim has that id.
    """
    line = Pipeline(store)
    file = line.claims(_path(claims))
    kept = tuple(c for c in file.claims if c.id.casefold() == claim.casefold())
    if not kept:
        raise UnknownName("claim", claim, [c.id for c in file.claims])
    only = ClaimsFile(
        title=file.title, origin=file.origin, group=file.group, a=file.a, b=file.b, claims=kept
    )
    return _check(line, only, asking.window(about), asking.day(as_of))


def report(
    *,
    as_of: Day,
    a: str = "US",
    b: str = "CN",
    group: str = "country",
    about: Window | None = None,
    claims: Path | str | None = None,
    store: Store | None = None,
) -> ReportResult:
    """The whole head-to-head: the claims then, in hindsight and today, and six comparisons.

    Args:
        as_of: The day of our knowledge.
        a: The side that would be replaced.
        b: The side that might stand in.
        group: What tells them apart: country, open, lab or family.
        about: The day or window it speaks of; the claims' own if None.
        claims: A claims file; the reference article's if None.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If the group or a side does not exist.
    """
    line = Pipeline(store)
    file = line.claims(_path(claims))
    sides, day = line.sides(group, a, b), asking.day(as_of)
    line.require_evidence(day)
    window = asking.window(about) or _usual(file)
    speaks = (file.group, file.a, file.b) == (group, a, b)
    asked = asking.window(about)
    then = _check(line, file, asked, min(window.end, day)) if speaks else None
    now = _check(line, file, asked, day) if speaks else None
    today = _check(line, file, Period(day, day), day) if speaks else None
    exhibits = _exhibits(line, sides, window, day)
    ids = {i for x in exhibits.values() for i in asking.sources(x.answer)}
    ids |= {i for c in (then, now, today) if c for v in c.verdicts for i in v.source_ids}
    return ReportResult(
        sides=sides,
        about=window,
        as_of=day,
        then=then,
        now=now,
        today=today,
        exhibits=exhibits,
        citations=line.store.citations(sorted(ids), day),
    )


def diff(start: Day, end: Day, *, store: Store | None = None, top: int = 20) -> DiffResult:
    """Which verdicts, list prices and places changed between two days of knowledge, and why.

    Args:
        start: The earlier day.
        end: The later day.
        store: The evidence; the user's own if None.
        top: How many places of the text board to compare.
    """
    line = Pipeline(store)
    first, last = sorted((asking.day(start), asking.day(end)))
    file = line.claims()
    verdicts = [line.check(file, about=None, as_of=day) for day in (first, last)]
    changes = [
        *verdict_changes(*verdicts),
        *price_changes(*(in_force(line.frame("prices", d, used_on=d), d) for d in (first, last))),
        *rank_changes(*(line.frame("arena_ratings", d) for d in (first, last)), top=top),
    ]
    ids = sorted({i for c in changes for i in c.source_ids})
    return DiffResult(
        start=first, end=last, changes=tuple(changes), citations=line.store.citations(ids, last)
    )


def list_sources(*, store: Store | None = None) -> tuple[Card, ...]:
    """Every source: its licence, what was taken from it and when, and what was dropped."""
    return (store or Store()).cards()


def read_evidence(
    table: str, *, as_of: Day, where: str = "", store: Store | None = None
) -> "pl.DataFrame":
    """A table as known on a day, with the entities behind each row.

    Args:
        table: A declared table.
        as_of: The day of our knowledge.
        where: Rows to keep, as "column=value, column=value"; all if empty.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If no table, or no column, is called so.
        NoEvidence: If nothing at all was known by then.
    """
    line, day = Pipeline(store), asking.day(as_of)
    line.require_evidence(day)
    return kept(line.frame(table, day), where)


def names(name: str, *, on: Day | None = None, provider: str | None = None) -> Resolution:
    """Which model, lab, mode and channel a name means, and by which rule.

    Args:
        name: Any spelling.
        on: The day it was used on; moving aliases depend on it.
        provider: Who uses it, where the name alone does not say.
    """
    return Names.load().resolve(name, on=asking.day(on) if on else None, provider=provider)


def _usual(file: ClaimsFile) -> Period:
    """The time that most of the claims speak of."""
    return Counter(c.about for c in file.claims).most_common(1)[0][0]


def _check(line: Pipeline, file: ClaimsFile, about: Period | None, as_of: date) -> CheckResult:
    verdicts = line.check(file, about=about, as_of=as_of)
    ids = sorted({i for v in verdicts for i in v.source_ids})
    return CheckResult(
        file=file,
        about=about,
        as_of=as_of,
        verdicts=verdicts,
        citations=line.store.citations(ids, as_of),
    )


def _exhibits(line: Pipeline, sides: Sides, window: Period, as_of: date) -> dict[str, Exhibit]:
    """Every exhibit that a section of the report declares, answered."""
    from headtohead.reports.sections import sections

    made = {}
    for section in sections():
        for spec in section.exhibits:
            about = spec.about(window, as_of)
            answer = line.ask(
                spec.analysis, about=about, as_of=as_of, sides=sides, scope=spec.scope
            )
            ids = asking.sources(answer)
            made[spec.slug] = Exhibit(
                slug=spec.slug,
                analysis=spec.analysis,
                about=about,
                answer=answer,
                citations=line.store.citations(ids, as_of),
            )
    return made


def _path(value: Path | str | None) -> Path | None:
    return Path(value) if isinstance(value, str) else value
