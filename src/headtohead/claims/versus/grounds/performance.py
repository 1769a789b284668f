"""Performance: votes, the capability index, shared tests, agentic tests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from headtohead.claims.versus.line import Ahead, Line, last_seen, lead_since, leads, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.estimate import Estimate
from headtohead.core.question import Sides
from headtohead.core.units import apart, counted, show, show_end
from headtohead.evidence.tables import benchmarks, in_words
from headtohead.names.names import called
from headtohead.publish.words import listed

_AGENTIC = "coding_agentic"
_PARTS = (
    "overall",
    "retail_pass_1",
    "airline_pass_1",
    "telecom_pass_1",
    "banking_knowledge_pass_1",
)
_FEWEST_TESTS = 3
Rows = Sequence[Mapping[str, Any]]


def lines(pair: Pair) -> Iterator[Line]:
    """Rating, index, lag, shared tests, agentic tests."""
    yield _rating(pair)
    yield from _index(pair)
    yield _tests(pair)
    yield _agentic(pair)


def _rating(pair: Pair) -> Line:
    short = "the rating by blind votes"
    answer = pair.ask("performance.arena_gap", {})
    if answer.missing:
        what = "Rating by blind votes, text board with style control"
        return unknown("rating", what, short, answer.missing, "quality")
    gap, (b, a) = answer.estimates[0], answer.rows[:2]
    places = pair.ask("performance.arena_rank", {"groups": list(pair.filters)}).estimates
    ends = dict(zip(("a", "b"), places, strict=True)) if len(places) == 2 else {}
    boards, limit = pair.ask("performance.arena_frontier", {}).rows, gap.limit
    return Line(
        slug="rating",
        what=f"Rating by blind votes, text board of {a['observed_on']} with style control",
        a=_rated(pair, a, ends.get("a")),
        b=_rated(pair, b, ends.get("b")),
        ahead=leads(gap),
        says=answer.says,
        short=short,
        by=f"{abs(gap.value):.0f} points",
        bears="quality",
        difference=gap,
        since=lead_since(_by_board(pair, boards), limit.days if limit else 0),
        observed_on=last_seen(answer.rows, "observed_on"),
        rows=answer.rows,
        notes=answer.notes,
    )


def _rated(pair: Pair, row: Mapping[str, Any], place: Estimate | None) -> str:
    """An entrant's rating with its interval and place."""
    low, high = row["rating_low_elo"], row["rating_high_elo"]
    ends = f" ({show_end(low, 'elo')} to {show_end(high, 'elo')})" if low is not None else ""
    said = f"{show(row['rating_elo'], 'elo')}{ends}"
    if place:
        may_be = "" if place.low == place.high else f" ({place.low:.0f} to {place.high:.0f})"
        said += f", place {place.value:.0f}{may_be} of {place.n}"
    return f"{called(row['model_name'])}: {said}"


