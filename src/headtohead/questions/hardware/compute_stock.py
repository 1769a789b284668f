"""The AI chips that each side's owners hold, in H100-equivalents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from headtohead.core.dates import Period
from headtohead.core.errors import InputError
from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import counted, show
from headtohead.evidence.picking import (
    estimate,
    latest_day,
    listed,
    shown,
    side,
    side_column,
    side_name,
    span,
    unplaced,
    where,
)
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.chips import (
    BY,
    BY_WORDS,
    DESIGNERS,
    SMUGGLED,
    Count,
    assumed_words,
    bandwidth_notes,
    by_bandwidth,
    count,
    lacks_ends,
    spread,
)
from headtohead.questions.published import (
    FIGURE_COLUMNS,
    figure_interval,
    from_figures,
    latest_figures,
    of_sides,
)
from headtohead.stats.intervals import ratio

_Pairs = Mapping[str, tuple[float, float]]


def _held(pairs: _Pairs, day: int) -> float:
    """What side B holds on the earlier day (0) or now (1)."""
    return sum(pair[day] for kind, pair in pairs.items() if kind != "a")


def _domestic(pairs: _Pairs, day: int) -> float:
    return sum(pair[day] for kind, pair in pairs.items() if DESIGNERS.get(kind) == "CN")


def _ratio(pairs: _Pairs, day: int = 1) -> float:
    return pairs["a"][day] / _held(pairs, day)


def _share(pairs: _Pairs, day: int = 1) -> float:
    return _domestic(pairs, day) / _held(pairs, day)


@dataclass(frozen=True, slots=True)
class _StockMeasure:
    """What may be computed of the counts, with its unit and the ends it cannot pass."""

    value: Callable[[_Pairs], float]
    unit: str
    label: str
    called: tuple[str, ...]
    least: float = 0.0
    most: float = float("inf")
    compares: bool = False


_MEASURES = {
    "ratio": _StockMeasure(
        _ratio,
        "ratio",
        "{a} over {b}",
        ("the AI compute of {a} owners as a multiple of that of {b} ones",),
    ),
    "ratio_change": _StockMeasure(
        lambda p: _ratio(p) / _ratio(p, 0),
        "ratio",
        "{a} over {b}, later over earlier",
        ("the factor by which {a} owners' multiple of {b} owners' AI compute grew",),
        compares=True,
    ),
    "domestic_share": _StockMeasure(
        _share,
        "frac",
        "chips of {b} design in {b} hands",
        ("the {b}-designed part of {b} owners' AI compute",),
        most=1.0,
    ),
    "domestic_share_change": _StockMeasure(
        lambda p: 100 * (_share(p) - _share(p, 0)),
        "pp",
        "chips of {b} design in {b} hands, later less earlier",
        (
            "the {b}-designed part of {b} owners' AI compute fell by",
            "the {b}-designed part of {b} owners' AI compute rose by",
        ),
        *(-100.0, 100.0),
        compares=True,
    ),
    "domestic_growth": _StockMeasure(
        lambda p: _domestic(p, 1) / _domestic(p, 0),
        "ratio",
        "chips of {b} design, later over earlier",
        ("the AI compute in chips of {b} design, later over earlier",),
        # A cumulative count cannot fall.
        least=1.0,
        compares=True,
    ),
}

QUESTION = Question(
    asks="How many times more AI compute do side A's owners hold than side B's?",
    reads=(),
    optional=("compute_stock", "figures", "stock_bandwidth"),
    units=("ratio", "frac", "pp"),
    scope={
        "owners": ScopeWord(
            "texts", "Owners that speak for side A; empty: all of them.", (), column="owner"
        ),
        "domestic": ScopeWord("flag", "Count chips designed by side B too.", False),
        "smuggled": ScopeWord("flag", "Count the chips smuggled to side B too.", False),
        "by": ScopeWord(
            "text",
            "What H100-equivalents go by: compute, or bandwidth of memory, of which weakened chips "
            "kept more.",
            "compute",
            BY,
        ),
        "measure": ScopeWord(
            "text",
            "ratio: A's stock over B's; ratio_change: that ratio over the one of `since` (below 1: "
            "the gap narrowed); domestic_share: the part of B's stock that B designed; "
            "domestic_share_change: that share less the one of `since`; domestic_growth: that "
            "stock over the one of `since`.",
            "ratio",
            tuple(_MEASURES),
        ),
        "since": ScopeWord("day", "The earlier day of a change.", "2024-12-31"),
        "topic": ScopeWord(
            "text",
            "Published shares to use where no owner was counted yet.",
            "compute_share",
            column="topic",
        ),
    },
)
_FOREIGN = pl.col("maker").replace_strict(DESIGNERS, default=None) == "US"
_METHOD = (
    "published medians; each maker's count and each way in moved to its published ends alone, "
    "distances added in squares"
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The measure at the last fully counted quarter's end; rows are every owner and quarter."""
    stock = frames["compute_stock"].filter(pl.col("owner") != "all")
    if ask.scope["by"] == "bandwidth":
        totals = by_bandwidth(stock, frames["stock_bandwidth"])
    else:
        totals = stock.filter((pl.col("measure") == "stock") & (pl.col("chip") == "all"))
    measure = _MEASURES[str(ask.scope["measure"])]
    layers = _layers(totals, ask)
    if layers["foreign"].is_empty() and ask.scope["measure"] == "ratio":
        return _published(frames["figures"], ask)
    name = side_name(side(ask, "b"))
    for layer, words in (
        ("domestic", f"{name}-designed AI chips"),
        ("smuggled", f"AI chips smuggled to {name} owners"),
    ):
        if layer in layers and layers[layer].is_empty():
            return ask.lacks(f"no count of {words} by a source that may be used was known")
    every = pl.concat(layers.values())
    days = [set(rows["window_end"]) for rows in layers.values()]
    every = every.filter(pl.col("window_end").is_in(set.intersection(*days)))
    now, before = latest_day(every, "window_end", ask.about, 300), None
    if measure.compares:
        since = date.fromisoformat(str(ask.scope["since"]))
        before = latest_day(every, "window_end", Period(since, since), 300)
        if now and before and before >= now:
            raise InputError(
                f"A change needs two counts, and the last one is of {now}. Choose a `since` before."
            )
    if now is None or (measure.compares and before is None):
        return ask.lacks("no count of AI chips by owner for such days was known")
    of_bandwidth, smuggled = ask.scope["by"] == "bandwidth", bool(ask.scope["smuggled"])
    basis = bandwidth_notes(stock, smuggled=smuggled) if of_bandwidth else ()
    answer = _answer(totals, layers, ask, now, before)
    if not of_bandwidth and ask.scope["measure"] == "ratio":
        basis = _by_bandwidth_too(by_bandwidth(stock, frames["stock_bandwidth"]), ask, now)
    return replace(answer, notes=(*answer.notes, *basis))


