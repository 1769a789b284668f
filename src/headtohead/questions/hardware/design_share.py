"""Whose companies design, and whose make, the AI chips in use."""

from collections.abc import Mapping

import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, known, latest_day, listed, shown, span
from headtohead.names.names import country_name, in_sentence, nationality
from headtohead.questions.chips import DESIGNERS, assumed_words, count, lacks_ends, spread

# Seat of the foundries that make the dies.
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
    seat = pl.col("maker").replace_strict(DESIGNERS, default=None)
    rows = totals.filter(pl.col("window_end") == day).with_columns(seat.alias("designer_country"))
    country = str(ask.scope["country"])
    parts = {str(maker): rows.filter(pl.col("maker") == maker) for maker in sorted(rows["maker"])}

    def share_of(both: Mapping[str, tuple[float, float]]) -> float:
        mine = sum(now for maker, (_, now) in both.items() if DESIGNERS[maker] == country)
        return mine / sum(now for _, now in both.values())

    share = spread(share_of, {maker: count(of) for maker, of in parts.items()})
    chinese = rows.filter(pl.col("designer_country") == "CN")
    names = listed(chinese["maker"].to_list())
    interval, level, method = Interval(share.value, 0.0, 1.0), 1.0, "designers not counted bound it"
    note = "Huawei and every other Chinese designer is left out, so the share is too high"
    if names:
        interval = Interval(share.value, max(share.low, 0.0), min(share.high, 1.0))
        assumed = [f"{maker}'s chips" for maker, of in parts.items() if lacks_ends(of)]
        method = "each count moved to its ends alone, distances added in squares"
        level, method = 0.9, method + assumed_words(assumed)
        counted, own = (float(r["compute_h100e"].sum()) for r in (rows, chinese))
        times = (counted - 2 * own) / own
        note = (
            f"Chinese designers other than {names} are not counted; they would have to have sold "
            f"{times:.0f} times what these did to bring the Chinese share to half"
        )
    estimated = estimate(
        ask,
        rows,
        label="share designed",
        interval=interval,
        unit="frac",
        level=level,
        method=f"H100-equivalents by designer's seat; {method}",
        n=rows.height,
        n_of="chip makers",
    )
    but = f"with {names}" if names else "but no Chinese designer is counted"
    return Answer(
        estimates=(estimated,),
        says=f"{share.value:.1%} of the compute counted at {day}, {but}, was designed by "
        f"{nationality(country)} companies",
        rows=shown(rows, "maker designer_country compute_h100e window_end"),
        notes=(note,),
    )


def _by_foundry(chips: pl.DataFrame, ask: Ask) -> Answer:
    dated, undated = known(
        chips.filter(
            pl.col("maker").str.to_lowercase().is_in([maker.lower() for maker in DESIGNERS])
        ),
        "released_on",
        "chips, whose release day is not known",
    )
    end = ask.about.end
    leap = (end.month, end.day) == (2, 29)  # a day that most years do not have
    since = end.replace(year=end.year - 6, day=28 if leap else end.day)
    recent = dated.filter(pl.col("released_on").is_between(since, ask.about.end))
    # Of some nobody says who makes them: these may be anybody's.
    rows = recent.with_columns(
        pl.col("foundry").replace_strict(_FOUNDRIES, default=None).alias("foundry_country")
    )
    placed = rows.filter(pl.col("foundry_country").is_not_null())
    if placed.is_empty():
        return ask.lacks("no foundry of an AI chip was known")
    mine = placed.filter(pl.col("foundry_country") == ask.scope["country"]).height
    low, high = mine / rows.height, (mine + rows.height - placed.height) / rows.height
    one = estimate(
        ask,
        rows,
        label="share manufactured",
        interval=Interval(mine / placed.height, low, high),
        unit="frac",
        level=1.0,
        method="count of chips by foundry's seat, not weighted by volume; those of no known "
        "foundry none or all of that country's",
        n=rows.height,
        n_of="chips",
    )
    most = placed.group_by("foundry", "foundry_country").len().sort("len", descending=True)
    first, seat, many = most.row(0)
    who, theirs = nationality(str(ask.scope["country"])), in_sentence(country_name(seat))
    return Answer(
        estimates=(one,),
        says=f"{mine} of {placed.height} AI chips with a known foundry, released {span(rows)}, "
        f"were manufactured by {who} foundries, a foundry being of the country where it has its "
        f"seat; {first}, of {theirs}, made {many} ({many / placed.height:.0%})",
        rows=shown(rows, "chip maker foundry foundry_country released_on"),
        notes=(
            "a foundry's seat, not the site of the plant; chips are not weighted by volume",
            f"of {rows.height - placed.height} of {rows.height} chips no foundry is known: they "
            "bound the share from both sides",
            *undated,
        ),
    )
