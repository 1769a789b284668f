"""How many times a year the lowest price of a fixed capability falls, and how far to trust it.

A level is what the best model on sale on some day scored on one yardstick: a board's rating, an
index, a test. Its series are the days on which it came to cost less than ever before. Few levels
have many such days, so their slopes are partly pooled (questions/slopes.py).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from headtohead.core.estimate import Estimate, Interval
from headtohead.core.question import Answer, Ask, Frames, Question, ScopeWord
from headtohead.core.units import counted
from headtohead.evidence.picking import estimate, known, shown, side_column, span
from headtohead.evidence.tables import title
from headtohead.evidence.words import model_name
from headtohead.prices.in_force import MIX_WORDS, in_force
from headtohead.questions.slopes import (
    COMMON,
    OWN,
    UNCHANGED,
    BackCast,
    back_cast,
    pooled_slopes,
    posterior,
)
from headtohead.ratings.published import BOARD_WORDS, board_rows

_YARDSTICKS = ("rating", "index", "tests")
_GATHERED = "epoch"

QUESTION = Question(
    asks="How many times a year does the lowest price of a fixed capability fall?",
    reads=("prices",),
    optional=("arena_ratings", "index_scores", "benchmark_scores", "figures"),
    names_on="row",
    units=("ratio",),
    scope={
        **BOARD_WORDS,
        **MIX_WORDS,
        "yardsticks": ScopeWord(
            "texts",
            "What levels are told by: rating, index (as published), tests (each with enough models "
            "on sale); epoch: the lowest prices that Epoch AI gathered, if `h2h update` read them.",
            _YARDSTICKS,
            (*_YARDSTICKS, _GATHERED),
        ),
        "show": ScopeWord(
            "text",
            "all: the fall of all levels together; each: the fall of every level.",
            "all",
            ("all", "each"),
        ),
        "since": ScopeWord("day", "First day looked at.", "2023-06-01"),
    },
)

_FEWEST_MODELS = 25  # on sale with a score, below which a test has no levels
_LEVEL_MONTHS = 6  # from one level to the next
_FEWEST_CUTS = 2
_ORIGINS = 6  # a quarter apart, to a quarter before the last price
_LEVEL = 0.95
_BACK_LEVEL = 0.8
_WIDEST_DEX = 4.0  # an interval ten thousandfold wide bounds nothing
_SLOWS_YEARS = 0.5  # age at which a fall that slows is half as fast as at first
_STEADY, _SLOWING = "steady", "slowing"
_WAYS = {
    _STEADY: "a steady fall",
    _SLOWING: "a fall that slows with a level's age",
    OWN: "a line through each level alone",
    COMMON: "one slope for all levels",
    UNCHANGED: "no change",
}


@dataclass(frozen=True, slots=True)
class _LevelPrices:
    """The record-low prices of one level, oldest first; `label` is how a reader calls the level."""

    yardstick: str
    label: str
    rows: pl.DataFrame


def run(frames: Frames, ask: Ask) -> Answer:
    """The yearly fall over all levels, each level's own, and how the same method did before."""
    asked = tuple(ask.scope["yardsticks"]) or _YARDSTICKS
    offers, notes = _on_sale(frames, ask) if set(asked) - {_GATHERED} else (pl.DataFrame(), ())
    series = [s for yardstick in asked for s in _levels_of(yardstick, offers, frames, ask)]
    distinct: dict[tuple[object, ...], _LevelPrices] = {}
    for one in series:
        # Levels that the same offers define are one observation, not several.
        distinct.setdefault(tuple(one.rows.select("observed_on", _PRICE).rows()), one)
    kept = list(distinct.values())
    if not kept:
        return ask.lacks(f"no level of {' or '.join(asked)} with two dated prices was known")
    rows = pl.concat([s.rows for s in kept], how="diagonal_relaxed")
    code = np.repeat(np.arange(len(kept)), [s.rows.height for s in kept])
    days = rows["observed_on"].to_list()
    time = np.array([day.toordinal() for day in days]) / 365.25
    age = time - np.array([s.rows["observed_on"][0].toordinal() / 365.25 for s in kept])[code]
    clocks = {_STEADY: time, _SLOWING: np.log1p(age / _SLOWS_YEARS)}
    dex = np.log10(rows[_PRICE].to_numpy())
    try:
        fit, slowing = (pooled_slopes(code, clock, dex, ask.rng) for clock in clocks.values())
    except ValueError as error:
        return Answer(missing=f"{error}, by what was known by {ask.as_of}")
    together = _fall(posterior(-fit.common, _LEVEL))
    another = _fall(posterior(-fit.new_slope(ask.rng), _BACK_LEVEL))
    each = [_fall(posterior(-fit.slopes[:, k], _LEVEL)) for k in range(len(kept))]
    origins = [time.max() - n / 4 for n in range(1, _ORIGINS + 1)]
    scores, forecast = back_cast(
        code, time, dex, origins, ask.rng, clocks=clocks, level=_BACK_LEVEL
    )
    if ask.scope["show"] == "each":
        estimates = tuple(
            _estimate(ask, s.rows, fall, s.label, s.rows.height, "record-low prices")
            for s, fall in zip(kept, each, strict=True)
        )
    else:
        estimates = (_estimate(ask, rows, together, "yearly fall of the lowest price", len(kept)),)
    yardsticks = {s.yardstick for s in kept}
    others = (
        f"of other levels four in five would fall between {_fold(another.low)} and "
        f"{_fold(another.high)} a year; "
        if math.isfinite(another.high)
        else ""
    )
    says = (
        f"the lowest list price at which a fixed capability could be bought fell "
        f"{_fold(together.value)} a year ({_span(together)}) over "
        f"{counted(len(kept), 'level')} of {counted(len(yardsticks), 'yardstick')}, by "
        f"{counted(rows.height, 'record-low price')} of {span(rows)}; {others}"
        f"{_back_words(scores, forecast)}"
    )
    first, second = (
        _fall(posterior(-slowing.common * math.log(times), _LEVEL))
        for times in (1 + 1 / _SLOWS_YEARS, (1 + 2 / _SLOWS_YEARS) / (1 + 1 / _SLOWS_YEARS))
    )
    slows = (
        f"taken as slowing with a level's age, the fall is {_fold(first.value)} in its first year "
        f"({_span(first)}) and {_fold(second.value)} in its second ({_span(second)})"
    )
    return Answer(
        estimates=estimates,
        says=says,
        rows=shown(_with_falls(kept, each), _COLUMNS),
        notes=(slows, *([_back_note(scores)] if scores else ()), *_NOTES, *notes),
    )


