"""The verbs about public evidence: each gives the same result object as its `h2h` twin."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import cast

from headtohead.claims.changes import DiffResult, price_changes, rank_changes, verdict_changes
from headtohead.claims.claim import Claim, ClaimsFile
from headtohead.claims.result import CheckResult, ReportResult
from headtohead.claims.settings import CheckSettings, DiffSettings, ReportSettings, ShowSettings
from headtohead.claims.verdict import claims_of, verdicts_on
from headtohead.claims.versus.pair import Pair
from headtohead.claims.versus.settings import Kind
from headtohead.claims.versus.verb import side_by_side
from headtohead.core import dates
from headtohead.core.dates import Day, Period
from headtohead.core.errors import InputError, UnknownName
from headtohead.core.question import Exhibit, Sides
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.names.reading import key
from headtohead.prices.in_force import in_force
from headtohead.questions import analysis, sections
from headtohead.questions.exhibit import ReportSection

Tell = Callable[[str], None]


def _silent(_: str) -> None:
    """Nobody waits to be told."""


def _after(progress: Tell, head: str) -> Tell:
    """Tells every step after a heading."""
    return lambda step: progress(f"{head}: {step}")


@takes(settings=CheckSettings)
def check(
    claims: Path | str | None = None,
    *,
    as_of: Day,
    settings: CheckSettings,
    store: Store | None = None,
    progress: Tell = _silent,
) -> CheckResult:
    """Verdicts on a file of claims.

    Args:
        claims: A claims file; the reference article's if None.
        as_of: The day of our knowledge: nothing known later has any influence.
        settings: What they are asked about.
        store: The evidence; the user's own if None.
        progress: Called with each claim that is being judged.

    Raises:
        ClaimsFileError: If the file is wrong.
        NoEvidence: If nothing was known by `as_of`.
    """
    facts = Facts(store)
    file = claims_of(facts, Path(claims) if claims else None)
    return _check(facts, file, settings.about, dates.day(as_of, "as_of"), progress)


@takes(settings=ShowSettings)
def show(
    claim: str,
    *,
    as_of: Day,
    settings: ShowSettings,
    store: Store | None = None,
    progress: Tell = _silent,
) -> CheckResult:
    """One claim's verdict with every number, row and source behind it.

    Args:
        claim: Its id or its statement; the other arguments are as in `check`.

    Raises:
        UnknownName: If no claim has that id or statement, with those that are nearest in words.
    """
    facts = Facts(store)
    file = claims_of(facts, settings.claims)
    kept = tuple(
        c for c in file.claims if c.id.casefold() == claim.casefold() or key(c.says) == key(claim)
    )
    if not kept:
        meant = [f"{c.id} (“{c.says}”)" for c in _nearest(claim, file.claims)]
        raise UnknownName("claim", claim, [c.id for c in file.claims], meant=meant)
    result = _check(
        facts, replace(file, claims=kept), settings.about, dates.day(as_of, "as_of"), progress
    )
    return replace(result, verb="show")


def _nearest(words: str, claims: Sequence[Claim]) -> list[Claim]:
    """Claims whose statements have at least half of some words, those with rare ones first."""
    asked = set(key(words).split("-"))
    shared = {c.id: asked & set(key(c.says).split("-")) for c in claims}
    times = Counter(word for found in shared.values() for word in found)
    near = [c for c in claims if 2 * len(shared[c.id]) >= len(asked)]
    return sorted(near, key=lambda c: -sum(1 / times[word] for word in shared[c.id]))


@takes(settings=ReportSettings)
def report(
    *,
    as_of: Day,
    settings: ReportSettings,
    store: Store | None = None,
    progress: Tell = _silent,
) -> ReportResult:
    """The whole head-to-head: the claims then, in hindsight and today, and six comparisons.

    `progress` is called with each step; the other arguments are as in `check`.

    Raises:
        UnknownName: If the group or a side does not exist.
    """
    facts = Facts(store)
    file = claims_of(facts, settings.claims)
    group, a, b = settings.group, settings.a, settings.b
    usual = {"a": "US", "b": "CN"} if group in ("lab", "family", "open") else {}
    if lacking := [f"`{x}`" for x, side in usual.items() if getattr(settings, x) == side]:
        raise InputError(
            f"Give {' and '.join(lacking)} too: only countries have a usual pair of sides, the US "
            "and China."
        )
    sides, day = facts.sides(group, a, b), dates.day(as_of, "as_of")
    facts.require_evidence(day)
    asked = settings.about
    window = asked or Counter(c.about for c in file.claims).most_common(1)[0][0]
    then = now = today = None
    if (file.group, file.a, file.b) == (group, a, b):
        then, now, today = (
            _check(facts, file, about, known, _after(progress, when))
            for when, about, known in (
                ("then", asked, min(window.end, day)),
                ("in hindsight", asked, day),
                ("today", Period(day, day), day),
            )
        )
    card = side_by_side(
        Pair(
            kind=cast("Kind", sides.group),
            a=sides.a,
            b=sides.b,
            facts=facts,
            about=asked or Period(day, day),
            as_of=day,
        ),
        _after(progress, "side by side"),
    )
    exhibits = exhibits_of(facts, sides, window, day, sections(), progress)
    ids = {i for x in exhibits.values() for i in x.answer.source_ids}
    ids |= {c.source_id for c in card.citations}
    ids |= {i for c in (then, now, today) if c for v in c.verdicts for i in v.source_ids}
    return ReportResult(
        sides=sides,
        about=window,
        as_of=day,
        then=then,
        now=now,
        today=today,
        exhibits=exhibits,
        versus=card,
        citations=facts.store.citations(sorted(ids), day),
    )


@takes(settings=DiffSettings)
def diff(
    start: Day,
    end: Day,
    *,
    settings: DiffSettings,
    store: Store | None = None,
    progress: Tell = _silent,
) -> DiffResult:
    """Which verdicts, list prices and places changed between two days of knowledge, and why.

    Args:
        start: The first day of our knowledge.
        end: The last one; the other arguments are as in `report`.

    Raises:
        InputError: If the days are in the wrong order.
    """
    first, last = dates.day(start, "start"), dates.day(end, "end")
    if last < first:
        raise InputError(f"`start` {first} comes after `end` {last}. Swap them.")
    facts = Facts(store)
    file = claims_of(facts)
    verdicts = [
        verdicts_on(Facts(store), file, about=None, as_of=day, progress=_after(progress, str(day)))
        for day in (first, last)
    ]
    progress("prices and places")
    changes = [
        *verdict_changes(*verdicts),
        *price_changes(
            *(in_force(facts.frame("prices", d, used_on=d), d, noted=False) for d in (first, last))
        ),
        *rank_changes(*(facts.frame("arena_ratings", d) for d in (first, last)), top=settings.top),
    ]
    ids = sorted({i for c in changes for i in c.source_ids})
    return DiffResult(
        start=first, end=last, changes=tuple(changes), citations=facts.store.citations(ids, last)
    )


def _check(
    facts: Facts, file: ClaimsFile, about: Period | None, as_of: date, progress: Tell
) -> CheckResult:
    verdicts = verdicts_on(facts, file, about=about, as_of=as_of, progress=progress)
    ids = sorted({i for v in verdicts for i in v.source_ids})
    return CheckResult(
        file=file,
        about=about,
        as_of=as_of,
        verdicts=verdicts,
        citations=facts.store.citations(ids, as_of),
    )


def exhibits_of(
    facts: Facts,
    sides: Sides,
    window: Period,
    as_of: date,
    asked: Iterable[ReportSection],
    progress: Tell = _silent,
) -> dict[str, Exhibit]:
    """Every exhibit that some sections of the report declare, answered, by its slug."""
    exhibits = {}
    for section in asked:
        for spec in section.exhibits:
            progress(spec.title)
            about = spec.about(window, as_of)
            question = analysis(spec.analysis)
            answer = facts.ask(question, about=about, as_of=as_of, sides=sides, scope=spec.scope)
            ids = answer.source_ids
            exhibits[spec.slug] = Exhibit(
                slug=spec.slug,
                analysis=spec.analysis,
                about=about,
                answer=answer,
                citations=facts.store.citations(ids, as_of),
            )
    return exhibits
