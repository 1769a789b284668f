"""The verbs about public evidence: each gives the same result object as its `h2h` twin."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headtohead.claims.changes import DiffResult, price_changes, rank_changes, verdict_changes
from headtohead.claims.claim import ClaimsFile
from headtohead.claims.judging import claims_of, verdicts_on
from headtohead.claims.result import CheckResult, ReportResult
from headtohead.core import arguments as asking
from headtohead.core.arguments import Day, Window
from headtohead.core.dates import Period
from headtohead.core.errors import UnknownName
from headtohead.core.question import Exhibit, Sides
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.prices.in_force import in_force
from headtohead.questions import ask

if TYPE_CHECKING:
    pass


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
    facts = Facts(store)
    return _check(facts, claims_of(facts, _path(claims)), asking.window(about), asking.day(as_of))


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
    facts = Facts(store)
    file = claims_of(facts, _path(claims))
    kept = tuple(c for c in file.claims if c.id.casefold() == claim.casefold())
    if not kept:
        raise UnknownName("claim", claim, [c.id for c in file.claims])
    only = ClaimsFile(
        title=file.title, origin=file.origin, group=file.group, a=file.a, b=file.b, claims=kept
    )
    return _check(facts, only, asking.window(about), asking.day(as_of))


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
    facts = Facts(store)
    file = claims_of(facts, _path(claims))
    sides, day = facts.sides(group, a, b), asking.day(as_of)
    facts.require_evidence(day)
    window = asking.window(about) or _usual(file)
    speaks = (file.group, file.a, file.b) == (group, a, b)
    asked = asking.window(about)
    then = _check(facts, file, asked, min(window.end, day)) if speaks else None
    now = _check(facts, file, asked, day) if speaks else None
    today = _check(facts, file, Period(day, day), day) if speaks else None
    exhibits = _exhibits(facts, sides, window, day)
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
        citations=facts.store.citations(sorted(ids), day),
    )


def diff(start: Day, end: Day, *, store: Store | None = None, top: int = 20) -> DiffResult:
    """Which verdicts, list prices and places changed between two days of knowledge, and why.

    Args:
        start: The earlier day.
        end: The later day.
        store: The evidence; the user's own if None.
        top: How many places of the text board to compare.
    """
    facts = Facts(store)
    first, last = sorted((asking.day(start), asking.day(end)))
    file = claims_of(facts)
    verdicts = [verdicts_on(facts, file, about=None, as_of=day) for day in (first, last)]
    changes = [
        *verdict_changes(*verdicts),
        *price_changes(*(in_force(facts.frame("prices", d, used_on=d), d) for d in (first, last))),
        *rank_changes(*(facts.frame("arena_ratings", d) for d in (first, last)), top=top),
    ]
    ids = sorted({i for c in changes for i in c.source_ids})
    return DiffResult(
        start=first, end=last, changes=tuple(changes), citations=facts.store.citations(ids, last)
    )


def _usual(file: ClaimsFile) -> Period:
    """The time that most of the claims speak of."""
    return Counter(c.about for c in file.claims).most_common(1)[0][0]


def _check(facts: Facts, file: ClaimsFile, about: Period | None, as_of: date) -> CheckResult:
    verdicts = verdicts_on(facts, file, about=about, as_of=as_of)
    ids = sorted({i for v in verdicts for i in v.source_ids})
    return CheckResult(
        file=file,
        about=about,
        as_of=as_of,
        verdicts=verdicts,
        citations=facts.store.citations(ids, as_of),
    )


def _exhibits(facts: Facts, sides: Sides, window: Period, as_of: date) -> dict[str, Exhibit]:
    """Every exhibit that a section of the report declares, answered."""
    from headtohead.questions.exhibits import sections

    made = {}
    for section in sections():
        for spec in section.exhibits:
            about = spec.about(window, as_of)
            answer = ask(
                facts, spec.analysis, about=about, as_of=as_of, sides=sides, scope=spec.scope
            )
            ids = asking.sources(answer)
            made[spec.slug] = Exhibit(
                slug=spec.slug,
                analysis=spec.analysis,
                about=about,
                answer=answer,
                citations=facts.store.citations(ids, as_of),
            )
    return made


def _path(value: Path | str | None) -> Path | None:
    return Path(value) if isinstance(value, str) else value