_PRICE = "price_usd_per_mtok"
_COLUMNS = (
    "yardstick level_label rating_label observed_on price_usd_per_mtok fall_ratio fall_low_ratio "
    "fall_high_ratio cuts_n model_name model_id provider side score_value"
)
_NOTES = (
    "each level is what the best model on sale scored at that time, by today's scores; levels "
    "share models, so the interval of all together is somewhat too narrow",
    "a record-low list price is no price of a solved task: models use different numbers of tokens",
)


def _fall(slope: Interval) -> Interval:
    """Times a year, from orders of magnitude a year."""
    if slope.width > _WIDEST_DEX:
        return Interval(10**slope.value, -math.inf, math.inf)
    return Interval(10**slope.value, 10**slope.low, 10**slope.high)


def _fold(times: float) -> str:
    return f"{times:,.{0 if times >= 100 else 1}f}-fold"


def _span(fall: Interval) -> str:
    if math.isinf(fall.high):
        return "nothing bounds it"
    return f"{_fold(fall.low)} to {_fold(fall.high)}".replace("-fold", "")


def _estimate(
    ask: Ask, rows: pl.DataFrame, fall: Interval, label: str, n: int, n_of: str = "levels"
) -> Estimate:
    return estimate(
        ask,
        rows,
        label=label,
        interval=fall,
        unit="ratio",
        level=_LEVEL,
        method="slopes of the logarithm of record-low prices, partly pooled over levels, errors of "
        "Student's t; Gibbs sampling",
        n=n,
        n_of=n_of,
    )