def _by_bandwidth_too(totals: pl.DataFrame, ask: Ask, now: date) -> tuple[str, ...]:
    """What the same ratio is by memory bandwidth; nothing where that is not known."""
    found = _answer(totals, _layers(totals, ask), ask, now, None).estimates
    return tuple(
        "by memory bandwidth, which decides how fast a model writes, it is "
        f"{show(e.value, e.unit)} ({e.interval()}; bandwidths by makers and Epoch AI)"
        for e in found
    )


def _layers(totals: pl.DataFrame, ask: Ask) -> dict[str, pl.DataFrame]:
    """The rows to count: foreign chips, side B's own and smuggled ones where they are asked for."""
    smuggled = pl.col("owner") == SMUGGLED
    layers = {"foreign": totals.filter(_FOREIGN & ~smuggled)}
    # Only days by which every chip maker was counted.
    makers = pl.col("maker").n_unique().over("window_end")
    rows = layers["foreign"]
    layers["foreign"] = rows.filter(makers == rows["maker"].n_unique())
    if ask.scope["domestic"] or str(ask.scope["measure"]).startswith("domestic"):
        layers["domestic"] = where(totals.filter(~_FOREIGN), side(ask, "b"))
    if ask.scope["smuggled"]:
        layers["smuggled"] = where(totals.filter(smuggled), side(ask, "b"))
    return layers


