"""How much AI compute each owner, chip designer or country holds, and what one table leaves out."""

from collections.abc import Mapping

import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import show
from headtohead.evidence.picking import estimate, latest_day, listed, shown, unplaced
from headtohead.names.names import country_name, in_sentence
from headtohead.questions.chips import (
    BY,
    BY_WORDS,
    DESIGNERS,
    SMUGGLED,
    assumed_words,
    bandwidth_notes,
    by_bandwidth,
    count,
    lacks_ends,
    spread,
)

_LAYERS = {
    "sold": "chips sold by US makers",
    "domestic": "chips of Chinese design",
    "smuggled": "chips smuggled to China",
}

QUESTION = Question(
    asks="How much AI compute does each owner, chip designer or country hold?",
    reads=("compute_stock",),
    optional=("stock_bandwidth",),
    units=("h100e",),
    scope={
        "group": ScopeWord(
            "text", "owner, designer or country.", "country", ("owner", "designer", "country")
        ),
        "owners": ScopeWord("texts", "Owners that count; empty: all.", (), column="owner"),
        "makers": ScopeWord("texts", "Chip makers that count; empty: all.", (), column="maker"),
        "by": ScopeWord(
            "text", "What H100-equivalents go by: compute, or bandwidth of memory.", "compute", BY
        ),
        "layers": ScopeWord(
            "texts",
            "What is counted: sold (by US makers, officially), domestic (of Chinese design), "
            "smuggled (to China).",
            tuple(_LAYERS),
            tuple(_LAYERS),
        ),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """The stock of each group at the last quarter that every layer counts; the largest first."""
    rows = _counted(frames, ask)
    if rows.is_empty():
        return ask.lacks("no count of AI chips in these layers was known")
    makers = rows.group_by("window_end").agg(pl.col("maker", "layer").n_unique().name.suffix("_n"))
    full = makers.filter(
        (pl.col("maker_n") == rows["maker"].n_unique())
        & (pl.col("layer_n") == rows["layer"].n_unique())
    )
    day = latest_day(full, "window_end", ask.about, 300)
    if day is None:
        return ask.lacks("no day on which all of these chips were counted was known")
    held = rows.filter(pl.col("window_end") == day)
    groups = {str(name): part for (name,), part in held.group_by("group", maintain_order=True)}
    found = sorted((_stock(ask, *group) for group in groups.items()), key=lambda e: -e.value)
    by = BY_WORDS[str(ask.scope["by"])]
    said = listed(f"{e.label} {show(e.value, 'h100e')} ({e.interval()})" for e in found[:6])
    counted = [_LAYERS[layer] for layer in _LAYERS if layer in set(held["layer"])]
    return Answer(
        estimates=tuple(found),
        says=f"at {day}, {by}: {said}; counted are {listed(counted)}",
        rows=shown(held.sort("compute_h100e", descending=True), _COLUMNS),
        notes=(
            *_notes(ask, held),
            *(
                bandwidth_notes(frames["compute_stock"], smuggled="smuggled" in set(held["layer"]))
                if ask.scope["by"] == "bandwidth"
                else ()
            ),
        ),
    )


_COLUMNS = (
    "group owner country maker layer window_end units_n compute_h100e compute_low_h100e "
    "compute_high_h100e"
)


def _counted(frames: Frames, ask: Ask) -> pl.DataFrame:
    """Totals of owners by maker, with the layer and the group of each."""
    stock = frames["compute_stock"].filter(pl.col("owner") != "all")
    if ask.scope["by"] == "bandwidth":
        totals = by_bandwidth(stock, frames["stock_bandwidth"])
    else:
        totals = stock.filter((pl.col("measure") == "stock") & (pl.col("chip") == "all"))
    seat = pl.col("maker").replace_strict(DESIGNERS, default=None)
    layer = (
        pl.when(pl.col("owner") == SMUGGLED)
        .then(pl.lit("smuggled"))
        .otherwise(pl.when(seat == "CN").then(pl.lit("domestic")).otherwise(pl.lit("sold")))
    )
    group = {"owner": "owner", "designer": "maker", "country": "country"}[str(ask.scope["group"])]
    rows = totals.with_columns(layer=layer, group=pl.col(group).fill_null("no one country"))
    for column, word in (("layer", "layers"), ("owner", "owners"), ("maker", "makers")):
        if wanted := list(ask.scope[word]):
            rows = rows.filter(pl.col(column).is_in(wanted))
    return rows


def _stock(ask: Ask, name: str, part: pl.DataFrame) -> Estimate:
    """The stock of one group; each layer's and maker's count errs by itself."""
    counts = {
        f"{maker} {layer}": count(of)
        for (maker, layer), of in part.group_by("maker", "layer", maintain_order=True)
    }

    def total(pairs: Mapping[str, tuple[float, float]]) -> float:
        return sum(now for _, now in pairs.values())

    found = spread(total, counts)
    assumed = [f"{maker}'s chips" for (maker,), of in part.group_by("maker") if lacks_ends(of)]
    is_country = ask.scope["group"] == "country" and len(name) == 2
    return estimate(
        ask,
        part,
        label=in_sentence(country_name(name)) if is_country else name,
        interval=Interval(found.value, max(0.0, found.low), found.high),
        unit="h100e",
        level=0.9,
        method="published medians; each maker's count and each layer moved to its published ends "
        "alone, distances added in squares" + assumed_words(sorted(assumed)),
        n=part.height,
        n_of="owner and chip-maker totals",
    )


def _notes(ask: Ask, held: pl.DataFrame) -> tuple[str, ...]:
    left_out = [words for layer, words in _LAYERS.items() if layer not in set(held["layer"])]
    notes = [f"not counted: {listed(left_out)}"] if left_out else []
    notes.append("an owner is not a place: chips rented abroad count with their owner")
    assumed = {str(maker) for (maker,), of in held.group_by("maker") if lacks_ends(of)}
    for maker in sorted(assumed):
        notes.append(
            f"no interval is published for some of {maker}'s chips: that their count lies between "
            "half and twice the figure is assumed here, not published"
        )
    if ask.scope["group"] == "country":
        notes += unplaced(held, "counts", "country")
        if held["country"].has_nulls():
            notes.append("owners of no one country are mostly smaller clouds, wherever they are")
    return tuple(notes)