def _back_words(scores: Mapping[str, BackCast], forecast: int) -> str:
    """How the method did on prices that it was not shown, and whether another did better."""
    if not scores:
        return "too few prices are known to test this on earlier days"
    steady, least = scores[_STEADY], min(scores, key=lambda way: scores[way].error)
    better = f"; {_WAYS[least]} would have been off by {10 ** scores[least].error:.1f} times"
    return (
        f"asked on earlier days, {counted(forecast, 'forecast')} of later record lows by the same "
        f"slopes were off by {10**steady.error:.1f} times on average, and {_BACK_LEVEL:.0%} "
        f"intervals held {steady.coverage:.0%} of them{better if least != _STEADY else ''}"
    )


def _back_note(scores: Mapping[str, BackCast]) -> str:
    """Every way to forecast, with how far off it was and what its intervals held."""
    said = []
    for way, score in scores.items():
        held = "" if score.coverage is None else f", {_BACK_LEVEL:.0%} intervals held"
        share = "" if score.coverage is None else f" {score.coverage:.0%}"
        said.append(f"{_WAYS[way]} {score.error:.2f}{held}{share}")
    return f"forecasts were off by these orders of magnitude on average: {'; '.join(said)}"


def _with_falls(kept: list[_LevelPrices], falls: list[Interval]) -> pl.DataFrame:
    """The rows of all levels, each with the fall of its level."""
    parts = []
    for one, fall in zip(kept, falls, strict=True):
        parts.append(
            one.rows.with_columns(
                yardstick=pl.lit(one.yardstick),
                level_label=pl.lit(one.label),
                # The chart draws the levels of one yardstick: lines of all of them cross.
                rating_label=pl.lit(_drawn(one), pl.String),
                fall_ratio=pl.lit(fall.value),
                fall_low_ratio=pl.lit(None if math.isinf(fall.low) else fall.low, pl.Float64),
                fall_high_ratio=pl.lit(None if math.isinf(fall.high) else fall.high, pl.Float64),
                cuts_n=pl.lit(one.rows.height),
            )
        )
    return pl.concat(parts, how="diagonal_relaxed")


def _drawn(one: _LevelPrices) -> str | None:
    return one.label.partition(" (")[0] if one.yardstick == "rating" else None


# ---------------------------------------------------------------- what was on sale, and its levels