def _answer(
    totals: pl.DataFrame,
    layers: Mapping[str, pl.DataFrame],
    ask: Ask,
    now: date,
    before: date | None,
) -> Answer:
    kinds = {"a": where(layers["foreign"], side(ask, "a"))}
    if ask.scope["owners"]:
        kinds["a"] = kinds["a"].filter(pl.col("owner").is_in(list(ask.scope["owners"])))
    kinds["foreign"] = where(layers["foreign"], side(ask, "b"))
    for maker in sorted(layers["domestic"]["maker"].unique() if "domestic" in layers else ()):
        kinds[maker] = layers["domestic"].filter(pl.col("maker") == maker)
    if "smuggled" in layers:
        kinds["smuggled"] = layers["smuggled"]
    days = [day for day in (before, now) if day]
    at = {
        kind: [rows.filter(pl.col("window_end") == day) for day in days]
        for kind, rows in kinds.items()
    }
    if any(rows.is_empty() for kind in ("a", "foreign") for rows in at[kind]):
        return ask.lacks("no count of AI chips of both sides was known")
    counts = {kind: count(rows[-1], rows[0] if before else None) for kind, rows in at.items()}
    measure = _MEASURES[str(ask.scope["measure"])]
    computed = spread(measure.value, counts)
    names = {which: side_name(side(ask, which)) for which in ("a", "b")}
    used = pl.concat([day for rows in at.values() for day in rows])
    assumed = [kind for kind, rows in at.items() if any(map(lacks_ends, rows))]
    one = estimate(
        ask,
        used,
        label=measure.label.format(**names),
        interval=Interval(
            computed.value,
            max(computed.low, measure.least),
            min(computed.high, measure.most),
        ),
        unit=measure.unit,
        level=0.9,
        method=_METHOD + assumed_words(list(map(_whose, assumed))),
        n=used.height,
        n_of="owner and chip-maker totals",
        called=tuple(name.format(**names) for name in measure.called),
    )
    newest = layers["foreign"].filter(pl.col("window_end") == now)
    every = totals.filter(_FOREIGN & (pl.col("owner") != SMUGGLED))
    others = [rows for layer, rows in layers.items() if layer != "foreign"]
    rows = pl.concat([every, *others]).filter(pl.col("window_end") <= ask.about.end)
    # The day asked about comes first.
    rows = rows.sort("window_end", descending=True, maintain_order=True)
    return Answer(
        estimates=(one,),
        says=f"{one.as_said().in_words(' was')}{_basis(ask)}: "
        + _says(counts, at["a"][-1]["owner"].n_unique(), names, days),
        rows=shown(rows.with_columns(side=side_column(rows, ask)), _COLUMNS),
        notes=(*_notes(counts, assumed, ask), *unplaced(newest, "counts", side(ask, "a"))),
    )


def _basis(ask: Ask) -> str:
    """What H100-equivalents go by, where that is not the usual."""
    return "" if ask.scope["by"] == "compute" else f", {BY_WORDS[str(ask.scope['by'])]}"


_COLUMNS = (
    "owner country side maker window_end units_n compute_h100e compute_low_h100e compute_high_h100e"
)


def _says(
    counts: Mapping[str, Count], owners: int, names: Mapping[str, str], days: list[date]
) -> str:
    """What each side held, by what its chips are; on both days where two are compared."""
    told = []
    for day, place in zip(days, (0, 1)[-len(days) :], strict=True):
        pairs = {kind: c.both for kind, c in counts.items()}
        ours, theirs = show(pairs["a"][place], "h100e"), show(_held(pairs, place), "h100e")
        parts = {
            "sold there by US makers": pairs["foreign"][place],
            "of domestic design": _domestic(pairs, place),
            "smuggled": pairs.get("smuggled", (0.0, 0.0))[place],
        }
        of = listed([f"{show(n, 'n')} {words}" for words, n in parts.items() if n])
        told.append(
            f"at {day} the {counted(owners, names['a'] + ' owner')} counted held {ours}, "
            f"{_ratio(pairs, place):.1f} times the {theirs} of {names['b']} owners ({of})"
        )
    return "; ".join(told)


