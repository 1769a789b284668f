"""An index and a gap as text for a terminal."""

from collections.abc import Iterator, Mapping
from textwrap import wrap
from typing import Any

from headtohead.capability.result import GapResult, IndexResult
from headtohead.claims.terminal import source_lines
from headtohead.core.provenance import Citation
from headtohead.core.question import Answer
from headtohead.core.units import show, show_end
from headtohead.core.version import VERSION
from headtohead.publish.escaping import plain

WIDTH = 100
_TOP = 25
_NAME = 34
_TESTS = 8
_TITLES = {
    "level": "IN POINTS",
    "lag_release": "IN MONTHS",
    "scores": "IN SCORES (expected, corrected for guessing)",
    "ratio": "AS A RATIO OF SCORES",
    "maths_level": "BY DOMAIN",
    "profile": "WHERE A SIDE IS BETTER OR WORSE THAN ITS LEVEL SAYS",
    "sensitivity": "UNDER OTHER CHOICES",
}
_TABLES = ("scores", "profile", "sensitivity")


def index_lines(result: IndexResult, top: int | None = None) -> Iterator[str]:
    """The models, the ablest first, with places, tie groups and intervals.

    Args:
        result: The index.
        top: How many models; 25 if None.
    """
    rows = result.answer.rows
    yield f"Capability index{_scope_words(result.scope)}"
    yield (
        f"models released by {result.about.end}; known by {result.as_of}{_reach(result.citations)}"
    )
    yield ""
    yield (
        f"{'places':>7} {'tie':>3} {'model':<{_NAME}} {'index':>6}  {'90% interval':<14} "
        f"{'benchmarks':>10} {'frontier':>8}  released"
    )
    for row in rows[: top or _TOP]:
        yield _model_line(row)
    if len(rows) > (top or _TOP):
        yield f"{'':>7}     and {len(rows) - (top or _TOP)} more (--top {len(rows)} prints all)"
    yield ""
    yield from _wrapped(
        "places: those that stay open when models are compared two by two; tie: models of one "
        "group cannot be told from its first; frontier: how probable it is that the model is the "
        "ablest of all."
    )
    yield from _notes(result.answer)
    yield ""
    yield "SOURCES"
    yield from source_lines(result.citations)
    yield f"Cite: headtohead {VERSION}, capability index, as known on {result.as_of}."


def gap_lines(result: GapResult) -> Iterator[str]:
    """The gap in points, months and scores, by domain, and under other choices."""
    sides = result.sides
    by = "model" if sides.group == "unit" else sides.group
    yield f"{sides.b} against {sides.a} (by {by}){_scope_words(result.scope)}"
    yield f"about {result.about}; known by {result.as_of}{_reach(result.citations)}"
    yield ""
    yield "IN SHORT"
    yield from _summary(result)
    for slug, part in result.parts.items():
        if slug in _TITLES:
            yield ""
            yield _TITLES[slug]
        yield from _part(slug, part.answer)
    yield ""
    yield "SOURCES"
    yield from source_lines(result.citations)
    yield (
        f"Cite: headtohead {VERSION}, gap of {sides.b} to {sides.a} about {result.about}, as known "
        f"on {result.as_of}."
    )


def _summary(result: GapResult) -> Iterator[str]:
    """Gap and lag with their intervals, and how far they move under other choices."""
    others = result.parts["sensitivity"].answer.rows
    for what, slug, column in (
        ("gap", "level", "gap_index"), ("lag at release", "lag_release", "lag_months"),
    ):  # fmt: skip
        estimates = result.parts[slug].answer.estimates if slug in result.parts else ()
        moved = [row[column] for row in others if row[column] is not None]
        for e in estimates:
            range_ = (
                f"; under other choices {show_end(min(moved), e.unit)} to "
                f"{show_end(max(moved), e.unit)}"
                if moved
                else ""
            )
            yield f"  {what}: {show(e.value, e.unit)} ({e.interval()}){range_}"


def _reach(citations: tuple[Citation, ...]) -> str:
    days = [c.known_on for c in citations if c.known_on]
    return f"; scores reach to {max(days)}" if days else ""


