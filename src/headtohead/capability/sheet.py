"""The sheets of `h2h index` and `h2h gap`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from headtohead.capability.result import GapResult, IndexResult
from headtohead.capability.words import DOMAIN_WORDS
from headtohead.core.estimate import OWN_SCORES, Citation, Estimate
from headtohead.core.question import Answer, Sides
from headtohead.core.units import show_end, span_of
from headtohead.evidence.tables import title as benchmark_title
from headtohead.names.names import group_name
from headtohead.publish.charts import Drawing
from headtohead.publish.sheet import Bar, Bars, Cell, DataTable, Figure, Sheet, TableColumn, Topic
from headtohead.publish.words import content_hash, sentence

if TYPE_CHECKING:
    import altair as alt

_TOP = 25
_TESTS = 8
_INDEX_COLUMNS = {
    "model_name": "Model",
    "model_id": "Id",
    "lab": "Lab",
    "country": "Country",
    "open": "Open",
    "released_on": "Released",
    "score_index": "Index",
    "score_low_index": "90% low",
    "score_high_index": "90% high",
    "best_rank": "Best place",
    "worst_rank": "Worst place",
    "tie_group": "Tie group",
    "frontier_frac": "Chance to be the ablest",
    "benchmarks_n": "Benchmarks",
    "known_on": "Known on",
    "source_id": "Source",
}


def index_sheet(result: IndexResult, top: int | None = None) -> Sheet:
    """The models, the ablest first, with places, tie groups and intervals.

    A terminal shows the first `top` models; 25 if None.
    """
    answer = result.answer
    figure = Figure(
        "models",
        "Models",
        shown=top or _TOP,
        remarks=(
            "Places: those that stay open when models are compared two by two. Tie: models of one "
            "group cannot be told from its first. Tests: benchmarks of the model. First: how "
            "probable it is that the model is the ablest of all.",
            *answer.notes,
        ),
        data=DataTable.of(answer.rows, _INDEX_COLUMNS),
        numbers=answer.estimates,
        **_table(
            answer,
            TableColumn("places", "Places", 0),
            TableColumn("tie_group", "Tie", 0),
            TableColumn("model_name", "Model"),
            TableColumn("score_index", "Index", 1),
            TableColumn("interval", "90% interval", 0),
            TableColumn("benchmarks_n", "Tests", 0),
            TableColumn("frontier_pct", "First %", 0),
            TableColumn("released_on", "Released"),
            places=_places,
            interval=lambda row: _span(row, "score", "index"),
            frontier_pct=lambda row: 100 * row["frontier_frac"],
        ),
    )
    return _sheet(
        result,
        answer.estimates,
        verb="index",
        title="Capability of models",
        kicker=f"Models released by {result.about.end}; known by {result.as_of}.",
        sentence=f"{answer.says}.",
        topics=(Topic(figures=(figure,)),),
    )


def _places(row: Mapping[str, Any]) -> str:
    best, worst = row["best_rank"], row["worst_rank"]
    return f"{best}" if best == worst else f"{best}-{worst}"


def gap_sheet(result: GapResult) -> Sheet:
    """The gap in points, months and scores, by domain, and under other choices."""
    a, b = _named(result.sides)
    return _sheet(
        result,
        [e for part in result.parts.values() for e in part.answer.estimates],
        verb="gap",
        title=f"{b} against {a}: capability",
        kicker=f"About {result.about.in_words}; known by {result.as_of}.",
        sentence=sentence("; ".join(_summary(result))),
        topics=tuple(_topics(result)),
        main="sensitivity",
    )


def _sheet(
    result: IndexResult | GapResult,
    estimates: Iterable[Estimate],
    title: str,
    **more: Any,  # noqa: ANN401
) -> Sheet:
    return Sheet(
        title=f"{title}{_scope_words(result.scope, result.citations)}",
        sources=result.citations,
        about=str(result.about),
        as_of=result.as_of,
        digest=content_hash([str(e) for e in estimates]),
        full=True,
        **more,
    )


def _table(
    answer: Answer, *columns: TableColumn, **computed: Callable[[Mapping[str, Any]], Cell]
) -> dict[str, Any]:
    """Columns and cells of a figure: each is of the row by its name, or computed from the row."""
    cells = {c.name: computed.get(c.name, itemgetter(c.name)) for c in columns}
    rows = tuple(tuple(cell(row) for cell in cells.values()) for row in answer.rows)
    return {"columns": columns, "rows": rows}


def _summary(result: GapResult) -> Iterator[str]:
    """Gap and lag with their intervals, and how far they move under other choices."""
    others = result.parts["sensitivity"].answer.rows
    for slug, column in (("level", "gap_index"), ("lag_release", "lag_months")):
        moved = [row[column] for row in others if row[column] is not None]
        for e in result.parts[slug].answer.estimates if slug in result.parts else ():
            low, high = min([e.value, *moved]), max([e.value, *moved])
            others_say = replace(e, low=low, high=high).as_said().interval()
            range_ = f", under other choices {others_say}" if moved else ""
            if e.unit == "months" and e.value == max([e.high, *moved]) == 0:
                yield f"no lag at release ({_named(result.sides)[1]} ahead)"
                continue
            named = e if e.called else replace(e, label=f"{e.label} at release by")
            yield f"{named.as_said().in_words()}{range_}"


def _topics(result: GapResult) -> Iterator[Topic]:
    """The parts under their headings."""
    parts = {slug: part.answer for slug, part in result.parts.items()}

    names = _named(result.sides)
    yield Topic("points", "In points", figures=(_points(parts, names[1]),))
    months = [slug for slug in ("lag_release", "lag_now", "catch_up", "trend") if slug in parts]
    if months:
        figures = tuple(_months(slug, parts[slug]) for slug in months)
        yield Topic("months", "In months", figures=figures)
    yield Topic("in-scores", "In scores", figures=(_scores(parts["scores"], names),))
    if "ratio" in parts:
        yield Topic("as-ratio", "As a ratio of scores", figures=(_plain("ratio", parts["ratio"]),))
    domains = [slug.removesuffix("_level") for slug in parts if slug.endswith("_level")]
    by_domain = []
    for domain in domains:
        level, lag = parts[f"{domain}_level"], parts.get(f"{domain}_lag")
        says = "; ".join(a.says for a in (level, lag) if a and not a.missing)
        missing = "" if says else level.missing
        title = DOMAIN_WORDS[domain]
        by_domain.append(Figure(domain, title, says=says, numbers=level.estimates, missing=missing))
    if by_domain:
        yield Topic("domains", "By domain", figures=tuple(by_domain))
    if "profile" in parts:
        title = "Where a side is better or worse than its level says"
        yield Topic("by-test", title, figures=(_profile(parts["profile"], names),))
    yield Topic("choices", "Under other choices", figures=(_choices(parts["sensitivity"], names),))


def _plain(slug: str, answer: Answer, title: str = "", **more: Any) -> Figure:  # noqa: ANN401
    """A part as its sentence and its notes; as why there is none."""
    if answer.missing:
        return Figure(slug, title or "Not measurable", missing=answer.missing)
    plain: dict[str, Any] = {
        "says": answer.says,
        "numbers": answer.estimates,
        "remarks": answer.notes,
    }
    return Figure(slug, title, **{**plain, **more})


def _points(parts: Mapping[str, Answer], b: str) -> Figure:
    """The gap, of all benchmarks and by domain."""
    named = [("all benchmarks", parts["level"])]
    named += [
        (DOMAIN_WORDS[slug.removesuffix("_level")].lower(), answer)
        for slug, answer in parts.items()
        if slug.endswith("_level")
    ]
    bars = [Bar(name, e.value, e.low, e.high) for name, a in named for e in a.estimates]
    return _plain(
        "level",
        parts["level"],
        bars=Bars(f"index points by which {b} is ahead, with 90% intervals", tuple(bars)),
    )


_MONTHS = {
    "lag_release": "At release",
    "lag_now": "On the day",
    "catch_up": "Catching up",
    "trend": "Trend",
}


def _months(slug: str, answer: Answer) -> Figure:
    more: dict[str, Any] = {}
    if slug == "lag_now":  # which has the notes of the lag at release
        more["remarks"] = ()
    if slug == "trend":
        more["says"] = "; ".join(e.as_said().in_words() for e in answer.estimates)
    return _plain(slug, answer, _MONTHS[slug], **more)


def _scores(answer: Answer, names: tuple[str, str]) -> Figure:
    """The benchmarks, those on which the sides differ most first."""
    a, b = names
    models = [f"{a}: {row['a_model']}. {b}: {row['b_model']}." for row in answer.rows[:1]]
    return _plain(
        "scores",
        answer,
        shown=_TESTS,
        remarks=(*models, *answer.notes),
        data=DataTable.of(answer.rows),
        **_table(
            answer,
            TableColumn("title", "Benchmark"),
            TableColumn("b_pct", f"{b}, % expected", 0),
            TableColumn("a_pct", f"{a}, % expected", 0),
            TableColumn("gap_pp", f"{b} less {a}, percentage points", 0),
            TableColumn("interval", "90% interval", 0),
            b_pct=lambda row: 100 * row["b_expected_frac"],
            a_pct=lambda row: 100 * row["a_expected_frac"],
            interval=lambda row: _span(row, "gap", "pp"),
        ),
    )


def _profile(answer: Answer, names: tuple[str, str]) -> Figure:
    a, b = names
    return _plain(
        "profile",
        answer,
        shown=20,
        data=DataTable.of(answer.rows),
        chart=partial(_chart, "capability_profile", answer, names),
        **_table(
            answer,
            TableColumn("title", "Benchmark"),
            TableColumn("gain_pp", f"Gain of {b}, percentage points", 1),
            TableColumn("interval", "90% interval", 0),
            TableColumn("a_n", f"Models of {a}", 0),
            TableColumn("b_n", f"Models of {b}", 0),
            TableColumn("holm_value", "p, all tests", 3),
            TableColumn("sure", "Sure"),
            interval=lambda row: _span(row, "gain", "pp"),
            sure=lambda row: "sure" if row["is_sure"] else "",
        ),
    )


def _choices(answer: Answer, names: tuple[str, str]) -> Figure:
    a, b = names
    return _plain(
        "sensitivity",
        answer,
        shown=60,
        data=DataTable.of(answer.rows),
        chart=partial(_chart, "sensitivity", answer, names),
        table_first=True,
        **_table(
            answer,
            TableColumn("choice", "Choice"),
            TableColumn("gap_index", f"{b} less {a}, index points", 1),
            TableColumn("gap_interval", "90% interval", 0),
            TableColumn("lag_months", "Lag, months", 1),
            TableColumn("lag_interval", "90% interval", 0),
            choice=lambda row: ": ".join(filter(None, (row["choice"], row["why"]))),
            gap_interval=lambda row: _span(row, "gap", "index"),
            lag_interval=lambda row: _span(row, "lag", "months"),
        ),
    )


def _chart(name: str, answer: Answer, names: tuple[str, str]) -> "alt.LayerChart | None":
    from headtohead.capability import choices

    needed = "gain_pp" if name == "capability_profile" else "choice"
    rows = [
        {k: str(v) if isinstance(v, date) else v for k, v in row.items()}
        for row in answer.rows
        if row.get(needed) is not None
    ]
    draw = choices.capability_profile if name == "capability_profile" else choices.sensitivity
    return draw(Drawing(tuple(rows), names, 0)) if rows else None


def _span(row: Mapping[str, Any], what: str, unit: str) -> str | None:
    """The interval of a column; nothing where no draws were made."""
    low, high = row[f"{what}_low_{unit}"], row[f"{what}_high_{unit}"]
    high = float("inf") if high is None else high
    return None if low is None else span_of(low, high, lambda end: show_end(end, unit))


def _named(sides: Sides) -> tuple[str, str]:
    """The two sides as a title and a chart name them."""
    a, b = (group_name(sides.group, side).rpartition("/")[2] for side in (sides.a, sides.b))
    return a, b


def _scope_words(scope: Mapping[str, Any], citations: Sequence[Citation]) -> str:
    """Whose scores and which choices: the end of a title."""
    words = [f" on {DOMAIN_WORDS[scope['domain']].lower()} benchmarks" if "domain" in scope else ""]
    whose = " and ".join(
        dict.fromkeys(
            "your own" if c.source_id == OWN_SCORES else f"{c.publisher}'s" for c in citations
        )
    )
    days = [c.known_on for c in citations if c.known_on]
    words.append(f" by {whose} scores" + (f" up to {max(days)}" if days else ""))
    if method := {"eci": "Epoch's objective", "published": "its printed index"}.get(
        scope.get("method", "")
    ):
        words.append(f", {method}")
    if scope.get("dates") == "release":
        words.append(", models dated by their general release")
    if scope.get("independent"):
        words.append(", without what makers report")
    if scope.get("without"):
        words.append(f", without {', '.join(map(benchmark_title, scope['without']))}")
    return "".join(words)
