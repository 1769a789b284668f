"""From claims to verdicts: each reading is asked of the evidence and judged by its bound."""

from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

from headtohead.claims.claim import Claim, ClaimsFile, Reading
from headtohead.claims.load import load
from headtohead.claims.verdict import Judged, Verdict, judge, verdict
from headtohead.core.dates import Period
from headtohead.core.question import Answer, Sides
from headtohead.evidence.facts import Facts
from headtohead.questions import analyses, ask


def article_claims() -> Path:
    """The claims of the reference article, as shipped."""
    return Path(str(files("headtohead").joinpath("data/claims/ai_race_2025.toml")))


def claims_of(facts: Facts, path: Path | None = None) -> ClaimsFile:
    """The claims in a file; the reference article's if None.

    Raises:
        ClaimsFileError: If the file is wrong.
    """
    questions = {i: a.question for i, a in analyses().items()}
    return load(path or article_claims(), questions, facts.store.source_ids())


def verdicts_on(
    facts: Facts,
    claims: ClaimsFile,
    *,
    about: Period | None,
    as_of: date,
    progress: Callable[[str], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """The verdict on every claim, asked of `about` instead of its own window where that is given.

    Raises:
        NoEvidence: If nothing at all was known by then.
    """
    facts.require_evidence(as_of)
    sides = Sides(claims.group, claims.a, claims.b)
    made = []
    for claim in claims.claims:
        progress(claim.id)
        stated, kindest = (
            _judge(facts, claim, reading, sides, about, as_of)
            for reading in (claim.as_stated, claim.kindest)
        )
        made.append(verdict(claim, stated, kindest, as_of))
    return tuple(made)


def _judge(
    facts: Facts, claim: Claim, reading: Reading, sides: Sides, about: Period | None, as_of: date
) -> Judged:
    window = about or reading.about or claim.about
    if reading.cannot:
        return judge(reading, Answer(missing=reading.cannot), window)
    if claim.kind == "forecast" and window.end > as_of:
        ahead = f"the forecast is resolved on {window.end}, which on {as_of} lies ahead"
        return judge(reading, Answer(missing=ahead, pending=True), window)
    answer = ask(
        facts,
        reading.analysis,
        about=window,
        as_of=as_of,
        sides=sides,
        scope=reading.scope,
        sources=claim.sources,
    )
    return judge(reading, answer, window)