def _by_board(pair: Pair, rows: Rows) -> list[tuple[date, Ahead]]:
    """Whose best entrant was rated higher on each board."""
    by_day: dict[date, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        by_day.setdefault(row["observed_on"], {})[row["side"]] = row
    name_a, name_b = pair.labels
    return [
        (day, _above(both[name_a], both[name_b]))
        for day, both in sorted(by_day.items())
        if {name_a, name_b} <= set(both)
    ]


def _above(a: Mapping[str, Any], b: Mapping[str, Any]) -> Ahead:
    """Whose rating lies above the other's."""
    if a["rating_elo"] == b["rating_elo"]:
        return "open"
    return "a" if a["rating_elo"] > b["rating_elo"] else "b"


def _index(pair: Pair) -> Iterator[Line]:
    what, short = "Capability index over many benchmarks", "the capability index"
    sides = Sides("unit", pair.a, pair.b) if pair.models else pair.sides
    # Two models that were named are not the best of many, so none need be well tested to lead.
    scope = {"frontier_benchmarks": 1} if pair.models else {}
    answer = pair.ask("performance.capability_gap", scope, sides)
    if answer.missing:
        yield unknown("index", what, short, answer.missing, "quality")
        return
    gap = answer.estimates[0]
    best = {
        side: max((r for r in answer.rows if r["side"] == name), key=lambda r: r["score_index"])
        for side, name in zip(("a", "b"), pair.labels, strict=True)
    }
    yield Line(
        slug="index",
        what=f"{what}, scores up to {last_seen(answer.rows, 'known_on')}",
        a=_scored(best["a"]),
        b=_scored(best["b"]),
        ahead=leads(gap),
        says=answer.says,
        short=short,
        by=f"{abs(gap.value):.1f} index points",
        bears="quality",
        difference=gap,
        since=lead_since(_by_release(pair, answer.rows)),
        observed_on=last_seen(answer.rows, "known_on"),
        rows=tuple(best.values()),
        notes=answer.notes,
    )
    yield from _lag(pair, sides, leads(gap), scope)


def _lag(pair: Pair, sides: Sides, ahead: Ahead, scope: Mapping[str, Any]) -> Iterator[Line]:
    """How many months the side that is not ahead came after the other; nothing if none is."""
    if ahead not in ("a", "b"):
        return
    asked = sides if ahead == "a" else Sides(sides.group, sides.b, sides.a)
    lag = pair.ask("performance.capability_lag", scope, asked)
    if lag.missing:
        return
    months = lag.estimates[0]
    said = f"{show(months.value, 'months')} ({months.interval()})"
    yield Line(
        slug="lag",
        what="Months behind the other side's level on that index, at the release of the best model",
        a=said if ahead == "b" else "",
        b=said if ahead == "a" else "",
        ahead=ahead if months.low > 0 else "open",
        says=lag.says,
        short="the lag",
        by=show(months.value, "months"),
        difference=months,
        observed_on=last_seen(lag.rows, "known_on"),
        rows=lag.rows,
        notes=lag.notes,
    )


def _scored(row: Mapping[str, Any]) -> str:
    low, high = (show_end(row[f"score_{end}_index"], "index") for end in ("low", "high"))
    return f"{row['model_name']}: {show(row['score_index'], 'index')} ({low} to {high})"


def _by_release(pair: Pair, rows: Rows) -> list[tuple[date, Ahead]]:
    """Who had the best model so far, day by day of release."""
    best: dict[str, float] = {}
    leaders: list[tuple[date, Ahead]] = []
    name_a, name_b = pair.labels
    for row in sorted(rows, key=lambda r: r["released_on"]):
        best[row["side"]] = max(best.get(row["side"], row["score_index"]), row["score_index"])
        if {name_a, name_b} <= set(best):
            ahead: Ahead = "a" if best[name_a] > best[name_b] else "b"
            leaders.append((row["released_on"], ahead))
    return leaders


def _tests(pair: Pair) -> Line:
    """Everything both were given, by independent evaluators."""
    what, short = "Shared tests, run by others than the makers", "shared tests"
    pooled = pair.ask("performance.score_ratio", {"min_shared": _FEWEST_TESTS})
    return _counted(pair, "tests", what, short, pooled.estimates, pooled.says, {})


def _agentic(pair: Pair) -> Line:
    """Tests of coding and of acting with tools."""
    what, short = "Agentic tests and coding", "agentic tests"
    names = [name for name, b in benchmarks().items() if b.domain == _AGENTIC]
    known = set(pair.facts.frame("benchmark_scores", pair.as_of)["benchmark"])
    scope: dict[str, Any] = {"benchmarks": sorted(known & set(names)), "parts": list(_PARTS)}
    line = _counted(pair, "agentic", f"{what}, run by others than the makers", short, (), "", scope)
    if line.ahead != "unknown":
        return line
    scope["independent"] = False
    line = _counted(pair, "agentic", what, short, (), "", scope)
    if line.ahead == "unknown":
        return line
    return replace(line, notes=(*line.notes, "some of these results are the makers' own"))


def _counted(
    pair: Pair,
    slug: str,
    what: str,
    short: str,
    pooled: tuple[Estimate, ...],
    says: str,
    scope: dict[str, Any],
) -> Line:
    """On how many shared tests each side is ahead, and the pooled ratio of scores."""
    if pair.models:
        models = {"a_models": [pair.a], "b_models": [pair.b]}
        known = sorted(set(pair.facts.frame("benchmark_scores", pair.as_of)["benchmark"]))
        answer = pair.ask("performance.score_gap", {**models, "benchmarks": known, **scope})
        zero = 0.0
    else:
        answer = pair.ask("performance.score_ratio", {"mode": "each", **scope})
        zero = 1.0
    if answer.missing:
        return unknown(slug, what, short, answer.missing, "quality")
    told = [leads(e, zero=zero) for e in answer.estimates]
    n = len(told)
    ahead: Ahead = leads(pooled[0], zero=1.0) if pooled else _majority(told)
    tests = counted(n, "shared test") + (" of coding and of agents" if scope else "")
    days = sorted(str(r["observed_on"]) for r in answer.rows if r.get("observed_on"))
    runs = f"in runs of {days[0]} to {days[-1]} " if days else ""
    finding = (
        f"{runs}the scores of {pair.titles[0]} are higher on {told.count('a')} of {tests} and "
        f"those of {pair.titles[1]} on {told.count('b')}"
    )
    unsure = [e for e, who in zip(answer.estimates, told, strict=True) if who == "open"]
    if unsure:
        each = listed(_each(e) for e in unsure[:6])
        finding += f"; on {len(unsure)} it cannot be told (those of {pair.titles[1]} on {each})"
    return Line(
        slug=slug,
        what=what,
        a=f"higher on {told.count('a')} of {n}",
        b=f"higher on {told.count('b')} of {n}",
        ahead=ahead,
        says=f"{says}; {finding}" if says else finding,
        short=short,
        by=_reach(pair, pooled[0]) if pooled else "",
        bears="quality",
        difference=pooled[0] if pooled else None,
        observed_on=last_seen(answer.rows, "observed_on"),
        rows=answer.rows,
        notes=answer.notes,
    )


def _reach(pair: Pair, ratio: Estimate) -> str:
    ends = f"{ratio.value:.0%} ({ratio.low:.0%} to {ratio.high:.0%})"
    by = pair.titles[1]
    return f"{by} {'reach' if by.endswith('models') else 'reaches'} {ends} of the score"


def _majority(told: Sequence[Ahead]) -> Ahead:
    """Who is ahead on every test that tells the two apart; "open" if none does or both are."""
    ahead = {who for who in told if who in ("a", "b")}
    return ahead.pop() if len(ahead) == 1 else "open"


def _each(e: Estimate) -> str:
    if e.unit == "pp":
        return f"{in_words(e.label)}: {apart(e.value, e.low, e.high, 'pp', 'lower', 'higher')}"
    return f"{in_words(e.label)}: {e.value:.0%} of the score ({e.low:.0%} to {e.high:.0%})"