def _notes(counts: Mapping[str, Count], assumed: Sequence[str], ask: Ask) -> tuple[str, ...]:
    domestic = [kind for kind in counts if DESIGNERS.get(kind) == "CN"]
    left_out = [] if domestic else ["Huawei's and other Chinese chips"]
    left_out += [] if "smuggled" in counts else ["smuggled chips"]
    notes = [
        f"not counted: {listed([*left_out, 'chips rented abroad'])}; an owner is not a place",
    ]
    if domestic:
        notes.append(
            f"of Chinese designers only {listed(domestic)} are counted, from 2024 on, and all "
            "their chips are taken to be in China"
        )
    for kind in assumed:
        notes.append(
            f"no interval is published for {_whose(kind)}: that their count lies between half and "
            "twice the figure is assumed here, not published"
        )
        moves = kind in domestic and ask.scope["measure"] == "ratio_change"
        notes += _break_even(counts, kind) if moves else []
    return tuple(notes)


_KINDS = {
    "a": "some chips of side A",
    "foreign": "some foreign chips of side B",
    "smuggled": "smuggled chips",
}


def _whose(kind: str) -> str:
    return _KINDS.get(kind, f"{kind}'s chips")


def _break_even(counts: Mapping[str, Count], maker: str) -> list[str]:
    """How much more a maker must have sold since the earlier day for the ratio to be as it was."""
    pairs = {kind: c.both for kind, c in counts.items()}
    lacking = pairs["a"][1] / _ratio(pairs, 0) - _held(pairs, 1)
    times = 1 + lacking / (pairs[maker][1] - pairs[maker][0])
    if lacking <= 0:
        return []
    return [
        f"the ratio would be as before had {maker} sold {times:.1f} times as much since then as is "
        "counted"
    ]


def _published(figures: pl.DataFrame, ask: Ask) -> Answer:
    """The ratio of published shares of known clusters, where no owner was counted yet."""
    rows = latest_figures(figures, ask, str(ask.scope["topic"]))
    a, b = of_sides(rows, ask)
    if a.is_empty() or b.is_empty():
        return ask.lacks("no count of AI chips by owner was known")
    both = pl.concat([a, b])
    ours, theirs = (figure_interval(r) for r in both.iter_rows(named=True))
    how = "ratio of two published shares of known clusters, bounds from rounding"
    bounded, listed_part = ratio(theirs, ours), ""
    coverage = latest_figures(figures, ask, "compute_coverage")
    if not coverage.is_empty():
        both = pl.concat([both, coverage.head(1)])
        part = figure_interval(coverage.row(0, named=True))
        # What nobody lists may all be either side's.
        unlisted = (1 - part.low) / part.low
        bounded = Interval(
            bounded.value,
            ours.low / (theirs.high + unlisted),
            (ours.high + unlisted) / theirs.low,
        )
        how = (
            "ratio of two published shares of known clusters; the compute in no list all of either"
        )
        listed_part = f", which have {part.low:.0%} to {part.high:.0%} of all AI compute"
    a_name, b_name = (in_sentence(country_name(x)) for x in (ask.sides.a, ask.sides.b))
    label = f"{a_name} over {b_name}"
    said = (f"compute of clusters in {a_name} as a multiple of that in {b_name}",)
    one = from_figures(ask, both, label, "ratio", bounded, method=how, called=said)
    return Answer(
        estimates=(one,),
        says=f"of the clusters known{listed_part}, {a_name} held {ours.value:.0%} and {b_name} "
        f"{theirs.value:.0%} of the performance by where they stand ({span(both)})",
        rows=shown(both, FIGURE_COLUMNS),
        notes=("the clusters known are a part of all, and hidden ones are not spread evenly",),
    )
