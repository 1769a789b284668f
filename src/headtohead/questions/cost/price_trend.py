"""How fast the price of a fixed capability falls, and whether it fell faster after a day."""

import math
from datetime import date, timedelta

import numpy as np
import polars as pl

from headtohead.core.estimate import Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.evidence.picking import estimate, known, shown, side_column, span
from headtohead.prices.in_force import MIX_WORDS, mixed
from headtohead.ratings.published import BOARD_WORDS, board_rows
from headtohead.stats.intervals import student_quantile

QUESTION = Question(
    asks="Did the cheapest price of a fixed capability fall faster after this day than before?",
    reads=("prices", "arena_ratings"),
    names_on="row",
    units=("ratio",),
    scope={
        **BOARD_WORDS,
        **MIX_WORDS,
        "turn": ScopeWord("day", "The day that splits before from after."),
        "levels": ScopeWord(
            "texts",
            "Ratings that stand for fixed capabilities.",
            ("1250", "1275", "1300", "1325", "1350", "1375"),
        ),
        "since": ScopeWord("day", "First day looked at.", "2023-06-01"),
    },
)


# A price first seen later than this after the release may have held for long.
_LATE_DAYS = 60
_WIDEST_DEX = 3.0


def run(frames: Frames, ask: Ask) -> Answer:
    """Fall a year after the turn over that before it, over levels: above 1, it fell faster."""
    offers, lost = _offers(frames, ask)
    turn = date.fromisoformat(str(ask.scope["turn"]))
    levels = [_level(offers, float(level), turn, ask) for level in ask.scope["levels"]]
    series = [s for s, _ in levels]
    falls = {c for _, c in levels if c is not None}
    if not falls:
        return Answer(
            missing=f"no capability level had prices half a year before and after {turn} known by "
            f"{ask.as_of}"
        )
    # Levels that the same models define are one observation, not several.
    changes = np.array(sorted(falls))
    each = changes[:, 1] - changes[:, 0]
    value, half = float(each.mean()), math.inf
    if len(each) > 1:
        t = student_quantile(0.975, len(each) - 1)
        half = t * float(each.std(ddof=1)) / math.sqrt(len(each))
    # Where so few levels leave a thousandfold open both ways, nothing bounds it.
    bounded = half <= _WIDEST_DEX
    change = Interval(
        10**value,
        10 ** (value - half) if bounded else -math.inf,
        10 ** (value + half) if bounded else math.inf,
    )
    rows = pl.concat(series).sort("level_label", "observed_on")
    fall = estimate(
        ask,
        rows,
        label="yearly fall after over that before",
        interval=change,
        unit="ratio",
        method="yearly fall of the cheapest price after over before; Student interval over levels",
        n=len(changes),
        n_of="distinct capability levels",
        called=(f"yearly fall of prices after {turn} as a multiple of that before",),
    )
    before, after = (10 ** changes[:, i].mean() for i in (0, 1))
    if len(changes) == 1:
        sure = "one level gives no interval, so nothing can be told of others"
    elif change.low <= 1 <= change.high:
        sure = f"from {len(changes)} levels it cannot be told whether the fall was faster"
    else:
        sure = f"the fall was {'faster' if change.low > 1 else 'slower'}, by {len(changes)} levels"
    says = (
        f"the cheapest price of a fixed capability fell {before:.1f}-fold a year before {turn} and "
        f"{after:.1f}-fold a year after; {sure}, with list prices of {span(rows)}"
    )
    return Answer(
        estimates=(fall,),
        says=says,
        rows=shown(rows, _COLUMNS),
        notes=(
            "levels are ratings of the last board known, carried back to each model's first price; "
            "levels share models, so the interval is somewhat too narrow",
            *lost,
        ),
    )


_COLUMNS = "level_label observed_on price_usd_per_mtok model_name model_id provider side rating_elo"