def _part(slug: str, answer: Answer) -> Iterator[str]:
    head = {"lag_release": "at release: ", "lag_now": "on the day: ", "catch_up": "catching up: "}
    domain = next((slug.removesuffix(end) for end in ("_level", "_lag") if slug.endswith(end)), "")
    start = head.get(slug) or (f"{domain.replace('_', ', ')}: " if domain else "")
    if answer.missing and slug.endswith("_lag") and domain:
        return  # its level has said why
    if answer.missing:
        yield from _wrapped(f"{start}not measurable: {answer.missing}", indent="  ")
        return
    if slug == "trend":
        for e in answer.estimates:
            yield from _wrapped(f"{e.label}: {show(e.value, e.unit)} ({e.interval()})", indent="  ")
    else:
        yield from _wrapped(f"{start}{answer.says}", indent="  ")
    if slug in _TABLES:
        yield from {"scores": _scores, "profile": _profile, "sensitivity": _choices}[slug](
            answer.rows
        )
    if not domain and slug != "lag_now":  # it has the notes of the lag at release
        yield from _notes(answer)


def _model_line(row: Mapping[str, Any]) -> str:
    places = f"{row['best_rank']}" + (
        f"-{row['worst_rank']}" if row["worst_rank"] != row["best_rank"] else ""
    )
    name = plain(row["model_name"], _NAME)
    chance = row["frontier_frac"]
    frontier = f"{chance:.0%}" if chance >= 0.005 else ""
    return (
        f"{places:>7} {row['tie_group']:>3} {name:<{_NAME}} {row['score_index']:>6.1f}  "
        f"{_span(row['score_low_index'], row['score_high_index'], 'index'):<14} "
        f"{row['benchmarks_n'] or '':>10} {frontier:>8}  {row['released_on'] or '–'}"
    )


def _scores(rows: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    """The benchmarks on which the sides differ most."""
    if not rows:
        return
    first = rows[0]
    yield f"    {'benchmark':<40} {'B expected':>10} {'A expected':>10}  {'B - A, points':<22}"
    for row in rows[:_TESTS]:
        span = _span(row["gap_low_pp"], row["gap_high_pp"], "pp")
        yield (
            f"    {plain(row['title'], 40):<40} {row['b_expected_frac']:>10.0%} "
            f"{row['a_expected_frac']:>10.0%}  {row['gap_pp']:+.0f} ({span})"
        )
    if len(rows) > _TESTS:
        yield f"    and {len(rows) - _TESTS} more, nearer together; all with --json"
    yield f"    A: {plain(first['a_model'], 60)}; B: {plain(first['b_model'], 60)}"


def _profile(rows: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    yield (
        f"    {'benchmark':<40} {'gain of B, points':<24} {'n: A':>5} {'B':>4}  "
        f"{'p, all tests':>12}"
    )
    for row in rows:
        span = _span(row["gain_low_pp"], row["gain_high_pp"], "pp")
        gain = f"{row['gain_pp']:+.1f} ({span})"
        mark = " sure" if row["is_sure"] else ""
        yield (
            f"    {plain(row['title'], 40):<40} {gain:<24} {row['a_n']:>5} {row['b_n']:>4}  "
            f"{row['holm_value']:>12.3f}{mark}"
        )


def _choices(rows: tuple[Mapping[str, Any], ...]) -> Iterator[str]:
    yield f"    {'choice':<52} {'gap, points':<20} {'lag at release, months'}"
    for row in rows:
        choice = f"{plain(row['choice'], 52):<52}"
        if row["gap_index"] is None:
            yield from _wrapped(f"{choice} {row['why']}", indent="    ")
            continue
        gap = f"{row['gap_index']:+.1f}{_ends(row, 'gap', 'index')}"
        lag = "–"
        if row["lag_months"] is not None:
            lag = f"{row['lag_months']:.1f}{_ends(row, 'lag', 'months')}"
        yield f"    {choice} {gap:<20} {lag}"


def _ends(row: Mapping[str, Any], what: str, unit: str) -> str:
    """The interval of a choice; nothing where it was fitted without draws."""
    if row["gap_low_index"] is None:
        return ""
    low, high = row[f"{what}_low_{unit}"], row[f"{what}_high_{unit}"]
    return f" ({_span(low, high, unit)})"


def _span(low: float | None, high: float | None, unit: str) -> str:
    ends = (float("-inf") if low is None else low, float("inf") if high is None else high)
    return " to ".join(show_end(end, unit) for end in ends)


def _notes(answer: Answer) -> Iterator[str]:
    for note in answer.notes:
        yield from _wrapped(f"note: {plain(note, 600)}", indent="  ")


def _scope_words(scope: Mapping[str, Any]) -> str:
    told = [
        f"{word.replace('index_', '')} {', '.join(value) if isinstance(value, tuple) else value}"
        for word, value in scope.items()
        if word != "frontier_benchmarks"  # set for named models, not asked
    ]
    return f" ({'; '.join(told)})" if told else ""


def _wrapped(text: str, indent: str = "") -> Iterator[str]:
    yield from wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
    )
