"""Whose companies design, and whose make, the AI chips in use."""

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, latest_day, shown
from headtohead.names.names import nationality

# Seat of each chip designer, and of the foundries that make the dies.
_DESIGNERS = {"nvidia": "US", "amd": "US", "google": "US", "amazon": "US", "huawei": "CN"}
_FOUNDRIES = {"TSMC": "TW", "Samsung": "KR", "Intel": "US", "GlobalFoundries": "US", "SMIC": "CN"}

QUESTION = Question(
    asks="Which share of the counted compute was designed, or made, by companies of side A?",
    reads=(),
    optional=("compute_stock", "chips"),
    units=("frac",),
    scope={
        "step": ScopeWord("text", "design or manufacture.", "design", ("design", "manufacture")),
        "country": ScopeWord("text", "Country of the companies.", "US", column="country"),
    },
)


def run(frames: Frames, ask: Ask) -> Answer:
    """Share of H100-equivalents by designer; share of foundries in the designers' recent chips."""
    if ask.scope["step"] == "manufacture":
        return _by_foundry(frames["chips"], ask)
    totals = frames["compute_stock"].filter(
        (pl.col("measure") == "stock") & (pl.col("chip") == "all") & (pl.col("owner") == "all")
    )
    makers = pl.col("maker").n_unique().over("window_end")
    totals = totals.filter(makers == totals["maker"].n_unique())
    day = latest_day(totals, "window_end", ask.about, 300)
    if day is None:
        return ask.lacks("no count of AI chips by maker was known")
    rows = totals.filter(pl.col("window_end") == day).with_columns(
        pl.col("maker")
        .str.to_lowercase()
        .replace_strict(_DESIGNERS, default=None)
        .alias("designer_country")
    )
    mine = rows.filter(pl.col("designer_country") == ask.scope["country"])["compute_h100e"].sum()
    share = float(mine) / float(rows["compute_h100e"].sum())
    estimated = estimate(
        ask,
        rows,
        label="share designed",
        interval=Interval(share, 0.0, 1.0),
        unit="frac",
        level=1.0,
        method="H100-equivalents by designer's seat; designers not counted bound it logically",
        n=rows.height,
        n_of="chip makers",
    )
    return Answer(
        estimates=(estimated,),
        says=f"{share:.1%} of the compute counted at {day} was designed by "
        f"{nationality(str(ask.scope['country']))} companies, but no Chinese designer is counted",
        rows=shown(rows, "maker designer_country compute_h100e window_end"),
        notes=("Huawei and every other Chinese designer is left out, so the share is too high",),
    )


def _by_foundry(chips: pl.DataFrame, ask: Ask) -> Answer:
    rows = chips.filter(
        pl.col("foundry").is_not_null()
        & pl.col("maker").str.to_lowercase().is_in(list(_DESIGNERS))
        & (pl.col("released_on") <= ask.about.end)
        & (pl.col("released_on") >= ask.about.end.replace(year=ask.about.end.year - 6))
    ).with_columns(
        pl.col("foundry").replace_strict(_FOUNDRIES, default=None).alias("foundry_country")
    )
    known = rows.filter(pl.col("foundry_country").is_not_null())
    if known.is_empty():
        return ask.lacks("no foundry of an AI chip was known")
    mine = known.filter(pl.col("foundry_country") == ask.scope["country"]).height
    low, high = mine / rows.height, (mine + rows.height - known.height) / rows.height
    one = estimate(
        ask,
        rows,
        label="share manufactured",
        interval=Interval(mine / known.height, low, high),
        unit="frac",
        level=1.0,
        method="count of chips by foundry's seat, not weighted by volume",
        n=rows.height,
        n_of="chips",
    )
    first = known["foundry"].value_counts(sort=True)["foundry"][0]
    return Answer(
        estimates=(one,),
        says=f"{mine} of {known.height} AI chips with a known foundry were manufactured by "
        f"{nationality(str(ask.scope['country']))} foundries; most by {first}",
        rows=shown(rows, "chip maker foundry foundry_country released_on"),
        notes=("a foundry's seat, not the site of the plant; chips are not weighted by volume",),
    )