def _offers(frames: Frames, ask: Ask) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Every dated standard price of a rated model, input and output mixed; and what is left out."""
    ratings, unnamed = known(
        board_rows(frames["arena_ratings"], ask), "model_id", "entrants that are no known model"
    )
    ratings = ratings.group_by("model_id").agg(
        pl.col("rating_elo").max(), pl.col("source_id").first().alias("also_source_id")
    )
    keys = ["source_id", "provider", "model_name", "model_id", "valid_from"]
    rows, nameless = known(
        frames["prices"].filter(
            (pl.col("tier") == "standard")
            & ~pl.col("basis").str.starts_with("flagged")
            & (pl.col("valid_from") <= ask.about.end)
        ),
        "model_id",
        "list prices of names that are no known model",
    )
    rows, withdrawn = known(
        rows, "price_usd_per_mtok", "entries of the lists, which say that a price was withdrawn"
    )
    rows = rows.filter(pl.col("price_usd_per_mtok") > 0)
    lost = (*unnamed, *nameless, *withdrawn)
    if ask.scope["seller"] == "lab":
        rows, no_seller = known(rows, "operator", "list prices, whose seller is not known")
        rows, lost = rows.filter(pl.col("operator") == pl.col("lab")), (*lost, *no_seller)
    # Nobody knows since when a price held that was first sighted long after the model's release.
    series = ["source_id", "provider", "model_name", "token_kind"]
    first, price = pl.col("valid_from").min().over(series), pl.col("price_usd_per_mtok")
    late = (first - pl.col("model_released_on")).dt.total_days() > _LATE_DAYS
    unchanged = price == price.first().over(series, order_by="valid_from")
    sighted = unchanged & (pl.col("basis") != "documented")
    undated = rows.filter(sighted & late.is_null()).height
    if undated:
        lost = (
            *lost,
            f"left out: {undated} of {rows.height} list prices of models whose release day is not "
            "known, so that nobody can say how late they were first seen",
        )
    rows = rows.filter(~(sighted & late.fill_null(True)))
    output = rows.filter(pl.col("token_kind") == "output").select(
        *keys, pl.col("price_usd_per_mtok").alias("output_usd_per_mtok")
    )
    pairs = rows.filter(pl.col("token_kind") == "input").rename(
        {"price_usd_per_mtok": "input_usd_per_mtok"}
    )
    pairs = pairs.join(output, on=keys, how="inner").join(ratings, on="model_id", how="inner")
    offers = mixed(pairs, float(ask.scope["input_share"])).with_columns(
        pl.col("valid_from").alias("observed_on"), side_column(pairs, ask).alias("side")
    )
    return offers, lost


def _level(
    offers: pl.DataFrame, level: float, turn: date, ask: Ask
) -> tuple[pl.DataFrame, tuple[float, float] | None]:
    """The record-low prices of one level, and its yearly fall before and after the turn.

    No fall where either side of the turn is shorter than half a year: a few weeks say nothing
    about a year.
    """
    since = date.fromisoformat(str(ask.scope["since"]))
    rows = offers.filter((pl.col("rating_elo") >= level) & (pl.col("observed_on") >= since))
    rows = rows.sort("observed_on", "price_usd_per_mtok")
    lowest = pl.col("price_usd_per_mtok").cum_min().shift(1).fill_null(float("inf"))
    records = rows.filter(pl.col("price_usd_per_mtok") < lowest)
    records = records.with_columns(level_label=pl.lit(f"{level:.0f} or more"))
    early = records.filter(pl.col("observed_on") <= turn)
    half_year = timedelta(days=180)
    is_short = early.is_empty() or turn - early["observed_on"][0] < half_year
    if is_short or ask.about.end - turn < half_year:
        return records, None
    start, at_turn, end = (early[0], early[-1], records[-1])
    years = ((turn - start["observed_on"][0]).days / 365.25, (ask.about.end - turn).days / 365.25)
    price = [float(np.log10(f["price_usd_per_mtok"][0])) for f in (start, at_turn, end)]
    return records, ((price[0] - price[1]) / years[0], (price[1] - price[2]) / years[1])
