"""The verbs about capability: how able each model is, and how far apart two sides are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any

import polars as pl

from headtohead.capability.questions import (
    capability_gap,
    capability_index,
    capability_lag,
    capability_profile,
    capability_sensitivity,
    catch_up_time,
    expected_scores,
    frontier_trend,
    score_ratio,
)
from headtohead.capability.result import GapResult, IndexResult
from headtohead.capability.settings import DEFAULT_SOURCE, GapSettings, IndexSettings
from headtohead.capability.words import DOMAIN_WORDS, scope_of
from headtohead.core import dates
from headtohead.core.dates import Day, Period, Window
from headtohead.core.errors import InputError, NoEvidence, UnknownName
from headtohead.core.estimate import OWN_SCORES
from headtohead.core.question import Answer, Exhibit, Sides
from headtohead.core.settings import takes
from headtohead.evidence.facts import Facts
from headtohead.evidence.store import Store
from headtohead.evidence.tables import DOMAINS
from headtohead.evidence.tables import benchmarks as all_benchmarks

_NO_RATIO = (
    "The index has no zero: where it begins and how long a point is are chosen, so 146 over 155 "
    "says nothing, and another choice gives another ratio. Ask for the difference (leave out "
    "`measure='ratio'`): `h2h gap` also gives it in months, in expected scores, and as the ratio "
    "of scores on shared benchmarks, where 0 does mean that nothing was solved."
)


# What is being worked on, for who waits.
_STEPS = {
    "level": "index points",
    "lag": "months at release",
    "lag_release": "months at release",
    "lag_now": "months on the day",
    "catch_up": "how long records stood",
    "trend": "trends",
    "scores": "expected scores",
    "ratio": "ratio of scores",
    "profile": "benchmark by benchmark",
    "sensitivity": "other choices",
}
_EXAMPLES = {
    "lab": "For example `a='openai'` and `b='deepseek'`.",
    "open": "For example `a='closed'` and `b='open'`.",
    "family": "For example `a='gpt-5'` and `b='qwen3'`.",
    "model": "For example `a='GPT-5'` and `b='DeepSeek-V3.2'`.",
}


@takes(settings=IndexSettings)
def index(
    *,
    as_of: Day,
    settings: IndexSettings,
    about: Window | None = None,
    store: Store | None = None,
) -> IndexResult:
    """How able each model is on one scale, with 90% intervals, tie groups and places.

    Args:
        as_of: The day of our knowledge.
        settings: The choices below as one object.
        about: Models released by the end of it; by `as_of` if None.
        store: The evidence; the user's own if None.

    Raises:
        InputError: If a choice is none of those allowed, or does not go with the published index.
        UnknownName: If a domain, source or benchmark does not exist.
        NoEvidence: If what was known makes no index.
    """
    day = dates.day(as_of, "as_of")
    facts = _facts(store, settings, day)
    scope = scope_of(_checked(facts, day, settings))
    window = dates.window(about) or Period(day, day)
    answer = facts.ask(capability_index, about=window, as_of=day, scope=scope)
    if answer.missing:
        raise NoEvidence(_nothing(answer, scope))
    return IndexResult(
        scope=scope,
        about=window,
        as_of=day,
        answer=answer,
        citations=facts.citations(answer.source_ids, day),
    )


@takes(between=GapSettings, settings=IndexSettings)
def gap(
    *,
    as_of: Day,
    between: GapSettings,
    settings: IndexSettings,
    about: Window | None = None,
    store: Store | None = None,
    progress: Callable[[str], None] | None = None,
) -> GapResult:
    """How far B's best is behind A's best: in points, in months, and in scores.

    Args:
        as_of: The day of our knowledge.
        between: The two sides, and what the gap is given in, as one object.
        settings: How the index is made, as one object.
        about: The day or window it speaks of; `as_of` if None.
        store: The evidence; the user's own if None.
        progress: Called with each step, since many scores take a while.

    Raises:
        InputError: If a ratio is asked for, or a choice is none of those allowed.
        UnknownName: If a side, domain, source or benchmark does not exist.
        NoEvidence: If what was known makes no index with both sides.
    """
    if between.measure == "ratio":
        raise InputError(_NO_RATIO)
    day = dates.day(as_of, "as_of")
    facts = _facts(store, settings, day)
    sides = _sides(facts, day, between)
    settings = _checked(facts, day, settings)
    if between.group == "model":
        # Two models that were named are not the best of many, so none need be well tested to lead.
        settings = replace(settings, frontier_benchmarks=1)
    known = set(facts.frame("benchmark_scores", day)["benchmark"])
    _check_benchmarks(between.benchmarks, known)
    window = dates.window(about) or Period(day, day)
    asked: dict[str, tuple[ModuleType, Answer]] = {}
    for slug, question, scope in _parts(settings, between, known):
        if progress:
            domain, _, what = slug.rpartition("_")
            progress(_STEPS.get(slug) or f"{_STEPS[what]}, {DOMAIN_WORDS[domain].lower()}")
        # A ratio of scores has no index, so what it reads is said apart from its scope.
        sources = settings.sources if question is score_ratio else ()
        answer = facts.ask(
            question, about=window, as_of=day, sides=sides, scope=scope, sources=sources
        )
        if slug == "level" and answer.missing:
            raise NoEvidence(_nothing(answer, scope_of(settings)))
        # What was said of the index once holds for every part.
        before = {note for _, other in asked.values() for note in other.notes}
        fresh = tuple(note for note in answer.notes if note not in before)
        asked[slug] = (question, replace(answer, notes=fresh))
    ids = sorted({i for _, answer in asked.values() for i in answer.source_ids})
    citations = facts.citations(ids, day)
    parts = {
        slug: Exhibit(
            slug=slug,
            analysis=f"performance.{question.__name__.rpartition('.')[2]}",
            about=window,
            answer=answer,
            citations=tuple(c for c in citations if c.source_id in answer.source_ids),
        )
        for slug, (question, answer) in asked.items()
    }
    return GapResult(
        sides=sides,
        scope=scope_of(settings),
        about=window,
        as_of=day,
        parts=parts,
        citations=citations,
    )


def _parts(
    settings: IndexSettings, between: GapSettings, known: set[str]
) -> Iterator[tuple[str, ModuleType, Mapping[str, Any]]]:
    """The questions of a gap in the order of the page: a slug, the module, and its scope words."""
    scope = scope_of(settings)
    many = between.group != "model"  # one model alone has no history and no profile
    yield "level", capability_gap, scope
    if many:
        yield "lag_release", capability_lag, {**scope, "clock": "release"}
        yield "lag_now", capability_lag, {**scope, "clock": "about"}
        yield "catch_up", catch_up_time, scope
        yield "trend", frontier_trend, scope
    yield "scores", expected_scores, {**scope, "benchmarks": between.benchmarks}
    if settings.method != "published":  # whose scores are not all here
        # The benchmarks that the choices leave for a ratio of scores; none stands for all.
        facts = all_benchmarks()
        left = set(between.benchmarks or known) - set(settings.without)
        if domain := settings.domain:
            left = {name for name in left if name in facts and facts[name].domain == domain}
        tests = tuple(sorted(left)) if left != known else ()
        # Of a domain few tests are shared; the interval tells what they are worth.
        fewest = {"min_shared": 3} if tests else {}
        words = {"independent": settings.independent, "benchmarks": tests, **fewest}
        yield "ratio", score_ratio, words
        for domain in () if settings.domain else DOMAINS[:3]:
            own = {**scope, "domain": domain}
            yield f"{domain}_level", capability_gap, own
            if many:
                yield f"{domain}_lag", capability_lag, own
    if many:
        yield "profile", capability_profile, scope
    yield "sensitivity", capability_sensitivity, scope


def _facts(store: Store | None, settings: IndexSettings, day: date) -> Facts:
    """The evidence, with the scores that the user brought."""
    facts = Facts(store)
    if settings.scores is not None:
        from headtohead.capability.own_scores import own_scores

        facts.bring("benchmark_scores", *own_scores(settings.scores, facts.names, day))
    return facts


def _sides(facts: Facts, day: date, between: GapSettings) -> Sides:
    """The sides asked for: of a group that the names know, or of the scores the user brought."""
    group, a, b = between.group, between.a, between.b
    if group == "country":
        a, b = a or "US", b or "CN"
    if lacking := [f"`{name}`" for name, side in (("a", a), ("b", b)) if not side]:
        raise InputError(
            f"Give {' and '.join(lacking)} too: only countries have a usual pair of sides, the US "
            f"and China. {_EXAMPLES.get(group, '')}".rstrip()
        )
    frame = facts.frame("benchmark_scores", day)
    if group == "model":
        names = frame.select("model_name", pl.coalesce("model_id", "model_name").alias("unit"))
        by_name: dict[str, str] = dict(names.iter_rows())
        chosen = []
        for name in (a, b):
            model = by_name.get(name) or facts.names.resolve(name, on=day).model
            if model is None or model not in by_name.values():
                raise UnknownName("model with scores", name, by_name)
            chosen.append(model)
        return Sides("unit", *chosen)
    brought = set(frame[group].drop_nulls()) if group in frame.columns else set()
    if a != b and {a, b} <= brought:
        return Sides(group, a, b)
    return facts.sides(group, a, b)


def _checked(facts: Facts, day: date, settings: IndexSettings) -> IndexSettings:
    """The settings with the names of their sources, every name in them known."""
    if settings.domain and settings.domain not in DOMAINS:
        raise UnknownName("domain", settings.domain, DOMAINS)
    if settings.method == "published":
        for name in ("domain", "source", "independent", "without"):
            if getattr(settings, name):
                raise InputError(
                    f"The published index is one printed whole: `{name}` cannot be chosen. Leave "
                    "it out, or use `method='binomial'` or `method='eci'`."
                )
    frame = facts.frame("benchmark_scores", day)
    there: set[str] = set(frame["source_id"])
    usual = (DEFAULT_SOURCE, OWN_SCORES) if OWN_SCORES in there else (DEFAULT_SOURCE,)
    _check_benchmarks(settings.without, set(frame["benchmark"]))
    return replace(settings, source=_known_sources(there, settings.source or usual, day))


def _check_benchmarks(named: Sequence[str], known: set[str]) -> None:
    for name in named:
        if name not in known:
            raise UnknownName("benchmark", name, known)


def _known_sources(known: set[str], wanted: tuple[str, ...], day: date) -> tuple[str, ...]:
    if wanted == ("all",):
        first = [DEFAULT_SOURCE] if DEFAULT_SOURCE in known else []
        return (*first, *sorted(known - set(first)))
    for name in wanted:
        if name not in known:
            if name == DEFAULT_SOURCE:
                raise NoEvidence(
                    f"No benchmark score that makes the index was known by {day}. Choose a later "
                    "`as_of`."
                )
            raise UnknownName("source of benchmark scores", name, known)
    return wanted


def _nothing(answer: Answer, scope: Mapping[str, Any]) -> str:
    why = answer.missing[0].upper() + answer.missing[1:].rstrip(".")
    more = ""
    if scope.get("domain") and len(scope["index_sources"]) == 1:
        more = " `source='all'` takes in the scores of every source you have."
    return f"{why}.{more} `read_evidence('benchmark_scores')` shows what there is."