def _on_sale(frames: Frames, ask: Ask) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The price in force of every known model on the first of each month, and what is left out."""
    prices, share = frames["prices"], float(ask.scope["input_share"])
    rule = {"lab": "maker"}.get(ask.scope["seller"], str(ask.scope["seller"]))
    since = date.fromisoformat(str(ask.scope["since"]))
    end = min(ask.about.end, ask.as_of)

    # Nobody can say how late a price was listed of a model whose release is not known.
    mine, undated = known(prices, "model_released_on", "prices of models of no known release day")

    def make() -> pl.DataFrame:
        first = since.replace(day=1)
        months = pl.date_range(first, max(first, end), "1mo", eager=True).to_list()
        some = [
            in_force(
                mine, day, rule=rule, input_share=share, words=prices, noted=False
            ).with_columns(month=pl.lit(day))
            for day in dict.fromkeys([*months, end])
        ]
        return pl.concat(some, how="vertical_relaxed")

    rows = ask.of(prices, ("on sale", since, end, rule, share), make)
    # Nobody knows since when a price held that was first listed long after the model's release.
    dated, late = rows.filter(~pl.col("at_least")), rows.filter(pl.col("at_least"))
    dated, undated = known(
        dated, "model_released_on", "prices of models whose release is not known"
    )
    since_when = pl.col("valid_from").clip(pl.col("month").dt.offset_by("-1mo"), pl.col("month"))
    lost = late["model_id"].n_unique()
    note = (f"left out: first prices of {counted(lost, 'model')} that were listed late",)
    offers = dated.filter(pl.col(_PRICE) > 0).with_columns(
        observed_on=since_when, side=side_column(dated, ask)
    )
    return offers, (*undated, *(note if lost else ()))


def _levels_of(
    yardstick: str, offers: pl.DataFrame, frames: Frames, ask: Ask
) -> Iterator[_LevelPrices]:
    """The levels of one kind of yardstick."""
    if yardstick == _GATHERED:
        yield from _gathered(frames["figures"], ask)
        return
    for name, scores in _scores(yardstick, frames, ask):
        scored = offers.join(scores, on="model_id", how="inner")
        if scored["model_id"].n_unique() < _FEWEST_MODELS and yardstick == "tests":
            continue
        yield from _levels(name, scored.sort("observed_on", _PRICE))


def _scores(yardstick: str, frames: Frames, ask: Ask) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each yardstick's name, and every model's best score: model_id, score_value, cited source."""
    best = (pl.col("score_value").max(), pl.col("source_id").first().alias("also_source_id"))
    if yardstick == "rating":
        board = board_rows(frames["arena_ratings"], ask)
        table = board.with_columns(score_value="rating_elo")
        yield "rating", table.drop_nulls("model_id").group_by("model_id").agg(best)
    elif yardstick == "index":
        table = frames["index_scores"].filter(pl.col("score_index").is_not_null())
        table = table.with_columns(score_value="score_index")
        yield "index", table.drop_nulls("model_id").group_by("model_id").agg(best)
    else:
        tests = frames["benchmark_scores"].filter(
            (pl.col("part") == "overall") & (pl.col("evaluator") == "third_party")
        )
        tests = tests.with_columns(score_value=100 * pl.col("score_frac")).drop_nulls("model_id")
        for (name,), rows in sorted(tests.group_by("benchmark")):
            yield str(name), rows.group_by("model_id").agg(best)


def _levels(yardstick: str, scored: pl.DataFrame) -> Iterator[_LevelPrices]:
    """The levels that the best model on sale had, half a year apart, and their record lows."""
    if scored.is_empty():
        return
    reached: list[float] = []
    months = scored["month"].unique().sort().to_list()
    for month in months[::_LEVEL_MONTHS]:
        now = scored.filter(pl.col("month") <= month)
        level = float(now["score_value"].max())  # type: ignore[arg-type]
        if reached and level <= reached[-1]:
            continue
        reached.append(level)
        rows = scored.filter(pl.col("score_value") >= level)
        before = pl.col(_PRICE).cum_min().shift(1).fill_null(math.inf)
        records = rows.filter(pl.col(_PRICE) < before * (1 - 1e-9))
        if records["observed_on"].n_unique() < _FEWEST_CUTS:
            continue
        setter = now.filter(pl.col("score_value") == level)["model_id"][0]
        yield _LevelPrices(yardstick, _label(yardstick, level, str(setter)), records)


def _label(yardstick: str, level: float, model: str) -> str:
    """A level as a reader calls it: "1,287 or more (GPT-4o)"."""
    what = {"rating": f"{level:,.0f} or more", "index": f"index of {level:.0f} or more"}
    told = what.get(yardstick, f"{level:.0f}% or more on {title(yardstick)}")
    return f"{told} ({model_name(model)})"


def _gathered(figures: pl.DataFrame, ask: Ask) -> Iterator[_LevelPrices]:
    """The lowest prices at each level of six tests as Epoch AI gathered them, to February 2025."""
    rows = figures.filter(
        (pl.col("topic") == "lowest_price_at_level") & (pl.col("window_end") <= ask.about.end)
    )
    if rows.is_empty():
        return
    rows = rows.sort("measure", "window_end").with_columns(
        observed_on="window_end", price_usd_per_mtok="value", model_name="subject"
    )
    for (measure,), level in rows.group_by("measure", maintain_order=True):
        if level["observed_on"].n_unique() >= _FEWEST_CUTS:
            yield _LevelPrices(_GATHERED, str(measure), level)
