"""What each exhibit of the report found, as the title of its chart."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from headtohead.core.estimate import Estimate
from headtohead.core.question import Exhibit, Sides
from headtohead.core.units import counted, show, show_end
from headtohead.evidence.picking import side_name
from headtohead.names.names import country_name, in_sentence
from headtohead.publish.words import listed


@dataclass(frozen=True, slots=True)
class _Two:
    """The two sides as sentences call them, and the column that tells them apart."""

    a: str
    b: str
    group: str

    def called(self, side: object) -> str:
        """How a value of that column is called."""
        return side_name(f"{self.group}={side}")


def finding(exhibit: Exhibit, sides: Sides) -> str:
    """The finding in half a line, with its day; empty where its rows do not tell it."""
    tell = _FINDINGS.get(exhibit.analysis)
    if tell is None or exhibit.answer.missing:
        return ""
    a, b = (side_name(f"{sides.group}={side}") for side in (sides.a, sides.b))
    try:
        said = tell(exhibit, _Two(a, b, sides.group))
    except LookupError:  # rows without the column that the sentence is about
        return ""
    return said[:1].upper() + said[1:]


def _apart(e: Estimate, two: _Two, unit: str) -> str:
    """Who is ahead by how much; that it cannot be told, where the interval has zero inside."""
    a, b = two.a, two.b
    ends = sorted((abs(e.low), abs(e.high)))
    digits = 0 if unit == "points" else 1
    size = f"{abs(e.value):.{digits}f} {unit} ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})"
    if e.low > 0 or e.high < 0:
        behind, ahead = (b, a) if e.high < 0 else (a, b)
        return f"the best {behind} model is {size} behind the best {ahead} one"
    return f"whether the best {b} or the best {a} model is ahead cannot be told"


def _rating(x: Exhibit, two: _Two) -> str:
    day = _last(x, "observed_on")
    return f"on the board of {day} {_apart(x.answer.estimates[0], two, 'points')}"


def _index(x: Exhibit, two: _Two) -> str:
    said = _apart(x.answer.estimates[0], two, "index points")
    return f"on the capability index {said}, by scores known by {_last(x, 'known_on')}"


def _records(x: Exhibit, two: _Two) -> str:
    e = x.answer.estimates[0]
    stand = sum(not row["is_matched"] for row in x.answer.rows)
    return (
        f"half of the records since {x.about.start.year} were matched within "
        f"{e.value:.1f} months ({e.interval()}); {counted(stand, 'record')} still "
        f"{'stands' if stand == 1 else 'stand'}"
    )


def _profile(x: Exhibit, two: _Two) -> str:
    sure = [row for row in x.answer.rows if row.get("is_sure")]
    if not sure:
        return f"no benchmark tells {two.b} models from {two.a} ones that are as able"
    said = listed(
        f"{'better' if row['gain_pp'] > 0 else 'worse'} on {row['title']} by "
        f"{abs(row['gain_pp']):.1f} percentage points"
        for row in sure[:3]
    )
    return f"{two.b} models are {said} than {two.a} ones that are as able"


def _choices(x: Exhibit, two: _Two) -> str:
    gaps = [row["gap_index"] for row in x.answer.rows if row.get("gap_index") is not None]
    if not gaps:
        return ""
    low, high = min(gaps), max(gaps)
    if low < 0 < high:
        return f"who is ahead on the capability index hangs on the choices made ({len(gaps)} tried)"
    behind, ahead = (two.b, two.a) if high <= 0 else (two.a, two.b)
    ends = sorted((abs(low), abs(high)))
    return (
        f"whatever one chooses, the best {behind} model is {ends[0]:.1f} to {ends[1]:.1f} index "
        f"points behind the best {ahead} one"
    )


def _trading(x: Exhibit, two: _Two) -> str:
    final = [r for r in x.answer.rows if r.get("is_final") and r.get("series") == "agent"]
    if not final:
        return ""
    gained = sum(row["return_pct"] > 0 for row in final)
    best = max(final, key=lambda row: row["return_pct"])
    return (
        f"{gained} of {len(final)} agents ended the season with a gain, the best with "
        f"{best['return_pct']:+.1f}%: one season cannot show skill"
    )


def _open(x: Exhibit, two: _Two) -> str:
    counts = []
    by_side: dict[str, list[object]] = {}
    for row in x.answer.rows:
        if row.get("flagship") is not False:
            by_side.setdefault(str(row.get("side")), []).append(row["weights_open"])
    named = {side: two.called(side) for side in by_side}
    for name in (two.b, two.a):
        weights = next((w for side, w in by_side.items() if name in (side, named[side])), None)
        if weights:
            counts.append(f"{sum(w is True for w in weights)} of {len(weights)} {name}")
    return f"{listed(counts)} flagships have weights to download" if counts else ""


def _front(x: Exhibit, two: _Two) -> str:
    front = [row for row in x.answer.rows if row.get("on_front")]
    sides = [two.called(row["side"]) for row in front if row.get("side")]
    mine = listed(
        f"{n or 'none'} {'is' if n < 2 else 'are'} {name}"
        for name in (two.b, two.a)
        for n in [sides.count(name)]
    )
    return (
        f"by the makers' list prices no cheaper model beats these {len(front)}, of which {mine} "
        f"(board of {_last(x, 'observed_on')})"
    )


def _same_quality(x: Exhibit, two: _Two) -> str:
    e = x.answer.estimates[0]
    best = min(x.answer.rows, key=lambda row: abs(row["saved_pct"]), default=None)
    if best is None:
        return ""
    test, day = best["title"], e.observed_on
    if not e.value:
        return f"on {test} no cheaper run is as good as {best['model_name']} of {day}"
    return (
        f"on {test} a run as good as {best['model_name']}, within 2 points, costs {e.value:.0f}% "
        f"less ({e.low:.0f} to {e.high:.0f}%), in runs up to {day}"
    )


def _open_share(x: Exhibit, two: _Two) -> str:
    return x.answer.says.partition("; ")[0]


def _level(x: Exhibit, two: _Two) -> str:
    e = x.answer.estimates[0]
    if math.isinf(e.high):
        return "how fast prices of a fixed quality fall cannot be told"
    return (
        f"the lowest price of a fixed quality fell {e.value:.0f}-fold a year ({e.low:.0f} to "
        f"{e.high:.0f}) until {_last(x, 'observed_on')}"
    )


def _training(x: Exhibit, two: _Two) -> str:
    values = sorted(e.value for e in x.answer.estimates)
    return (
        f"published training costs run from {show(values[0], 'usd')} to {show(values[-1], 'usd')}, "
        "and count different things"
    )


def _stock(x: Exhibit, two: _Two) -> str:
    e = x.answer.estimates[0]
    more, less = (two.a, two.b) if e.value >= 1 else (two.b, two.a)
    value, low, high = (
        (e.value, e.low, e.high) if e.value >= 1 else (1 / e.value, 1 / e.high, 1 / e.low)
    )
    return (
        f"{more} owners counted held {value:.1f} times ({low:.1f} to {high:.1f}) the AI chips of "
        f"{less} ones on {e.observed_on}"
    )


def _money(x: Exhibit, two: _Two) -> str:
    day = _last(x, "window_end")
    said = [
        f"{show(row['value'], 'usd')} in {in_sentence(country_name(row['subject']))}"
        for row in x.answer.rows
        if row["window_end"] == day
    ]
    return f"private investment in AI in {day.year}: {listed(said)}"


def _tokens(x: Exhibit, two: _Two) -> str:
    e = x.answer.estimates[0]
    return (
        f"{two.b} models had {show(e.value, e.unit)} (at most {show_end(e.high, e.unit)}) of "
        f"OpenRouter's tokens from {e.about.in_words}"
    )


def _last(x: Exhibit, column: str) -> date:
    """The last day in a column of the rows.

    Raises:
        LookupError: If no row has one.
    """
    days: list[date] = [r[column] for r in x.answer.rows if isinstance(r.get(column), date)]
    if not days:
        raise LookupError(column)
    return max(days)


_FINDINGS: dict[str, Callable[[Exhibit, _Two], str]] = {
    "performance.arena_frontier": _rating,
    "performance.capability_gap": _index,
    "performance.catch_up_time": _records,
    "performance.capability_profile": _profile,
    "performance.capability_sensitivity": _choices,
    "performance.trading_equity": _trading,
    "openness.flagships": _open,
    "openness.frontier_share": _open_share,
    "cost.price_vs_rating": _front,
    "cost.same_quality": _same_quality,
    "cost.price_decline": _level,
    "cost.training_cost": _training,
    "hardware.compute_stock": _stock,
    "investment.private_investment": _money,
    "impact.token_share": _tokens,
}
