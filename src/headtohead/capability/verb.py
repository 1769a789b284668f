"""The verbs about capability: how able each model is, and how far apart two sides are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from headtohead.capability import catch_up as catch_up_question
from headtohead.capability import expected_scores as expected_scores_question
from headtohead.capability import frontier_trend as frontier_trend_question
from headtohead.capability import gap as gap_question
from headtohead.capability import index as index_question
from headtohead.capability import lag as lag_question
from headtohead.capability import profile as profile_question
from headtohead.capability import score_ratio as score_ratio_question
from headtohead.capability import sensitivity as sensitivity_question
from headtohead.capability.own_scores import own_scores
from headtohead.capability.result import GapResult, IndexResult
from headtohead.core import arguments as asking
from headtohead.core.arguments import Day, Window
from headtohead.core.dates import Period
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.provenance import OWN_SCORES
from headtohead.core.question import Answer, Exhibit, Sides
from headtohead.evidence.benchmarks import DOMAINS
from headtohead.evidence.benchmarks import benchmarks as all_benchmarks
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store

IndexMethod = Literal["binomial", "eci", "published"]
Dates = Literal["publisher", "release"]
Measure = Literal["difference", "ratio"]
DEFAULT_SOURCE = "epoch_eci"

_NO_RATIO = (
    "The index has no zero: where it begins and how long a point is are chosen, so 146 over 155 "
    "says nothing, and another choice gives another ratio. Ask for the difference (leave out "
    "--measure ratio): `h2h gap` also tells it in months, in expected scores, and as the ratio of "
    "scores on shared benchmarks, where 0 does mean that nothing was solved."
)


def index(
    *,
    as_of: Day,
    about: Window | None = None,
    domain: str = "",
    source: str | Sequence[str] | None = None,
    scores: Path | str | None = None,
    method: IndexMethod = "binomial",
    dates: Dates = "publisher",
    independent: bool = False,
    without: str | Sequence[str] = (),
    store: Store | None = None,
) -> IndexResult:
    """How able each model is on one scale, with 90% intervals, tie groups and places.

    Args:
        as_of: The day of our knowledge.
        about: Models released by the end of it; by `as_of` if None.
        domain: "maths", "coding_agentic" or "knowledge_reasoning"; all benchmarks if empty.
        source: Sources of the scores: epoch_eci if None, and "scores" with it if `scores` is
            given; "all" for every one known.
        scores: A file of your own scores; see `evidence.own_scores`.
        method: "binomial" (by the likelihood of items), "eci" (Epoch's objective) or "published"
            (Epoch's printed scores).
        dates: Which release day counts: "publisher" (previews included) or "release".
        independent: Leave out results that the models' makers report.
        without: Benchmarks to leave out.
        store: The evidence; the user's own if None.

    Raises:
        UnknownName: If a domain, source or benchmark does not exist.
        NoEvidence: If what was known makes no index.
    """
    day = asking.day(as_of)
    facts = _line(store, scores, day)
    scope = _scope(facts, day, domain, source, method, dates, independent, without)
    window = asking.window(about) or Period(day, day)
    answer = facts.ask(
        index_question.QUESTION, index_question.run, about=window, as_of=day, scope=scope
    )
    if answer.missing:
        raise NoEvidence(_nothing(answer, scope))
    return IndexResult(
        scope=scope,
        about=window,
        as_of=day,
        answer=answer,
        citations=facts.citations(asking.sources(answer), day),
    )


def gap(
    *,
    as_of: Day,
    a: str = "US",
    b: str = "CN",
    group: str = "country",
    about: Window | None = None,
    domain: str = "",
    source: str | Sequence[str] | None = None,
    scores: Path | str | None = None,
    method: IndexMethod = "binomial",
    dates: Dates = "publisher",
    independent: bool = False,
    without: str | Sequence[str] = (),
    benchmarks: str | Sequence[str] = (),
    measure: Measure = "difference",
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> GapResult:
    """How far B's best is behind A's best: in points, in months, and in scores.

    Args:
        as_of: The day of our knowledge.
        a: The side that would be replaced.
        b: The side that might stand in.
        group: What tells them apart: country, open, lab, family or model.
        about: The day or window it speaks of; `as_of` if None.
        domain: As in `index`.
        source: As in `index`.
        scores: As in `index`.
        method: As in `index`.
        dates: As in `index`.
        independent: As in `index`.
        without: As in `index`.
        benchmarks: Benchmarks to translate the gap into; all of the index if empty.
        measure: "difference"; "ratio" is refused, since the scale has no zero.
        store: The evidence; the user's own if None.
        progress: Told each question before it is asked; many scores take a while.

    Raises:
        InputError: If a ratio is asked for.
        UnknownName: If a side, domain, source or benchmark does not exist.
        NoEvidence: If what was known makes no index with both sides.
    """
    if measure == "ratio":
        raise InputError(_NO_RATIO)
    day = asking.day(as_of)
    facts = _line(store, scores, day)
    sides = _sides(facts, day, group, a, b)
    scope = _scope(facts, day, domain, source, method, dates, independent, without)
    # Two models that were named are not the best of many, so none need be well tested to lead.
    scope |= {"frontier_benchmarks": 1} if group == "model" else {}
    window = asking.window(about) or Period(day, day)
    named = asking.words(benchmarks)
    tests: set[str] = set(facts.frame("benchmark_scores", day)["benchmark"])
    _check_benchmarks(named, tests)
    parts = {}
    questions = _questions(scope, named, tests)
    if group == "model":
        questions = [q for q in questions if q.slug not in _OF_MANY and not q.slug.endswith("_lag")]
    for asked in questions:
        if progress:
            progress(asked.slug.replace("_", " "))
        answer = facts.ask(
            asked.module.QUESTION,
            asked.module.run,
            about=window,
            as_of=day,
            sides=sides,
            scope=asked.scope,
            sources=asked.sources,
        )
        if asked.slug == "level" and answer.missing:
            raise NoEvidence(_nothing(answer, scope))
        parts[asked.slug] = Exhibit(
            slug=asked.slug,
            analysis=asked.analysis,
            about=window,
            answer=answer,
            citations=facts.citations(asking.sources(answer), day),
        )
    ids = sorted({i for part in parts.values() for i in asking.sources(part.answer)})
    return GapResult(
        sides=sides,
        scope=scope,
        about=window,
        as_of=day,
        parts=parts,
        citations=facts.citations(ids, day),
    )


# What is said of sides with many models: one model alone has no history and no profile.
_OF_MANY = ("lag_release", "lag_now", "catch_up", "trend", "profile")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question of the many that make a gap."""

    slug: str
    analysis: str
    module: Any
    scope: Mapping[str, Any]
    sources: tuple[str, ...] = ()


def _of_scope(
    scope: Mapping[str, Any], benchmarks: tuple[str, ...], known: set[str]
) -> tuple[str, ...]:
    """The benchmarks that the choices leave for a ratio of scores; empty for all."""
    facts, domain = all_benchmarks(), scope.get("domain")
    left = set(benchmarks or known)
    left -= set(scope.get("without", ()))
    if domain:
        left = {name for name in left if name in facts and facts[name].domain == domain}
    return tuple(sorted(left)) if left != known else ()


def _questions(
    scope: Mapping[str, Any], benchmarks: tuple[str, ...], known: set[str]
) -> list[_Asked]:
    own = _of_scope(scope, benchmarks, known)
    asked = [
        _Asked("level", "performance.capability_gap", gap_question, scope),
        _Asked(
            "lag_release", "performance.capability_lag", lag_question, {**scope, "clock": "release"}
        ),
        _Asked("lag_now", "performance.capability_lag", lag_question, {**scope, "clock": "about"}),
        _Asked("catch_up", "performance.catch_up_time", catch_up_question, scope),
        _Asked("trend", "performance.frontier_trend", frontier_trend_question, scope),
        _Asked(
            "scores",
            "performance.expected_scores",
            expected_scores_question,
            {**scope, "benchmarks": benchmarks},
        ),
        _Asked(
            "ratio",
            "performance.score_ratio",
            score_ratio_question,
            {
                "independent": scope.get("independent", False),
                "benchmarks": own,
                # Of a domain few tests are shared; the interval tells what they are worth.
                **({"min_shared": 3} if own else {}),
            },
            tuple(scope["index_sources"]),
        ),
    ]
    if scope.get("method") == "published":  # its scores are not all here
        asked = [a for a in asked if a.slug != "ratio"]
    if not scope.get("domain") and scope.get("method") != "published":
        for domain in DOMAINS[:3]:
            part = {**scope, "domain": domain}
            asked.append(
                _Asked(f"{domain}_level", "performance.capability_gap", gap_question, part)
            )
            asked.append(_Asked(f"{domain}_lag", "performance.capability_lag", lag_question, part))
    asked.append(_Asked("profile", "performance.capability_profile", profile_question, scope))
    asked.append(
        _Asked("sensitivity", "performance.capability_sensitivity", sensitivity_question, scope)
    )
    return asked


def _line(store: Store | None, scores: Path | str | None, day: date) -> Facts:
    facts = Facts(store)
    if scores is not None:
        own = own_scores(Path(scores), facts.names, day)
        facts.bring("benchmark_scores", own.rows, own.citation)
    return facts


def _sides(facts: Facts, day: date, group: str, a: str, b: str) -> Sides:
    """The sides asked for: of a group that the names know, or of the scores the user brought."""
    import polars as pl

    frame = facts.frame("benchmark_scores", day)
    if group == "model":
        names = frame.select("model_name", pl.coalesce("model_id", "model_name").alias("unit"))
        by_name: dict[str, str] = dict(names.iter_rows())
        chosen = []
        for name in (a, b):
            found = by_name.get(name) or facts.names.resolve(name, on=day).model
            if found is None or found not in by_name.values():
                raise UnknownName("model with scores", name, by_name)
            chosen.append(found)
        return Sides("unit", *chosen)
    brought = set(frame[group].drop_nulls()) if group in frame.columns else set()
    if a != b and {a, b} <= brought:
        return Sides(group, a, b)
    return facts.sides(group, a, b)


def _scope(
    facts: Facts,
    day: date,
    domain: str,
    source: str | Sequence[str] | None,
    method: str,
    dates: str,
    independent: bool,
    without: str | Sequence[str],
) -> dict[str, Any]:
    """The scope words that are not the default, each checked; the sources always."""
    if domain and domain not in DOMAINS:
        raise UnknownName("domain", domain, DOMAINS)
    for word, value, known in (
        ("method", method, ("binomial", "eci", "published")),
        ("way to date models", dates, ("publisher", "release")),
    ):
        if value not in known:
            raise UnknownName(word, value, known)
    if method == "published":
        asked = {"domain": domain, "source": source, "independent": independent, "without": without}
        for word in (w for w, value in asked.items() if value):
            raise InputError(
                f"The published index is one printed whole: {word} cannot be chosen. Leave it out, "
                "or use the method binomial or eci."
            )
    frame = facts.frame("benchmark_scores", day)
    there: set[str] = set(frame["source_id"])
    usual = (DEFAULT_SOURCE, OWN_SCORES) if OWN_SCORES in there else (DEFAULT_SOURCE,)
    made: dict[str, Any] = {
        "index_sources": _known_sources(there, usual if source is None else source)
    }
    left_out = asking.words(without)
    _check_benchmarks(left_out, set(frame["benchmark"]))
    made |= {"domain": domain} if domain else {}
    made |= {"method": method} if method != "binomial" else {}
    made |= {"dates": dates} if dates != "publisher" else {}
    made |= {"independent": True} if independent else {}
    return made | ({"without": left_out} if left_out else {})


def _check_benchmarks(named: tuple[str, ...], known: set[str]) -> None:
    for name in named:
        if name not in known:
            raise UnknownName("benchmark", name, known)


def _known_sources(known: set[str], source: str | Sequence[str]) -> tuple[str, ...]:
    wanted = asking.words(source)
    if wanted == ("all",):
        first = [DEFAULT_SOURCE] if DEFAULT_SOURCE in known else []
        return (*first, *sorted(known - set(first)))
    for name in wanted:
        if name not in known:
            if name == DEFAULT_SOURCE:
                raise NoEvidence(
                    "No benchmark score that makes the index was known by then. Choose a later "
                    "--as-of; `h2h sources` tells what became known when."
                )
            raise UnknownName("source of benchmark scores", name, known)
    return wanted


def _nothing(answer: Answer, scope: Mapping[str, Any]) -> str:
    told = answer.missing[0].upper() + answer.missing[1:].rstrip(".")
    more = ""
    if scope.get("domain") and len(scope["index_sources"]) == 1:
        more = " --source all takes in the scores of every source you have."
    return f"{told}.{more} `h2h evidence benchmark_scores` shows what there is."
