"""Impact: who uses it."""

from collections.abc import Iterator

import polars as pl

from headtohead.claims.versus.line import Ahead, Line, unknown
from headtohead.claims.versus.pair import Pair
from headtohead.core.estimate import Estimate
from headtohead.core.question import Sides
from headtohead.evidence.picking import shown
from headtohead.questions.published import FIGURE_COLUMNS, figure_share_of, latest_figures

# The newest count is shown however old it is, with its days.
_ANY_AGE = 36_500


def lines(pair: Pair) -> Iterator[Line]:
    """Shares of a router's tokens, of what they cost, and of downloads."""
    yield _tokens(pair)
    yield _dollars(pair)
    yield _downloads(pair)


def _tokens(pair: Pair) -> Line:
    return _routed(
        pair,
        "tokens",
        "impact.token_share",
        "Share of the tokens on OpenRouter",
        "tokens on OpenRouter",
    )


def _dollars(pair: Pair) -> Line:
    what = "Share of what tokens on OpenRouter cost at list prices"
    return _routed(pair, "dollars", "impact.dollar_share", what, "what tokens on OpenRouter cost")


def _routed(pair: Pair, slug: str, question: str, what: str, short: str) -> Line:
    """A share on a router, of tokens or of dollars, for both sides in the last window known."""
    sides, scope = pair.sides, {"back_days": _ANY_AGE}
    b, a = (pair.ask(question, scope, s) for s in (sides, Sides(sides.group, sides.b, sides.a)))
    if a.missing or b.missing:
        return unknown(slug, what, short, a.missing or b.missing)
    first, second = a.estimates[0], b.estimates[0]
    # Old counts are shown, but who is ahead on the day asked about they do not tell.
    old = first.stale(pair.about) or second.stale(pair.about)
    rows = tuple(r for r in (*a.rows, *b.rows) if r.get("window_end") == first.about.end)
    return Line(
        slug=slug,
        what=f"{what}, {'last known, ' if old else ''}{first.about.in_words}",
        a=_share(first),
        b=_share(second),
        ahead="unknown" if old else _more(first, second),
        says=f"{a.says}; {b.says}",
        short=short,
        by=_against(first.value, second.value),
        observed_on=first.about.end,
        rows=rows,
        notes=(
            b.notes[0],
            "one router is a small part of the world's use",
            *((old,) if old else ()),
        ),
    )


def _against(one: float, other: float) -> str:
    """Two shares after the name of whoever has the greater one."""
    return f"{max(one, other):.0%} against {min(one, other):.0%}"


def _share(e: Estimate) -> str:
    return f"{e.value:.1%} ({e.interval(level=True)})"


def _more(a: Estimate, b: Estimate) -> Ahead:
    if a.low > b.high:
        return "a"
    return "b" if b.low > a.high else "open"


def _downloads(pair: Pair) -> Line:
    what, short = "Share of downloads from Hugging Face", "downloads"
    if pair.kind != "country":
        return unknown("downloads", what, short, "downloads are counted by country only")
    ask = pair.bare()
    figures = pair.facts.frame("figures", pair.as_of)
    rows = latest_figures(figures, ask, "hf_download_share")
    rows = rows.filter(pl.col("window_end") == pl.col("window_end").max())
    sides = [rows.filter(pl.col("subject") == side).head(1) for side in (pair.a, pair.b)]
    if any(side.is_empty() for side in sides):
        return unknown("downloads", what, short, "downloads of both were not known")
    both = shown(pl.concat(sides), FIGURE_COLUMNS)
    a, b = both
    ahead: Ahead = "a" if a["value"] > b["value"] else "b"
    return Line(
        slug="downloads",
        what=f"{what}, {a['window_start']} to {a['window_end']}",
        a=f"{a['value']:.1%}",
        b=f"{b['value']:.1%}",
        ahead=ahead,
        says=f"{pair.titles[0]} had {a['value']:.1%} and {pair.titles[1]} {b['value']:.1%} of the "
        f"downloads from Hugging Face from {a['window_start']} to {a['window_end']}",
        short=short,
        by=_against(a["value"], b["value"]),
        observed_on=a["window_end"],
        rows=both,
        notes=(figure_share_of(sides[1]), "downloads are not users"),
    )
