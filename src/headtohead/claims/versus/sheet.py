"""The card of two sides: six grounds, each a table of what both have and who is ahead."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from headtohead.claims.versus.line import Line
from headtohead.core.estimate import Citation
from headtohead.core.units import counted_of
from headtohead.evidence.store import publisher
from headtohead.publish.sheet import (
    DataTable,
    Figure,
    Headline,
    Row,
    Sheet,
    Step,
    TableColumn,
    Topic,
)
from headtohead.publish.words import content_hash, listed, plain, sentence

if TYPE_CHECKING:
    from headtohead.claims.versus.result import VersusResult

_TITLES = {
    "performance": ("Performance", "Which is better, by how much, and is that sure?"),
    "openness": ("Openness", "What may be downloaded, and under which licence?"),
    "cost": ("Cost", "What does each cost?"),
    "hardware": ("Hardware", "Who runs it, where, and on what was it trained?"),
    "investment": ("Investment", "What is put into it?"),
    "impact": ("Impact", "Who uses it?"),
}
_METHOD = (
    Step(
        "Every line is looked up in public evidence as it was known on one day, and says the day "
        "its data speak of."
    ),
    Step(
        "One side is ahead where the interval of the difference, or of the ratio, leaves out no "
        "difference. Where it does not, the line says that it cannot be told.",
        "Ahead",
    ),
    Step(
        "is the first day of the last unbroken lead: board by board for ratings, release by "
        "release for the index, without regard to intervals.",
        "Since",
    ),
    Step(
        "What is not known is said. There is no overall winner and no total score: what decides "
        "hangs on the work.",
    ),
)


def question_of(titles: tuple[str, str]) -> str:
    """What is asked of two sides, as a title."""
    a, b = titles
    return f"Can {plain(b, 80)} stand in for {plain(a, 80).replace('models', 'ones')}?"


def versus_sheet(result: "VersusResult") -> Sheet:
    """The card."""
    known = {c.source_id: c for c in result.citations}
    topics = [
        Topic(
            ground,
            _TITLES[ground][0],
            _TITLES[ground][1],
            figures=(_ground(ground, lines, result, known),),
        )
        for ground, lines in result.lines.items()
    ]
    return Sheet(
        verb="versus",
        title=question_of(result.titles),
        sentence=result.answer,
        facts=(
            ("About", str(result.about)),
            ("Known by", str(result.as_of)),
            ("Sources", str(len(result.citations)), "sources"),
        ),
        topics=tuple(topics),
        method=_METHOD,
        sources=result.citations,
        about=str(result.about),
        as_of=result.as_of,
        digest=content_hash(result.as_json()["results"]),
        next=(
            "How sure is that on your own work? Compare two runs: `h2h compare A B`",
            "Move part of a log to the other model and stop as soon as it is decided: `h2h switch`",
        ),
    )


def card(result: "VersusResult") -> Figure:
    """All lines in one table, as a report shows them beside its claims."""
    lines = [line for own in result.lines.values() for line in own]
    return Figure(
        "side-by-side",
        f"{result.titles[0]} and {result.titles[1]}, as known on {result.as_of}",
        columns=_columns(result),
        rows=tuple(_row(line, result) for line in lines),
        shown=len(lines),
        table_first=True,
        opened=True,
        sources=result.citations,
        about=str(result.about),
        data=versus_table(result.lines),
    )


def headlines(result: "VersusResult") -> tuple[Headline, ...]:
    """Three large numbers: how far apart the best are, on shared tests, and in price."""
    known = result.by_slug
    a, b = result.titles
    large = []
    rating, lag = known["rating"], known.get("lag")
    if rating.difference:
        late = f" · {lag.by}" if lag and lag.by else ""
        index = (
            f"; and at release, by the capability index, {lag.range} months" if lag and late else ""
        )
        large.append(
            Headline(
                f"{rating.by}{late}",
                f"between the best of both: by blind votes, {rating.range} points (board of "
                f"{rating.observed_on}){index}",
                _from(rating, lag),
            )
        )
    tests = known["tests"]
    if tests.difference:
        large.append(
            Headline(
                f"{tests.difference.value:.0%} of the score",
                f"is what the best of {b} reaches of that of {a} on "
                f"{counted_of(tests.difference.n, tests.difference.n_of)}, {tests.range} (scores "
                f"known by {tests.difference.known_on})",
                _from(tests),
            )
        )
    price = known.get("list-price")
    if price and price.difference:
        cheaper = b if price.ahead == "b" else a
        large.append(
            Headline(
                price.by,
                f"is the median list price of the flagships of {cheaper}, in force on "
                f"{result.about.end}; list prices have no interval",
                _from(price),
            )
        )
    return tuple(large)


def _columns(result: "VersusResult") -> tuple[TableColumn, ...]:
    a, b = result.titles
    titles = {"what": "What", "a": a, "b": b, "ahead": "Ahead"}
    return tuple(TableColumn(name, title, long=True) for name, title in titles.items())


def _row(line: Line, result: "VersusResult") -> Row:
    return line.what, line.a or "–", line.b or "–", _ahead(line, result)


def _ground(
    ground: str, lines: Sequence[Line], result: "VersusResult", known: Mapping[str, Citation]
) -> Figure:
    ids = {i for line in lines for i in line.source_ids}
    return Figure(
        ground,
        f"{_TITLES[ground][0]} side by side",
        columns=_columns(result),
        rows=tuple(_row(line, result) for line in lines),
        shown=len(lines),
        remarks=tuple(f"{sentence(line.says)}{_cited(line)}" for line in lines)
        + tuple(dict.fromkeys(sentence(n) for line in lines for n in line.notes)),
        numbers=tuple(line.difference for line in lines if line.difference),
        table_first=True,
        sources=tuple(c for i, c in known.items() if i in ids),
        data=versus_table({ground: lines}),
    )


def _from(*lines: Line | None) -> str:
    """The publishers behind some lines."""
    ids = sorted({i for line in lines if line for i in line.source_ids})
    return listed(dict.fromkeys(map(publisher, ids))) if ids else ""


def _cited(line: Line) -> str:
    who = _from(line)
    return f" Source: {who}." if who else ""


def _ahead(line: Line, result: "VersusResult") -> str:
    """Who is ahead, by how much and since when, in words."""
    a, b = result.titles
    if line.ahead in ("a", "b"):
        who = a if line.ahead == "a" else b
        # Where the size is a sentence of its own, it names the other side.
        joint = ";" if line.slug == "tests" else ","
        by = f"{joint} {line.by}" if line.by else ""
        # Boards lie weeks apart, and some are missing: a lead may be older than the first seen.
        seen = "at least since" if line.slug == "rating" else "since"
        since = f", {seen} {line.since}" if line.since else ""
        return f"{who}{by}{since}"
    return {
        "open": "cannot be told",
        "level": "exactly alike",
        "facts": "nothing to be ahead in",
        "unknown": "not known",
    }[line.ahead]


_COLUMNS = {
    "ground": "Ground",
    "what": "What",
    "a": "Side A",
    "b": "Side B",
    "ahead": "Ahead",
    "by": "By",
    "since": "Since",
    "observed_on": "Last day of the data",
    "sources": "Sources",
    "finding": "Finding",
}


def versus_table(lines: Mapping[str, Sequence[Line]]) -> DataTable:
    """One row a line of the card, by ground."""
    rows: list[Row] = [
        (
            ground,
            line.what,
            line.a,
            line.b,
            line.ahead,
            line.by,
            line.since,
            line.observed_on,
            "; ".join(map(publisher, line.source_ids)),
            line.says,
        )
        for ground, own in lines.items()
        for line in own
    ]
    return DataTable(tuple(TableColumn(n, t) for n, t in _COLUMNS.items()), tuple(rows))
